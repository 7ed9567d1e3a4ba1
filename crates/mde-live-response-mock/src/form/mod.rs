//! A strict decoder for `multipart/form-data`.
//!
//! Refuses a form with the place and the reason. Shares no code with the encoder of `mde-live-response`, because one
//! mistake could hide in both.

mod decode;
mod error;

use std::fmt;

use http::HeaderMap;

pub use error::FormError;

use crate::shown::{Bytes, text};

/// A decoded form, with its parts in the order of the body.
///
/// Borrows the body. Two forms are equal when their parts are; the boundary does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form<'a> {
    parts: Vec<Part<'a>>,
}

/// One part of a form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    name: &'a str,
    filename: Option<&'a str>,
    content_type: Option<&'a str>,
    bytes: &'a [u8],
}

impl<'a> Form<'a> {
    /// Decodes a request's body by its headers.
    ///
    /// Strict:
    ///
    /// * `Content-Length` occurs once and equals the body's length.
    /// * `Content-Type` occurs once and is exactly `multipart/form-data; boundary=` and a boundary.
    /// * Every line ends with CRLF. The form starts with the first delimiter and ends with the last.
    /// * A part has one `Content-Disposition` with a quoted, not empty `name`, a file also a quoted `filename` in raw
    ///   UTF-8 without backslashes. It may have one `Content-Type`, which is not `multipart/`, and no other header.
    /// * No name occurs twice. No content holds the delimiter, not even inside a line.
    ///
    /// Five spellings that the encoder of `mde-live-response` never writes are accepted because common clients do:
    ///
    /// * The boundary in quotes: PowerShell and other clients on .NET.
    /// * A text with a `Content-Type`: PowerShell, and `curl` with `;type=`.
    /// * A file without a `Content-Type`: `requests` for Python.
    /// * No CRLF after the closing delimiter: `fetch` of Node.js before 20.18.
    /// * `Transfer-Encoding: chunked` instead of `Content-Length`: `curl` that reads a pipe, `http.client` of Python
    ///   and `fetch` of Node.js that send a stream. `body` is the content, after the chunks were joined.
    ///
    /// # Errors
    ///
    /// [`FormError`] for the first place that breaks a rule.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::http::HeaderMap;
    /// use mde_live_response_mock::Form;
    ///
    /// let body = b"--x\r\nContent-Disposition: form-data; name=\"Description\"\r\n\r\nhello\r\n--x--\r\n";
    /// let mut headers = HeaderMap::new();
    /// headers.insert("content-type", "multipart/form-data; boundary=x".parse()?);
    /// headers.insert("content-length", body.len().into());
    ///
    /// let form = Form::decode(&headers, body)?;
    /// assert_eq!(form.part("Description").unwrap().text(), Some("hello"));
    ///
    /// headers.insert("content-length", 12.into());
    /// let refused = Form::decode(&headers, body).unwrap_err();
    /// assert_eq!(refused.to_string(), "header content-length: says 12, but the body has 73 bytes");
    /// assert_eq!(refused.at(), None); // not in the body
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decode(headers: &HeaderMap, body: &'a [u8]) -> Result<Self, FormError> {
        decode::decode(headers, body).map(|parts| Self { parts })
    }

    /// All parts, as sent.
    #[must_use]
    pub fn parts(&self) -> &[Part<'a>] {
        &self.parts
    }

    /// The part with this name.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&Part<'a>> {
        self.parts.iter().find(|part| part.name == name)
    }
}

/// One line for each part: its name, its length and the start of its content.
impl fmt::Display for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.parts.iter().map(|part| text(part.name)).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        for (n, (part, name)) in self.parts.iter().zip(&names).enumerate() {
            let start = if n == 0 { "" } else { "\n" };
            write!(f, "{start}{name:width$}  {part}")?;
        }
        Ok(())
    }
}

/// The kind of the part, its length and the start of its content.
impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.filename {
            Some(filename) => write!(f, "file `{}`, {}", text(filename), Bytes(self.bytes)),
            None => write!(f, "text, {}", Bytes(self.bytes)),
        }
    }
}

impl<'a> Part<'a> {
    /// Name of the field.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Name of the file; `None` for a text.
    #[must_use]
    pub fn filename(&self) -> Option<&'a str> {
        self.filename
    }

    /// Media type of the part, if it has one.
    #[must_use]
    pub fn content_type(&self) -> Option<&'a str> {
        self.content_type
    }

    /// The content.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The content as text; `None` when it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        str::from_utf8(self.bytes).ok()
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("name", &self.name)
            .field("filename", &self.filename)
            .field("content_type", &self.content_type)
            .field("bytes", &format_args!("{}", Bytes(self.bytes)))
            .finish()
    }
}
