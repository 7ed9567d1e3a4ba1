//! Faults that a test orders for the next calls.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use mde_live_response_mock::FakeLibrary;
use serde::Deserialize;
use serde_json::{Value, json};

/// A fault of the next calls. It needs at least one setting.
///
/// Order it with [`Emulator::fail_next`](crate::Emulator::fail_next). `POST /_emulator/faults` takes the same as JSON:
///
/// ```json
/// {"on": "upload", "times": 2, "status": 503, "headers": {"Retry-After": "1"}}
/// ```
///
/// The other fields are `delayMs`, `dropAnswer` and `wrongSha256`.
///
/// # Examples
///
/// ```
/// use mde_live_response_emulator::{Call, Emulator, Fault};
///
/// let emulator = Emulator::start()?;
/// emulator.fail_next(Fault::new().status(503).header("Retry-After", "1").times(2));
/// emulator.fail_next(Fault::new().drop_answer().on(Call::Upload));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[must_use]
pub struct Fault {
    on: Option<Call>,
    times: Option<u32>,
    status: Option<u16>,
    headers: BTreeMap<String, String>,
    delay_ms: u64,
    drop_answer: bool,
    wrong_sha256: bool,
}

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Call {
    /// Stores a file.
    Upload,
    /// Lists the library.
    List,
    /// Deletes a file.
    Delete,
    /// Asks for a token, of any kind.
    Token,
}

impl Call {
    fn of(head: &Parts) -> Option<Self> {
        let path = head.uri.path();
        match head.method {
            Method::POST if path.ends_with("/api/libraryfiles") => Some(Self::Upload),
            Method::GET if path.ends_with("/api/libraryfiles") => Some(Self::List),
            Method::DELETE if path.contains("/api/libraryfiles/") => Some(Self::Delete),
            _ if ["/token", "/idtoken", "/oidctoken"].iter().any(|end| path.ends_with(end)) => {
                Some(Self::Token)
            }
            _ => None,
        }
    }
}

impl Fault {
    /// A fault of one call, to be completed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits it to this kind of call. Default: uploads, lists and deletes, but not token requests.
    pub fn on(mut self, call: Call) -> Self {
        self.on = Some(call);
        self
    }

    /// Repeats it for this number of calls. Default: 1.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Answers with this status, from 300 to 599, in place of the library.
    ///
    /// Reads the request to its end, does not check its token, and does not carry it out.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets a header of the answer.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Carries the call out at once, and waits before it answers. Other connections are served meanwhile.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Carries the call out, and closes the connection without an answer.
    pub fn drop_answer(mut self) -> Self {
        self.drop_answer = true;
        self
    }

    /// Carries the call out, and answers with zeros as the SHA-256 of each file.
    pub fn wrong_sha256(mut self) -> Self {
        self.wrong_sha256 = true;
        self
    }

    /// Says why it cannot be ordered.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.times == Some(0) {
            return Err("times must be 1 or more".to_owned());
        }
        if self.status.is_some_and(|status| !(300..=599).contains(&status)) {
            return Err("status must be from 300 to 599".to_owned());
        }
        if self.status.is_some() && self.wrong_sha256 {
            return Err("an answer with a status of its own has no SHA-256".to_owned());
        }
        for (name, value) in &self.headers {
            match name.parse::<HeaderName>() {
                Ok(CONTENT_LENGTH | TRANSFER_ENCODING) => {
                    return Err(format!("{name} cannot be set: it frames the answer"));
                }
                Ok(_) if value.parse::<HeaderValue>().is_ok() => {}
                _ => return Err(format!("{name:?} is not a header, or its value is not one")),
            }
        }
        let does_something =
            self.status.is_some() || self.drop_answer || self.wrong_sha256 || self.delay_ms > 0;
        if !does_something && self.headers.is_empty() {
            return Err("set status, headers, delayMs, dropAnswer or wrongSha256".to_owned());
        }
        Ok(())
    }

    fn concerns(&self, call: Option<Call>) -> bool {
        call.is_some_and(|call| self.on.map_or(call != Call::Token, |on| on == call))
    }

    /// The answer to this request in place of the library's, in the form of the service that it asks.
    pub(crate) fn answer(&self, library: &FakeLibrary, head: &Parts) -> Option<Response<Vec<u8>>> {
        let status = StatusCode::from_u16(self.status?).ok()?;
        let message = "a fault that the test ordered";
        let code = status.canonical_reason().unwrap_or("Fault").replace(' ', "");
        let mut answer = library.error(status, &code, message);
        if Call::of(head) == Some(Call::Token) {
            let body = json!({ "error": "temporarily_unavailable", "error_description": message });
            *answer.body_mut() = body.to_string().into_bytes();
        }
        Some(answer)
    }

    /// Changes an answer.
    pub(crate) fn spoil(&self, answer: &mut Response<Vec<u8>>) {
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
                answer.headers_mut().insert(name, value);
            }
        }
        let is_json = answer.headers().contains_key(CONTENT_TYPE);
        if self.wrong_sha256
            && is_json
            && let Ok(mut body) = serde_json::from_slice::<Value>(answer.body())
        {
            let files = body.get_mut("value").and_then(Value::as_array_mut);
            files.into_iter().flatten().for_each(falsify);
            falsify(&mut body);
            *answer.body_mut() = body.to_string().into_bytes();
        }
    }

    pub(crate) fn delay_before_answer(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    pub(crate) fn drops_answer(&self) -> bool {
        self.drop_answer
    }
}

fn falsify(file: &mut Value) {
    if let Some(digest) = file.get_mut("sha256") {
        *digest = Value::String("0".repeat(64));
    }
}

/// Ordered faults, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    ordered: Mutex<Vec<Fault>>,
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        self.ordered.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    pub(crate) fn clear(&self) {
        self.ordered.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Takes the fault for this request: of those that concern it, the one that was ordered first.
    pub(crate) fn take(&self, head: &Parts) -> Option<Fault> {
        let call = Call::of(head);
        let mut ordered = self.ordered.lock().unwrap_or_else(PoisonError::into_inner);
        let at = ordered.iter().position(|fault| fault.concerns(call))?;
        let fault = ordered.get_mut(at)?;
        let left = fault.times.unwrap_or(1).saturating_sub(1);
        fault.times = Some(left);
        let taken = fault.clone();
        if left == 0 {
            drop(ordered.remove(at));
        }
        Some(taken)
    }
}
