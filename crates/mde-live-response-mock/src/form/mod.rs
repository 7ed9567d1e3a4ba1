//! What was sent, read back: a strict decoder for `multipart/form-data`.
//!
//! Takes only the one spelling that every server agrees on, and says where and why it refuses another. Shares
//! no code with the encoder under test: otherwise both could be wrong together.

mod decode;
mod error;

use std::fmt;

use http::HeaderMap;

pub use error::FormError;

use crate::shown::{Bytes, bytes, text};

/// A decoded form, its parts in the order in which they were sent.
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
    /// Strict: `Content-Length` equals the body's length and there is no `Transfer-Encoding`; `Content-Type`
    /// is `multipart/form-data` with an unquoted boundary and nothing else; lines end with CRLF; nothing
    /// stands before the first delimiter or after the CRLF of the last; a part has a `Content-Disposition`
    /// with a quoted `name`, a file also a `filename` in raw UTF-8 and a `Content-Type`, and nothing more; no
    /// name comes twice; no content holds the delimiter, not even inside a line.
    ///
    /// # Errors
    ///
    /// [`FormError`] for the first place that breaks a rule.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::http::HeaderMap;
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

    /// The part of this name.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&Part<'a>> {
        self.parts.iter().find(|part| part.name == name)
    }
}

/// The parts in a line, without what is in them.
impl fmt::Display for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, part) in self.parts.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            write!(f, "{comma}{} (", text(part.name))?;
            match part.filename {
                Some(filename) => write!(f, "file `{}`", text(filename))?,
                None => f.write_str("text")?,
            }
            write!(f, ", {})", bytes(part.bytes.len()))?;
        }
        Ok(())
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

    /// Media type of the part; only a file has one.
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
