//! A library directly behind a [`Transport`], without a socket.

use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use mde_live_response_core::{Body, Limits, Transport, TransportError};

use super::{Action, Call, FakeLibrary, TokenCall, UploadCall, bearer_token};
use crate::exchange;
use crate::form::{Form, FormError};

const PATH: &str = "/api/libraryfiles";
const TOKEN_PATH: &str = "/oauth2/v2.0/token";

/// Takes the strict [`Form`] only, and answers any other body with 400 and `InvalidRequestBody`. The body is
/// read to its end even when the call is refused before it. A base URL may have a path of its own.
///
/// Answers at once and for certain: a list is always one page, no answer takes its time, is lost or is a 5xx. For
/// those there is [`MockTransport`](crate::MockTransport), or a transport around this one.
impl Transport for FakeLibrary {
    fn send(&self, request: Request<Body<'_>>) -> Result<Response<Vec<u8>>, TransportError> {
        let limits = Limits::of(&request);
        let (parts, mut body) = request.into_parts();
        let mut bytes = Vec::new();
        exchange::read_body(&mut body, &mut bytes, &limits)?;
        exchange::within(self.answer(&parts, &bytes), &limits)
    }
}

impl FakeLibrary {
    fn answer(&self, request: &Parts, body: &[u8]) -> Response<Vec<u8>> {
        let token = bearer_token(&request.headers);
        let call = |action| Call { token: token.map(str::to_owned), action };
        match (Target::of(request.uri.path()), &request.method) {
            (Target::Token { tenant }, &Method::POST) => match fields(&request.headers, body) {
                Some(fields) => self.issue_token(&TokenCall { tenant, fields }),
                None => self.refuse_token_form(),
            },
            (Target::Token { .. }, _) => not_allowed("POST"),
            (Target::Files, &Method::GET) => self.handle(call(Action::List)),
            (Target::Files, &Method::POST) => match self.admit(token, length(&request.headers)) {
                Err(refusal) => refusal,
                Ok(admitted) => match upload(&request.headers, body) {
                    Ok(upload) => admitted.handle(Action::Upload(upload)),
                    Err(error) => admitted.refuse_body(&error.to_string()),
                },
            },
            (Target::File(name), &Method::DELETE) => self.handle(call(Action::Delete { name })),
            (Target::Files, _) => not_allowed("GET, POST"),
            (Target::File(_), _) => not_allowed("DELETE"),
            (Target::Nothing, _) => {
                self.error(StatusCode::NOT_FOUND, "NotFound", "there is nothing under this path")
            }
        }
    }
}

fn upload(headers: &HeaderMap, body: &[u8]) -> Result<UploadCall, FormError> {
    let form = Form::decode(headers, body)?;
    let mut call = UploadCall::default();
    for part in form.parts() {
        call.add_part(part.name(), part.filename().map(str::to_owned), part.bytes().to_vec());
    }
    Ok(call)
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn not_allowed(methods: &'static str) -> Response<Vec<u8>> {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    answer
}

/// What a path stands for.
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

/// The fields of a form in the query's syntax, if the request says so and it is one.
fn fields(headers: &HeaderMap, body: &[u8]) -> Option<Vec<(String, String)>> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let is_form = content_type.split(';').next()?.trim() == "application/x-www-form-urlencoded";
    if !is_form || body.len() > TokenCall::MAX_FORM_BYTES {
        return None;
    }
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
    fn paths_lead_to_files_or_nowhere() {
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
            ("/api/libraryfiles/%4", Target::Nothing),
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
