//! Which service is spoken to.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;

const COMMERCIAL_LOGIN: &str = "https://login.microsoftonline.com";
const GOVERNMENT_LOGIN: &str = "https://login.microsoftonline.us";
const COMMERCIAL_AUDIENCE: &str = "https://api.securitycenter.microsoft.com";
const GOVERNMENT_API: &str = "https://api-gov.securitycenter.microsoft.us";
const GCC_API: &str = "https://api-gcc.securitycenter.microsoft.us";

/// A service: base URL of its API, audience that its tokens are for, host that issues them.
///
/// Hosts, audiences and login hosts of the constants are those of the vendor's documentation;
/// [`custom`](Self::custom) serves every other. The geographical hosts and the older names share audience and login
/// host with [`COMMERCIAL`](Self::COMMERCIAL).
///
/// Audience and host differ: the commercial cloud still takes tokens for its old name,
/// `https://api.securitycenter.microsoft.com`. A token for another audience gives 403, not 401.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    base: Cow<'static, str>,
    audience: Cow<'static, str>,
    login: Cow<'static, str>,
}

/// Why a text is no base URL. The text itself is not shown: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEndpoint {
    /// It cannot be read as a URL with a host, its host is an address in an odd form (`127.1`, say), it is not ASCII,
    /// or it is longer than 2,048 bytes, this library's choice.
    #[error("service URL cannot be read; it must look like https://host or https://host/path")]
    Malformed,
    /// It is not `https`.
    #[error("service URL must start with https://, or with http:// before a loopback address")]
    NotHttps,
    /// It holds a user name or a password.
    #[error("service URL must not hold a user name or password")]
    UserInfo,
    /// It holds a query or a fragment.
    #[error("service URL must not hold a query or a fragment")]
    Query,
    /// Its port is not a number from 1 to 65535.
    #[error("service URL's port is not a number from 1 to 65535")]
    Port,
    /// Plain http was asked for, and the host is not a literal loopback address.
    #[error("plain http is only for the addresses 127.0.0.0/8 and [::1], written as numbers")]
    NotLoopback,
}

const fn preset(base: &'static str, audience: &'static str, login: &'static str) -> Endpoint {
    Endpoint {
        base: Cow::Borrowed(base),
        audience: Cow::Borrowed(audience),
        login: Cow::Borrowed(login),
    }
}

const fn commercial(base: &'static str) -> Endpoint {
    preset(base, COMMERCIAL_AUDIENCE, COMMERCIAL_LOGIN)
}

impl Endpoint {
    /// Commercial cloud, served from the nearest region: host `api.security.microsoft.com`, audience
    /// `https://api.securitycenter.microsoft.com`, login host `login.microsoftonline.com`.
    pub const COMMERCIAL: Self = commercial("https://api.security.microsoft.com");
    /// Commercial cloud, United States: host `us.api.security.microsoft.com`.
    pub const US: Self = commercial("https://us.api.security.microsoft.com");
    /// Commercial cloud, Europe: host `eu.api.security.microsoft.com`.
    pub const EU: Self = commercial("https://eu.api.security.microsoft.com");
    /// Commercial cloud, United Kingdom: host `uk.api.security.microsoft.com`.
    pub const UK: Self = commercial("https://uk.api.security.microsoft.com");
    /// Commercial cloud, Australia: host `au.api.security.microsoft.com`.
    pub const AU: Self = commercial("https://au.api.security.microsoft.com");
    /// Commercial cloud, Switzerland: host `swa.api.security.microsoft.com`.
    pub const SWA: Self = commercial("https://swa.api.security.microsoft.com");
    /// Commercial cloud, India: host `ina.api.security.microsoft.com`.
    pub const INA: Self = commercial("https://ina.api.security.microsoft.com");
    /// Commercial cloud under its older name: host `api.securitycenter.microsoft.com`.
    pub const LEGACY: Self = commercial("https://api.securitycenter.microsoft.com");
    /// Commercial cloud, United States, under its older name: host `api-us.securitycenter.microsoft.com`.
    pub const LEGACY_US: Self = commercial("https://api-us.securitycenter.microsoft.com");
    /// Commercial cloud, Europe, under its older name: host `api-eu.securitycenter.microsoft.com`.
    pub const LEGACY_EU: Self = commercial("https://api-eu.securitycenter.microsoft.com");
    /// Commercial cloud, United Kingdom, under its older name: host `api-uk.securitycenter.microsoft.com`.
    pub const LEGACY_UK: Self = commercial("https://api-uk.securitycenter.microsoft.com");
    /// Commercial cloud, Australia, under its older name: host `api-au.securitycenter.microsoft.com`.
    pub const LEGACY_AU: Self = commercial("https://api-au.securitycenter.microsoft.com");
    /// United States government, GCC: host `api-gcc.securitycenter.microsoft.us`, audience
    /// `https://api-gcc.securitycenter.microsoft.us`, login host `login.microsoftonline.com`.
    pub const GCC: Self = preset(GCC_API, GCC_API, COMMERCIAL_LOGIN);
    /// United States government, GCC High: host `api-gov.securitycenter.microsoft.us`, audience
    /// `https://api-gov.securitycenter.microsoft.us`, login host `login.microsoftonline.us`.
    pub const GCC_HIGH: Self = preset(GOVERNMENT_API, GOVERNMENT_API, GOVERNMENT_LOGIN);
    /// United States government, Department of Defense: host, audience and login host of
    /// [`GCC_HIGH`](Self::GCC_HIGH).
    pub const DOD: Self = Self::GCC_HIGH;

