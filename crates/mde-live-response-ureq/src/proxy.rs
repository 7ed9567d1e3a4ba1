//! A proxy on the way to the service.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Uri;
use http::uri::Scheme;

/// An HTTP proxy that opens a tunnel with `CONNECT`. TLS runs inside the tunnel, from end to end: the proxy
/// sees neither token nor content. Plain http, which exists only to this machine, never goes through it.
#[derive(Clone)]
pub struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) authorization: Option<String>,
}

/// A text is no proxy URL such as `http://proxy.example:3128`. The text is not shown: it may hold a
/// password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("proxy URL must look like http://host:port or http://user:password@host:port")]
#[non_exhaustive]
pub struct InvalidProxy;

impl Proxy {
    /// The proxy at a URL of the form `http://host:port` or `http://user:password@host:port`; user and
    /// password as they are, without percent escapes. A password that cannot stand in a URL, with `#` or `/` in
    /// it say, cannot be given.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`] for any other form.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_ureq::Proxy;
    ///
    /// let proxy = Proxy::new("http://me:secret@proxy.example:3128")?;
    /// assert_eq!(format!("{proxy:?}"), r#"Proxy { host: "proxy.example", port: 3128, .. }"#);
    /// # Ok::<(), mde_live_response_ureq::InvalidProxy>(())
    /// ```
    pub fn new(url: &str) -> Result<Self, InvalidProxy> {
        // `Uri` drops a fragment: of a password with `#` in it, the start would be taken for host and port.
        if url.contains('#') {
            return Err(InvalidProxy);
        }
        let uri: Uri = url.parse().map_err(|_| InvalidProxy)?;
        let authority = uri.authority().ok_or(InvalidProxy)?;
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        if uri.scheme() != Some(&Scheme::HTTP) || !bare || authority.host().is_empty() {
            return Err(InvalidProxy);
        }
        let user = authority.as_str().rsplit_once('@').map(|(user, _)| user);
        if user.is_some_and(|user| !user.contains(':')) {
            return Err(InvalidProxy);
        }
        Ok(Self {
            host: authority.host().to_owned(),
            port: authority.port_u16().ok_or(InvalidProxy)?,
            authorization: user.map(|user| format!("Basic {}", BASE64_STANDARD.encode(user))),
        })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
