//! What the modules share.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use mde_live_response_core::http::{HeaderValue, Request, Response};
use mde_live_response_core::policy::{Pacing, RetryPolicy};
use mde_live_response_core::transport::{Exchange, Transport, TransportError};
use mde_live_response_core::{AccessToken, Client, Endpoint, Upload};
use mde_live_response_mock::FakeLibrary;
use serde_json::Value;

/// A token that must not show in any text.
pub(crate) const CANARY: &str = "canary-5f1c7e";

pub(crate) fn client(transport: impl Transport + 'static) -> Client {
    let token = AccessToken::new(CANARY).unwrap();
    Client::builder(Endpoint::COMMERCIAL, token, transport)
        .retry(RetryPolicy::NONE)
        .pacing(Pacing::Off)
        .build()
}

pub(crate) fn upload() -> Upload {
    Upload::new("collect-dns.ps1".parse().unwrap(), b"Get-DnsClientCache")
        .with_description("Collects the DNS client cache".parse().unwrap())
}

/// Sends a request that the client never makes.
pub(crate) fn send(
    transport: &dyn Transport,
    method: &str,
    path: &str,
    headers: &[(&'static str, &str)],
    body: &[u8],
) -> Result<Response<Vec<u8>>, TransportError> {
    let mut request = Request::new(body);
    *request.method_mut() = method.parse().unwrap();
    *request.uri_mut() = format!("https://api.security.microsoft.com{path}").parse().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
    }
    transport.send(&mut Exchange::new(request).unwrap())
}

pub(crate) fn json(answer: &Response<Vec<u8>>) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

/// A part of a form: its name, its `filename` and its content.
pub(crate) type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// A form with the boundary `B`.
pub(crate) fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut form = Vec::new();
    for (name, filename, content) in parts {
        let filename = filename.map(|it| format!("; filename=\"{it}\"")).unwrap_or_default();
        let head = format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"{filename}");
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(b"\r\n\r\n");
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--B--\r\n");
    form
}

/// Sends a request with this token.
pub(crate) fn ask(
    library: &FakeLibrary,
    token: &str,
    method: &str,
    path: &str,
    body: &[u8],
) -> Response<Vec<u8>> {
    let headers = [
        ("authorization", &*format!("Bearer {token}")),
        ("content-type", "multipart/form-data; boundary=B"),
        ("content-length", &body.len().to_string()),
    ];
    send(library, method, path, &headers, body).unwrap()
}

pub(crate) fn list(library: &FakeLibrary, token: &str) -> Response<Vec<u8>> {
    ask(library, token, "GET", "/api/libraryfiles", b"")
}

pub(crate) fn post(library: &FakeLibrary, parts: &[Part<'_>]) -> Response<Vec<u8>> {
    ask(library, "t", "POST", "/api/libraryfiles", &form(parts))
}

/// Status and code of an answer; the code is empty without an error.
pub(crate) fn judged(answer: &Response<Vec<u8>>) -> (u16, String) {
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let code = body.pointer("/error/code").and_then(Value::as_str).unwrap_or_default();
    (answer.status().as_u16(), code.to_owned())
}

thread_local! {
    /// Whether the last panic of this thread blames a test.
    static BLAMES_A_TEST: Cell<bool> = const { Cell::new(false) };
}

/// The text of the panic, and whether it blames a line of a test.
pub(crate) fn panic_of(act: impl FnOnce()) -> (String, bool) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            let file = info.location().map_or("", |at| at.file());
            BLAMES_A_TEST.set(file.contains("tests"));
            before(info);
        }));
    });
    let panic = catch_unwind(AssertUnwindSafe(act)).unwrap_err();
    (*panic.downcast::<String>().unwrap(), BLAMES_A_TEST.get())
}
