//! What becomes of each answer to a token request.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mde_live_response_core::transport::{TransportError, TransportErrorKind};
use mde_live_response_core::{Effect, Error, ErrorKind};
use mde_live_response_mock::{MockTransport, Reply};

use crate::{client, failure, issued, refusal, upload};

/// The error of an answer that is not asked for again.
#[track_caller]
fn lasting(reply: Reply) -> Error {
    let mock = MockTransport::new().reply(reply);
    let error = failure(&mock);
    assert_eq!(mock.clock().now(), Duration::ZERO);
    assert!(!error.is_retryable(), "{error}");
    error
}

/// About the message: each fact stands in it once.
#[test]
fn p41_a05_a_refusal_tells_who_refused_why_and_what_to_do() {
    let error = lasting(refusal(401, 7_000_215, "Invalid client secret provided."));
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(error.code(), Some("AADSTS7000215"));
    assert_eq!(error.correlation_id(), Some("the-correlation-id"));
    assert_eq!(
        error.message(),
        Some("AADSTS7000215: Invalid client secret provided. Trace ID: t\r\nCorrelation ID: c"),
        "whole and as received"
    );
    let shown = error.to_string();
    let once = "login.microsoftonline.com issued no token to the application (401 AADSTS7000215: Invalid client \
                secret provided, correlation ID the-correlation-id)";
    assert!(shown.contains(once), "{shown}");
    assert!(error.source().is_none() && error.token_problem().is_none());
    let error = lasting(refusal(400, 1, &"x".repeat(100_000)));
    let cut = format!(": {}…, ", "x".repeat(300));
    assert!(error.to_string().contains(&cut) && !once.contains('…'), "{error}");
    assert!(error.message().unwrap().len() > 100_000);
}

/// About the help: what distinguishes each.
#[test]
fn a05_every_common_refusal_has_its_help() {
    for (code, word) in [
        (7_000_215, "not its ID"),
        (7_000_222, "new client secret"),
        (700_016, "exists in this tenant"),
        (7_000_112, "enable"),
        (7_000_229, "service principal"),
        (90_002, "belongs to its cloud"),
        (900_023, "belongs to its cloud"),
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
            let error = lasting(refusal(status, code, "No."));
            assert!(error.help().unwrap().contains(word), "{code}: {:?}", error.help());
            assert_eq!(error.code(), Some(format!("AADSTS{code}").as_str()));
            assert_eq!(error.status().unwrap(), status);
        }
    }
}

