//! Standard output, standard error, and the audit log.

pub(crate) mod audit;
pub(crate) mod exit;
pub(crate) mod fields;
pub(crate) mod progress;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod ui;
