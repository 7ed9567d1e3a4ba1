//! The limits that reach a transport, and the errors that come from it.

use std::time::Duration;

use mde_live_response_core::policy::{CancelToken, RetryPolicy};
use mde_live_response_core::transport::{Limits, TransportError, TransportErrorKind as Kind};
use mde_live_response_core::{AccessToken, Client, Endpoint};
use mde_live_response_mock::{MockTransport, Reply};

use crate::support::upload;

#[test]
fn the_limits_of_the_client_reach_the_transport() {
    let list = || Reply::json(200, r#"{"value":[]}"#);
    let mock = MockTransport::new().reply(Reply::stored()).reply(list()).reply(Reply::stored());
    let client = mock.client();
    client.upload(&upload()).unwrap();
    assert!(client.list().next().is_none());
    let cancel = CancelToken::new();
    let client = mock
        .client_builder()
        .deadline(Duration::from_secs(20))
        .silence_limit(Duration::from_secs(7))
        .build()
        .cancelled_by(&cancel);
    client.upload(&upload()).unwrap();
    cancel.cancel();

    let seconds = |n| Some(Duration::from_secs(n));
    let requests: [_; 3] = mock.requests();
    let facts = requests.map(|request| {
        let limits: &Limits = request.limits();
        (limits.time_left(), limits.silence(), limits.max_answer() >> 20, limits.is_cancelled())
    });
    assert_eq!(
        facts,
        [
            (seconds(300), seconds(60), 1, false),
            (seconds(300), seconds(60), 64, false),
            (seconds(20), seconds(7), 1, true),
        ]
    );
}

/// One attempt of an upload to this base URL, whose transport fails so.
fn failed_at(base: &str, error: TransportError) -> mde_live_response_core::Error {
    let mock = MockTransport::new().reply(Reply::fault(error).early());
    let token = AccessToken::new("an-access-token").unwrap();
    let client = Client::builder(Endpoint::parse(base).unwrap(), token, mock)
        .retry(RetryPolicy::NONE)
        .build();
    client.upload(&upload()).unwrap_err()
}

#[test]
fn a_network_error_names_host_and_port() {
    for (base, named) in [
        ("https://api.example", "api.example:443"),
        ("https://api.example:8443", "api.example:8443"),
        ("https://api.example/prefix", "api.example:443"),
        ("http://127.0.0.1", "127.0.0.1:80"),
        ("http://127.0.0.1:9000", "127.0.0.1:9000"),
        ("http://[::1]", "[::1]:80"),
        ("http://[::1]:9000", "[::1]:9000"),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443"),
    ] {
        let error = failed_at(base, TransportError::new(Kind::Connect));
        assert!(error.to_string().contains(&format!("({named})")), "case: {base}: {error}");
        // Nothing is wrong with the host.
        let error = failed_at(base, TransportError::new(Kind::Local));
        assert!(!error.to_string().contains(named), "case: {base}: {error}");
    }
}
