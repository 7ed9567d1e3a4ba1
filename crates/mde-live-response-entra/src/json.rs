//! An answer's body as JSON.

use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// The body as text without a byte order mark, unless it is compressed or in another character set.
pub(crate) fn text(answer: &Response<Vec<u8>>) -> Option<&str> {
    let coding = header(answer, &CONTENT_ENCODING).unwrap_or("identity");
    let content_type = header(answer, &CONTENT_TYPE).unwrap_or_default();
    if !coding.eq_ignore_ascii_case("identity") || !is_utf8(content_type) {
        return None;
    }
    let text = str::from_utf8(answer.body()).ok()?;
    Some(text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

/// Reads a JSON object. Derived readers would also accept an array of the fields' values.
pub(crate) fn object<'t, T: Deserialize<'t>>(text: &'t str) -> Option<serde_json::Result<T>> {
    text.trim_ascii_start().starts_with('{').then(|| serde_json::from_str(text))
}

/// Text that is wiped unless it is taken.
pub(crate) struct Wiped(Zeroizing<String>);

impl Wiped {
    pub(crate) fn take(mut self) -> String {
        std::mem::take(&mut *self.0)
    }
}

impl<'de> Deserialize<'de> for Wiped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

fn header<'r>(answer: &'r Response<Vec<u8>>, name: &HeaderName) -> Option<&'r str> {
    answer.headers().get(name)?.to_str().ok()
}

fn is_utf8(content_type: &str) -> bool {
    let content_type = content_type.to_ascii_lowercase();
    let charset = content_type.split(';').find_map(|it| it.trim().strip_prefix("charset="));
    charset.is_none_or(|it| matches!(it.trim_matches('"'), "utf-8" | "utf8" | "us-ascii"))
}
