//! The library holds something else than what was sent.

use std::error::Error as StdError;
use std::fmt;

use super::context::{Context, Escaped};
use crate::model::Sha256Digest;
use crate::transport::Delivery;

/// What differs between what was sent and what was stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MismatchErrorKind {
    /// The library holds other bytes.
    Sha256 {
        /// Digest of the bytes that were sent.
        sent: Sha256Digest,
        /// Digest that the service reports.
        stored: Sha256Digest,
    },
    /// The answer to the upload was lost, and a listing afterwards showed another file under this name: it was
    /// there before, or has replaced this upload's since.
    Exists {
        /// Digest of the bytes that were sent.
        sent: Sha256Digest,
        /// Digest that the service lists.
        stored: Sha256Digest,
    },
    /// The library holds the file under another name; a difference of letter case alone is none.
    FileName {
        /// Name that was sent.
        sent: String,
        /// Name that the service reports.
        stored: String,
    },
}

/// The library holds something else than what was sent.
///
/// # Examples
///
/// ```
/// # use mde_live_response_mock::{MockTransport, Reply};
/// use mde_live_response_core::{
///     AccessToken, Client, Delivery, Endpoint, Error, MismatchErrorKind, Upload,
/// };
///
/// # let transport = MockTransport::new().reply(Reply::stored().with_sha256(&"0".repeat(64)));
/// let token = AccessToken::new("an-access-token")?;
/// let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();
///
/// let upload = Upload::new("a.ps1".parse()?, b"Get-Date\n");
/// let Err(Error::Mismatch(error)) = client.upload(&upload) else { unreachable!() };
/// let MismatchErrorKind::Sha256 { sent, stored } = error.kind() else { unreachable!() };
/// assert_eq!(*sent, upload.content().sha256()?);
/// assert_ne!(sent, stored);
/// assert_eq!(error.delivery(), Delivery::Delivered);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MismatchError {
    kind: MismatchErrorKind,
    pub(super) context: Context,
}

impl MismatchError {
    pub(crate) fn new(kind: MismatchErrorKind) -> Self {
        Self { kind, context: Context::default() }
    }

    /// What is known of the upload's effect. With [`Exists`](MismatchErrorKind::Exists) nothing of it is there now,
    /// but it may have been until somebody replaced it: unknown. Else what is there came of it.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self.kind {
            MismatchErrorKind::Exists { .. } => Delivery::Unknown,
            _ => Delivery::Delivered,
        }
    }

    /// What differs.
    #[must_use]
    pub fn kind(&self) -> &MismatchErrorKind {
        &self.kind
    }

    pub(super) fn help(&self) -> String {
        match self.kind {
            MismatchErrorKind::Sha256 { .. } => {
                "do not run the stored file; find out who else writes to the library, then upload again"
            }
            MismatchErrorKind::Exists { .. } => {
                "the name is taken: choose another, or override the file if it is yours"
            }
            MismatchErrorKind::FileName { .. } => "look for the file under the name that was stored",
        }
        .to_owned()
    }
}

impl fmt::Display for MismatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.context)?;
        match &self.kind {
            MismatchErrorKind::Sha256 { sent, stored } => write!(
                f,
                "the library holds other bytes than were sent: sent sha256 {sent}, stored {stored}"
            ),
            MismatchErrorKind::Exists { sent, stored } => write!(
                f,
                "the answer was lost, and the library holds another file under this name: sent \
                 sha256 {sent}, stored {stored}"
            ),
            MismatchErrorKind::FileName { sent, stored } => write!(
                f,
                "the library holds the file under another name: sent `{sent}`, stored `{}`",
                Escaped { text: stored, max: 300 }
            ),
        }
    }
}

impl StdError for MismatchError {}
