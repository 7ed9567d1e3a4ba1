//! A13, A15, A16, A18: nothing that is printed, reported or passed on contains the token.

use std::error::Error as StdError;
use std::fmt::{Debug, Display, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mde_live_response_core::auth::{Credential, Secret};
use mde_live_response_core::error::AnswerProblem::OtherName;
use mde_live_response_core::http::Response;
use mde_live_response_core::operation::{Operation, UploadRequest};
use mde_live_response_core::transport::{TransportError, TransportErrorKind};
use mde_live_response_core::{AccessToken, Client, Effect, Endpoint, Error, ErrorKind};
use mde_live_response_mock::ManualClock;

use crate::support::{Canned, NAME, SHA256, answer, causes, drawn, json, stored, upload};

/// Contains every character that JSON or a URL may escape.
const CANARY: &str = "eyJ0eXAiOiJKV1QifQ.Y2FuYXJ5+Zm9v/YmFy~cXV4_-YQ==";

fn canary() -> AccessToken {
    AccessToken::new(CANARY).unwrap()
}

/// A client with any token. A boundary drawn at random would contain the canary's length now and then.
fn client_with(token: &str, transport: Canned) -> Client {
    let token = AccessToken::new(token).unwrap();
    let builder = Client::builder(Endpoint::COMMERCIAL, token, transport);
    builder.clock(ManualClock::new()).random(drawn(&[0xaa])).build()
}

fn client(transport: Canned) -> Client {
    client_with(CANARY, transport)
}

/// Not the whole token, not its start, not its end, not its length.
#[track_caller]
fn assert_clean(case: &str, shown: &str) {
    for part in ["eyJ0eXAi", "Y2FuYXJ5", "cXV4_-YQ"] {
        assert!(!shown.contains(part), "case: {case}: {shown}");
    }
    assert!(!shown.contains(&CANARY.len().to_string()), "case: {case}: {shown}");
}

#[track_caller]
fn assert_value_clean(case: &str, value: &impl Debug) {
    assert_clean(case, &format!("{value:?} {value:#?}"));
}

#[track_caller]
fn assert_error_clean(case: &str, error: &(impl StdError + 'static)) {
    let mut shown = format!("{error} {error:?} {error:#?}");
    for cause in causes(error) {
        let _ = write!(shown, " {cause} {cause:?} {cause:#?}");
    }
    assert_clean(case, &shown);
}

#[test]
fn a13_values_show_no_token() {
    let transport = Canned::new(stored());
    assert_eq!(format!("{:?} {:#?}", canary(), canary()), "AccessToken(..) AccessToken(..)");
    let boxed: Box<dyn Credential> = Box::new(canary());
    let builder = Client::builder(Endpoint::COMMERCIAL, canary(), transport.clone());
    assert_value_clean("client", &(client(transport), builder, boxed));

    let upload = upload();
    let request = UploadRequest::new(&upload, [0xaa; 20]).unwrap();
    let exchange = request.exchange(&Endpoint::COMMERCIAL).with_token(&canary());
    assert_value_clean("exchange", &(&request, exchange.head(), &exchange));
}

/// Every kind of error, from a server that sends the token back wherever it can.
#[test]
fn a13_errors_show_no_token() {
    let echo =
        format!(r#"{{"error":{{"code":"{CANARY}","message":"{CANARY}","target":"{CANARY}"}}}}"#);
    for status in (200..=206).chain(300..=308).chain(400..=431).chain(500..=511).chain([101, 999]) {
        for (form, body) in [("json", echo.clone()), ("text", format!("<p>{CANARY}</p>"))] {
            let location = format!("https://{CANARY}.example/{CANARY}");
            let headers = ["content-type", "retry-after", "www-authenticate"];
            let headers = headers.map(|name| (name, CANARY)).into_iter();
            let headers: Vec<_> = headers.chain([("location", &*location)]).collect();
            let transport = Canned::new(answer(status, &headers, body));
            let error = client(transport).upload(&upload()).unwrap_err();
            let case = format!("{status} with {form}");
            assert_error_clean(&case, &error);
            let answer = (error.code(), error.message(), error.correlation_id());
            assert_value_clean(&case, &(error.kind(), error.help(), answer));
        }
    }
}

#[test]
fn a13_local_errors_show_no_token() {
    let quoting = Canned::with(|exchange, _| {
        let shown = format!("{exchange:?} {:?}", exchange.head());
        Err(TransportError::new(TransportErrorKind::Protocol).with_source(shown))
    });
    assert_error_clean("transport that quotes", &client(quoting).upload(&upload()).unwrap_err());

    for token in [format!("{CANARY}\n"), format!("Bearer {CANARY}"), format!("{CANARY}\0")] {
        let refused = AccessToken::new(token).unwrap_err();
        assert_error_clean("refused", &refused);
        assert_error_clean("refused", &Error::from(refused));
    }
    assert_error_clean("refused", &Secret::new(format!("{CANARY}\0")).unwrap_err());
}

#[test]
fn a15_panic_with_the_request_in_scope() {
    let transport = Canned::with(|exchange, _| panic!("cannot send {:?}", exchange.take_head()));
    let panic = catch_unwind(AssertUnwindSafe(|| client(transport).upload(&upload()))).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("\"authorization\": Sensitive"), "{message}");
    assert_clean("panic", message);
}

/// However the token is spelled, it is taken out before anything reads the answer.
#[test]
fn a16_server_echoes_the_token() {
    let (mut all_units, mut all_percent) = (String::new(), String::new());
    for byte in CANARY.bytes() {
        write!(all_units, "\\u{byte:04x}").unwrap();
        write!(all_percent, "%{byte:02x}").unwrap();
    }
    for spelled in [
        CANARY.to_owned(),
        CANARY.replace('/', "\\/"),
        CANARY.replace('+', "\\u002B"),
        CANARY.replace('+', "\\u002b"),
        CANARY.replace('/', "\\/").replace('+', "\\u002B"),
        all_units,
    ] {
        let body = format!(r#"{{"error":{{"code":"X","message":"bad {spelled}!"}}}}"#);
        let error = client(Canned::new(json(400, &body))).upload(&upload()).unwrap_err();
        assert_error_clean(&spelled, &error);
        assert_eq!(error.message(), Some("bad [redacted]!"), "case: {spelled}");
    }
    let percent = CANARY.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    for spelled in [CANARY, &percent, &percent.replace('~', "%7E"), &all_percent] {
        let page = format!("<p>{spelled}</p><p>{spelled}</p>");
        let error = client(Canned::new(answer(502, &[], page))).upload(&upload()).unwrap_err();
        assert!(error.to_string().contains("<p>[redacted]</p><p>[redacted]</p>"), "{error}");
    }
}

/// The rest of the answer decides, in its fields and in its headers.
#[test]
fn a16_success_echoes_the_token() {
    let body =
        format!(r#"{{"fileName":"{NAME}","sha256":"{SHA256}","description":"by {CANARY}"}}"#);
    let stored = client(Canned::new(json(200, &body))).upload(&upload()).unwrap();
    assert_eq!(stored.description(), Some("by [redacted]"));
    assert_value_clean("entity", &stored);

    let with = |token, reply| client_with(token, Canned::new(reply)).upload(&upload()).unwrap_err();
    let renamed = ErrorKind::Unusable(OtherName { stored: "[redacted]dns.ps1".to_owned() });
    assert_eq!(with("collect-", crate::support::stored()).kind(), &renamed);
    let asking = answer(503, &[("retry-after", "12345678")], "");
    let error = with("12345678", asking.clone());
    assert_eq!((error.kind(), error.retry_after()), (&ErrorKind::ServerFailed, None));
    assert_eq!(with("another-token", asking).retry_after(), Some(Duration::from_secs(12_345_678)));
    let elsewhere = answer(302, &[("location", "https://12345678.example/")], "");
    assert!(!with("12345678", elsewhere).to_string().contains("12345678"));
}

/// A secret of 8 bytes is taken out, a shorter one stays, because it would garble the answer.
#[test]
fn a16_a_short_secret_is_left_in_the_answer() {
    for (secret, scrubbed) in [("1234567", "a 1234567 b"), ("12345678", "a [redacted] b")] {
        let echo = Response::new(format!("a {secret} b").into_bytes());
        let clean = Secret::new(secret).unwrap().scrub(echo);
        assert_eq!(String::from_utf8_lossy(clean.body()), scrubbed);
    }
    // Also one with a character that begins an escape.
    for at in [0, 1, 7] {
        for escape in ['%', '+', '\\'] {
            let mut secret = "1234567".to_owned();
            secret.insert(at, escape);
            let echo = Response::new(format!("a {secret} b").into_bytes());
            let clean = Secret::new(secret).unwrap().scrub(echo);
            assert_eq!(String::from_utf8_lossy(clean.body()), "a [redacted] b");
        }
    }
    let zeros = "0".repeat(64);
    let mismatch = json(200, &format!(r#"{{"fileName":"{NAME}","sha256":"{zeros}"}}"#));
    let throttled = answer(429, &[("retry-after", "120")], "");
    for token in ["a", "1", "0", "120", "error", "{", "\""] {
        let with = |reply: &Response<_>| client_with(token, Canned::new(reply.clone()));
        let error = with(&mismatch).upload(&upload()).unwrap_err();
        assert_eq!(error.effect(), Effect::Applied, "case: {token:?}: {error}");
        let error = with(&throttled).upload(&upload()).unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(120)), "case: {token:?}");
    }
}

/// A form writes a space as `+`.
#[test]
fn a16_a_space_may_be_a_plus_and_nothing_else() {
    for (secret, text, is_found) in [
        ("pass word", "pass word", true),
        ("pass word", "pass+word", true),
        ("pass word", "pass%20word", true),
        ("pass word", "pass-word", false),
        ("pass-word", "pass+word", false),
    ] {
        let clean = Secret::new(secret).unwrap().scrub(Response::new(text.into()));
        let expected = if is_found { "[redacted]" } else { text };
        assert_eq!(String::from_utf8_lossy(clean.body()), expected, "{secret}");
    }
}

/// The search skips blocks of bytes, and a spelling may lie across two of them.
#[test]
fn a16_a_secret_is_found_at_every_position() {
    let secret = Secret::new("ab_cd_ef").unwrap();
    for spelling in ["ab_cd_ef", "\\u0061b_cd_ef", "a\\u0062_cd_ef", "a%62_cd_ef", "%61b_cd_ef"] {
        for before in 0..=200 {
            let (before, after) = ("a".repeat(before), "a".repeat(200 - before));
            let echo = Response::new([&before, spelling, &after].concat().into_bytes());
            let clean = [&before, "[redacted]", &after].concat();
            let found = secret.scrub(echo).into_body();
            assert_eq!(String::from_utf8_lossy(&found), clean, "case: {spelling}");
        }
    }
}

/// Compiles only if the type lacks the trait: with it, `_` would have two meanings.
macro_rules! assert_lacks {
    ($type:ty: $($bound:path),+) => {$({
        trait Ambiguous<A> {
            fn lacks() {}
        }
        impl<T: ?Sized> Ambiguous<()> for T {}
        struct Implements;
        impl<T: ?Sized + $bound> Ambiguous<Implements> for T {}
        <$type as Ambiguous<_>>::lacks();
    })+};
}

#[test]
fn a18_secrets_stay_where_they_are() {
    assert_lacks!(AccessToken: serde::Serialize, Display, PartialEq, AsRef<str>);
    assert_lacks!(Secret: serde::Serialize, Display, PartialEq, AsRef<str>);
    assert_lacks!(Client: serde::Serialize);
}
