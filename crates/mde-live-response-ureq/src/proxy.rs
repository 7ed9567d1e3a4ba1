//! A proxy on the way to the service.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Uri;
use http::uri::Scheme;
use percent_encoding::percent_decode_str;

/// An HTTP proxy that opens a tunnel with `CONNECT`. TLS runs inside the tunnel, from end to end: the proxy
/// sees neither token nor content. Plain http, which exists only to this machine, never goes through it.
///
/// Its answer to `CONNECT` may have 16 KiB, this library's choice. When it cannot be reached, refuses or breaks off, the
/// exchange ends with [`TransportErrorKind::Proxy`](mde_live_response_core::TransportErrorKind::Proxy).
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
    /// The proxy at a URL of the form `http://host:port` or `http://user:password@host:port`. User and password
    /// may hold percent escapes, and must where a character cannot stand in a URL: `%23` for `#`, say, and `%25`
    /// for a percent sign.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy`] for any other form: the port must be there, and so must the password where there is a user.
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
        let user = authority.as_str().rsplit_once('@').map(|(user, _)| basic(user)).transpose()?;
        Ok(Self {
            host: authority.host().to_owned(),
            port: authority.port_u16().ok_or(InvalidProxy)?,
            authorization: user,
        })
    }
}

/// What `user:password` of a URL is in a header. A colon that comes of an escape belongs to the password.
fn basic(user_info: &str) -> Result<String, InvalidProxy> {
    let (user, password) = user_info.split_once(':').ok_or(InvalidProxy)?;
    let mut plain: Vec<u8> = percent_decode_str(user).collect();
    if plain.contains(&b':') {
        return Err(InvalidProxy);
    }
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    Ok(format!("Basic {}", BASE64_STANDARD.encode(plain)))
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
            assert_eq!(basic(user_info).ok().as_deref(), expected, "case: {user_info}");
        }
    }
}
