//! Multipart parsers that nobody here wrote, made to read one upload.
//!
//! Two: `multer`, which current servers use, and the archived `multipart`, which cuts and searches by other rules.
//! Both return the form as it stands, texts in their order and the file last, or say why they cannot.

#![forbid(unsafe_code)]

pub mod by_multer;
pub mod by_multipart;

use std::fmt;

/// A form as a judge has read it: text parts in their order, then the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Form {
    pub texts: Vec<(String, String)>,
    pub field: String,
    pub name: String,
    pub content_type: String,
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
