//! The limits that reach a transport, and the errors that come from it.

use std::time::Duration;

use mde_live_response_core::policy::{CancelToken, RetryPolicy};
use mde_live_response_core::transport::{Limits, TransportError, TransportErrorKind as Kind};
use mde_live_response_core::{AccessToken, Client, Endpoint};
use mde_live_response_mock::Reply;

use crate::support::{script, upload};

#[test]
fn the_limits_of_the_client_reach_the_transport() {
    let list = || Reply::json(200, r#"{"value":[]}"#);
    let mock = script([Reply::stored(), list(), Reply::stored()]);
    let client = mock.client();
    client.upload(&upload()).unwrap();
    assert!(client.list().next().is_none());
    let cancel = CancelToken::new();
    let builder = mock.client_builder().deadline(Duration::from_secs(20));
    let client = builder.silence_limit(Duration::from_secs(7)).build().cancelled_by(&cancel);
    client.upload(&upload()).unwrap();
    cancel.cancel();

    let seconds = |n| Some(Duration::from_secs(n));
    let requests: [_; 3] = mock.requests();
    let facts = requests.map(|request| {
        let limits: &Limits = request.limits();
        let cancelled = limits.cancel().map(CancelToken::is_cancelled);
        assert_eq!(limits.is_cancelled(), cancelled == Some(true));
        (limits.time_left(), limits.silence(), limits.max_answer() >> 20, cancelled)
    });
    let [upload, list] = [1, 64].map(|max| (seconds(300), seconds(60), max, None));
    assert_eq!(facts, [upload, list, (seconds(20), seconds(7), 1, Some(true))]);
}

/// The answer repeats the texts, and JSON may escape each of their characters.
#[test]
fn an_answer_may_be_as_long_as_the_texts_that_it_repeats() {
    let text = "é".repeat(1024 * 1024);
    let upload = upload().with_description(text.parse().unwrap());
    let upload = upload.with_parameters(text.parse().unwrap());
    let stored = script([Reply::stored()]).client().upload(&upload).unwrap();
    assert_eq!(stored.description(), Some(text.as_str()));

    let mock = script([Reply::stored()]);
    let upload = self::upload().with_description("10 letters".parse().unwrap());
    mock.client().upload(&upload.with_parameters("-7".parse().unwrap())).unwrap();
    let [request] = mock.requests();
    assert_eq!(request.limits().max_answer(), 1024 * 1024 + 6 * (10 + 2));
}

#[test]
fn a_network_error_names_host_and_port() {
    for (base, named) in [
        ("https://api.example", "api.example:443"),
        ("https://api.example:8443/prefix", "api.example:8443"),
        ("http://127.0.0.1", "127.0.0.1:80"),
        ("http://[::1]", "[::1]:80"),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443"),
    ] {
        // Of a local failure the host is not the cause.
        for (kind, is_named) in [(Kind::Connect, true), (Kind::Local, false)] {
            let mock = script([Reply::fault(TransportError::new(kind)).early()]);
            let token = AccessToken::new("an-access-token").unwrap();
            let client = Client::builder(Endpoint::parse(base).unwrap(), token, mock);
            let client = client.retry(RetryPolicy::NONE).build();
            let error = client.upload(&upload()).unwrap_err().to_string();
            assert_eq!(error.contains(&format!("({named})")), is_named, "case: {base}: {error}");
            assert_eq!(error.contains(named), is_named, "case: {base}: {error}");
        }
    }
}
