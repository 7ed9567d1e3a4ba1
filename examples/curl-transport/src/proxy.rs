//! A proxy on the way to the service.

use std::fmt;

use curl::easy::{Auth, Easy2};
use mde_live_response_core::http::Uri;

/// An HTTP proxy that opens a tunnel with `CONNECT`. TLS runs inside the tunnel, from end to end: the proxy sees
/// neither token nor content. Plain http, which exists only to this machine, never goes through it.
#[derive(Clone)]
pub struct Proxy {
    url: String,
    login: Option<ProxyLogin>,
}

/// How to log in to a proxy.
#[derive(Clone)]
#[non_exhaustive]
pub enum ProxyLogin {
    /// By user and password, in clear: base64 hides nothing.
    Basic(String, String),
    /// By user, as `DOMAIN\user` too, and password, with NTLM.
    Ntlm(String, String),
    /// As who is logged in to this machine, with Kerberos.
    Negotiate,
}

/// A text is no proxy URL such as `http://proxy.example:3128`. The text is not shown: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("proxy URL must look like http://host:port; a login is given apart from it")]
#[non_exhaustive]
pub struct InvalidProxy;

impl Proxy {
    /// The proxy at a URL of the form `http://host:port`.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`] for any other form, one with a user or a password among them: libcurl names a proxy in its
    /// error texts.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_curl::{Proxy, ProxyLogin};
    ///
    /// let proxy = Proxy::new("http://proxy.example:3128")?.login(ProxyLogin::Negotiate);
    /// assert_eq!(format!("{proxy:?}"), r#"Proxy { url: "http://proxy.example:3128", .. }"#);
    /// assert!(Proxy::new("http://me:secret@proxy.example:3128").is_err());
    /// # Ok::<(), mde_live_response_curl::InvalidProxy>(())
    /// ```
    pub fn new(url: &str) -> Result<Self, InvalidProxy> {
        if url.contains(['#', '@']) {
            return Err(InvalidProxy);
        }
        let uri: Uri = url.parse().map_err(|_| InvalidProxy)?;
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let (host, port) = (uri.host().unwrap_or_default(), uri.port_u16());
        match port {
            Some(port) if uri.scheme_str() == Some("http") && bare && !host.is_empty() => {
                Ok(Self { url: format!("http://{host}:{port}"), login: None })
            }
            _ => Err(InvalidProxy),
        }
    }

    /// Sets how to log in; not at all unless set.
    #[must_use]
    pub fn login(mut self, login: ProxyLogin) -> Self {
        self.login = Some(login);
        self
    }

    pub(crate) fn configure<H>(&self, easy: &mut Easy2<H>) -> Result<(), curl::Error> {
        easy.proxy(&self.url)?;
        easy.http_proxy_tunnel(true)?;
        let mut ways = Auth::new();
        let (user, password) = match &self.login {
            None => return Ok(()),
            Some(ProxyLogin::Basic(user, password)) => {
                ways.basic(true);
                (user.as_str(), password.as_str())
            }
            Some(ProxyLogin::Ntlm(user, password)) => {
                ways.ntlm(true);
                (user.as_str(), password.as_str())
            }
            // libcurl asks Kerberos only where there is a user, be it an empty one.
            Some(ProxyLogin::Negotiate) => {
                ways.gssnegotiate(true);
                ("", "")
            }
        };
        easy.proxy_auth(&ways)?;
        easy.proxy_username(user)?;
        easy.proxy_password(password)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("url", &self.url).finish_non_exhaustive()
    }
}

impl fmt::Debug for ProxyLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic(..) => "Basic(..)",
            Self::Ntlm(..) => "Ntlm(..)",
            Self::Negotiate => "Negotiate",
        })
    }
}
