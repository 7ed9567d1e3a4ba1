//! Both transports, set up alike.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use mde_live_response_core::{AccessToken, Client, ClientBuilder, Pacing, RetryPolicy, Transport};
use mde_live_response_curl::{CurlTransport, CurlTransportBuilder};

use crate::server::trusted_pem;
use crate::support::{TOKEN, endpoint, transport as ureq};

/// Long enough for every exchange that is not meant to run out of time.
const PLENTY: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Ureq,
    Curl,
}

pub(crate) const BOTH: [Which; 2] = [Which::Ureq, Which::Curl];

impl Which {
    /// A new transport that trusts the tests' authority and nobody else.
    pub(crate) fn transport(self) -> Arc<dyn Transport> {
        match self {
            Self::Ureq => Arc::new(ureq().build()),
            Self::Curl => Arc::new(curl().build()),
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ureq => "ureq",
            Self::Curl => "curl",
        })
    }
}

pub(crate) fn curl() -> CurlTransportBuilder {
    CurlTransport::builder().ca_file(&*CA_FILE)
}

/// libcurl reads authorities from a file. One for the whole run, and for this process alone.
static CA_FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("curl-transport-{}.pem", std::process::id()));
    std::fs::write(&path, trusted_pem()).unwrap();
    path
});

/// A client that tries once.
pub(crate) fn client(url: &str, transport: impl Transport + 'static) -> Client {
    builder(url, transport).build()
}

pub(crate) fn builder(url: &str, transport: impl Transport + 'static) -> ClientBuilder {
    let token: AccessToken = TOKEN.parse().unwrap();
    Client::builder(endpoint(url), token, transport)
        .retry(RetryPolicy::NONE)
        .pacing(Pacing::Off)
        .deadline(PLENTY)
}
