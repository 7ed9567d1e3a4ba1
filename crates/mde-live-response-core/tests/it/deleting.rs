//! Deleting: the name in the URL, and what each answer says of the file.

use std::time::Duration;

use mde_live_response_core::auth::credential_fn;
use mde_live_response_core::error::AnswerProblem;
use mde_live_response_core::library::Deleted;
use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::{AccessToken, Client, Effect, Endpoint, Error, ErrorKind, FileName};
use mde_live_response_mock::{FakeLibrary, MockTransport, Reply};

use crate::support::drawn;

fn name(text: &str) -> FileName {
    FileName::permitting_separators(text).unwrap()
}

fn script(replies: impl IntoIterator<Item = Reply>) -> MockTransport {
    replies.into_iter().fold(MockTransport::new(), MockTransport::reply)
}

/// Deletes `a.ps1`; all replies must be used.
#[track_caller]
fn delete(replies: impl IntoIterator<Item = Reply>) -> Result<Deleted, Error> {
    let mock = script(replies);
    let outcome = mock.client().delete(&name("a.ps1"));
    mock.assert_done();
    outcome
}

/// The same, with one attempt.
#[track_caller]
fn delete_once(reply: Reply) -> Error {
    let mock = MockTransport::new().reply(reply);
    let client = mock.client_builder().retry(RetryPolicy::NONE).build();
    client.delete(&name("a.ps1")).unwrap_err()
}

fn absent() -> Reply {
    Reply::error(404, "ResourceNotFound")
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
        assert_eq!(mock.client().delete(&name(text)).unwrap(), Deleted::Removed);
        let [request] = mock.requests();
        assert_eq!(request.method(), "DELETE");
        let base = "https://api.security.microsoft.com/api/libraryfiles";
        assert_eq!(request.uri(), format!("{base}/{segment}").as_str(), "case: {text}");
        assert!(request.body().is_empty());
        request.assert_bearer(MockTransport::TOKEN);
    }
}

