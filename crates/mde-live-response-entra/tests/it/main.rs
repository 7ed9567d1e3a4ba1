//! Entra as a credential: what is sent, what becomes of each answer, and what no text shows. No test opens a socket.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod application;
mod faults;
mod files;
mod refusals;
mod request;
mod secrets;
mod tokens;

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use mde_live_response_core::auth::Secret;
use mde_live_response_core::policy::{Call, ClientBuilder, Clock, Event, Observer};
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

/// A builder whose every backoff is the longest possible.
fn builder(
    credential: EntraCredential,
    transport: impl Transport + 'static,
    clock: &ManualClock,
) -> ClientBuilder {
    Client::builder(Endpoint::COMMERCIAL, credential, transport).clock(clock.clone()).random(
        |bytes| {
            bytes.fill(0xff);
            Ok(())
        },
    )
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

fn library(clock: &ManualClock) -> FakeLibrary {
    let application =
        Application::new("a-tenant", "a-client").with_secret(SECRET).with_assertion("an.assertion");
    let clock = clock.clone();
    FakeLibrary::builder().application(application).now(move || clock.time_of_day()).build()
}

fn upload() -> Upload {
    Upload::new("collect-dns.ps1".parse().unwrap(), b"Get-DnsClientCache\n")
}

fn overriding() -> Upload {
    upload().with_if_exists(IfExists::Override)
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

fn busy() -> Reply {
    Reply::status(429).header("retry-after", "7")
}

/// Records every event, one line each: kind of call, its number, and what happened.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<String>>);

impl Diary {
    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Diary {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        let mut text = self.0.lock().unwrap();
        write!(text, "{} {} ", call.kind(), call.id()).unwrap();
        match event {
            Event::Failed { number, error } => {
                writeln!(text, "failed {number} {:?} {error} {error:?}", error.status())
            }
            Event::Ended { error } => writeln!(text, "ended {:?} {error:?}", error.status()),
            other => writeln!(text, "{other:?}"),
        }
        .unwrap();
    }
}
