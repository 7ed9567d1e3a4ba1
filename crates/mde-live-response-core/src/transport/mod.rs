//! The seam: one HTTP exchange, done by whoever implements [`Transport`].
//!
//! A transport moves bytes. It does not retry, follow redirects or judge a status; all of that stands in
//! the client, once.

mod cancel;
mod error;
mod limits;

use std::fmt;
use std::sync::Arc;

pub use cancel::CancelToken;
pub(crate) use cancel::Wake;
pub use error::{Delivery, Phase, TransportError, TransportErrorKind};
pub use limits::Limits;

use crate::wire::Body;

/// Performs one HTTP exchange.
///
/// # Contract
///
/// * Send the request once, as given, all [`Body::len`] bytes: no extra headers beyond the
///   connection-level ones, no redirects (they would leak the token), no retry, not even on a kept connection
///   that turns out to be closed.
/// * Return `Ok` for *every* final status, with all headers. `Err` means: no complete response. Interim answers
///   (1xx) are dropped.
/// * An answer that comes before the request was sent whole ends the sending and is returned. A success then is
///   [`TransportErrorKind::Protocol`] and [`Delivery::Unknown`]: nobody can have acted on what was not sent.
/// * An answer whose end can be read in two ways, by two lengths say, is [`TransportErrorKind::Protocol`].
/// * Refuse a URL that is neither `https` nor `http` to a [loopback literal](crate::Endpoint::is_loopback_literal), and one
///   that holds a user, as [`TransportErrorKind::Refused`].
/// * Honour [`Limits::of`] the request; stop with [`TransportErrorKind::ResponseTooLarge`] past its cap,
///   never cut silently, and with [`TransportErrorKind::Cancelled`] within a tenth of a second (this library's
///   choice) once [`Limits::is_cancelled`] says so.
/// * Read the body to its end, or report an error; a read error of the body ends the exchange, as
///   [`TransportErrorKind::Send`] with that error as source. Read it as it is sent, and no more of it once sending
///   has stopped: what was read counts as given out.
///
/// # Errors
///
/// Classify so that callers can act: [`Delivery::NotDelivered`] only if no byte of the request can have
/// reached the service (resolving, connecting, TLS handshake) or if no byte from
/// [`Body::decisive_from`] on was sent, otherwise [`Delivery::Unknown`]. Keep the cause as `source`.
///
/// # Examples
///
/// A transport that adds nothing but a count:
///
/// ```
/// use mde_live_response_core::{Body, Transport, TransportError, http};
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// #[derive(Debug)]
/// struct Counting<T> {
///     inner: T,
///     exchanges: AtomicU64,
/// }
///
/// impl<T: Transport> Transport for Counting<T> {
///     fn send(
///         &self,
///         request: http::Request<Body<'_>>,
///     ) -> Result<http::Response<Vec<u8>>, TransportError> {
///         self.exchanges.fetch_add(1, Ordering::Relaxed);
///         self.inner.send(request)
///     }
/// }
/// ```
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends the request and returns the complete answer.
    ///
    /// # Errors
    ///
    /// [`TransportError`] when there is no complete answer; see the trait's documentation.
    fn send(
        &self,
        request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError>;
}

impl<T: Transport + ?Sized> Transport for &T {
    fn send(
        &self,
        request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        (**self).send(request)
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn send(
        &self,
        request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        (**self).send(request)
    }
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(
        &self,
        request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        (**self).send(request)
    }
}
