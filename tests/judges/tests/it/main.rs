//! What core's encoder writes, read back by parsers that nobody here wrote.
//!
//! Each judge must return the exact name, texts and bytes of every case; where one does not, for a reason of its
//! own, the case stands in a list of stated exceptions and is tested too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod by_multer;
mod by_multipart;
mod cases;
