//! What must hold for any input at all, one function for each target. Each panics on an input for which it does not.
//!
//! Inputs are texts of pieces with the byte 0x1E between them, so that seeds can be read and written by hand.

#![forbid(unsafe_code)]
#![allow(clippy::missing_panics_doc, reason = "a target fails by panicking")]

mod answers;
mod decoder;
mod folder;
mod form;
mod pace;
mod pieces;
mod replies;
mod requests;
mod retry_after;
mod shown;
mod texts;

pub use answers::answers;
pub use decoder::decoder;
pub use folder::folder;
pub use form::form;
pub use pace::pace;
pub use replies::replies;
pub use requests::requests;
pub use retry_after::retry_after;
pub use texts::texts;

/// A function that takes any input.
pub type Target = fn(&[u8]);

/// All targets, by the names of their seeds' folders.
pub const TARGETS: [(&str, Target); 9] = [
    ("answers", answers),
    ("decoder", decoder),
    ("folder", folder),
    ("form", form),
    ("pace", pace),
    ("replies", replies),
    ("requests", requests),
    ("retry_after", retry_after),
    ("texts", texts),
];
