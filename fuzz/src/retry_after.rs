//! `Retry-After`: what another parser takes for a number or a date, the client waits for exactly that.

use std::time::{Duration, SystemTime};

use mde_live_response_core::http::{HeaderMap, HeaderValue, Response, StatusCode};
use mde_live_response_core::policy::{Clock, RetryPolicy};
use mde_live_response_core::transport::{Exchange, Transport, TransportError};
use mde_live_response_core::{AccessToken, Client, Endpoint, Upload};
use mde_live_response_mock::ManualClock;

use crate::pieces::Pieces;

/// `Retry-After`, its second occurrence (none if empty), `Date` (none if empty).
pub fn retry_after(input: &[u8]) {
    let mut pieces = Pieces::of(input);
    let mut header = || HeaderValue::from_bytes(pieces.next()).ok().filter(|it| !it.is_empty());
    let asked: Vec<_> = [header(), header()].into_iter().flatten().collect();
    let date = header();
    let mut headers = HeaderMap::new();
    for value in &asked {
        headers.append("retry-after", value.clone());
    }
    if let Some(date) = &date {
        headers.insert("date", date.clone());
    }
    let clock = ManualClock::new();
    let token = AccessToken::new("a-test-token").expect("a token");
    let client = Client::builder(Endpoint::COMMERCIAL, token, Throttling(headers));
    let client = client.clock(clock.clone()).retry(RetryPolicy::NONE).build();
    let upload = Upload::new("a.ps1".parse().expect("a name"), b"Get-Date\n");
    let wait = client.upload(&upload).expect_err("it is refused").retry_after();

    let now = date.as_ref().and_then(judged_date).unwrap_or(clock.time_of_day());
    let judged: Option<Vec<Duration>> = asked.iter().map(|value| judged_wait(value, now)).collect();
    // Where the judge is not sure of all, it says nothing.
    if let Some(longest) = judged.and_then(|waits| waits.into_iter().max()) {
        assert_eq!(wait, Some(longest));
    }
    if asked.is_empty() {
        assert_eq!(wait, None);
    }
}

fn judged_wait(value: &HeaderValue, now: SystemTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.bytes().fold(0_u64, |sum, digit| {
            sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
        });
        return Some(Duration::from_secs(seconds));
    }
    judged_date(value).map(|at| at.duration_since(now).unwrap_or_default())
}

/// Dates in the form that servers must write, and nothing else.
fn judged_date(value: &HeaderValue) -> Option<SystemTime> {
    const FORM: &str = "%a, %d %b %Y %H:%M:%S GMT";
    // White space around a header's value is none of it.
    let text = value.to_str().ok()?.trim();
    let date = jiff::civil::DateTime::strptime(FORM, text).ok()?;
    // The judge takes a single digit for two, and a name in any letter case.
    if date.strftime(FORM).to_string() != text {
        return None;
    }
    let seconds = jiff::tz::TimeZone::UTC.to_timestamp(date).ok()?.as_second();
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().ok()?))
}

/// Always 429, with these headers.
#[derive(Debug)]
struct Throttling(HeaderMap);

impl Transport for Throttling {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        std::io::copy(exchange, &mut std::io::sink()).expect("a body in memory");
        let mut response = Response::new(Vec::new());
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        *response.headers_mut() = self.0.clone();
        Ok(response)
    }
}
