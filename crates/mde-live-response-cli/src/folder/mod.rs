//! The commands that compare a folder with a library: plan, sync and adopt.

pub(crate) mod content;
pub(crate) mod guard;
pub(crate) mod job;
pub(crate) mod saved;
pub(crate) mod sync;
pub(crate) mod synced;
