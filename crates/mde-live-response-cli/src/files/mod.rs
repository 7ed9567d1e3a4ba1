//! The commands for single files: upload, list, delete, check, verify and export.

pub(crate) mod changes;
pub(crate) mod library;
pub(crate) mod side_by_side;
