//! What becomes of a token: which calls share it, and when it is renewed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use crate::{builder, client, credential, library, overriding, upload};

#[test]
fn a07_clones_share_a_token_and_renew_it_before_it_expires_and_after_it_was_refused() {
    let clock = ManualClock::new();
    let library = library(&clock);
    let client = builder(credential(), library.clone(), &clock).build();
    for _ in 0..3 {
        client.clone().upload(&overriding()).unwrap();
    }
    assert_eq!(library.token_calls(), 1);
    clock.advance(Duration::from_secs(3_599 - 301));
    client.upload(&overriding()).unwrap();
    assert_eq!(library.token_calls(), 1);
    clock.advance(Duration::from_secs(1));
    client.upload(&overriding()).unwrap();
    assert_eq!(library.token_calls(), 2, "300 s before its end");
    assert_eq!(library.calls(), 5, "no call with an expired token");
    library.revoke_tokens();
    client.upload(&overriding()).unwrap();
    assert_eq!(
        (library.token_calls(), library.calls()),
        (3, 7),
        "the refused token is replaced once"
    );
}

#[test]
fn clients_of_one_credential_do_not_share_tokens() {
    let clock = ManualClock::new();
    let (library, credential) = (library(&clock), credential());
    for _ in 0..2 {
        let client = builder(credential.clone(), library.clone(), &clock).build();
        client.upload(&overriding()).unwrap();
    }
    assert_eq!(library.token_calls(), 2);
}

/// Answers every token request with this life, and counts them.
fn issuing(expires_in: &'static str) -> (MockTransport, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let mock = MockTransport::from_fn(move |request| {
        if !request.uri().path().ends_with("/token") {
            return Reply::stored();
        }
        counter.fetch_add(1, Ordering::SeqCst);
        let body = format!(r#"{{"token_type":"bearer"{expires_in},"access_token":"a-token"}}"#);
        Reply::json(200, body)
    });
    (mock, count)
}

/// Anything but whole seconds counts as absent: the token is used until the service refuses it.
#[test]
fn the_life_of_a_token_is_a_number_or_text() {
    for (expires_in, requests) in [
        (r#","expires_in":3599"#, 2),
        (r#","expires_in":"3599""#, 2),
        ("", 1),
        (r#","expires_in":null"#, 1),
        (r#","expires_in":3599.0"#, 1),
        (r#","expires_in":-5"#, 1),
        (r#","expires_in":"-5""#, 1),
        (r#","expires_in":"soon""#, 1),
        (r#","expires_in":[3599]"#, 1),
        (r#","expires_in":18446744073709551615"#, 1),
        (r#","expires_in":18446744073709551616"#, 1),
        (r#","expires_in":"18446744073709551615""#, 1),
        (r#","expires_in":"99999999999999999999999""#, 1),
    ] {
        let (mock, count) = issuing(expires_in);
        let client = client(&mock);
        client.upload(&upload()).unwrap();
        mock.clock().advance(Duration::from_secs(3_600));
        client.upload(&upload()).unwrap();
        assert_eq!(count.load(Ordering::SeqCst), requests, "case: {expires_in}");
    }
}

#[test]
fn a_token_without_any_life_serves_the_call_that_wanted_it() {
    let (mock, count) = issuing(r#","expires_in":0"#);
    let client = client(&mock);
    client.upload(&upload()).unwrap();
    let first = count.load(Ordering::SeqCst);
    client.upload(&upload()).unwrap();
    // Before the wait for the rate limit, and after it.
    assert_eq!((first, count.load(Ordering::SeqCst)), (2, 4));
    assert_eq!(mock.clock().now(), Duration::ZERO);
}
