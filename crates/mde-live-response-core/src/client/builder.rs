//! Settings of a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Client, Credential, Inner, OsRandom, Random};
use crate::model::{Endpoint, MAX_FILE_BYTES};
use crate::transport::{Limits, Transport};

/// Settings of a [`Client`], all with defaults: [`build`](Self::build) cannot fail.
#[must_use]
pub struct ClientBuilder {
    inner: Inner,
}

impl ClientBuilder {
    pub(super) fn new(
        endpoint: Endpoint,
        credential: Box<dyn Credential>,
        transport: Box<dyn Transport>,
    ) -> Self {
        Self {
            inner: Inner {
                endpoint,
                credential,
                transport,
                random: Box::new(OsRandom),
                deadline: Limits::DEFAULT_TIME,
                max_file_bytes: MAX_FILE_BYTES,
                unverified_accepted: false,
            },
        }
    }

    /// Time for one exchange with the service, from resolving its name to the last byte of the answer;
    /// 300 s unless set. The transport keeps it. What a [`Credential`] takes for its token is not counted.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.inner.deadline = deadline;
        self
    }

    /// Largest file that is sent, in bytes; [`MAX_FILE_BYTES`] unless set.
    pub fn max_file_bytes(mut self, bytes: u64) -> Self {
        self.inner.max_file_bytes = bytes;
        self
    }

    /// Whether an answer that names no SHA-256 counts as success; not unless set. The service's schema
    /// allows such an answer, and the returned entry then says nothing about the stored bytes.
    pub fn accept_unverified(mut self, accepted: bool) -> Self {
        self.inner.unverified_accepted = accepted;
        self
    }

    /// Source of the randomness in requests; the operating system's unless set. For tests.
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.inner.random = Box::new(random);
        self
    }

    /// The client.
    #[must_use]
    pub fn build(self) -> Client {
        Client { inner: Arc::new(self.inner) }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("endpoint", &self.inner.endpoint)
            .field("deadline", &self.inner.deadline)
            .field("max_file_bytes", &self.inner.max_file_bytes)
            .field("accept_unverified", &self.inner.unverified_accepted)
            .finish_non_exhaustive()
    }
}
