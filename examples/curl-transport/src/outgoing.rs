//! A request in libcurl's terms, with all that libcurl would add or do by itself switched off.

use std::net::IpAddr;
use std::time::Duration;

use curl::easy::{Easy2, HttpVersion, List, NetRc, SslVersion};
use mde_live_response_core::http::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, TRANSFER_ENCODING,
};
use mde_live_response_core::http::request::Parts;
use mde_live_response_core::http::{HeaderMap, Method, Uri};
use mde_live_response_core::{Body, Endpoint, Limits};

use crate::facts::Stage;
use crate::handler::Handler;
use crate::settings::CurlTransportBuilder;

/// Not libcurl's to watch: when its time for connecting is over while a name is looked up, it waits for the lookup.
const NO_TIME_OF_ITS_OWN: Duration = Duration::from_secs(30 * 24 * 3600);

/// A request, ready to be sent from another thread but for its body.
#[derive(Debug)]
pub(crate) struct Outgoing {
    method: Method,
    url: String,
    is_tls: bool,
    /// Whether the host is an address and no name.
    is_address: bool,
    /// Whole lines, in libcurl's spelling; one of them is the token.
    headers: Vec<String>,
    body_len: u64,
    max_response: u64,
}

impl Outgoing {
    /// Refuses what must not be sent, or cannot be sent as given, with the reason.
    pub(crate) fn new(
        parts: &Parts,
        body: &Body<'_>,
        limits: &Limits,
    ) -> Result<Self, &'static str> {
        let is_tls = check_uri(&parts.uri)?;
        if parts.headers.contains_key(EXPECT) || parts.headers.contains_key(TRANSFER_ENCODING) {
            return Err("neither Expect nor Transfer-Encoding is supported");
        }
        if !body.is_empty() && !takes_body(&parts.method) {
            return Err("a body goes with POST, PUT and PATCH only");
        }
        if parts.method == Method::CONNECT {
            return Err("a tunnel is no exchange");
        }
        Ok(Self {
            method: parts.method.clone(),
            url: parts.uri.to_string(),
            is_tls,
            is_address: parts.uri.host().is_some_and(is_address),
            headers: lines(&parts.headers)?,
            body_len: body.len(),
            max_response: limits.max_response(),
        })
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.is_tls
    }

    pub(crate) fn may_be_answered_with_body(&self) -> bool {
        self.method != Method::HEAD
    }

    /// What comes first on a new connection: an address needs no lookup.
    pub(crate) fn start(&self, settings: &CurlTransportBuilder) -> Stage {
        let is_direct = !self.goes_through_proxy(settings);
        if is_direct && self.is_address { Stage::Connecting } else { Stage::Resolving }
    }

    pub(crate) fn max_response(&self) -> u64 {
        self.max_response
    }

    /// Plain http exists to this machine only, and goes there by itself.
    pub(crate) fn goes_through_proxy(&self, settings: &CurlTransportBuilder) -> bool {
        self.is_tls && settings.proxy.is_some()
    }

    pub(crate) fn configure(
        &self,
        easy: &mut Easy2<Handler>,
        settings: &CurlTransportBuilder,
    ) -> Result<(), curl::Error> {
        easy.url(&self.url)?;
        easy.path_as_is(true)?;
        easy.http_version(HttpVersion::V11)?;
        easy.http_09_allowed(false)?;
        easy.follow_location(false)?;
        easy.netrc(NetRc::Ignored)?;
        easy.connect_timeout(NO_TIME_OF_ITS_OWN)?;
        // The handler hears what was sent by no other way.
        easy.verbose(true)?;
        easy.ssl_verify_peer(true)?;
        easy.ssl_verify_host(true)?;
        easy.ssl_min_max_version(SslVersion::Tlsv12, SslVersion::Default)?;
        if let Some(file) = &settings.ca_file {
            easy.cainfo(file)?;
            // There would be a directory beside it. In a file there is none, and no certificate in that.
            easy.capath(file)?;
        }
        match &settings.proxy {
            Some(proxy) if self.is_tls => proxy.configure(easy)?,
            // Empty: the environment is not looked at.
            _ => easy.proxy("")?,
        }
        easy.noproxy("")?;
        self.configure_method(easy)?;
        let mut list = List::new();
        for line in &self.headers {
            list.append(line)?;
        }
        easy.http_headers(list)
    }

    fn configure_method(&self, easy: &mut Easy2<Handler>) -> Result<(), curl::Error> {
        if takes_body(&self.method) {
            easy.post(true)?;
            easy.post_field_size(self.body_len)?;
        } else if self.method == Method::HEAD {
            return easy.nobody(true);
        } else {
            easy.get(true)?;
        }
        easy.custom_request(self.method.as_str())
    }
}

fn is_address(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse::<IpAddr>().is_ok()
}

fn takes_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// Only `https`, or this very machine. Says whether it is `https`.
fn check_uri(uri: &Uri) -> Result<bool, &'static str> {
    // libcurl would make a header of it.
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("a URL with a user in it");
    }
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => Ok(true),
        (Some("http"), Some(host)) if Endpoint::is_loopback_literal(host) => Ok(false),
        (Some("http"), Some(_)) => Err("plain http is only for literal loopback addresses"),
        _ => Err("not an https URL"),
    }
}

/// The headers as given, but for the length, which libcurl is told as a number; and those of its own taken out.
fn lines(headers: &HeaderMap) -> Result<Vec<String>, &'static str> {
    let mut lines = vec!["Expect:".to_owned()];
    for own in [ACCEPT, CONTENT_TYPE] {
        if !headers.contains_key(&own) {
            lines.push(format!("{own}:"));
        }
    }
    for (name, value) in headers.iter().filter(|(name, _)| **name != CONTENT_LENGTH) {
        let value = str::from_utf8(value.as_bytes()).map_err(|_| "a header is not UTF-8")?;
        // Nothing behind the colon would take the header out.
        lines.push(match value.trim() {
            "" => format!("{name};"),
            value => format!("{name}: {value}"),
        });
    }
    Ok(lines)
}
