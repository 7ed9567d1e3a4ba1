//! Two foreign multipart parsers, made to read one upload.
//!
//! `multer` is in current servers; the archived `multipart` splits and searches by other rules. Each returns the texts in
//! their order and then the file, or says why it cannot.

pub mod by_multer;
pub mod by_multipart;

use std::fmt;

/// A form as a judge has read it: text parts in their order, then the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Name and value of each text part.
    pub texts: Vec<(String, String)>,
    /// Name of the file part.
    pub field: String,
    /// Its `filename`.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Why a judge could not read a body as a form of texts and one file.
#[derive(Debug)]
pub struct Unread(String);

impl Unread {
    fn because(why: impl fmt::Display) -> Self {
        Self(why.to_string())
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
