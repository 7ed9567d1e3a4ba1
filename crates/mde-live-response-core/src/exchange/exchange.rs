//! One exchange as a value: request, limits, and the sent bytes.

use std::fmt;
use std::io::{self, Read};
use std::net::Ipv4Addr;

use http::header::{CONTENT_LENGTH, HOST, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode, Uri};

use super::{Body, Effect, Limits, Transport, TransportError, TransportErrorKind};
use crate::values::{
    AccessToken, Endpoint, InvalidInput, Problem, Sha256Digest, SourceError, size,
};

/// Largest buffer that is allocated before a body arrives, in bytes.
const MAX_ROOM: u64 = 64 * 1024;

/// Address and path at which a virtual machine in Azure gets tokens of its managed identity. The vendor's documentation.
const VM_METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
const VM_TOKEN_PATH: &str = "/metadata/identity/oauth2/token";

/// One HTTP exchange: the request's head, its body and its limits.
///
/// Implements [`Read`] for the body. The body's content is hashed as it is read, so a transport must send what it reads
/// and read only what it sends. A read error means that the file changed or cannot be read; the rest of the body is then
/// never given out.
pub struct Exchange<'a> {
    head: Parts,
    body: Body<'a>,
    limits: Limits,
}

impl<'a> Exchange<'a> {
    /// Creates an exchange from a request and its whole body.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] if the URL is neither `https` nor plain `http` to a
    /// [loopback address](Endpoint::is_loopback_literal), or contains a user name.
    pub fn new(request: Request<&'a [u8]>) -> Result<Self, InvalidInput> {
        check_url(request.uri())?;
        let (head, body) = request.into_parts();
        Ok(Self::with_body(head, Body::bytes(body)))
    }

    /// A request for a token, which may also go to a metadata service of this machine, over plain `http`.
    ///
    /// The host `localhost` is replaced by `127.0.0.1`, so that no name lookup can lead elsewhere.
    pub(crate) fn for_token(mut request: Request<&'a [u8]>) -> Result<Self, InvalidInput> {
        if let Some((url, host)) = loopback_url(request.uri()) {
            *request.uri_mut() = url;
            request.headers_mut().insert(HOST, host);
        }
        if !is_metadata_url(request.uri()) {
            return Self::new(request);
        }
        let (head, body) = request.into_parts();
        Ok(Self::with_body(head, Body::bytes(body)))
    }

    /// For a URL that was checked.
    pub(crate) fn with_body(head: Parts, body: Body<'a>) -> Self {
        Self { head, body, limits: Limits::new() }
    }

    /// Adds the token to the request.
    #[must_use]
    pub fn with_token(mut self, token: &AccessToken) -> Self {
        self.head.headers.insert(http::header::AUTHORIZATION, token.header()); // P2
        self
    }

    /// Sets the limits. Default: [`Limits::new`].
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Calls this after each read, with the bytes read so far.
    #[must_use]
    pub fn with_progress(mut self, progress: &'a (dyn Fn(u64) + Sync)) -> Self {
        self.body.set_progress(progress);
        self
    }

    /// The request's method, URL and headers, until they were taken.
    #[must_use]
    pub fn head(&self) -> &Parts {
        &self.head
    }

    /// Moves the request's head out, without a clone.
    #[must_use]
    pub fn take_head(&mut self) -> Parts {
        std::mem::replace(&mut self.head, Request::new(()).into_parts().0)
    }

    /// Length of the whole body, in bytes.
    #[must_use]
    pub fn body_len(&self) -> u64 {
        self.body.len()
    }

    /// Position of the first body byte that can complete the request.
    ///
    /// This is the closing boundary of a form, and the first byte of any other body.
    ///
    /// The service cannot act on a request before it received this byte.
    #[must_use]
    pub fn decisive_from(&self) -> u64 {
        self.body.decisive_from()
    }

