//! Files that are removed: by their names as they are, and told what came of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mde_live_response_core::{
    AccessToken, Client, ClientBuilder, Clock, CredentialFn, Deleted, Delivery, Endpoint, FileName,
    ResponseErrorKind, RetryPolicy, TransportError, TransportErrorKind,
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
        ("100%zz.ps1", "100%25zz.ps1"),
        ("e\u{301}.ps1", "e%CC%81.ps1"),
        ("it's (1), $x [2]{3}^`.ps1", "it%27s%20%281%29%2C%20%24x%20%5B2%5D%7B3%7D%5E%60.ps1"),
        (&"日".repeat(85), &"%E6%97%A5".repeat(85)),
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
fn either_success_is_one() {
    for (case, reply) in [
        ("204", Reply::status(204)),
        ("200", Reply::status(200)),
        ("200 with JSON", Reply::json(200, r#"{"fileName":"b.ps1"}"#)),
    ] {
        let mock = MockTransport::new().reply(reply);
        assert_eq!(client(&mock).delete(&name("a.ps1")).unwrap(), Deleted::Removed, "case: {case}");
        let [_] = mock.requests();
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
    let after = |status| MockTransport::new().reply(Reply::status(status)).reply(absent());
    let hinted = Reply::status(503).header("retry-after", "1");
    let refused = || TransportError::new(TransportErrorKind::Connect, Delivery::NotDelivered);
    let cases: Vec<(&str, MockTransport, Deleted)> = vec![
        ("404", MockTransport::new().reply(absent()), Deleted::WasAbsent),
        ("404 without a word", MockTransport::new().reply(Reply::status(404)), Deleted::WasAbsent),
        (
            "404 with white space",
            MockTransport::new().reply(Reply::status(404).body(" \r\n")),
            Deleted::WasAbsent,
        ),
        (
            "404 with another JSON",
            MockTransport::new().reply(Reply::json(404, r#" {"error":{"code":"NotFound"}}"#)),
            Deleted::WasAbsent,
        ),
        ("after 429", after(429), Deleted::WasAbsent),
        ("after 408", after(408), Deleted::WasAbsent),
        (
            "after 503 with a hint",
            MockTransport::new().reply(hinted).reply(absent()),
            Deleted::WasAbsent,
        ),
        (
            "after a refused connection",
            MockTransport::new().fail(refused()).reply(absent()),
            Deleted::WasAbsent,
        ),
        ("after a lost answer", MockTransport::new().fail(lost()).reply(absent()), Deleted::Gone),
        ("after 500", after(500), Deleted::Gone),
        ("after 502", after(502), Deleted::Gone),
        ("after 503", after(503), Deleted::Gone),
        ("after 504", after(504), Deleted::Gone),
        ("after 202", after(202), Deleted::Gone),
        (
            "after a lost answer and a refused connection",
            MockTransport::new().fail(lost()).fail(refused()).reply(absent()),
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

    for (case, reply) in [
        ("a page", Reply::status(404).header("content-type", "text/html").body("<!DOCTYPE html>")),
        ("a word", Reply::status(404).body("Not Found")),
        ("a list", Reply::json(404, "[]")),
        ("no UTF-8", Reply::status(404).body([0xff, 0xfe])),
        ("compressed", Reply::json(404, "{}").header("content-encoding", "gzip")),
    ] {
        let mock = MockTransport::new().reply(reply.clone());
        let error = client(&mock).delete(&name("a.ps1")).unwrap_err();
        assert_eq!(error.status().unwrap(), 404, "case: {case}");
        assert_eq!(error.delivery(), Delivery::NotDelivered, "case: {case}");
        assert!(error.help().unwrap().starts_with("check the base URL"), "case: {case}");
        let [_] = mock.requests();

        let mock = MockTransport::new().fail(lost()).reply(reply);
        let error = client(&mock).delete(&name("a.ps1")).unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown, "case: {case}, after a lost answer");
        assert!(error.help().unwrap().contains("check the base URL"), "case: {case}");
        mock.assert_done();
    }
}

/// It may be done later, so that asking again is harmless and an end without a word leaves a doubt.
#[test]
fn a_removal_that_was_only_accepted_is_an_error() {
    let accepted = || Reply::status(202);
    let mock = MockTransport::new().reply(accepted()).reply(accepted()).reply(accepted());
    let error = client(&mock).delete(&name("a.ps1")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "deleting `a.ps1`: unexpected status 202; it is unknown whether the file was deleted; 3 attempts"
    );
    assert_eq!(error.delivery(), Delivery::Unknown);
    let error = expect_error!(error, Response, "");
    assert_eq!(
        (error.kind(), error.status().as_u16()),
        (&ResponseErrorKind::UnexpectedStatus, 202)
    );
    mock.assert_done();
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
        (Reply::status(206), Delivery::Unknown),
        (Reply::status(500), Delivery::Unknown),
        (Reply::status(501), Delivery::Unknown),
        (Reply::status(600), Delivery::Unknown),
        (Reply::status(302), Delivery::NotDelivered),
        (Reply::status(400), Delivery::NotDelivered),
        (Reply::status(403), Delivery::NotDelivered),
        (Reply::status(405), Delivery::NotDelivered),
        (Reply::status(409), Delivery::NotDelivered),
        (Reply::status(429), Delivery::NotDelivered),
        (Reply::status(503).header("retry-after", "1"), Delivery::NotDelivered),
    ] {
        let case = format!("{reply:?}");
        let mock = MockTransport::new().reply(reply);
        let client = builder(&mock, &ManualClock::new()).retry(RetryPolicy::NONE).build();
        let error = client.delete(&name("a.ps1")).unwrap_err();
        assert_eq!(error.delivery(), delivery, "case: {case}");
        let shown = error.to_string();
        let ending = match delivery {
            Delivery::Unknown => "; it is unknown whether the file was deleted",
            _ => "; nothing was deleted",
        };
        assert!(shown.starts_with("deleting `a.ps1`: "), "case: {case}: {shown}");
        assert!(shown.ends_with(ending), "case: {case}: {shown}");
        assert!(!shown.contains("stored"), "case: {case}: {shown}");
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

/// A refused token says nothing of the file: what is absent afterwards was absent before.
#[test]
fn a_token_is_replaced_once_and_no_more() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let credential = CredentialFn::new(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        Ok(AccessToken::new(format!("token-number-{number}")).unwrap().into())
    });
    let refused = || Reply::error(401, "Unauthorized");
    let mock = MockTransport::new()
        .reply(refused())
        .reply(Reply::error(404, "ResourceNotFound"))
        .reply(refused())
        .reply(refused());
    let client = Client::builder(Endpoint::COMMERCIAL, credential, mock.clone()).build();
    assert_eq!(client.delete(&name("a.ps1")).unwrap(), Deleted::WasAbsent);
    let error = client.delete(&name("a.ps1")).unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), error.delivery()), (401, Delivery::NotDelivered));
    assert!(error.to_string().ends_with("; nothing was deleted"), "{error}");
    let requests: [_; 4] = mock.requests();
    for (request, number) in requests.iter().zip([0, 1, 1, 2]) {
        request.assert_bearer(&format!("token-number-{number}"));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[test]
fn a_name_that_is_none_cannot_be_asked_for() {
    for text in ["", ".", "..", "a/b", "a\\b", "a\nb"] {
        assert!(FileName::permitting_separators(text).is_err(), "case: {text:?}");
    }
    let error = mde_live_response_core::Error::from("a/b".parse::<FileName>().unwrap_err());
    expect_error!(error, Input, "");
}

/// The quote of an earlier attempt speaks of the same thing as the rest.
#[test]
fn an_earlier_attempt_is_quoted_as_what_it_was() {
    let mock = MockTransport::new().reply(Reply::status(500)).reply(Reply::status(403));
    let error = client(&mock).delete(&name("a.ps1")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "deleting `a.ps1`: the service does not permit this with this token (403); it is unknown whether the file \
         was deleted, for an earlier attempt ended so: the service failed (500); it is unknown whether the file was \
         deleted; 2 attempts"
    );
    let mock = MockTransport::new().reply(Reply::status(500)).reply(Reply::status(403));
    let error = client(&mock).list().next().unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "listing the library: the service does not permit this with this token (403); 2 attempts"
    );
}

/// A captive portal says 200, and a gateway has errors in a form of its own: neither knows the file.
#[test]
fn an_answer_that_is_not_the_services_removes_nothing() {
    let page = Reply::json(200, "<html>").header("content-type", "text/html");
    let foreign = Reply::json(404, r#"{"statusCode":404,"message":"Resource not found"}"#);
    for (reply, delivery) in [(page, Delivery::Unknown), (foreign, Delivery::NotDelivered)] {
        let mock = MockTransport::new().reply(reply);
        let client = builder(&mock, &ManualClock::new()).retry(RetryPolicy::NONE).build();
        assert_eq!(client.delete(&name("a.ps1")).unwrap_err().delivery(), delivery);
    }
}
