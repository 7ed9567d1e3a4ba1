//! A13, A15, A16, A18: nothing that we print, say or pass on holds the token.

use std::error::Error as StdError;
use std::fmt::{Debug, Display, Write};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mde_live_response_core::http::Response;
use mde_live_response_core::wire::UploadForm;
use mde_live_response_core::{
    AccessToken, Client, Credential, CredentialError, Delivery, Endpoint, Error, IssuedToken,
    Limits, SendRecord, TokenRequest, TransportError, TransportErrorKind,
};

use mde_live_response_mock::ManualClock;

use crate::support::{Canned, Drawn, NAME, SHA256, answer, broken, causes, json, stored, upload};

/// Holds every character that JSON or a URL may spell in another way.
const CANARY: &str = "eyJ0eXAiOiJKV1QifQ.Y2FuYXJ5+Zm9v/YmFy~cXV4_-YQ==";

fn canary() -> AccessToken {
    AccessToken::new(CANARY).unwrap()
}

fn client(transport: Canned) -> Client {
    // A boundary drawn at random would hold the token's length now and then.
    let builder =
        Client::builder(Endpoint::COMMERCIAL, canary(), transport).clock(ManualClock::new());
    builder.random(Drawn::same(0xaa)).build()
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
    assert_value_clean("token", &canary());
    assert_eq!(format!("{:?} {:#?}", canary(), canary()), "AccessToken(..) AccessToken(..)");
    assert_value_clean("client", &client(transport.clone()));
    assert_value_clean("builder", &Client::builder(Endpoint::COMMERCIAL, canary(), transport));
    let boxed: Box<dyn Credential> = Box::new(canary());
    assert_value_clean("credential", &boxed);

    let upload = upload();
    let form = UploadForm::render(&upload, &"0b".parse().unwrap());
    let mut record = SendRecord::new();
    let request = form.request(&Endpoint::COMMERCIAL, &canary(), &mut record);
    assert_value_clean("request", &request);
    assert_value_clean("form", &form);
}

