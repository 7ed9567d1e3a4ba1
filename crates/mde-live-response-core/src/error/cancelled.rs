//! A call that was cancelled from another thread.

use std::error::Error as StdError;
use std::fmt;

use super::Error;
use super::context::Context;
use crate::transport::Delivery;

/// The call was cancelled from another thread ([`CancelToken`](crate::CancelToken)). Its source is what ended the
/// attempt before, where there was one.
///
/// # Examples
///
/// ```
/// # use mde_live_response_mock::MockTransport;
/// use mde_live_response_core::{AccessToken, CancelToken, Client, Delivery, Endpoint, Error};
///
/// # let transport = MockTransport::new();
/// let token = AccessToken::new("an-access-token")?;
/// let cancel = CancelToken::new();
/// let client =
///     Client::builder(Endpoint::COMMERCIAL, token, transport).build().cancelled_by(&cancel);
/// cancel.cancel(); // as a rule from another thread, while the call runs
///
/// let Err(Error::Cancelled(error)) = client.delete(&"a.ps1".parse()?) else { unreachable!() };
/// assert_eq!(error.delivery(), Delivery::NotDelivered); // nothing was sent yet
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CancelledError {
    delivery: Delivery,
    last: Option<Box<Error>>,
    pub(crate) context: Context,
}

impl CancelledError {
    pub(crate) fn new(delivery: Delivery) -> Self {
        Self { delivery, last: None, context: Context::default() }
    }

    /// Keeps what ended the attempt before, reachable through [`source`](StdError::source).
    pub(crate) fn after(mut self, last: Error) -> Self {
        self.last = Some(Box::new(last));
        self
    }

    /// What is known about the library's state, by how much of the request was sent when it ended.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.context.delivery(self.delivery)
    }
}

impl fmt::Display for CancelledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}cancelled{}", self.context, self.context.ending(self.delivery))
    }
}

impl StdError for CancelledError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.last.as_deref().map(|last| last as _)
    }
}
