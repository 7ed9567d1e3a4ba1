//! `multipart/form-data` framing for one upload.
//!
//! Renders the fields and the file part's header once, so the body's length is known before the first byte is read. The
//! file content is borrowed, never copied.

use crate::values::FileName;

/// Everything of a form except the file's content.
///
/// We compared 29 multipart parsers, and write the form that all of them read alike:
///
/// * text fields first, the file last: a parser that streams knows the fields when the file begins, and one that misses
///   the delimiter behind the file refuses the form instead of taking a field for a part of the file;
/// * names in quotes and raw UTF-8, without `filename*`, for which two parsers refuse the whole form;
/// * a boundary of hex digits. It needs no quotes, and without leading dashes no line of dashes in a file is the start
///   of a delimiter, which some parsers get wrong;
/// * CRLF everywhere, nothing before the first delimiter or after the last line, no charset, and no header of a part
///   except `Content-Disposition` and the file's `Content-Type`.
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
        // Room for all of it if the texts are short.
        let mut head = String::with_capacity(512);
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
