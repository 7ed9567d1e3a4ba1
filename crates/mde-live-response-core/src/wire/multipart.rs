//! `multipart/form-data` framing for one file with some text fields.
//!
//! Renders what stands before the file's content and what stands after it. The content is never copied,
//! and the length of the whole is the sum of what was rendered: there is no second formula.
//!
//! Only what this API needs: text parts, one file part at the end, UTF-8 names. No nested multipart.

use super::Boundary;
use crate::model::{ContentType, FileName};

/// Everything of a form but the file's content.
pub(super) struct Framing {
    pub(super) head: Vec<u8>,
    pub(super) tail: Vec<u8>,
}

/// The file part's headers.
#[derive(Debug)]
pub(super) struct FilePart<'a> {
    pub(super) field: &'static str,
    pub(super) name: &'a FileName,
    pub(super) content_type: &'a ContentType,
}

impl Framing {
    /// Fields in their order, then the file. The values must not hold the boundary.
    pub(super) fn render(
        boundary: &Boundary,
        fields: &[(&str, &str)],
        file: &FilePart<'_>,
    ) -> Self {
        // Enough for all of it: 128 bytes are more than what stands around a value.
        let texts: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        let parts = (fields.len() + 1) * (128 + boundary.as_str().len());
        let file_texts = file.name.as_str().len() + file.content_type.as_str().len();
        let mut head = String::with_capacity(texts + parts + file_texts);
        for (name, value) in fields {
            head.push_str("--");
            head.push_str(boundary.as_str());
            head.push_str("\r\nContent-Disposition: form-data; name=\"");
            head.push_str(name);
            head.push_str("\"\r\n\r\n");
            head.push_str(value);
            head.push_str("\r\n");
        }
        head.push_str("--");
        head.push_str(boundary.as_str());
        head.push_str("\r\nContent-Disposition: form-data; name=\"");
        head.push_str(file.field);
        head.push_str("\"; filename=\"");
        head.push_str(file.name.as_str());
        head.push_str("\"\r\nContent-Type: ");
        head.push_str(file.content_type.as_str());
        head.push_str("\r\n\r\n");
        let tail = ["\r\n--", boundary.as_str(), "--\r\n"].concat();
        Self { head: head.into_bytes(), tail: tail.into_bytes() }
    }
}
