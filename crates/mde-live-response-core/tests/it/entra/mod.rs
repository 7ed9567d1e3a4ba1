//! Tokens from Microsoft Entra, by theme, and what the themes share.

mod application;
mod asking;
mod faults;
mod files;
mod refusals;
mod secrets;
mod tokens;

use mde_live_response_core::{
    Client, ClientBuilder, ClientSecret, Clock, Endpoint, EntraCredential, IfExists, Transport,
    Upload,
};
use mde_live_response_mock::{Application, FakeLibrary, ManualClock, RecordedRequest, Reply};

use crate::support::{Drawn, upload};

/// Holds every kind of character that a form, JSON or a URL may spell in another way.
const SECRET: &str = "canary~Se8Q/ret +&=%?é𝄞-._\"\\x";

fn credential() -> EntraCredential {
    EntraCredential::with_secret("a-tenant", "a-client", ClientSecret::new(SECRET).unwrap())
        .unwrap()
}

fn builder(transport: impl Transport + 'static, clock: &ManualClock) -> ClientBuilder {
    builder_with(credential(), transport, clock)
}

fn builder_with(
    credential: EntraCredential,
    transport: impl Transport + 'static,
    clock: &ManualClock,
) -> ClientBuilder {
    // Every backoff is the longest that it may be.
    Client::builder(Endpoint::COMMERCIAL, credential, transport)
        .clock(clock.clone())
        .random(Drawn::same(0xff))
}

fn library(clock: &ManualClock) -> FakeLibrary {
    let application = Application::new("a-tenant", "a-client").with_secret(SECRET);
    let clock = clock.clone();
    FakeLibrary::builder().application(application).now(move || clock.time_of_day()).build()
}

fn overriding() -> Upload {
    upload().if_exists(IfExists::Override)
}

fn issued(token: &str) -> Reply {
    let body = format!(r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{token}"}}"#);
    Reply::json(200, body)
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

fn is_for_token(request: &RecordedRequest) -> bool {
    request.uri().path().ends_with("/oauth2/v2.0/token")
}

/// The form's fields, decoded by nothing but this.
fn fields(request: &RecordedRequest) -> Vec<(String, String)> {
    let body = str::from_utf8(request.body()).unwrap();
    body.split('&')
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap();
            (decoded(name), decoded(value))
        })
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        bytes.push(match b {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            _ => b,
        });
    }
    String::from_utf8(bytes).unwrap()
}