    /// A service at another `https` base URL, which may hold a port and a path. Login host and audience are the
    /// commercial cloud's, unless [`with_login`](Self::with_login) and [`with_audience`](Self::with_audience) set
    /// others.
    ///
    /// ASCII only, 2,048 bytes at most: this library's choice. A slash at the end is dropped.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint`] for any other scheme, a user name, a query, a fragment or an odd port, and
    /// [`InvalidEndpoint::Malformed`] for what is no URL with a host, has an odd address for one, is not ASCII or too
    /// long.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::{Endpoint, InvalidEndpoint};
    ///
    /// let endpoint = Endpoint::custom("https://api-new.security.example")?
    ///     .with_audience("https://api-new.security.example");
    /// assert_eq!(endpoint.to_string(), "https://api-new.security.example");
    ///
    /// let refused = Endpoint::custom("http://api-new.security.example").unwrap_err();
    /// assert_eq!(refused, InvalidEndpoint::NotHttps);
    /// # Ok::<(), InvalidEndpoint>(())
    /// ```
    pub fn custom(base: &str) -> Result<Self, InvalidEndpoint> {
        let base = BaseUrl::parse(base)?;
        if base.scheme != "https" {
            return Err(InvalidEndpoint::NotHttps);
        }
        Ok(base.into_endpoint())
    }

    /// A service on this machine over plain `http`, for tests and the emulator. Limits, login host and audience are
    /// as for [`custom`](Self::custom).
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint::NotLoopback`] unless the scheme is `http` and the host is written as an address in
    /// `127.0.0.0/8` or as `[::1]`. A name is never taken, `localhost` included, for a name can lead elsewhere. For
    /// the rest of the URL as for [`custom`](Self::custom).
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::{Endpoint, InvalidEndpoint};
    ///
    /// let emulator = Endpoint::loopback_http("http://127.0.0.1:8080")?;
    /// assert_eq!(emulator.base(), "http://127.0.0.1:8080");
    ///
    /// let refused = Endpoint::loopback_http("http://localhost:8080").unwrap_err();
    /// assert_eq!(refused, InvalidEndpoint::NotLoopback);
    /// # Ok::<(), InvalidEndpoint>(())
    /// ```
    pub fn loopback_http(base: &str) -> Result<Self, InvalidEndpoint> {
        let base = BaseUrl::parse(base)?;
        if base.scheme != "http" || !Self::is_loopback_literal(&base.host) {
            return Err(InvalidEndpoint::NotLoopback);
        }
        Ok(base.into_endpoint())
    }

