//! One HTTP exchange: request, body, limits, and the transport that performs it.

mod body;
mod cancel;
#[allow(clippy::module_inception, reason = "the floor and its main type have one name")]
mod exchange;
mod limits;
mod lock;
mod multipart;
mod transport;
mod transport_error;

pub(crate) use body::Body;
pub use cancel::CancelToken;
pub(crate) use cancel::Wake;
pub use exchange::Exchange;
pub use limits::Limits;
pub(crate) use lock::{Condvar, Mutex, MutexGuard, lock};
pub(crate) use multipart::{FilePart, Framing};
pub use transport::Transport;
pub use transport_error::{Effect, Phase, TransportError, TransportErrorKind};