#[test]
fn the_library_has_the_file_no_more() {
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
fn a_404_of_the_service_is_not_an_error_and_after_an_unknown_attempt_it_is_gone() {
    let after = |reply| vec![reply, absent()];
    let waiting = || Reply::status(503).header("retry-after", "1");
    let cases: Vec<(&str, Vec<Reply>, Deleted)> = vec![
        ("204", vec![Reply::status(204)], Deleted::Removed),
        ("200", vec![Reply::status(200)], Deleted::Removed),
        ("200 with JSON", vec![Reply::json(200, r#"{"fileName":"b.ps1"}"#)], Deleted::Removed),
        ("404", vec![absent()], Deleted::WasAbsent),
        ("404 without a body", vec![Reply::status(404)], Deleted::WasAbsent),
        ("404 with white space", vec![Reply::status(404).body(" \r\n")], Deleted::WasAbsent),
        (
            "404 with another code",
            vec![Reply::json(404, r#" {"error":{"code":"NotFound"}}"#)],
            Deleted::WasAbsent,
        ),
        ("after 429", after(Reply::status(429)), Deleted::WasAbsent),
        ("after 408", after(Reply::status(408)), Deleted::WasAbsent),
        ("after 503 with a wait", after(waiting()), Deleted::WasAbsent),
        ("after a refused connection", after(Reply::refused_connection()), Deleted::WasAbsent),
        ("after a lost answer", after(Reply::lost()), Deleted::Gone),
        ("after a timeout", after(Reply::timeout()), Deleted::Gone),
        ("after 500", after(Reply::status(500)), Deleted::Gone),
        ("after 502", after(Reply::status(502)), Deleted::Gone),
        ("after 503", after(Reply::status(503)), Deleted::Gone),
        ("after 504", after(Reply::status(504)), Deleted::Gone),
        ("after 202", after(Reply::status(202)), Deleted::Gone),
        (
            "after a lost answer and a refused connection",
            vec![Reply::lost(), Reply::refused_connection(), absent()],
            Deleted::Gone,
        ),
    ];
    for (case, replies, expected) in cases {
        assert_eq!(delete(replies).unwrap(), expected, "case: {case}");
    }
}

/// An answer that a gateway may give.
type Gateway = fn() -> Reply;

/// A gateway, or a wrong base URL: such an answer says nothing of the file.
#[test]
fn a_gateways_404_is_not_absent() {
    let html = "text/html";
    let cases: [(&str, Gateway); 8] = [
        ("a page", || Reply::status(404).header("content-type", "text/html").body("<!DOCTYPE>")),
        ("a page as JSON", || Reply::json(404, "<html>not found</html>")),
        ("a word", || Reply::status(404).body("Not Found")),
        ("a list", || Reply::json(404, "[]")),
        ("an empty object", || Reply::json(404, "{}")),
        ("another form", || Reply::json(404, r#"{"statusCode":404,"message":"not found"}"#)),
        ("not UTF-8", || Reply::status(404).body([0xff, 0xfe])),
        ("compressed", || Reply::json(404, "{}").header("content-encoding", "gzip")),
    ];
    for (case, reply) in cases {
        for (replies, effect) in
            [(vec![reply()], Effect::NotApplied), (vec![Reply::lost(), reply()], Effect::Unknown)]
        {
            let error = delete(replies).unwrap_err();
            assert_eq!((error.kind(), error.effect()), (&ErrorKind::Rejected, effect), "{case}");
            assert_eq!(error.status().unwrap(), 404, "case: {case}");
            assert!(error.help().unwrap().contains("Check the base URL"), "case: {case}");
        }
    }
    // A captive portal says 200.
    let portal = Reply::json(200, "<html>").header("content-type", html);
    assert_eq!(delete_once(portal).effect(), Effect::Unknown);
}

/// It may be carried out later, so repeating is harmless, and the end leaves a doubt.
#[test]
fn an_accepted_removal_is_an_error() {
    let error = delete([(); 3].map(|()| Reply::status(202))).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Unusable(AnswerProblem::Status));
    let facts = (error.effect(), error.status().unwrap().as_u16(), error.attempts());
    assert_eq!(facts, (Effect::Unknown, 202, 3));
}

#[test]
fn an_error_tells_whether_the_file_may_be_deleted_and_speaks_of_nothing_else() {
    use Effect::{NotApplied, Unknown};
    for (reply, effect) in [
        (Reply::lost(), Unknown),
        (Reply::refused_connection(), NotApplied),
        (Reply::status(202), Unknown),
        (Reply::status(206), Unknown),
        (Reply::status(500), Unknown),
        (Reply::status(501), Unknown),
        (Reply::status(600), Unknown),
        (Reply::status(302), NotApplied),
        (Reply::status(400), NotApplied),
        (Reply::status(403), NotApplied),
        (Reply::status(405), NotApplied),
        (Reply::status(409), NotApplied),
        (Reply::status(429), NotApplied),
        (Reply::status(503).header("retry-after", "1"), NotApplied),
    ] {
        let case = format!("{reply:?}");
        let error = delete_once(reply);
        assert_eq!(error.effect(), effect, "case: {case}");
        assert_eq!(error.file().unwrap().as_str(), "a.ps1");
        let shown = error.to_string();
        assert!(shown.starts_with("deleting `a.ps1`: "), "case: {case}: {shown}");
        assert!(shown.contains("deleted") && !shown.contains("stored"), "case: {case}: {shown}");
    }
}

#[test]
fn a_removal_is_retried_whatever_its_effect() {
    let mock = script([Reply::lost(), Reply::status(502), Reply::status(204)]);
    let client = mock.client_builder().random(drawn(&[0xff])).build();
    assert_eq!(client.delete(&name("a.ps1")).unwrap(), Deleted::Removed);
    assert_eq!(mock.clock().now(), Duration::from_millis(1_500));

    let error = delete([(); 3].map(|()| Reply::lost())).unwrap_err();
    assert_eq!((error.attempts(), error.effect()), (3, Effect::Unknown));
}

/// A refused token says nothing of the file: what is absent afterwards was absent before.
#[test]
fn a_refused_token_is_replaced_once() {
    let refused = || Reply::error(401, "Unauthorized");
    let number = std::sync::atomic::AtomicUsize::new(0);
    let credential = credential_fn(move |_| {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok(AccessToken::new(format!("token-number-{number}")).unwrap().into())
    });
    let mock = script([refused(), absent(), refused(), refused()]);
    let client = Client::builder(Endpoint::COMMERCIAL, credential, mock.clone()).build();
    assert_eq!(client.delete(&name("a.ps1")).unwrap(), Deleted::WasAbsent);
    let error = client.delete(&name("a.ps1")).unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::Unauthorized, Effect::NotApplied));
    let requests: [_; 4] = mock.requests();
    for (request, number) in requests.iter().zip([0, 1, 1, 2]) {
        request.assert_bearer(&format!("token-number-{number}"));
    }
}

#[test]
fn an_earlier_attempt_with_an_unknown_effect_is_quoted() {
    let replies = || [Reply::status(500), Reply::status(403)];
    let error = delete(replies()).unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::Forbidden, Effect::Unknown));
    let shown = error.to_string();
    assert!(shown.contains("403") && shown.contains("500"), "{shown}");

    let error = script(replies()).client().list().next().unwrap().unwrap_err();
    assert_eq!((error.effect(), error.attempts()), (Effect::NotApplied, 2));
    assert!(!error.to_string().contains("500"), "{error}");
}
