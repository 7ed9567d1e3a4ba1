//! Files that are removed: by their names as they are, and told what came of it.

use std::time::Duration;

use mde_live_response_core::{
    AccessToken, Client, ClientBuilder, Clock, CredentialFn, Deleted, Delivery, Endpoint, FileName,
    RetryPolicy, TransportError, TransportErrorKind,
};
use mde_live_response_mock::{FakeLibrary, ManualClock, MockTransport, Reply};

use crate::support::{Drawn, expect_error};

fn builder(mock: &MockTransport, clock: &ManualClock) -> ClientBuilder {
    let token = AccessToken::new("an-access-token").unwrap();
    Client::builder(Endpoint::COMMERCIAL, token, mock.clone())
        .clock(clock.clone())
        .random(Drawn::same(0xff))
}

fn client(mock: &MockTransport) -> Client {
    builder(mock, &ManualClock::new()).build()
}

fn name(text: &str) -> FileName {
    FileName::permitting_separators(text).unwrap()
}

fn lost() -> TransportError {
    TransportError::new(TransportErrorKind::Receive, Delivery::Unknown)
}

#[test]
fn a_name_is_one_segment_of_the_path() {
    for (text, segment) in [
        ("a.ps1", "a.ps1"),
        ("A-b_c~1.ps1", "A-b_c~1.ps1"),
        ("a b.ps1", "a%20b.ps1"),
        ("é日.ps1", "%C3%A9%E6%97%A5.ps1"),
        ("100%", "100%25"),
        ("a+b#c;d&e=f@g!", "a%2Bb%23c%3Bd%26e%3Df%40g%21"),
        ("..a", "..a"),
    ] {
        let mock = MockTransport::new().reply(Reply::status(204));
        assert_eq!(client(&mock).delete(&name(text)).unwrap(), Deleted::Removed);
        let [request] = mock.requests();
        assert_eq!(request.method(), "DELETE");
        let base = "https://api.security.microsoft.com/api/libraryfiles";
        assert_eq!(request.uri(), format!("{base}/{segment}").as_str(), "case: {text}");
        assert!(request.body().is_empty());
        assert_eq!(request.headers()["authorization"], "Bearer an-access-token");
    }
}

#[test]
fn the_library_has_it_no_more() {
    let library = FakeLibrary::new();
    for file in ["a b;c.ps1", "kept.ps1"] {
        library.insert(file, b"x");
    }
    let token = AccessToken::new("an-access-token").unwrap();
    let client = Client::builder(Endpoint::COMMERCIAL, token, library.clone()).build();
    assert_eq!(client.delete(&name("a b;c.ps1")).unwrap(), Deleted::Removed);
    assert_eq!(client.delete(&name("a b;c.ps1")).unwrap(), Deleted::WasAbsent);
    assert_eq!(library.names(), ["kept.ps1"]);
}

#[test]
fn that_there_was_none_is_no_error_but_may_have_two_reasons() {
    let absent = || Reply::error(404, "ResourceNotFound");
    let cases: [(&str, MockTransport, Deleted); 6] = [
        ("404", MockTransport::new().reply(absent()), Deleted::WasAbsent),
        ("404 without a word", MockTransport::new().reply(Reply::status(404)), Deleted::WasAbsent),
        (
            "after 429",
            MockTransport::new().reply(Reply::status(429)).reply(absent()),
            Deleted::WasAbsent,
        ),
        ("after a lost answer", MockTransport::new().fail(lost()).reply(absent()), Deleted::Gone),
        (
            "after 500",
            MockTransport::new().reply(Reply::status(500)).reply(absent()),
            Deleted::Gone,
        ),
        (
            "after a lost answer and a refused connection",
            MockTransport::new()
                .fail(lost())
                .fail(TransportError::new(TransportErrorKind::Connect, Delivery::NotDelivered))
                .reply(absent()),
            Deleted::Gone,
        ),
    ];
    for (case, mock, expected) in cases {
        assert_eq!(client(&mock).delete(&name("a.ps1")).unwrap(), expected, "case: {case}");
        mock.assert_done();
    }
}

/// A gateway, or a wrong base URL: whoever answers so knows nothing of the file.
#[test]
fn a_404_for_people_is_an_error() {
    let mock = MockTransport::new().reply(Reply::json(404, "<html>not found</html>"));
    let error = client(&mock).delete(&name("a.ps1")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "deleting `a.ps1`: the service rejects the request (404: <html>not found</html>); nothing was deleted"
    );
    let help = error.help().unwrap();
    assert!(help.starts_with("check the base URL"), "{help}");
}

#[test]
fn errors_tell_whether_the_file_may_be_gone() {
    let mock = MockTransport::new().fail(lost());
    let client = builder(&mock, &ManualClock::new()).retry(RetryPolicy::NONE).build();
    let error = client.delete(&name("a.ps1")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "deleting `a.ps1`: the connection broke before the answer was complete; it is unknown whether the file \
         was deleted"
    );
    assert_eq!(error.delivery(), Delivery::Unknown);

    for (reply, delivery) in [
        (Reply::status(202), Delivery::Unknown),
        (Reply::status(403), Delivery::NotDelivered),
        (Reply::status(302), Delivery::NotDelivered),
    ] {
        let mock = MockTransport::new().reply(reply);
        let client = builder(&mock, &ManualClock::new()).retry(RetryPolicy::NONE).build();
        assert_eq!(client.delete(&name("a.ps1")).unwrap_err().delivery(), delivery);
    }
}

#[test]
fn a_removal_is_repeated_like_any_call_that_may_be_done_twice() {
    let clock = ManualClock::new();
    let mock =
        MockTransport::new().fail(lost()).reply(Reply::status(502)).reply(Reply::status(204));
    let deleted = builder(&mock, &clock).build().delete(&name("a.ps1")).unwrap();
    assert_eq!((deleted, clock.now()), (Deleted::Removed, Duration::from_millis(1_500)));

    let mock = MockTransport::new().fail(lost()).fail(lost()).fail(lost());
    let error = client(&mock).delete(&name("a.ps1")).unwrap_err();
    assert!(error.to_string().ends_with("; 3 attempts"), "{error}");
    mock.assert_done();
}

#[test]
fn a07_a_refused_token_is_replaced_for_a_removal_too() {
    let credential = CredentialFn::new(|request| {
        let token = if request.is_refused() { "a-newer-token" } else { "an-old-token" };
        Ok(AccessToken::new(token).unwrap().into())
    });
    let mock = MockTransport::new().reply(Reply::status(401)).reply(Reply::status(204));
    let client = Client::builder(Endpoint::COMMERCIAL, credential, mock.clone()).build();
    assert_eq!(client.delete(&name("a.ps1")).unwrap(), Deleted::Removed);
    let [_, second] = mock.requests();
    assert_eq!(second.headers()["authorization"], "Bearer a-newer-token");
}

#[test]
fn a_name_that_is_none_cannot_be_asked_for() {
    for text in ["", ".", "..", "a/b", "a\\b", "a\nb"] {
        assert!(FileName::permitting_separators(text).is_err(), "case: {text:?}");
    }
    let error = mde_live_response_core::Error::from("a/b".parse::<FileName>().unwrap_err());
    expect_error!(error, Input, "");
}
