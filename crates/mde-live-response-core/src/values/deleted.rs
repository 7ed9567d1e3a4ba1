//! The outcome of a delete.

/// The outcome of a delete. In each case the library holds no file of this name now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deleted {
    /// The service deleted the file.
    Removed,
    /// There was no such file.
    WasAbsent,
    /// There is no such file now. An earlier attempt with an unknown outcome may have deleted it.
    Gone,
}
