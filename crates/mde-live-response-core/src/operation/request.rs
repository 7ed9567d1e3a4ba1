//! The URL and the headers that all requests share.

use http::header::{ACCEPT, ACCEPT_ENCODING, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Uri};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::values::Endpoint;

const PATH: &str = "/api/libraryfiles";
const AGENT: &str = concat!("mde-live-response/", env!("CARGO_PKG_VERSION"));

/// URL of the collection.
#[expect(clippy::expect_used, reason = "an endpoint's base was parsed as a URL of bounded length")]
pub(super) fn files_uri(endpoint: &Endpoint) -> Uri {
    Uri::try_from([endpoint.base(), PATH].concat()).expect("a base URL and a path")
}

/// Head of a request to the library's API, without a token.
pub(super) fn head(method: Method, uri: Uri) -> Parts {
    let mut headers = HeaderMap::with_capacity(8);
    set_common_headers(&mut headers);
    let mut head = Request::new(()).into_parts().0;
    head.method = method;
    head.uri = uri;
    head.headers = headers;
    head
}

/// Sets the headers that every request has.
pub(crate) fn set_common_headers(headers: &mut HeaderMap) {
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
}

/// Characters to escape: all except RFC 3986's "unreserved" ones.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes text for a path segment or a form field.
///
/// # Examples
///
/// ```
/// use mde_live_response::operation::percent_encoded;
///
/// assert_eq!(percent_encoded("a b&c~d").collect::<String>(), "a%20b%26c~d");
/// ```
pub fn percent_encoded(text: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(text, ESCAPED)
}
