//! What the caller says and gets. Every constrained value is parsed once into a type of its own, so that
//! the floors above trust it.

mod access_token;
mod call_kind;
mod client_secret;
mod content;
mod content_type;
mod deleted;
mod endpoint;
mod file_name;
mod library_file;
mod secret;
mod sha256;
mod text;
mod token_claims;
mod upload;

pub use access_token::{AccessToken, InvalidToken};
pub use call_kind::CallKind;
pub use client_secret::{ClientSecret, InvalidSecret};
pub use content::FileContent;
#[cfg(test)]
pub(crate) use content::PositionedRead;
pub use content_type::{ContentType, InvalidContentType};
pub use deleted::Deleted;
pub(crate) use endpoint::login_url;
pub use endpoint::{Endpoint, InvalidEndpoint};
pub(crate) use file_name::folded;
pub use file_name::{FileName, InvalidFileName};
pub use library_file::{LibraryFile, Timestamp};
pub use sha256::{InvalidSha256, Sha256Digest};
pub use text::{Description, InvalidText, ParametersDescription};
pub use token_claims::{TokenClaims, TokenProblem};
pub use upload::{IfExists, MAX_FILE_BYTES, Upload};
