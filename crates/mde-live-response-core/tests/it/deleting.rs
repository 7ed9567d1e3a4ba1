//! Deleting: the name in the URL, and what each answer says of the file.

use mde_live_response_core::error::AnswerProblem;
use mde_live_response_core::library::Deleted;
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

fn absent() -> Reply {
    Reply::error(404, "ResourceNotFound")
}

#[test]
fn a_name_is_one_segment_of_the_path() {
    for (text, segment) in [
        ("A-b_c~1.ps1", "A-b_c~1.ps1"),
        ("a b.ps1", "a%20b.ps1"),
        ("é日.ps1", "%C3%A9%E6%97%A5.ps1"),
        ("100%zz.ps1", "100%25zz.ps1"),
        ("e\u{301}.ps1", "e%CC%81.ps1"),
        ("it's (1), $x [2]{3}^`.ps1", "it%27s%20%281%29%2C%20%24x%20%5B2%5D%7B3%7D%5E%60.ps1"),
        (&"日".repeat(85), &"%E6%97%A5".repeat(85)),
        ("a+b#c;d&e=f@g!", "a%2Bb%23c%3Bd%26e%3Df%40g%21"),
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
    use Deleted::{Gone, Removed, WasAbsent};
    for (case, replies, expected) in [
        ("204", vec![Reply::status(204)], Removed),
        ("200 with JSON", vec![Reply::json(200, r#"{"fileName":"b.ps1"}"#)], Removed),
        ("404", vec![absent()], WasAbsent),
        ("404 with white space", vec![Reply::status(404).body(" \r\n")], WasAbsent),
        ("404, NotFound", vec![Reply::json(404, r#" {"error":{"code":"NotFound"}}"#)], WasAbsent),
        ("after 408", vec![Reply::status(408), absent()], WasAbsent),
        ("after silence", vec![Reply::timeout(), absent()], Gone),
        ("after 202", vec![Reply::status(202), absent()], Gone),
    ] {
        assert_eq!(delete(replies).unwrap(), expected, "case: {case}");
    }
}

/// A gateway, or a wrong base URL: such an answer says nothing of the file.
#[test]
fn a_gateways_404_is_not_absent() {
    for (body, encoding) in [
        ("<!DOCTYPE>", "identity"),
        ("Not Found", "identity"),
        ("[]", "identity"),
        ("{}", "identity"),
        (r#"{"statusCode":404,"message":"not found"}"#, "identity"),
        ("\u{0}", "identity"),
        (r#"{"error":{"code":"NotFound"}}"#, "gzip"),
    ] {
        let reply = || Reply::json(404, body).header("content-encoding", encoding);
        for (replies, effect) in
            [(vec![reply()], Effect::NotApplied), (vec![Reply::lost(), reply()], Effect::Unknown)]
        {
            let error = delete(replies).unwrap_err();
            assert_eq!((error.kind(), error.effect()), (&ErrorKind::Rejected, effect), "{body}");
            assert_eq!(error.status().unwrap(), 404, "case: {body}");
            assert!(error.help().unwrap().contains("Check the base URL"), "case: {body}");
        }
    }
    // A captive portal says 200.
    let portal = || Reply::json(200, "<html>");
    let error = delete([portal(), portal(), portal()]).unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
}

/// It may be carried out later, so repeating is harmless, and the end leaves a doubt.
#[test]
fn an_accepted_removal_is_an_error() {
    let error = delete([(); 3].map(|()| Reply::status(202))).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Unusable(AnswerProblem::Status));
    let facts = (error.effect(), error.status().unwrap().as_u16(), error.attempts());
    assert_eq!(facts, (Effect::Unknown, 202, 3));
}