/// Every kind of error, from a server that sends the token back wherever it can.
#[test]
fn a13_errors_show_no_token() {
    let echo =
        format!(r#"{{"error":{{"code":"{CANARY}","message":"{CANARY}","target":"{CANARY}"}}}}"#);
    for status in (200..=206).chain(300..=308).chain(400..=431).chain(500..=511).chain([101, 999]) {
        for (form, body) in [("json", echo.clone()), ("text", format!("<p>{CANARY}</p>"))] {
            let headers = [
                ("content-type", format!("text/{CANARY}")),
                ("location", format!("https://{CANARY}.example/{CANARY}")),
                ("retry-after", CANARY.to_owned()),
                ("www-authenticate", format!("Bearer {CANARY}")),
            ];
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            let transport = Canned::new(answer(status, &headers, body));
            let error = client(transport).upload(&upload()).unwrap_err();
            let case = format!("{status} with {form}");
            assert_error_clean(&case, &error);
            assert_clean(&case, &format!("{:?} {:?}", error.help(), error.service_code()));
        }
    }
}

#[test]
fn a13_local_errors_show_no_token() {
    #[derive(Debug)]
    struct Vault(#[expect(dead_code, reason = "shown by its Debug alone")] AccessToken);

    impl Credential for Vault {
        fn token(&self, _: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
            Err(CredentialError::new("sealed"))
        }
    }

    let vault =
        Client::builder(Endpoint::COMMERCIAL, Vault(canary()), Canned::new(stored())).build();
    assert_error_clean("credential", &vault.upload(&upload()).unwrap_err());

    let failing = Canned::with(|request, _| {
        let shown = format!("{request:?}");
        Err(TransportError::new(TransportErrorKind::Protocol, Delivery::Unknown).with_source(shown))
    });
    assert_error_clean(
        "transport that quotes the request",
        &client(failing).upload(&upload()).unwrap_err(),
    );

    for token in [format!("{CANARY}\n"), format!("Bearer {CANARY}"), format!("{CANARY}\0")] {
        assert_error_clean("refused", &AccessToken::new(token.clone()).unwrap_err());
        assert_error_clean("refused", &Error::from(AccessToken::new(token).unwrap_err()));
    }
}

#[test]
fn a15_panic_with_the_request_in_scope() {
    let transport = Canned::with(|request, _| panic!("cannot send {request:?}"));
    let panic = catch_unwind(AssertUnwindSafe(|| client(transport).upload(&upload()))).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.starts_with("cannot send Request {"), "{message}");
    assert!(message.contains("\"authorization\": Sensitive"), "{message}");
    assert_clean("panic", message);
}

#[test]
fn a16_server_echoes_the_token() {
    let in_json =
        |token: &str| json(400, &format!(r#"{{"error":{{"code":"X","message":"bad {token}!"}}}}"#));
    let slash = CANARY.replace('/', "\\/");
    let plus = CANARY.replace('+', "\\u002B");
    let plus_lower = CANARY.replace('+', "\\u002b");
    for (case, reply) in [
        ("plain", in_json(CANARY)),
        ("slash escaped", in_json(&slash)),
        ("plus escaped", in_json(&plus)),
        ("plus escaped, lower", in_json(&plus_lower)),
        ("slash and plus escaped", in_json(&slash.replace('+', "\\u002B"))),
    ] {
        let error = client(Canned::new(reply)).upload(&upload()).unwrap_err();
        assert_error_clean(case, &error);
        let Error::Service(error) = error else { panic!("case: {case}: {error:?}") };
        assert_eq!(error.message(), Some("bad [redacted]!"), "case: {case}");
    }
    let percent = CANARY.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    for (case, token) in [
        ("plain", CANARY),
        ("percent", &percent),
        ("percent, tilde too", &percent.replace('~', "%7E")),
    ] {
        let reply =
            answer(502, &[("content-type", "text/html")], format!("<p>{token}</p><p>{token}</p>"));
        let error = client(Canned::new(reply)).upload(&upload()).unwrap_err();
        let Error::Service(error) = error else { panic!("case: {case}: {error:?}") };
        assert_eq!(error.excerpt(), "<p>[redacted]</p><p>[redacted]</p>", "case: {case}");
    }
}

#[test]
fn a16_success_echoes_the_token() {
    let body =
        format!(r#"{{"fileName":"{NAME}","sha256":"{SHA256}","description":"by {CANARY}"}}"#);
    let stored = client(Canned::new(json(200, &body))).upload(&upload()).unwrap();
    assert_eq!(stored.description(), Some("by [redacted]"));
    assert_value_clean("entity", &stored);
}

/// Taking the token out must not change what the answer means, however short and common the token is.
#[test]
fn a16_short_token_damages_no_answer() {
    let mismatch = json(
        200,
        r#"{"fileName":"another.ps1","sha256":"0000000000000000000000000000000000000000000000000000000000000000"}"#,
    );
    let throttled = answer(429, &[("retry-after", "120")], "");
    for token in ["a", "1", "0", "120", "error", "{", "\""] {
        for (reply, delivery) in
            [(&mismatch, Delivery::Delivered), (&throttled, Delivery::NotDelivered)]
        {
            let transport = Canned::new(reply.clone());
            let token_ = AccessToken::new(token).unwrap();
            let client = Client::builder(Endpoint::COMMERCIAL, token_, transport)
                .clock(ManualClock::new())
                .build();
            let error = client.upload(&upload()).unwrap_err();
            assert_eq!(error.delivery(), delivery, "case: token {token:?}: {error}");
            let wait = error.retry_after().map(|it| it.as_secs());
            assert_eq!(
                wait,
                (delivery == Delivery::NotDelivered).then_some(120),
                "case: token {token:?}"
            );
        }
    }
}

/// Compiles only if the type lacks the trait: with it, `_` would have two meanings.
macro_rules! assert_lacks {
    ($type:ty: $bound:path) => {{
        trait Ambiguous<A> {
            fn lacks() {}
        }
        impl<T: ?Sized> Ambiguous<()> for T {}
        struct Implements;
        impl<T: ?Sized + $bound> Ambiguous<Implements> for T {}
        <$type as Ambiguous<_>>::lacks();
    }};
}

#[test]
fn a18_secrets_stay_where_they_are() {
    assert_lacks!(AccessToken: serde::Serialize);
    assert_lacks!(AccessToken: Display);
    assert_lacks!(AccessToken: PartialEq);
    assert_lacks!(AccessToken: AsRef<str>);
    assert_lacks!(Client: serde::Serialize);
}

#[test]
fn a18_clones_share_the_credential() {
    #[derive(Debug)]
    struct Counting(Arc<AtomicUsize>);

    impl Credential for Counting {
        fn token(&self, _: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(canary().into())
        }
    }

    let asked = Arc::new(AtomicUsize::new(0));
    let counting = Counting(Arc::clone(&asked));
    let client = Client::builder(Endpoint::COMMERCIAL, counting, Canned::new(stored())).build();
    for client in [client.clone(), client] {
        client.upload(&upload()).unwrap();
    }
    assert_eq!(
        (asked.load(Ordering::SeqCst), Arc::strong_count(&asked)),
        (1, 1),
        "one for all, asked once, dropped with the last"
    );
}

#[test]
fn the_limits_travel_with_the_request() {
    let transport = Canned::with(|request, body| {
        let limits = Limits::of(request);
        assert_eq!(limits.time_left(), Some(std::time::Duration::from_secs(7)));
        assert_eq!(limits.max_response(), Limits::DEFAULT_MAX_RESPONSE);
        assert!(limits.cancel().is_none());
        request.body_mut().read_to_end(body).map_err(broken)?;
        Ok::<Response<Vec<u8>>, _>(stored())
    });
    let builder = transport.builder().clock(ManualClock::new());
    let client = builder.deadline(std::time::Duration::from_secs(7)).build();
    client.upload(&upload()).unwrap();
}
