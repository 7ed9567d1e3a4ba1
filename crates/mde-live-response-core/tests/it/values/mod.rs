//! What callers say and get: names, texts, files, answers and errors.

mod content;
mod debug;
mod endpoint;
mod entity;
mod files;
mod files_changing;
mod form;
mod names;
mod properties;
mod secrets;
mod statuses;