    /// Whether a URL's host is a loopback address written as such: the only hosts to which plain `http` may
    /// go. Transports guard themselves by the same rule.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::Endpoint;
    ///
    /// assert!(Endpoint::is_loopback_literal("127.0.0.1"));
    /// assert!(Endpoint::is_loopback_literal("[::1]"));
    /// assert!(!Endpoint::is_loopback_literal("localhost"));
    /// ```
    #[must_use]
    pub fn is_loopback_literal(host: &str) -> bool {
        match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(v6) => v6.parse() == Ok(Ipv6Addr::LOCALHOST),
            None => host.parse().is_ok_and(|v4: Ipv4Addr| v4.is_loopback()),
        }
    }

    /// Sets the audience that tokens must be for, such as `https://api.securitycenter.microsoft.com`. Any text of any
    /// length is taken: nothing is checked. It is what tokens are asked for by, and what errors name.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Cow::Owned(audience.into());
        self
    }

    /// Sets the service that issues tokens, by its URL or its host alone: `https://login.microsoftonline.com`, or
    /// `login.microsoftonline.com`. Plain `http` goes to a literal loopback address only. ASCII only, 2,048 bytes at
    /// most, the scheme included: this library's choice.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint`], as for [`custom`](Self::custom), and [`InvalidEndpoint::NotLoopback`] for plain `http` to
    /// any other host.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response_core::Endpoint;
    ///
    /// let endpoint = Endpoint::custom("https://gateway.example/mde")?.with_login("login.example")?;
    /// assert_eq!(endpoint.login(), "https://login.example");
    /// # Ok::<(), mde_live_response_core::InvalidEndpoint>(())
    /// ```
    pub fn with_login(mut self, login: &str) -> Result<Self, InvalidEndpoint> {
        self.login = Cow::Owned(login_url(login)?);
        Ok(self)
    }

    /// Base URL, without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Audience that tokens must be for.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Base URL of the service that issues tokens, without a slash at its end.
    #[must_use]
    pub fn login(&self) -> &str {
        &self.login
    }
}

/// The URL of a service that issues tokens, without a slash at its end. A host alone is meant with `https`.
pub(crate) fn login_url(text: &str) -> Result<String, InvalidEndpoint> {
    let scheme = if text.contains("://") { "" } else { "https://" };
    let url = BaseUrl::parse(&format!("{scheme}{text}"))?;
    match url.scheme.as_str() {
        "https" => Ok(url.text()),
        "http" if Endpoint::is_loopback_literal(&url.host) => Ok(url.text()),
        "http" => Err(InvalidEndpoint::NotLoopback),
        _ => Err(InvalidEndpoint::NotHttps),
    }
}

struct BaseUrl {
    scheme: String,
    host: String,
    port: Option<u16>,
    path: String,
}

impl BaseUrl {
    /// Far more than any base URL needs, and far less than a URL may have.
    const MAX_BYTES: usize = 2048;

    fn parse(text: &str) -> Result<Self, InvalidEndpoint> {
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidEndpoint::Malformed);
        }
        if text.contains(['?', '#']) {
            return Err(InvalidEndpoint::Query);
        }
        if !text.is_ascii() {
            return Err(InvalidEndpoint::Malformed);
        }
        let uri: Uri = text.parse().map_err(|_| InvalidEndpoint::Malformed)?;
        let scheme = uri.scheme_str().ok_or(InvalidEndpoint::Malformed)?.to_owned();
        let authority = uri.authority().ok_or(InvalidEndpoint::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(InvalidEndpoint::UserInfo);
        }
        let host = authority.host().to_owned();
        let known = |b: u8| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b);
        // Of plain http, which must not go there anyway, more is to be said than that.
        let is_odd = scheme != "http" && is_odd_address(&host);
        if host.is_empty() || !host.bytes().all(known) || is_odd {
            return Err(InvalidEndpoint::Malformed);
        }
        let port = match authority.as_str().get(host.len()..) {
            None | Some("") => None,
            Some(port) => Some(parse_port(port)?),
        };
        Ok(Self { scheme, host, port, path: uri.path().trim_end_matches('/').to_owned() })
    }

    fn text(&self) -> String {
        let Self { scheme, host, port, path } = self;
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{host}{port}{path}")
    }

    fn into_endpoint(self) -> Endpoint {
        Endpoint {
            base: Cow::Owned(self.text()),
            audience: Cow::Borrowed(COMMERCIAL_AUDIENCE),
            login: Cow::Borrowed(COMMERCIAL_LOGIN),
        }
    }
}

/// Whether the host is meant as an address, for it has brackets or ends in a number, and is not one as everybody
/// writes it: `127.1`, `0x7f.0.0.1` and `10.0.0.256` mean something else, or nothing, to whoever looks them up.
fn is_odd_address(host: &str) -> bool {
    if host.contains(['[', ']', ':']) {
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        return address.is_none_or(|address| address.parse::<Ipv6Addr>().is_err());
    }
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let is_hex = last.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"))
        && last.bytes().skip(2).all(|b| b.is_ascii_hexdigit());
    let is_number = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    (is_number || is_hex) && host.parse::<Ipv4Addr>().is_err()
}

fn parse_port(text: &str) -> Result<u16, InvalidEndpoint> {
    let digits = text.strip_prefix(':').ok_or(InvalidEndpoint::Malformed)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(InvalidEndpoint::Port);
    }
    match digits.parse() {
        Ok(0) | Err(_) => Err(InvalidEndpoint::Port),
        Ok(port) => Ok(port),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}
