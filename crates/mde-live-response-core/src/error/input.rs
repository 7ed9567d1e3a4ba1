//! What the caller gave cannot be sent.

use std::path::{Path, PathBuf};

use crate::client::InvalidApplication;
use crate::model::{
    FileName, InvalidContentType, InvalidEndpoint, InvalidFileName, InvalidSecret, InvalidSha256,
    InvalidText, InvalidToken,
};

/// What the caller gave cannot be sent; no connection was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The name under which to store the file.
    #[error(transparent)]
    FileName(#[from] InvalidFileName),
    /// The name that a path ends in, under which to store its file.
    #[error("{}: {problem}", quoted(path))]
    Path {
        /// The path.
        path: PathBuf,
        /// What is wrong with its last component.
        problem: InvalidFileName,
    },
    /// A description.
    #[error(transparent)]
    Text(#[from] InvalidText),
    /// The media type of the file.
    #[error(transparent)]
    ContentType(#[from] InvalidContentType),
    /// The service's base URL.
    #[error(transparent)]
    Endpoint(#[from] InvalidEndpoint),
    /// The token.
    #[error(transparent)]
    Token(#[from] InvalidToken),
    /// The secret of an application.
    #[error(transparent)]
    Secret(#[from] InvalidSecret),
    /// The hash of a file.
    #[error(transparent)]
    Sha256(#[from] InvalidSha256),
    /// The application that asks for tokens.
    #[error(transparent)]
    Application(#[from] InvalidApplication),
    /// The file has no bytes, and `Upload::allow_empty` was not asked for.
    #[error("`{name}`: the file is empty")]
    EmptyFile {
        /// Name of the file.
        name: FileName,
    },
    /// The file is larger than the limit, by default [`MAX_FILE_BYTES`](crate::MAX_FILE_BYTES).
    #[error("`{name}`: the file has {size} bytes, at most {limit} are allowed")]
    FileTooLarge {
        /// Name of the file.
        name: FileName,
        /// Its size, in bytes.
        size: u64,
        /// The limit, in bytes.
        limit: u64,
    },
}

/// A path in quotes, everything escaped that is not plainly visible, but not the separators of Windows.
#[expect(clippy::unnecessary_debug_formatting, reason = "what is no text is to be seen as such")]
fn quoted(path: &Path) -> String {
    let quoted = format!("{path:?}");
    if cfg!(windows) { quoted.replace("\\\\", "\\") } else { quoted }
}
