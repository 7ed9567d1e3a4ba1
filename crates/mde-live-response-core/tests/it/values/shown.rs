//! `Debug` of each value that writes its own: exactly this, so no secret and no content. `Display` of a fault.

use std::error::Error as _;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use mde_live_response_core::auth::{Secret, TokenExchange, TokenRequest, credential_fn};
use mde_live_response_core::http::Request;
use mde_live_response_core::library::Sha256Digest;
use mde_live_response_core::operation::{Operation, UploadRequest};
use mde_live_response_core::policy::{CancelToken, RetryPolicy};
use mde_live_response_core::transport::{Phase, TransportError, TransportErrorKind};
use mde_live_response_core::{AccessToken, Client, Endpoint};
use mde_live_response_mock::ManualClock;

use crate::support::{Canned, NAME, SHA256, stored, upload};

fn shown(value: &dyn Debug) -> String {
    format!("{value:?}")
}

#[test]
fn debug_shows_what_helps_and_hides_the_rest() {
    let (upload, endpoint) = (upload(), Endpoint::COMMERCIAL);
    let request = UploadRequest::new(&upload, [0xaa; 20]).unwrap();
    let cancel = CancelToken::new();
    let before = shown(&cancel);
    cancel.cancel();

    let told = Arc::new(Mutex::new(Vec::new()));
    let to_tell = Arc::clone(&told);
    let credential = credential_fn(move |request: &TokenRequest<'_>| {
        let url = "https://login.example/token";
        let exchange = TokenExchange::new(Request::post(url).body(&b"a body"[..]).unwrap());
        to_tell.lock().unwrap().extend([shown(request), shown(&exchange)]);
        Ok(AccessToken::new("an-access-token").unwrap().into())
    });
    let of_credential = shown(&credential);
    let builder = Client::builder(endpoint.clone(), credential, Canned::new(stored()));
    let builder = builder.clock(ManualClock::new());
    let of_builder = shown(&builder);
    let client = builder.build();
    client.upload(&upload).unwrap();
    let told = told.lock().unwrap();
    let [token_request, token_exchange] = &told[..] else { panic!("{told:?}") };

    let of_content = "FileContent { len: 19, path: None, .. }";
    let of_upload = format!(
        "Upload {{ name: FileName(\"{NAME}\"), content: {of_content}, description: None, parameters: None, \
         if_exists: Fail, empty_allowed: false, expected: None }}"
    );
    let of_exchange = "Exchange { method: POST, url: https://api.security.microsoft.com/api/libraryfiles, \
                       body_len: 443, read: 0, .. }";
    for (actual, expected) in [
        (shown(upload.content()), of_content),
        (shown(&SHA256.parse::<Sha256Digest>().unwrap()), &format!("Sha256Digest({SHA256})")),
        (shown(&AccessToken::new("an-access-token").unwrap()), "AccessToken(..)"),
        (shown(&Secret::new("a-secret").unwrap()), "Secret(..)"),
        (shown(&request), &format!("UploadRequest {{ upload: {of_upload}, .. }}")),
        (shown(&request.exchange(&endpoint)), of_exchange),
        (before, "CancelToken { cancelled: false, .. }"),
        (shown(&cancel), "CancelToken { cancelled: true, .. }"),
        (of_credential, "credential_fn(..)"),
        (token_request.clone(), "TokenRequest { refused: false, time_left: 300s, .. }"),
        (
            token_exchange.clone(),
            "TokenExchange { url: https://login.example/token, limit: None, .. }",
        ),
        (
            of_builder,
            &format!(
                "ClientBuilder {{ endpoint: {endpoint:?}, retry: {:?}, pacing: Wait, deadline: 300s, \
                 silence_limit: 60s, max_file_bytes: 20971520, accept_unverified: false, \
                 check_tokens: false, .. }}",
                RetryPolicy::DEFAULT
            ),
        ),
        (shown(&client), &format!("Client {{ endpoint: {endpoint:?}, .. }}")),
        (shown(&client.list()), "List { .. }"),
    ] {
        assert_eq!(actual, expected);
    }
}

#[test]
fn a_fault_shows_its_kind_and_has_its_cause() {
    for kind in [TransportErrorKind::Tls, TransportErrorKind::Timeout(Phase::Connect)] {
        let fault = TransportError::new(kind).with_source("a cause");
        assert_eq!(fault.to_string(), kind.to_string());
        assert_eq!(fault.source().unwrap().to_string(), "a cause");
    }
}