#[test]
fn an_answer_of_another_kind_is_told_as_far_as_it_goes() {
    const GATEWAY: &str = "gateway";
    const PROOF: &str = "federated token";
    let json = |body: &str| Reply::json(400, body);
    let described = |text| json(&format!(r#"{{"error":"x","error_description":"{text}"}}"#));
    let utf_16 = json(r#"{"error":"x"}"#).header("content-type", "text/html; charset=utf-16");
    let to = |location| Reply::json(302, r#"{"error":"x"}"#).header("location", location);
    for (reply, code, shown, help) in [
        (json(r#"{"error":"invalid_request"}"#), Some("invalid_request"), "invalid_request", PROOF),
        (described("AADSTS: no"), Some("x"), "x: AADSTS: no", PROOF),
        (described("AADSTS70011: "), Some("AADSTS70011"), "AADSTS70011)", "audience"),
        // In Entra's form, but without a code it was hardly Entra.
        (json(r#"{"error_description":"a\u001b[2J"}"#), None, "a\\u{1b}[2J", GATEWAY),
        (json(r#"{"message":"blocked"}"#), None, r#"{"message":"blocked"}"#, GATEWAY),
        (json(r#"{"error":{"code":"x","message":"m"}}"#), Some("x"), "x: m", GATEWAY),
        (json(r#"{"correlation_id":"x"}"#), None, "400", GATEWAY),
        (json(r#"["x","AADSTS1: x","x"]"#), None, "400", GATEWAY),
        (Reply::json(403, "<html>no</html>"), None, "<html>no</html>", GATEWAY),
        (utf_16, None, "text/html", GATEWAY),
        (Reply::status(401), None, "401", GATEWAY),
        (to("/common"), None, "302", GATEWAY),
        (to("https://portal.example/x?canary"), None, "redirects to portal.example", GATEWAY),
        (Reply::status(407), None, "407", ""),
        (Reply::status(501), None, "501", ""),
    ] {
        let error = lasting(reply);
        let text = format!("{error} {error:?}");
        assert!(text.contains(shown) && !text.contains("canary"), "case: {shown}: {text}");
        assert!(text.contains("login.microsoftonline.com"), "case: {shown}: {text}");
        assert!(error.help().unwrap().contains(help), "case: {shown}: {:?}", error.help());
        assert_eq!(error.code(), code, "case: {shown}");
    }
    let certificate = lasting(Reply::fault(TransportError::new(TransportErrorKind::Certificate)));
    assert_eq!(certificate.status(), None);
    assert!(certificate.help().is_some());
}

#[test]
fn an_outage_of_the_login_host_stays_retryable() {
    fn busy(reply: Reply) -> Reply {
        reply.header("retry-after", "7")
    }
    for (reply, status, wait) in [
        ((|| busy(Reply::status(429))) as fn() -> Reply, Some(429), Some(7)),
        (|| busy(refusal(429, 50_196, "Slow down.")), Some(429), Some(7)),
        (|| Reply::status(503).body("<p>down</p>"), Some(503), None),
        (Reply::lost, None, None),
    ] {
        let error = failure(&MockTransport::new().reply(reply()).reply(reply()).reply(reply()));
        let facts =
            (error.status().map(|it| it.as_u16()), error.retry_after().map(|it| it.as_secs()));
        assert_eq!(facts, (status, wait), "{error}");
        assert!(error.is_retryable(), "{error}");
        let help = error.help().unwrap_or_default();
        assert!(!help.contains("credential"), "the credential is not at fault: {help}");
    }
}

#[test]
fn a_success_without_a_token_is_not_quoted_and_not_retried() {
    let token = |value: &str| {
        Reply::json(200, format!(r#"{{"token_type":"Bearer","access_token":{value}}}"#))
    };
    let ok = |body: &str| Reply::json(200, body);
    let good = || token(r#""canary-token""#);
    for (case, reply) in [
        ("empty", ok("")),
        ("text", ok("canary-token")),
        ("cut", ok(r#"{"access_token":"canary-token""#)),
        ("array", ok(r#"["Bearer","canary-token",3599]"#)),
        ("no token", ok(r#"{"token_type":"Bearer"}"#)),
        ("no type", ok(r#"{"access_token":"canary-token"}"#)),
        ("another type", ok(r#"{"token_type":"mac","access_token":"canary-token"}"#)),
        ("line end", token(r#""canary-token\r\nx: y""#)),
        ("not ASCII", token(r#""canary-t\u00f6ken""#)),
        ("no characters", token(r#""""#)),
        ("a life beyond numbers", token(r#""canary","expires_in":1e400"#)),
        ("number", token("17")),
        ("two tokens", token(r#""canary-1","access_token":"canary-2""#)),
        ("compressed", good().header("content-encoding", "gzip")),
        ("charset", good().header("content-type", "application/json; Charset=\"UTF-16\"")),
        ("not UTF-8", Reply::json(200, b"{\"canary\":\"\xff\"}")),
        ("201", Reply::json(201, r#"{"token_type":"Bearer","access_token":"canary-token"}"#)),
        ("204", Reply::status(204)),
    ] {
        let error = lasting(reply);
        assert!(error.status().unwrap().is_success(), "case: {case}");
        assert!(error.help().unwrap().contains("gateway"), "case: {case}");
        let shown = format!("{error} {error:?} {error:#?}");
        assert!(!shown.contains("canary"), "case: {case}: {shown}");
        assert!(shown.contains("login.microsoftonline.com"), "case: {case}: {shown}");
    }
}

#[test]
fn a_token_may_be_escaped_and_come_with_more() {
    let body = "\u{feff} {\"scope\":[1],\"access_token\":\"an\\u002dissued-\\u0074oken\",\"token_type\":\"BEARER\"}";
    let json = Reply::json(200, body).header("content-type", "application/json; charset=utf-8");
    let mock = MockTransport::new().reply(json).reply(Reply::stored());
    client(&mock).upload(&upload()).unwrap();
    let [_, upload] = mock.requests();
    upload.assert_bearer("an-issued-token");
}

/// Token requests of two uploads an hour apart. Anything but whole seconds counts as absent: then the token is used
/// until the service refuses it.
#[test]
fn p40_the_life_of_a_token_is_a_number_or_text() {
    for (expires_in, expected) in [
        (r#","expires_in":3599"#, 2),
        (r#","expires_in":"3599""#, 2),
        // Before each upload's wait for the rate limit, and after it.
        (r#","expires_in":0"#, 4),
        ("", 1),
        (r#","expires_in":null"#, 1),
        (r#","expires_in":3599.0"#, 1),
        (r#","expires_in":-5"#, 1),
        (r#","expires_in":"-5""#, 1),
        (r#","expires_in":"soon""#, 1),
        (r#","expires_in":[3599]"#, 1),
        (r#","expires_in":18446744073709551615"#, 1),
        (r#","expires_in":18446744073709551616"#, 1),
        (r#","expires_in":"99999999999999999999999""#, 1),
    ] {
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let mock = MockTransport::from_fn(move |request| {
            if !request.uri().path().ends_with("/token") {
                return Reply::stored();
            }
            counter.fetch_add(1, Ordering::SeqCst);
            let body = format!(r#"{{"token_type":"bearer"{expires_in},"access_token":"a-token"}}"#);
            Reply::json(200, body)
        });
        let client = client(&mock);
        client.upload(&upload()).unwrap();
        mock.clock().advance(Duration::from_secs(3_600));
        client.upload(&upload()).unwrap();
        assert_eq!(requests.load(Ordering::SeqCst), expected, "case: {expires_in}");
    }
}

/// A lost token request says nothing of the file, of which nothing was sent. A lost upload does.
#[test]
fn a_refusal_leaves_the_outcome_unknown_only_after_a_lost_upload() {
    let lost_token = MockTransport::new().reply(Reply::lost()).reply(refusal(401, 1, "No."));
    assert_eq!(failure(&lost_token).code(), Some("AADSTS1"));

    let issued = MockTransport::new().reply(issued("an-issued-token")).reply(Reply::lost());
    let mock = issued.reply(Reply::status(401)).reply(refusal(401, 7_000_222, "No."));
    let error = client(&mock).upload(&upload()).unwrap_err();
    mock.assert_done();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::NoToken, Effect::Unknown));
    assert_eq!(error.code(), Some("AADSTS7000222"));
}