    /// The limits of this exchange.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Reads an answer's body to its end, up to [`Limits::max_answer`].
    ///
    /// If reading fails after a status other than success, the body ends there: a refusal counts although its
    /// explanation is cut. A transport should wait for the rest of a refusal for at most [`Self::REFUSAL_GRACE`].
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::AnswerTooLarge`] for a larger body. If reading fails: the [`TransportError`] that the
    /// `io::Error` wraps, otherwise [`TransportErrorKind::Receive`]. The latter also if a success has another length than
    /// its `content-length`.
    pub fn read_answer(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: impl Read,
    ) -> Result<Vec<u8>, TransportError> {
        let max = self.limits.max_answer();
        // As long as the answer says, up to a limit, because it may be wrong.
        let said = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
        let room = said.unwrap_or(0).min(max).min(MAX_ROOM);
        let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
        let read = body.take(max.saturating_add(1)).read_to_end(&mut bytes);
        if bytes.len() as u64 > max {
            let why = format!("the answer's body has more than {}", size(max));
            let error = TransportError::new(TransportErrorKind::AnswerTooLarge);
            return Err(error.with_source(why));
        }
        let receive = |cause| TransportError::new(TransportErrorKind::Receive).with_source(cause);
        let is_cut = status != StatusCode::NO_CONTENT
            && said.is_some_and(|said: u64| said != bytes.len() as u64);
        match read {
            _ if !status.is_success() => Ok(bytes),
            Err(cause) => Err(cause.downcast().unwrap_or_else(receive)),
            Ok(_) if is_cut => Err(receive(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(bytes),
        }
    }

    /// Time to wait for the rest of a refusal's body: 2 s. Ours.
    pub const REFUSAL_GRACE: std::time::Duration = std::time::Duration::from_secs(2);

    /// SHA-256 of the file's bytes, after the body was read whole.
    #[must_use]
    pub fn sent_sha256(&self) -> Option<Sha256Digest> {
        self.body.digest()
    }

    /// SHA-256 of the file's bytes, even if the closing boundary was cut.
    pub(crate) fn file_sha256(&self) -> Option<Sha256Digest> {
        self.body.file_digest()
    }

    /// Takes the error that ended reading the file, if there is one.
    pub fn take_source_error(&mut self) -> Option<SourceError> {
        self.body.take_error()
    }

    /// Returns whether the service cannot have acted on the request.
    ///
    /// This is so if no decisive byte of its body was read.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.body.len() > 0 && self.body.position() <= self.body.decisive_from()
    }

    /// Sends the exchange, checks the answer, and derives an error's effect.
    pub(crate) fn perform(
        &mut self,
        transport: &dyn Transport,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        let outcome = transport.send(self).and_then(|answer| {
            self.check_answer(&answer)?;
            Ok(answer)
        });
        outcome.map_err(|error| match error.effect() {
            Some(_) => error,
            None if self.is_incomplete() => error.with_effect(Effect::NotApplied),
            None => error.with_effect(Effect::Unknown),
        })
    }

    /// Refuses ambiguous answers, and a success that came too early.
    ///
    /// For transports that do not check this themselves.
    fn check_answer(&self, answer: &Response<Vec<u8>>) -> Result<(), TransportError> {
        let protocol = |why: &'static str| {
            let error = TransportError::new(TransportErrorKind::Protocol);
            Err(error.with_effect(Effect::Unknown).with_source(why))
        };
        if has_two_lengths(answer.headers()) {
            return protocol("the answer has two lengths");
        }
        if !(200..600).contains(&answer.status().as_u16()) {
            return protocol("the answer's status is not from 200 to 599");
        }
        if answer.status().is_success() && self.body.position() < self.body.len() {
            return protocol("the answer is a success, but the request was not sent whole");
        }
        Ok(())
    }
}

fn has_two_lengths(headers: &HeaderMap) -> bool {
    let lengths = headers.get_all(CONTENT_LENGTH).iter().count();
    lengths > 1 || (lengths == 1 && headers.contains_key(TRANSFER_ENCODING))
}

/// Allows `https`, and plain `http` to this machine. A user name in a URL would add a header.
fn check_url(url: &Uri) -> Result<(), InvalidInput> {
    let error = |problem| Err(InvalidInput::new("request URL", problem));
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return error(Problem::Form("a URL without a user name or password"));
    }
    match (url.scheme_str(), url.host()) {
        (Some("https"), Some(_)) => Ok(()),
        (Some("http"), Some(host)) if Endpoint::is_loopback_literal(host) => Ok(()),
        (Some("http"), Some(_)) => error(Problem::NotLoopback),
        _ => error(Problem::NotHttps),
    }
}

/// The URL with `127.0.0.1` as its host, and the header `Host` for it, if the URL is `http://localhost`.
fn loopback_url(url: &Uri) -> Option<(Uri, HeaderValue)> {
    let authority = url.authority()?.as_str();
    let port =
        authority.strip_prefix("localhost").filter(|it| it.is_empty() || it.starts_with(':'))?;
    if url.scheme_str() != Some("http") {
        return None;
    }
    let mut parts = url.clone().into_parts();
    parts.authority = Some(format!("127.0.0.1{port}").parse().ok()?);
    Some((Uri::from_parts(parts).ok()?, HeaderValue::from_str(authority).ok()?))
}

/// Returns whether the URL is a metadata service of this machine: plain `http` to a link-local address.
///
/// Other programs may serve under other paths of the address that virtual machines use.
fn is_metadata_url(url: &Uri) -> bool {
    let address = url.host().and_then(|host| host.parse::<Ipv4Addr>().ok());
    let is_bare = url.authority().is_some_and(|it| !it.as_str().contains('@'));
    let may_have_path = address != Some(VM_METADATA) || url.path() == VM_TOKEN_PATH;
    url.scheme_str() == Some("http")
        && is_bare
        && address.is_some_and(|it| it.is_link_local())
        && may_have_path
}

impl Read for Exchange<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.body.read(buf)
    }
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("method", &self.head.method)
            .field("url", &self.head.uri)
            .field("body_len", &self.body.len())
            .field("read", &self.body.position())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
