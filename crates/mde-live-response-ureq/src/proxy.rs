//! HTTP proxies.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Uri;
use http::uri::Scheme;
use mde_live_response_core::error::{InvalidInput, Problem};
use percent_encoding::percent_decode_str;

/// An HTTP proxy, used with `CONNECT`.
///
/// TLS runs inside the tunnel, from end to end, so the proxy sees neither token nor content. Plain `http`, which goes
/// only to this machine, never uses the proxy. The proxy's answer to `CONNECT` may have 16 KiB. Ours.
///
/// If the proxy cannot be reached, breaks off or answers 5xx, the exchange ends with
/// [`TransportErrorKind::Proxy`](mde_live_response_core::transport::TransportErrorKind::Proxy). Any other refusal is
/// [`TransportErrorKind::ProxyRefused`](mde_live_response_core::transport::TransportErrorKind::ProxyRefused).
#[derive(Clone)]
pub struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) authorization: Option<String>,
}

impl Proxy {
    /// Parses a URL of the form `http://host:port` or `http://user:password@host:port`.
    ///
    /// User and password may contain percent escapes, and must for characters that a URL does not allow, for example
    /// `%23` for `#` and `%25` for `%`.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] for any other form. The port is required, and so is the password if there is a user. The error does
    /// not show the text, which may contain the password.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::transport::Proxy;
    ///
    /// let proxy = Proxy::new("http://me:secret@proxy.example:3128")?;
    /// assert_eq!(format!("{proxy:?}"), r#"Proxy { host: "proxy.example", port: 3128, .. }"#);
    /// # Ok::<(), mde_live_response::error::InvalidInput>(())
    /// ```
    pub fn new(url: &str) -> Result<Self, InvalidInput> {
        let form = "a URL such as http://host:port or http://user:password@host:port";
        parse(url).ok_or(InvalidInput::new("proxy URL", Problem::Form(form)))
    }
}

fn parse(url: &str) -> Option<Proxy> {
    // `Uri` drops a fragment, so the start of a password with `#` in it would become host and port.
    if url.contains('#') {
        return None;
    }
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?;
    let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
    if uri.scheme() != Some(&Scheme::HTTP) || !is_bare || authority.host().is_empty() {
        return None;
    }
    let user = authority.as_str().rsplit_once('@');
    Some(Proxy {
        host: authority.host().to_owned(),
        port: authority.port_u16()?,
        authorization: match user {
            Some((user, _)) => Some(basic(user)?),
            None => None,
        },
    })
}

/// Converts `user:password` of a URL to a header. The user must not contain an escaped colon.
fn basic(user_info: &str) -> Option<String> {
    let (user, password) = user_info.split_once(':')?;
    let mut plain: Vec<u8> = percent_decode_str(user).collect();
    if plain.contains(&b':') {
        return None;
    }
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    Some(format!("Basic {}", BASE64_STANDARD.encode(plain)))
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::basic;

    #[test]
    fn user_and_password_are_read_as_a_url_spells_them() {
        let cases = [
            ("me:secret", Some("Basic bWU6c2VjcmV0")),
            ("me:", Some("Basic bWU6")),
            ("me:a:b@c", Some("Basic bWU6YTpiQGM=")),
            ("me:%23%2F%25%C3%A9", Some("Basic bWU6Iy8lw6k=")),
            ("me", None),
            ("m%3Ae:x", None),
        ];
        for (user_info, expected) in cases {
            assert_eq!(basic(user_info).as_deref(), expected, "case: {user_info}");
        }
    }
}
