//! One call over HTTP: its head, and its answer.

use http::header::{ALLOW, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::identity::Place;
use super::login::{MAX_FORM_BYTES, TokenForm};
use super::store::{Refusal, Upload};
use super::{FakeLibrary, answer};
use crate::form::Form;

const PATH: &str = "/api/libraryfiles";
const TOKEN_PATH: &str = "/oauth2/v2.0/token";

/// A call whose head was accepted. [`finish`](Self::finish) answers it.
///
/// Its `Debug` shows neither token nor secret.
#[derive(Debug)]
#[must_use = "the call was counted, and still has to be answered"]
pub struct Accepted {
    library: FakeLibrary,
    /// The service's trace identifier of the call.
    target: String,
    action: Action,
}

#[derive(Debug)]
enum Action {
    /// An upload, with the headers that describe its form.
    Upload(HeaderMap),
    List,
    Delete(String),
    Token {
        tenant: String,
    },
}

impl FakeLibrary {
    /// Judges a request by its head, and counts it.
    ///
    /// For a server: call this before reading the body, then read at most [`Accepted::longest_body`] bytes and pass
    /// them to [`Accepted::finish`]. The path may have a prefix, because the API's base URL can have a path.
    ///
    /// The rate limits count every call with an accepted token, except those that they refuse. Token requests and
    /// requests for unknown paths or methods do not count.
    ///
    /// # Errors
    ///
    /// The answer to a request that needs no body: one for the token of a machine or a job, 404 and 405 for other paths and methods, 401, 403, 429 with
    /// `Retry-After` in whole seconds, the [configured answer](super::TooLargeAnswer) to a `Content-Length` above
    /// [`Accepted::longest_body`], and 400 for a token request whose head shows that its body is not its form.
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::http::Request;
    /// use mde_live_response_mock::FakeLibrary;
    ///
    /// let library = FakeLibrary::new();
    /// library.insert("collect-dns.ps1", "Get-DnsClientCache");
    /// let request = Request::delete("https://host/api/libraryfiles/collect-dns.ps1");
    /// let (head, ()) = request.header("authorization", "Bearer any-token").body(())?.into_parts();
    ///
    /// let answer = match library.begin(&head) {
    ///     Ok(accepted) => accepted.finish(b""),
    ///     Err(answer) => answer,
    /// };
    /// assert_eq!(answer.status(), 204);
    /// assert!(library.names().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(clippy::result_large_err, reason = "the refusal is an answer like any other")]
    pub fn begin(&self, head: &Parts) -> Result<Accepted, Response<Vec<u8>>> {
        let target = Target::of(head.uri.path());
        if let (Target::Nothing, Some(place)) = (&target, Place::of(head.uri.path())) {
            return Err(if head.method == place.method() {
                self.issue_to_machine(place, head)
            } else {
                not_allowed(if place.method() == Method::POST { "POST" } else { "GET" })
            });
        }
        let action = match (target, &head.method) {
            (Target::Token { tenant }, &Method::POST) => Action::Token { tenant }, // P38
            (Target::Files, &Method::POST) => Action::Upload(form_headers(&head.headers)), // P1
            (Target::Files, &Method::GET) => Action::List,                         // P20
            (Target::File(name), &Method::DELETE) => Action::Delete(name),         // P22
            (Target::Token { .. }, _) => return Err(not_allowed("POST")),
            (Target::Files, _) => return Err(not_allowed("GET, POST")),
            (Target::File(_), _) => return Err(not_allowed("DELETE")),
            (Target::Nothing, _) => {
                let message = "this path does not exist";
                return Err(self.error(StatusCode::NOT_FOUND, "NotFound", message));
            }
        };
        let length = length(&head.headers);
        let target = match &action {
            Action::Token { .. } => String::new(),
            _ => self.admit(bearer_token(&head.headers))?, // P2
        };
        let accepted = Accepted { library: self.clone(), target, action };
        let is_too_long = length.is_some_and(|length| length > accepted.longest_body());
        match accepted.action {
            Action::Token { .. } if is_too_long || !is_urlencoded(&head.headers) => {
                Err(accepted.refuse("no form"))
            }
            Action::Upload(_) if is_too_long => {
                Err(self.inner.settings.too_large(&accepted.target))
            }
            _ => Ok(accepted),
        }
    }
}

impl Accepted {
    /// Largest accepted body, in bytes; 0 if the body is ignored.
    ///
    /// For an upload: the largest file, 8 MiB for its two texts and 64 KiB for the rest. For a token request: 64 KiB.
    /// Both allowances are our choice. [`finish`](Self::finish) refuses more, so that a server can stop reading at the
    /// first byte too many.
    #[must_use]
    pub fn longest_body(&self) -> u64 {
        match self.action {
            Action::Upload(_) => self.library.inner.settings.longest_body(),
            Action::Token { .. } => MAX_FORM_BYTES,
            Action::List | Action::Delete(_) => 0,
        }
    }

    /// Returns whether the call changes files if it succeeds.
    #[must_use]
    pub fn changes_files(&self) -> bool {
        matches!(self.action, Action::Upload(_) | Action::Delete(_))
    }

    /// Carries the call out and returns its answer.
    #[must_use]
    pub fn finish(self, body: &[u8]) -> Response<Vec<u8>> {
        let is_too_long = body.len() as u64 > self.longest_body();
        let Self { library, target, action } = self;
        let settings = &library.inner.settings;
        match action {
            Action::Token { tenant } => {
                let fields = if is_too_long { None } else { fields(body) };
                library.issue_token(&TokenForm::new(&tenant, fields.unwrap_or_default()))
            }
            Action::List => answer::list(library.lock().store.iter().map(|(entry, _)| entry)),
            Action::Delete(name) if library.lock().store.remove(&name) => answer::no_content(),
            Action::Delete(_) => answer::not_found(&target),
            Action::Upload(_) if is_too_long => settings.too_large(&target),
            Action::Upload(headers) => {
                let form = Form::decode(&headers, body);
                let form = form.map_err(|error| Refusal::Body(error.to_string()));
                let stored = form.and_then(|form| {
                    let upload = Upload::read(&form)?;
                    if settings.strict {
                        Upload::check_strictly(&form)?;
                    }
                    library.store(&upload)
                });
                match stored {
                    Ok(entry) => answer::entity(&entry),
                    Err(refusal) => refusal.answer(settings, &target),
                }
            }
        }
    }

    /// Answers 400 to a call whose body could not be read.
    ///
    /// The code for an upload is `InvalidRequestBody`.
    #[must_use]
    pub fn refuse(self, why: &str) -> Response<Vec<u8>> {
        match &self.action {
            Action::Token { tenant } => {
                self.library.issue_token(&TokenForm::new(tenant, Vec::new()))
            }
            _ => Refusal::Body(why.to_owned()).answer(&self.library.inner.settings, &self.target),
        }
    }
}

/// The headers that [`Form::decode`] reads, without secrets.
fn form_headers(all: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in [CONTENT_TYPE, CONTENT_LENGTH, TRANSFER_ENCODING] {
        for value in all.get_all(&name) {
            headers.append(&name, value.clone());
        }
    }
    headers
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The token in `Authorization: Bearer <token>`, in any letter case. `None` without such a header, with several,
/// another scheme, or bytes that are not visible ASCII.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn not_allowed(methods: &'static str) -> Response<Vec<u8>> {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    answer
}

/// Meaning of a path.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    Files,
    File(String),
    Token { tenant: String },
    Nothing,
}

