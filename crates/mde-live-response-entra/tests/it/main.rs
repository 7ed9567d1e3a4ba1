//! Entra as a credential: what is sent, what becomes of each answer, and what no text shows. No test opens a socket.
//!
//! Retries, deadlines, cancels, rate limits and renewal of tokens are core's, and tested there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod answers;
mod application;
mod certificate;
mod files;
mod machines;
mod programs;
mod request;
mod secrets;

use mde_live_response_core::auth::Secret;
use mde_live_response_core::policy::{ClientBuilder, Clock};
use mde_live_response_core::transport::Transport;
use mde_live_response_core::{Client, Effect, Endpoint, Error, ErrorKind, IfExists, Upload};
use mde_live_response_entra::EntraCredential;
use mde_live_response_mock::{Application, FakeLibrary, ManualClock, MockTransport, Reply};

/// Contains every kind of character that a form, JSON or a URL may write in another way.
const SECRET: &str = "canary~Se8Q/ret +&=%?é𝄞-._\"\\x";

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn credential() -> EntraCredential {
    EntraCredential::with_secret("a-tenant", "a-client", secret(SECRET)).unwrap()
}

fn builder(
    credential: EntraCredential,
    transport: impl Transport + 'static,
    clock: &ManualClock,
) -> ClientBuilder {
    Client::builder(Endpoint::COMMERCIAL, credential, transport).clock(clock.clone())
}

fn client(mock: &MockTransport) -> Client {
    builder(credential(), mock.clone(), &mock.clock()).build()
}

/// The error of an upload. All replies must have been used.
#[track_caller]
fn failure(mock: &MockTransport) -> Error {
    let error = client(mock).upload(&upload()).unwrap_err();
    mock.assert_done();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::NoToken, Effect::NotApplied));
    error
}

/// A library whose application has this secret, or the assertion `an.assertion`.
fn library(clock: &ManualClock, secret: &str) -> FakeLibrary {
    let application = Application::new("a-tenant", "a-client");
    let application = application.with_secret(secret).with_assertion("an.assertion");
    let clock = clock.clone();
    FakeLibrary::builder().application(application).now(move || clock.time_of_day()).build()
}

/// Replaces what is there.
fn upload() -> Upload {
    let upload = Upload::new("collect-dns.ps1".parse().unwrap(), b"Get-DnsClientCache\n");
    upload.with_if_exists(IfExists::Override)
}

fn issued(token: &str) -> Reply {
    let body = format!(r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{token}"}}"#);
    Reply::json(200, body)
}

/// A script that issues a token and stores the file.
fn successful() -> MockTransport {
    MockTransport::new().reply(issued("an-issued-token")).reply(Reply::stored())
}

fn refusal(status: u16, code: u32, text: &str) -> Reply {
    let description = format!(r"AADSTS{code}: {text} Trace ID: t\r\nCorrelation ID: c");
    Reply::json(
        status,
        format!(
            r#"{{"error":"invalid_client","error_description":"{description}","error_codes":[{code}],
            "correlation_id":"the-correlation-id"}}"#
        ),
    )
}
