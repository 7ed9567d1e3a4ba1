//! The service that a client talks to.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use http::Uri;

use super::{InvalidInput, Problem};

const COMMERCIAL_LOGIN: &str = "https://login.microsoftonline.com";
const GOVERNMENT_LOGIN: &str = "https://login.microsoftonline.us";
const COMMERCIAL_AUDIENCE: &str = "https://api.securitycenter.microsoft.com"; // P43
const GOVERNMENT_API: &str = "https://api-gov.securitycenter.microsoft.us"; // P6
const GCC_API: &str = "https://api-gcc.securitycenter.microsoft.us";

/// A service: its base URL, token audience and login host.
///
/// The constants are from the vendor's documentation; [`parse`](Self::parse) takes any other base URL. The regional
/// hosts and the older names share audience and login host with [`COMMERCIAL`](Self::COMMERCIAL).
///
/// Audience and host differ: the commercial cloud still takes tokens for its old name,
/// `https://api.securitycenter.microsoft.com`. A token for another audience gives 403, not 401.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    base: Cow<'static, str>,
    audience: Cow<'static, str>,
    login: Cow<'static, str>,
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
    ///
    /// Host `api.security.microsoft.com`, audience `https://api.securitycenter.microsoft.com`, login host
    /// `login.microsoftonline.com`.
    pub const COMMERCIAL: Self = commercial("https://api.security.microsoft.com"); // P4
    // P5
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
    /// Commercial cloud, United Arab Emirates: host `aea.api.security.microsoft.com`.
    pub const AEA: Self = commercial("https://aea.api.security.microsoft.com");
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
    /// United States government, GCC.
    ///
    /// Host `api-gcc.securitycenter.microsoft.us`, audience `https://api-gcc.securitycenter.microsoft.us`, login host
    /// `login.microsoftonline.com`.
    pub const GCC: Self = preset(GCC_API, GCC_API, COMMERCIAL_LOGIN);
    /// United States government, GCC High.
    ///
    /// Host `api-gov.securitycenter.microsoft.us`, audience `https://api-gov.securitycenter.microsoft.us`, login host
    /// `login.microsoftonline.us`.
    pub const GCC_HIGH: Self = preset(GOVERNMENT_API, GOVERNMENT_API, GOVERNMENT_LOGIN);
    /// United States government, Department of Defense.
    ///
    /// Host, audience and login host of [`GCC_HIGH`](Self::GCC_HIGH).
    pub const DOD: Self = Self::GCC_HIGH;

    /// Parses a base URL.
    ///
    /// The URL is `https`, or plain `http` to a loopback address written as a number. It may have a port and a path; a
    /// slash at its end is dropped. ASCII, 2,048 bytes at most. Audience and login host are the commercial cloud's
    /// unless [`with_audience`](Self::with_audience) and [`with_login`](Self::with_login) set others.
    ///
    /// Plain `http` is for tests and the emulator. A host name is refused, even `localhost`, because a name can resolve
    /// to another machine.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] for another scheme, and for a URL with a user name, a query, a fragment, an odd port or an odd
    /// address such as `127.1`. The text is not shown, because it may contain a password.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::Endpoint;
    ///
    /// let endpoint = Endpoint::parse("https://api-new.security.example")?
    ///     .with_audience("https://api-new.security.example");
    /// assert_eq!(endpoint.base(), "https://api-new.security.example");
    ///
    /// assert!(Endpoint::parse("http://127.0.0.1:8080").is_ok());
    /// assert!(Endpoint::parse("http://localhost:8080").is_err());
    /// # Ok::<(), mde_live_response::error::InvalidInput>(())
    /// ```
    pub fn parse(base: &str) -> Result<Self, InvalidInput> {
        Self::parse_as(base, "service URL")
    }

    fn parse_as(base: &str, field: &'static str) -> Result<Self, InvalidInput> {
        Ok(Self {
            base: Cow::Owned(base_url(base, field)?),
            audience: Cow::Borrowed(COMMERCIAL_AUDIENCE),
            login: Cow::Borrowed(COMMERCIAL_LOGIN),
        })
    }

    /// Reads the base URL from the environment variable `MDE_BASE_URL`.
    ///
    /// Default: [`COMMERCIAL`](Self::COMMERCIAL), if the variable is not set or empty.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] as for [`parse`](Self::parse), and if the variable is not UTF-8.
    pub fn from_env() -> Result<Self, InvalidInput> {
        match std::env::var_os("MDE_BASE_URL").filter(|value| !value.is_empty()) {
            None => Ok(Self::COMMERCIAL),
            Some(value) => match value.to_str() {
                Some(base) => Self::parse_as(base, "MDE_BASE_URL"),
                None => Err(InvalidInput::new("MDE_BASE_URL", Problem::NotUtf8)),
            },
        }
    }

    /// Returns whether a URL's host is a numeric loopback address.
    ///
    /// Plain `http` goes to no other host.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::Endpoint;
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
    ///
    /// The text is not checked: token requests and error messages use it as it is.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Cow::Owned(audience.into());
        self
    }

    /// Sets the service that issues tokens, by URL or host alone.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] as for [`parse`](Self::parse).
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::Endpoint;
    ///
    /// let endpoint = Endpoint::parse("https://gateway.example/mde")?.with_login("login.example")?;
    /// assert_eq!(endpoint.login(), "https://login.example");
    /// # Ok::<(), mde_live_response::error::InvalidInput>(())
    /// ```
    pub fn with_login(mut self, login: &str) -> Result<Self, InvalidInput> {
        let scheme = if login.contains("://") { "" } else { "https://" };
        self.login = Cow::Owned(base_url(&format!("{scheme}{login}"), "login URL")?);
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

    /// Base URL of the token service, without a slash at its end.
    #[must_use]
    pub fn login(&self) -> &str {
        &self.login
    }
}

