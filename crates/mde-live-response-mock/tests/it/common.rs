//! What the modules share.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use mde_live_response_core::http::{HeaderValue, Request, Response};
use mde_live_response_core::{
    AccessToken, Body, Client, Endpoint, FileName, Pacing, RetryPolicy, Transport, TransportError,
    Upload,
};
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

pub(crate) fn name() -> FileName {
    "collect-dns.ps1".parse().unwrap()
}

pub(crate) fn upload() -> Upload {
    Upload::new(name(), b"Get-DnsClientCache")
        .description("Collects the DNS client cache".parse().unwrap())
}

/// A request that no client of ours would make.
pub(crate) fn send(
    transport: &dyn Transport,
    method: &str,
    path: &str,
    headers: &[(&'static str, &str)],
    body: &[u8],
) -> Result<Response<Vec<u8>>, TransportError> {
    let mut request = Request::new(Body::bytes(body));
    *request.method_mut() = method.parse().unwrap();
    *request.uri_mut() = format!("https://api.security.microsoft.com{path}").parse().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
    }
    transport.send(request)
}

pub(crate) fn json(answer: &Response<Vec<u8>>) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

/// The error code that an answer carries.
pub(crate) fn code(answer: &Response<Vec<u8>>) -> String {
    json(answer).pointer("/error/code").unwrap().as_str().unwrap().to_owned()
}

thread_local! {
    static PANICKED_IN: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The whole text of the panic that this causes.
pub(crate) fn panic_text(act: impl FnOnce()) -> String {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            let file = info.location().map(|at| at.file().to_owned()).unwrap_or_default();
            PANICKED_IN.set(file);
            before(info);
        }));
    });
    let panic = catch_unwind(AssertUnwindSafe(act)).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

/// As [`panic_text`], for an assertion: it must blame its caller, which stands in this directory.
pub(crate) fn blame_text(act: impl FnOnce()) -> String {
    let text = panic_text(act);
    let file = PANICKED_IN.take().replace('\\', "/");
    assert!(file.contains("tests/it/"), "the panic blames {file}: {text}");
    text
}
