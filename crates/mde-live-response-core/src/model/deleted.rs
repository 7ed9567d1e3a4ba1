//! What came of removing a file.

/// What came of removing a file. Either way the library holds none of this name now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deleted {
    /// The service removed it.
    Removed,
    /// There was none.
    WasAbsent,
    /// There is none, after an attempt whose outcome was unknown: that attempt may have removed it.
    Gone,
}