/// Longest base URL, in bytes. Ours: far more than one needs.
const MAX_BYTES: usize = 2048;

/// Checks a base URL and drops the slash at its end.
fn base_url(text: &str, field: &'static str) -> Result<String, InvalidInput> {
    let error = |problem| InvalidInput::new(field, problem);
    let malformed = || error(Problem::Form("a URL such as https://host or https://host/path"));
    if text.contains(['?', '#']) {
        return Err(error(Problem::Form("a URL without a query or a fragment")));
    }
    if text.len() > MAX_BYTES || !text.is_ascii() {
        return Err(malformed());
    }
    let uri: Uri = text.parse().map_err(|_| malformed())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(malformed());
    };
    if authority.as_str().contains('@') {
        return Err(error(Problem::Form("a URL without a user name or password")));
    }
    let host = authority.host();
    match scheme {
        "https" if is_odd_address(host) => return Err(malformed()),
        "https" => {}
        "http" if Endpoint::is_loopback_literal(host) => {}
        "http" => return Err(error(Problem::NotLoopback)),
        _ => return Err(error(Problem::NotHttps)),
    }
    let known = |b: u8| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b);
    if host.is_empty() || !host.bytes().all(known) {
        return Err(malformed());
    }
    let port = authority.as_str().get(host.len()..).unwrap_or_default();
    let port = match port.strip_prefix(':').map(str::parse::<u16>) {
        None if port.is_empty() => String::new(),
        // `parse` takes a sign.
        Some(Ok(number)) if number > 0 && !port.contains('+') => format!(":{number}"),
        _ => return Err(error(Problem::Form("a URL with a port from 1 to 65535"))),
    };
    Ok(format!("{scheme}://{host}{port}{}", uri.path().trim_end_matches('/')))
}

/// Returns whether the host is an address in an unusual form.
///
/// `127.1`, `0x7f.0.0.1` and `10.0.0.256` mean something else, or nothing, to other programs.
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

impl FromStr for Endpoint {
    type Err = InvalidInput;

    fn from_str(base: &str) -> Result<Self, InvalidInput> {
        Self::parse(base)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}
