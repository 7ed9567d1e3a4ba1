//! What all requests have in common.

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};

use super::Body;
use crate::model::AccessToken;
use crate::model::Endpoint;

const PATH: &str = "/api/libraryfiles";
const AGENT: &str = concat!("mde-live-response/", env!("CARGO_PKG_VERSION"));

/// Where the library's files are.
#[expect(
    clippy::expect_used,
    reason = "an endpoint's base was read as a URL before, with a bounded length"
)]
pub(super) fn files_uri(endpoint: &Endpoint) -> Uri {
    Uri::try_from([endpoint.base(), PATH].concat()).expect("a base URL and a path")
}

/// A request to the library's API.
pub(super) fn request<'b>(
    method: Method,
    uri: Uri,
    token: &AccessToken,
    body: Body<'b>,
) -> Request<Body<'b>> {
    with_headers(method, uri, Some(token), body)
}

/// A request to the host that issues tokens.
pub(super) fn without_token(method: Method, uri: Uri, body: Body<'_>) -> Request<Body<'_>> {
    with_headers(method, uri, None, body)
}

fn with_headers<'b>(
    method: Method,
    uri: Uri,
    token: Option<&AccessToken>,
    body: Body<'b>,
) -> Request<Body<'b>> {
    let mut headers = HeaderMap::with_capacity(8);
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, token.header());
    }
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request
}
