//! `multipart/form-data` framing for one upload.
//!
//! Renders the fields and the file part's header once, so the body's length is known before the first byte is read. The
//! file content is borrowed, never copied.
//!
//! The form that all servers we know agree on: text fields first and the file last, names in raw UTF-8 without
//! `filename*`, and a boundary of hex digits, which needs no quotes and has no leading dashes.

use crate::values::FileName;

/// Everything of a form except the file's content.
#[derive(Debug)]
pub(crate) struct Framing {
    pub(crate) head: Vec<u8>,
    pub(crate) tail: Vec<u8>,
}

/// The file part's headers.
#[derive(Debug)]
pub(crate) struct FilePart<'a> {
    pub(crate) field: &'static str,
    pub(crate) name: &'a FileName,
    pub(crate) media_type: &'static str,
}

impl Framing {
    /// Renders the fields in their order, then the file. No value may contain the boundary.
    pub(crate) fn render(boundary: &str, fields: &[(&str, &str)], file: &FilePart<'_>) -> Self {
        // Enough for all of it: what surrounds a value has fewer than 128 bytes.
        let texts: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        let parts = (fields.len() + 1) * (128 + boundary.len());
        let file_texts = file.name.as_str().len() + file.media_type.len();
        let mut head = String::with_capacity(texts + parts + file_texts);
        for (name, value) in fields {
            head.push_str("--");
            head.push_str(boundary);
            head.push_str("\r\nContent-Disposition: form-data; name=\"");
            head.push_str(name);
            head.push_str("\"\r\n\r\n");
            head.push_str(value);
            head.push_str("\r\n");
        }
        head.push_str("--");
        head.push_str(boundary);
        head.push_str("\r\nContent-Disposition: form-data; name=\"");
        head.push_str(file.field);
        head.push_str("\"; filename=\"");
        head.push_str(file.name.as_str());
        head.push_str("\"\r\nContent-Type: ");
        head.push_str(file.media_type);
        head.push_str("\r\n\r\n");
        let tail = ["\r\n--", boundary, "--\r\n"].concat();
        Self { head: head.into_bytes(), tail: tail.into_bytes() }
    }
}
