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
/// The hosts are those of the vendor's documentation; [`custom`](Self::custom) serves every other.
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
    /// It cannot be read as a URL with a host.
    #[error("base URL cannot be read; it must look like https://host or https://host/path")]
    Malformed,
    /// It is not `https`.
    #[error("base URL must start with https://, or with http:// before a loopback address")]
    NotHttps,
    /// It holds a user name or a password.
    #[error("base URL must not hold a user name or password")]
    UserInfo,
    /// It holds a query or a fragment.
    #[error("base URL must not hold a query or a fragment")]
    Query,
    /// Its port is not a number from 1 to 65535.
    #[error("base URL's port is not a number from 1 to 65535")]
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
    /// Commercial cloud, served from the nearest region.
    pub const COMMERCIAL: Self = commercial("https://api.security.microsoft.com");
    /// Commercial cloud, United States.
    pub const US: Self = commercial("https://us.api.security.microsoft.com");
    /// Commercial cloud, Europe.
    pub const EU: Self = commercial("https://eu.api.security.microsoft.com");
    /// Commercial cloud, United Kingdom.
    pub const UK: Self = commercial("https://uk.api.security.microsoft.com");
    /// Commercial cloud, Australia.
    pub const AU: Self = commercial("https://au.api.security.microsoft.com");
    /// Commercial cloud, Switzerland.
    pub const SWA: Self = commercial("https://swa.api.security.microsoft.com");
    /// Commercial cloud, India.
    pub const INA: Self = commercial("https://ina.api.security.microsoft.com");
    /// Commercial cloud under its older name.
    pub const LEGACY: Self = commercial("https://api.securitycenter.microsoft.com");
    /// Commercial cloud, United States, under its older name.
    pub const LEGACY_US: Self = commercial("https://api-us.securitycenter.microsoft.com");
    /// Commercial cloud, Europe, under its older name.
    pub const LEGACY_EU: Self = commercial("https://api-eu.securitycenter.microsoft.com");
    /// Commercial cloud, United Kingdom, under its older name.
    pub const LEGACY_UK: Self = commercial("https://api-uk.securitycenter.microsoft.com");
    /// Commercial cloud, Australia, under its older name.
    pub const LEGACY_AU: Self = commercial("https://api-au.securitycenter.microsoft.com");
    /// United States government, GCC.
    pub const GCC: Self = preset(GCC_API, GCC_API, COMMERCIAL_LOGIN);
    /// United States government, GCC High.
    pub const GCC_HIGH: Self = preset(GOVERNMENT_API, GOVERNMENT_API, GOVERNMENT_LOGIN);
    /// United States government, Department of Defense: the same hosts as GCC High.
    pub const DOD: Self = Self::GCC_HIGH;

    /// A service at another `https` base URL, which may hold a port and a path. The login host is the
    /// commercial cloud's, and so is the audience unless [`with_audience`](Self::with_audience) sets another.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint`] for any other scheme, a user name, a query, a fragment or an odd port.
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

    /// A service on this machine over plain `http`, for tests and the emulator.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint::NotLoopback`] unless the host is written as an address in `127.0.0.0/8` or as
    /// `[::1]`; never for a name, `localhost` included, for a name can lead elsewhere.
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

    /// Sets the audience that tokens must be for, such as `https://api.securitycenter.microsoft.com`.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Cow::Owned(audience.into());
        self
    }

    /// Sets the service that issues tokens, by its URL or its host alone: `https://login.microsoftonline.com`, or
    /// `login.microsoftonline.com`. Plain `http` goes to a literal loopback address only.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint`], as for a base URL.
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

    /// Base URL of the service that issues tokens.
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
        if host.is_empty() || !host.bytes().all(known) {
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
