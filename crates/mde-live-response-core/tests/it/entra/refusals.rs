//! A login host that says no, and what is made of its words.

use mde_live_response_core::{
    AuthErrorKind, Clock, Delivery, Error, TransportError, TransportErrorKind,
};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use super::{builder, issued, overriding, refusal};
use crate::support::{causes, expect_error, upload};

/// What the call ends with when a token is answered so: nothing else is sent, nor anything again.
#[track_caller]
fn refused_by(reply: Reply) -> Error {
    let (mock, clock) = (MockTransport::new().reply(reply), ManualClock::new());
    let error = builder(mock.clone(), &clock).build().upload(&upload()).unwrap_err();
    mock.assert_done();
    assert_eq!(clock.now().as_secs(), 0);
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert!(!error.is_retryable());
    error
}

#[test]
fn a05_a_refusal_says_who_refused_why_and_what_to_do() {
    let error = refused_by(refusal(401, 7_000_215, "Invalid client secret provided."));
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: login.microsoftonline.com issues no token to the application (401 \
         AADSTS7000215: Invalid client secret provided. (support id the-correlation-id)); nothing was stored"
    );
    assert_eq!(
        (error.service_code(), error.status().unwrap().as_u16()),
        (Some("AADSTS7000215"), 401)
    );
    assert!(causes(&error).is_empty());
    let error = expect_error!(error, Auth, "");
    assert_eq!((error.kind(), error.target()), (AuthErrorKind::Login, Some("the-correlation-id")));
    assert_eq!(
        error.message(),
        Some("AADSTS7000215: Invalid client secret provided. Trace ID: t\r\nCorrelation ID: c"),
        "whole and as sent"
    );
    assert_eq!(error.problem(), None);
}

#[test]
fn a05_every_common_refusal_has_help() {
    let federated = "check issuer, subject and audience of the application's federated credential against the token's";
    let other_cloud =
        "the application is of another cloud: use that cloud's endpoint and login host";
    for (code, help) in [
        (7_000_215, "check the client secret: it is the secret's value, not its identifier"),
        (7_000_222, "the client secret has expired: add a new one to the application"),
        (700_016, "check the client ID, and that the application is known in this tenant"),
        (7_000_112, "the application is disabled in this tenant: ask its administrator"),
        (
            7_000_229,
            "the application has no service principal in this tenant: ask its administrator to add one",
        ),
        (90_002, "check the tenant ID, and that the login host is that of its cloud"),
        (900_023, "check the tenant ID, and that the login host is that of its cloud"),
        (900_382, other_cloud),
        (900_432, other_cloud),
        (500_011, "check the audience, and that Defender for Endpoint is used in this tenant"),
        (70_011, "check the audience: tokens are asked for by its URL"),
        (1_002_012, "check the audience: tokens are asked for by its URL"),
        (53_003, "a conditional access policy of the tenant forbids it: ask its administrator"),
        (70_021, federated),
        (700_211, federated),
        (700_212, federated),
        (700_213, federated),
        (
            700_024,
            "the federated token is expired or not yet valid: get a fresh one, and check this machine's clock",
        ),
        (
            50_000,
            "check tenant ID, client ID, and the secret or federated token of the application",
        ),
    ] {
        for status in [400, 401] {
            let error = refused_by(refusal(status, code, "No."));
            assert_eq!(error.help().as_deref(), Some(help), "case: {code}");
            assert_eq!(error.service_code(), Some(format!("AADSTS{code}").as_str()));
            assert_eq!(
                error.to_string(),
                format!(
                    "`collect-dns.ps1`: login.microsoftonline.com issues no token to the application ({status} \
                     AADSTS{code}: No. (support id the-correlation-id)); nothing was stored"
                )
            );
        }
    }
}

#[test]
fn a_refusal_without_a_description_is_told_as_far_as_it_goes() {
    let other_server =
        "check the login host, and whether a gateway on the way answers in its place";
    let proof = "check tenant ID, client ID, and the secret or federated token of the application";
    for (reply, shown, help) in [
        (Reply::json(400, r#"{"error":"invalid_request"}"#), "(400 invalid_request)", proof),
        (
            Reply::json(400, r#"{"error":"x","error_description":"AADSTS: no"}"#),
            "(400 x: AADSTS: no)",
            proof,
        ),
        (
            Reply::json(400, r#"{"error":"x","error_description":"AADSTS70011: "}"#),
            "(400 AADSTS70011)",
            "check the audience: tokens are asked for by its URL",
        ),
        (
            Reply::json(400, r#"{"error_description":"a\u001b[2Jb\u202e"}"#),
            "(400: a\\u{1b}[2Jb\\u{202e})",
            other_server,
        ),
        (
            Reply::json(400, r#"{"message":"blocked by policy"}"#),
            r#"(400: {"message":"blocked by policy"})"#,
            other_server,
        ),
        (
            Reply::json(400, r#"{"error":{"code":"x"}}"#),
            r#"(400: {"error":{"code":"x"}})"#,
            other_server,
        ),
        (Reply::json(400, "[1]"), "(400: [1])", other_server),
        (Reply::json(400, "{}"), "(400: {})", other_server),
        (Reply::json(403, "<html>no</html>"), "(403: <html>no</html>)", other_server),
        (Reply::status(404), "(404)", other_server),
        (Reply::status(413), "(413)", other_server),
    ] {
        let error = refused_by(reply);
        let expected = format!(
            "`collect-dns.ps1`: login.microsoftonline.com issues no token to the application {shown}; \
             nothing was stored"
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.help().as_deref(), Some(help), "case: {shown}");
    }
}

#[test]
fn a_long_description_is_cut_where_it_is_shown() {
    let error = refused_by(refusal(400, 1, &"x".repeat(100_000)));
    assert!(error.to_string().len() < 500, "{} bytes", error.to_string().len());
    assert!(expect_error!(error, Auth, "").message().unwrap().len() > 100_000);
}

fn lost() -> TransportError {
    TransportError::new(TransportErrorKind::Receive, Delivery::Unknown)
}

/// What came of an earlier request for a token says nothing of the file, of which nothing was sent.
#[test]
fn a_refusal_after_a_lost_answer_leaves_nothing_open() {
    let mock = MockTransport::new().fail(lost()).reply(refusal(401, 7_000_215, "No."));
    let error = builder(mock.clone(), &ManualClock::new()).build().upload(&upload()).unwrap_err();
    mock.assert_done();
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: login.microsoftonline.com issues no token to the application (401 \
         AADSTS7000215: No. (support id the-correlation-id)); nothing was stored"
    );
    assert_eq!(error.delivery(), Delivery::NotDelivered);
}

/// But what came of an earlier attempt to store it does.
#[test]
fn a_refusal_after_a_lost_upload_leaves_it_unknown() {
    let mock = MockTransport::new()
        .reply(issued("an-issued-token"))
        .fail(lost())
        .reply(Reply::status(401))
        .reply(refusal(401, 7_000_222, "No."));
    let error =
        builder(mock.clone(), &ManualClock::new()).build().upload(&overriding()).unwrap_err();
    mock.assert_done();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(expect_error!(error, Auth, "").kind(), AuthErrorKind::Login);
}
