//! Deleting: the name in the URL, and what each answer says of the file.

use mde_live_response_core::error::AnswerProblem;
use mde_live_response_core::library::Deleted;
use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::{Effect, Error, ErrorKind, FileName};
use mde_live_response_mock::{MockTransport, Reply};

use crate::support::script;

fn name(text: &str) -> FileName {
    FileName::permitting_separators(text).unwrap()
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

/// `net` has more of what comes after an earlier attempt.
#[test]
fn a_404_of_the_service_is_not_an_error_and_after_an_unknown_attempt_it_is_gone() {
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
        ("after 408", vec![Reply::status(408), absent()], Deleted::WasAbsent),
        ("after silence", vec![Reply::timeout(), absent()], Deleted::Gone),
        ("after 202", vec![Reply::status(202), absent()], Deleted::Gone),
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