impl Target {
    fn of(path: &str) -> Self {
        match path.rsplit_once(PATH) {
            Some((_, "")) => Self::Files,
            Some((_, rest)) => rest
                .strip_prefix('/')
                .filter(|name| !name.is_empty() && !name.contains('/'))
                .and_then(percent_decoded)
                .map_or(Self::Nothing, Self::File),
            None => match path.strip_suffix(TOKEN_PATH).and_then(|path| path.rsplit_once('/')) {
                Some((_, tenant)) if !tenant.is_empty() => {
                    percent_decoded(tenant).map_or(Self::Nothing, |tenant| Self::Token { tenant })
                }
                _ => Self::Nothing,
            },
        }
    }
}

fn is_urlencoded(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The fields of a form in the query's syntax, if it is one.
pub(super) fn fields(body: &[u8]) -> Option<Vec<(String, String)>> {
    let decoded = |text: &str| percent_decoded(&text.replace('+', " "));
    let field = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((decoded(name)?, decoded(value)?))
    };
    str::from_utf8(body).ok()?.split('&').map(field).collect()
}

/// `None` for a `%` without two hex digits after it, and for bytes that are not UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p01_p20_p22_paths_lead_to_files_or_nowhere() {
        let file = |name: &str| Target::File(name.to_owned());
        let cases = [
            ("/api/libraryfiles", Target::Files),
            ("/base/api/libraryfiles", Target::Files),
            ("/api/libraryfiles/a.ps1", file("a.ps1")),
            ("/api/libraryfiles/a%20b%2Fc%C3%A9", file("a b/cé")),
            ("/api/libraryfiles/100%25", file("100%")),
            ("/api/libraryfiles/a+b", file("a+b")),
            ("/api/libraryfiles/", Target::Nothing),
            ("/api/libraryfiles/a/b", Target::Nothing),
            ("/api/libraryfilesx", Target::Nothing),
            ("/api/LibraryFiles", Target::Nothing),
            ("/api/libraryfiles/%", Target::Nothing),
            ("/api/libraryfiles/%+4", Target::Nothing),
            ("/api/libraryfiles/%ff", Target::Nothing),
            ("/api/libraryfiles/%é", Target::Nothing),
            ("/", Target::Nothing),
            (
                "/contoso.example/oauth2/v2.0/token",
                Target::Token { tenant: "contoso.example".to_owned() },
            ),
            ("/base/t/oauth2/v2.0/token", Target::Token { tenant: "t".to_owned() }),
            ("//oauth2/v2.0/token", Target::Nothing),
            ("/oauth2/v2.0/token", Target::Nothing),
        ];
        for (path, expected) in cases {
            assert_eq!(Target::of(path), expected, "case: {path}");
        }
    }
}
