//! Tokens from Microsoft Entra for `mde-live-response`.
//!
//! Built on the public API of the core crate: a credential of your own has the same means. Most programs use this crate
//! through the feature `entra` of the facade `mde-live-response`.

#![forbid(unsafe_code)]

mod answer;
mod application;
mod form;
mod help;
mod json;
mod refusal;
mod token_file;

pub use application::EntraCredential;
