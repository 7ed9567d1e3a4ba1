//! A login host that refuses, and what the error tells of it.

use std::error::Error as _;

use mde_live_response_core::{Effect, Error, ErrorKind};
use mde_live_response_mock::{MockTransport, Reply};

use crate::{client, failure, issued, overriding, refusal};

/// The error of a refusal, which is never retried.
#[track_caller]
fn refused_by(reply: Reply) -> Error {
    let mock = MockTransport::new().reply(reply);
    let error = failure(&mock);
    assert_eq!(mock.clock().now().as_secs(), 0);
    assert!(!error.is_retryable());
    error
}

/// About the message: each fact stands in it once.
#[test]
fn a05_a_refusal_tells_who_refused_why_and_what_to_do() {
    let error = refused_by(refusal(401, 7_000_215, "Invalid client secret provided."));
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(error.code(), Some("AADSTS7000215"));
    assert_eq!(error.correlation_id(), Some("the-correlation-id"));
    assert_eq!(
        error.message(),
        Some("AADSTS7000215: Invalid client secret provided. Trace ID: t\r\nCorrelation ID: c"),
        "whole and as received"
    );
    let shown = error.to_string();
    let once = "login.microsoftonline.com issues no token to the application (401 AADSTS7000215: Invalid client \
                secret provided. (correlation ID the-correlation-id))";
    assert!(shown.contains(once), "{shown}");
    assert!(error.source().is_none() && error.token_problem().is_none());
}

/// About the help: what distinguishes each.
#[test]
fn a05_every_common_refusal_has_its_help() {
    for (code, word) in [
        (7_000_215, "not its ID"),
        (7_000_222, "new secret"),
        (700_016, "client ID"),
        (7_000_112, "enable"),
        (7_000_229, "service principal"),
        (90_002, "tenant ID"),
        (900_023, "tenant ID"),
        (900_382, "own cloud"),
        (900_432, "own cloud"),
        (500_011, "Defender for Endpoint"),
        (70_011, "audience"),
        (1_002_012, "audience"),
        (53_003, "conditional access"),
        (70_021, "federated credential"),
        (700_211, "federated credential"),
        (700_212, "federated credential"),
        (700_213, "federated credential"),
        (700_024, "clock"),
        (50_000, "Check the tenant ID, the client ID, and"),
    ] {
        for status in [400, 401] {
            let error = refused_by(refusal(status, code, "No."));
            assert!(error.help().unwrap().contains(word), "{code}: {:?}", error.help());
            assert_eq!(error.code(), Some(format!("AADSTS{code}").as_str()));
            assert_eq!(error.status().unwrap(), status);
        }
    }
}

#[test]
fn a_refusal_in_part_or_by_another_server_is_told_as_far_as_it_goes() {
    const GATEWAY: &str = "gateway";
    const PROOF: &str = "federated token";
    let json = |body: &str| Reply::json(400, body);
    for (reply, code, shown, help) in [
        (json(r#"{"error":"invalid_request"}"#), Some("invalid_request"), "invalid_request", PROOF),
        (
            json(r#"{"error":"x","error_description":"AADSTS: no"}"#),
            Some("x"),
            "x: AADSTS: no",
            PROOF,
        ),
        (
            json(r#"{"error":"x","error_description":"AADSTS70011: "}"#),
            Some("AADSTS70011"),
            "AADSTS70011)",
            "audience",
        ),
        // In Entra's form, but without a code it was hardly Entra.
        (
            json(r#"{"error_description":"a\u001b[2Jb\u202e"}"#),
            None,
            "a\\u{1b}[2Jb\\u{202e}",
            GATEWAY,
        ),
        (json(r#"{"message":"blocked"}"#), None, r#"{"message":"blocked"}"#, GATEWAY),
        (json(r#"{"error":{"code":"x","message":"m"}}"#), Some("x"), "x: m", GATEWAY),
        (json(r#"{"correlation_id":"x"}"#), None, "400", GATEWAY),
        (json(r#"["x","AADSTS1: x","x"]"#), None, "400", GATEWAY),
        (json("{}"), None, "{}", GATEWAY),
        (Reply::json(403, "<html>no</html>"), None, "<html>no</html>", GATEWAY),
        (
            json(r#"{"error":"x"}"#).header("content-type", "text/html; charset=utf-16"),
            None,
            "text/html",
            GATEWAY,
        ),
        (Reply::status(401), None, "401", GATEWAY),
        (Reply::status(404), None, "404", GATEWAY),
        (Reply::status(413), None, "413", GATEWAY),
    ] {
        let error = refused_by(reply);
        assert!(error.to_string().contains(shown), "case: {shown}: {error}");
        assert!(error.to_string().contains("login.microsoftonline.com"), "case: {shown}: {error}");
        assert!(error.help().unwrap().contains(help), "case: {shown}: {:?}", error.help());
        assert_eq!(error.code(), code, "case: {shown}");
        assert!(error.status().unwrap().is_client_error());
    }
}

#[test]
fn a_long_description_is_cut_where_it_is_shown() {
    let error = refused_by(refusal(400, 1, &"x".repeat(100_000)));
    assert!(error.to_string().len() < 500, "{} bytes", error.to_string().len());
    assert!(error.message().unwrap().len() > 100_000);
}

/// A lost answer to a token request says nothing of the file, of which nothing was sent.
#[test]
fn a_refusal_after_a_lost_answer_leaves_nothing_unknown() {
    let error =
        failure(&MockTransport::new().reply(Reply::lost()).reply(refusal(401, 7_000_215, "No.")));
    assert_eq!(error.code(), Some("AADSTS7000215"));
}

/// An earlier attempt to upload does.
#[test]
fn a_refusal_after_a_lost_upload_leaves_the_outcome_unknown() {
    let mock = MockTransport::new()
        .reply(issued("an-issued-token"))
        .reply(Reply::lost())
        .reply(Reply::status(401))
        .reply(refusal(401, 7_000_222, "No."));
    let error = client(&mock).upload(&overriding()).unwrap_err();
    mock.assert_done();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::NoToken, Effect::Unknown));
    assert_eq!(error.code(), Some("AADSTS7000222"));
}
