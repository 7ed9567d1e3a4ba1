//! HTTP proxies.

use std::env;
use std::ffi::OsString;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Uri;
use mde_live_response_core::error::{InvalidInput, Problem};
use percent_encoding::percent_decode_str;

use crate::no_proxy::NoProxy;

/// Port of a proxy whose URL has none: curl's.
const DEFAULT_PORT: u16 = 1080;

/// An HTTP proxy, used with `CONNECT`, and the hosts that are reached without it.
///
/// TLS runs inside the tunnel, from end to end, so the proxy sees neither token nor content. Plain `http`, which goes
/// only to this machine, never uses the proxy. The proxy's answer to `CONNECT` may have 16 KiB. Ours.
///
/// If the proxy cannot be reached, breaks off or answers 5xx, the exchange ends with
/// [`TransportErrorKind::Proxy`](mde_live_response_core::transport::TransportErrorKind::Proxy). Any other refusal is
/// [`TransportErrorKind::ProxyRefused`](mde_live_response_core::transport::TransportErrorKind::ProxyRefused).
#[derive(Clone)]
pub struct Proxy {
    host: String,
    port: u16,
    authorization: Option<String>,
    bypass: NoProxy,
}

impl Proxy {
    /// Parses a URL of the form `http://host:port` or `http://user:password@host:port`.
    ///
    /// As for curl, `http://` may be missing, and the default port is 1080. User and password may contain percent escapes,
    /// and must for characters that a URL does not allow, for example `%23` for `#` and `%25` for `%`.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] for any other form, and for SOCKS and https proxies, which are not supported. The error does not
    /// show the text, which may contain the password.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::transport::Proxy;
    ///
    /// let proxy = Proxy::new("http://me:secret@proxy.example:3128")?.with_bypass("localhost,.corp.example");
    /// assert_eq!(format!("{proxy:?}"), r#"Proxy { host: "proxy.example", port: 3128, .. }"#);
    /// assert!(proxy.is_bypassed("mde.corp.example"));
    /// # Ok::<(), mde_live_response::error::InvalidInput>(())
    /// ```
    pub fn new(url: &str) -> Result<Self, InvalidInput> {
        Self::of_field(url, "proxy URL")
    }

    /// Reads `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, as curl reads them for an `https` URL.
    ///
    /// The proxy is the first of `https_proxy`, `HTTPS_PROXY`, `all_proxy` and `ALL_PROXY`, and its
    /// [bypass](Self::with_bypass) the first of `no_proxy` and `NO_PROXY`. An empty variable counts as not set. `None`: no
    /// proxy is set, or `NO_PROXY` is `*`. Nothing reads these variables unless you call this.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] with the variable's name as its field, if it is not UTF-8 or as for [`new`](Self::new).
    pub fn from_env() -> Result<Option<Self>, InvalidInput> {
        Self::from_lookup(env::var_os)
    }

    /// As [`from_env`](Self::from_env), with another way to look up the variables.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] as for [`from_env`](Self::from_env).
    pub fn from_lookup(
        lookup: impl Fn(&'static str) -> Option<OsString>,
    ) -> Result<Option<Self>, InvalidInput> {
        let first = |names: &[&'static str]| {
            let value = |name: &&'static str| {
                Some((*name, lookup(name).filter(|value| !value.is_empty())?))
            };
            let found = names.iter().find_map(value).map(|(name, value)| {
                let invalid = |_| InvalidInput::new(name, Problem::NotUtf8);
                Ok((name, value.into_string().map_err(invalid)?))
            });
            found.transpose()
        };
        let bypass = first(&["no_proxy", "NO_PROXY"])?;
        let bypass = bypass.map(|(_, list)| NoProxy::parse(&list)).unwrap_or_default();
        if bypass.is_everything() {
            return Ok(None);
        }
        match first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])? {
            Some((name, url)) => Ok(Some(Self { bypass, ..Self::of_field(&url, name)? })),
            None => Ok(None),
        }
    }

    /// Sets the hosts that are reached without the proxy. Default: none.
    ///
    /// The list has the form of curl's `NO_PROXY`: names and addresses between commas. A name also stands for all names
    /// below it, with or without a dot before it. An address may be a network, such as `10.0.0.0/8`. `*` alone means all
    /// hosts. Ports are not part of an entry: one with a port matches nothing.
    #[must_use]
    pub fn with_bypass(mut self, list: &str) -> Self {
        self.bypass = NoProxy::parse(list);
        self
    }

    /// Returns whether a host is reached without the proxy. It is spelled as in a URL, an IPv6 address in brackets.
    #[must_use]
    pub fn is_bypassed(&self, host: &str) -> bool {
        self.bypass.contains(host)
    }

    /// The proxy's host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The proxy's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Value of the header `Proxy-Authorization`.
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    fn of_field(url: &str, field: &'static str) -> Result<Self, InvalidInput> {
        let form = match url.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => HTTPS_FORM,
            Some((scheme, _)) if scheme.to_ascii_lowercase().starts_with("socks") => SOCKS_FORM,
            _ => "a URL such as http://host:port or http://user:password@host:port",
        };
        parse(url).ok_or(InvalidInput::new(field, Problem::Form(form)))
    }
}

const HTTPS_FORM: &str = "an http:// URL: TLS to the proxy itself (https://) is not supported";
const SOCKS_FORM: &str = "the http:// URL of an HTTP proxy: SOCKS is not supported";

fn parse(url: &str) -> Option<Proxy> {
    // `Uri` drops a fragment, so the start of a password with `#` in it would become host and port.
    if url.contains('#') {
        return None;
    }
    let rest = match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
        Some(_) => return None,
        None => url,
    };
    let uri: Uri = format!("http://{rest}").parse().ok()?;
    let authority = uri.authority()?;
    let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
    if !is_bare || authority.host().is_empty() {
        return None;
    }
    // `Uri` takes a port that is not a number for none.
    let (user, place) = match authority.as_str().rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, authority.as_str()),
    };
    let port = match place.strip_prefix(authority.host())? {
        "" => DEFAULT_PORT,
        port => port.strip_prefix(':')?.parse().ok()?,
    };
    Some(Proxy {
        host: authority.host().to_owned(),
        port,
        authorization: match user {
            Some(user) => Some(basic(user)?),
            None => None,
        },
        bypass: NoProxy::default(),
    })
}

/// Converts `user:password` of a URL to a header. The user must not contain an escaped colon.
fn basic(user_info: &str) -> Option<String> {
    // As for curl, the password may be missing.
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
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
            ("me", Some("Basic bWU6")),
            ("m%3Ae:x", None),
        ];
        for (user_info, expected) in cases {
            assert_eq!(basic(user_info).as_deref(), expected, "case: {user_info}");
        }
    }
}
