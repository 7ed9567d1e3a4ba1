//! What callers say and get: names, texts, files, answers and errors.

mod content;
mod endpoint;
mod entity;
mod files;
mod files_changing;
mod form;
mod names;
mod operations;
mod properties;
mod secrets;
mod shown;
mod statuses;
