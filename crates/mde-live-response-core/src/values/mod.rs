//! The values that callers give and get.
//!
//! Every constrained value is parsed once into its own type, so that the floors above trust it.

mod access_token;
mod amounts;
mod call_kind;
mod content;
mod deleted;
mod endpoint;
mod file_name;
mod input_help;
mod invalid;
mod library_file;
mod secret;
mod sha256;
mod shown;
mod text;
mod token_claims;
mod upload;

pub use access_token::AccessToken;
pub use amounts::span;
pub(crate) use amounts::{size, sizes, time_of_day};
pub use call_kind::CallKind;
#[cfg(test)]
pub(crate) use content::PositionedRead;
pub use content::{FileContent, SourceError, SourceProblem};
pub use deleted::Deleted;
pub use endpoint::Endpoint;
pub use file_name::FileName;
pub use invalid::{InvalidInput, Problem};
pub use library_file::{LibraryFile, Timestamp};
pub use secret::Secret;
pub use sha256::Sha256Digest;
pub(crate) use shown::Shown;
pub use shown::shown;
pub use text::{Description, ParametersDescription, same_text};
pub use token_claims::{TokenClaims, TokenProblem};
pub use upload::{IfExists, MAX_FILE_BYTES, Upload};
