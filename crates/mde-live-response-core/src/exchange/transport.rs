//! The trait for HTTP transports.

use std::fmt;
use std::sync::Arc;

use http::Response;

use super::{Exchange, TransportError};

/// Performs one HTTP exchange.
///
/// A transport moves bytes. The client retries, judges status codes and refuses redirects.
///
/// # Contract
///
/// * Send the request once: no retry, no redirect (it would leak the token), no header beyond those of the connection.
///   Not even a kept connection that turns out to be closed is a reason to send twice.
/// * Send the body to its last byte, read from the [`Exchange`] as it is sent. If reading it fails, stop, and return
///   [`TransportErrorKind::Send`] with that error as its source. Stop reading once sending has stopped, because the
///   client counts read bytes as sent.
/// * Return `Ok` for every final status from 200 to 599, with all headers. Skip interim answers (1xx).
/// * Return an answer that arrives before the request was sent whole, and stop sending.
/// * Read the answer's body with [`Exchange::read_answer`], which enforces its size limit.
/// * Respect [`Exchange::limits`]: its time, its silence limit, and within 100 ms its cancel.
///
/// The client checks the URL before `send`, and the answer's head after it. It derives the effect of an error from the
/// bytes that were read, unless the transport knows better ([`TransportError::with_effect`]).
///
/// [`TransportErrorKind::Send`]: super::TransportErrorKind::Send
///
/// # Examples
///
/// A transport that counts exchanges:
///
/// ```
/// use mde_live_response::http::Response;
/// use mde_live_response::transport::{Exchange, Transport, TransportError};
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// #[derive(Debug)]
/// struct Counting<T> {
///     inner: T,
///     exchanges: AtomicU64,
/// }
///
/// impl<T: Transport> Transport for Counting<T> {
///     fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
///         self.exchanges.fetch_add(1, Ordering::Relaxed);
///         self.inner.send(exchange)
///     }
/// }
/// ```
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends the request and returns the complete answer.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if there is no complete answer.
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError>;
}

macro_rules! forward {
    ($($pointer:ty),*) => {
        $(impl<T: Transport + ?Sized> Transport for $pointer {
            fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
                (**self).send(exchange)
            }
        })*
    };
}

forward!(&T, Box<T>, Arc<T>);
