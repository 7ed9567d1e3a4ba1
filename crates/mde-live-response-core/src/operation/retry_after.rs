//! The time that an answer asks to wait.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};

/// Headers in milliseconds, which take precedence over `Retry-After`, in this order.
const IN_MILLISECONDS: [HeaderName; 2] =
    [HeaderName::from_static("x-ms-retry-after-ms"), HeaderName::from_static("retry-after-ms")];

/// Reads the wait from an answer's headers.
///
/// `now` is the local time, for a date if the answer has no `Date`. Anything that is not exactly a number or a date counts
/// as absent. Of repeated headers the largest value counts.
pub(super) fn read(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let milliseconds = IN_MILLISECONDS.iter().find_map(|name| largest(headers, name, digits));
    if let Some(wait) = milliseconds {
        return Some(Duration::from_millis(wait));
    }
    let now = headers.get(DATE).and_then(|date| date.to_str().ok()).and_then(date).unwrap_or(now);
    // P35
    largest(headers, &RETRY_AFTER, |text| match digits(text) {
        Some(seconds) => Some(Duration::from_secs(seconds)),
        None => date(text).map(|at| at.duration_since(now).unwrap_or_default()),
    })
}

fn largest<T: Ord>(
    headers: &HeaderMap,
    name: &HeaderName,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let texts = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    texts.filter_map(|text| parse(text.trim())).max()
}

/// A number of ASCII digits only; one that is too large becomes the largest.
fn digits(text: &str) -> Option<u64> {
    let all_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text).ok()
}
