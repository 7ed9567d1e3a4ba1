//! From settings to a client of a library.

pub(crate) mod connect;
pub(crate) mod credential;
pub(crate) mod network;
pub(crate) mod tenants;
