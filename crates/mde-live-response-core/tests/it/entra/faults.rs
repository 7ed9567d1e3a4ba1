//! Requests for a token that fail in passing, come to nothing, or are not wanted any more.

use std::fmt::Write;
use std::io::Read;
use std::time::Duration;

use mde_live_response_core::{
    AuthErrorKind, Body, CancelToken, Clock, Delivery, Error, Transport, TransportError,
    TransportErrorKind, http,
};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use super::{builder, issued};
use crate::support::{causes, expect_error, upload};

/// The same rule as for any call that may be done twice, on the same deadline, and beside the API's pace.
#[test]
fn a_request_that_fails_in_passing_is_repeated() {
    let lost = || TransportError::new(TransportErrorKind::Receive, Delivery::Unknown);
    let clock = ManualClock::new();
    let mock = MockTransport::new()
        .reply(Reply::status(503))
        .fail(lost())
        .reply(issued("an-issued-token"))
        .reply(Reply::stored());
    builder(mock.clone(), &clock).build().upload(&upload()).unwrap();
    assert_eq!(clock.now(), Duration::from_millis(1_500), "backoff of 0.5 s and of 1 s");
    mock.assert_done();

    let clock = ManualClock::new();
    let busy = || Reply::status(429).header("retry-after", "7");
    let mock = MockTransport::new().reply(busy()).reply(busy()).reply(busy());
    let error = builder(mock.clone(), &clock).build().upload(&upload()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: getting a token: the service asks for a pause of 7 s (429); 3 attempts; nothing \
         was stored"
    );
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert!(error.is_retryable());
    assert_eq!(clock.now(), Duration::from_secs(14));
    assert_eq!(expect_error!(error, Auth, "").kind(), AuthErrorKind::Credential);

    // A token's lost answer leaves nothing open about the library.
    let mock = MockTransport::new().fail(lost()).fail(lost()).fail(lost());
    let error = builder(mock, &ManualClock::new()).build().upload(&upload()).unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: getting a token: the connection broke before the answer was complete; 3 attempts; \
         nothing was stored"
    );
}

#[test]
fn an_answer_that_is_no_token_is_an_error_that_quotes_nothing() {
    let token = |value: &str| format!(r#"{{"token_type":"Bearer","access_token":{value}}}"#);
    for body in [
        "canary-token".to_owned(),
        r#"["canary-token"]"#.to_owned(),
        r#"{"token_type":"Bearer"}"#.to_owned(),
        r#"{"token_type":"mac","access_token":"canary-token"}"#.to_owned(),
        token(r#""canary token""#),
        token(r#""""#),
        token("17"),
    ] {
        let mock = MockTransport::new().reply(Reply::json(200, body.clone()));
        let error = builder(mock, &ManualClock::new()).build().upload(&upload()).unwrap_err();
        let mut shown = format!("{error} {error:?}");
        for cause in causes(&error) {
            write!(shown, "{cause} {cause:?}").unwrap();
        }
        assert!(!shown.contains("canary"), "case: {body}: {shown}");
        assert!(shown.starts_with("`collect-dns.ps1`: getting a token: status 200"), "{shown}");
        assert_eq!(error.delivery(), Delivery::NotDelivered);
    }
}

/// Cancels while the login host is asked.
#[derive(Debug)]
struct Cancelling(CancelToken);

impl Transport for Cancelling {
    fn send(
        &self,
        mut request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let mut body = Vec::new();
        request.body_mut().read_to_end(&mut body).unwrap();
        assert!(request.uri().path().ends_with("/token"), "nothing else is sent");
        self.0.cancel();
        Err(TransportError::new(TransportErrorKind::Cancelled, Delivery::Unknown))
    }
}

#[test]
fn r13_a_cancel_while_a_token_is_asked_for() {
    let cancel = CancelToken::new();
    let client = builder(Cancelling(cancel.clone()), &ManualClock::new()).build();
    let error = client.cancelled_by(&cancel).upload(&upload()).unwrap_err();
    assert!(matches!(error, Error::Cancelled(_)), "{error:?}");
    assert_eq!(error.to_string(), "`collect-dns.ps1`: cancelled; nothing was stored");
    assert_eq!(error.delivery(), Delivery::NotDelivered);
}
