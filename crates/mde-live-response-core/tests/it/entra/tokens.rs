//! What becomes of a token: who shares it, and when it is renewed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mde_live_response_core::{Client, Clock, Upload};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use super::{builder, is_for_token, library, overriding};
use crate::support::upload;

#[test]
fn a_token_is_shared_by_clones_and_renewed_before_it_ends() {
    let clock = ManualClock::new();
    let library = library(&clock);
    let client = builder(library.clone(), &clock).build();
    for _ in 0..3 {
        client.clone().upload(&overriding()).unwrap();
    }
    assert_eq!(library.token_calls(), 1);
    clock.advance(Duration::from_secs(3_599 - 301));
    client.upload(&overriding()).unwrap();
    assert_eq!(library.token_calls(), 1);
    clock.advance(Duration::from_secs(1));
    client.upload(&overriding()).unwrap();
    assert_eq!(library.token_calls(), 2, "five minutes before its end");
    assert_eq!(library.calls(), 5, "no call with an expired token");
}

#[test]
fn a07_a_refused_token_is_replaced_once() {
    let clock = ManualClock::new();
    let library = library(&clock);
    let client = builder(library.clone(), &clock).build();
    client.upload(&overriding()).unwrap();
    library.revoke_tokens();
    client.upload(&overriding()).unwrap();
    assert_eq!((library.token_calls(), library.calls()), (2, 3));
}

fn upload_by_ten_threads(client: &Client, clock: &ManualClock) {
    let registrations: Vec<_> = (0..10).map(|_| clock.register()).collect();
    std::thread::scope(|scope| {
        for (n, registration) in registrations.into_iter().enumerate() {
            let client = client.clone();
            scope.spawn(move || {
                let _registration = registration;
                let name = format!("{n}.ps1").parse().unwrap();
                let upload = Upload::new(name, b"x");
                client
                    .upload(&upload.if_exists(mde_live_response_core::IfExists::Override))
                    .unwrap();
            });
        }
    });
}

#[test]
fn a10_ten_threads_ask_once() {
    let clock = ManualClock::new();
    let library = library(&clock);
    let client = builder(library.clone(), &clock).build();
    upload_by_ten_threads(&client, &clock);
    assert_eq!((library.token_calls(), library.names().len()), (1, 10));

    // Once more when the token has become due, and once when it was revoked.
    clock.advance(Duration::from_secs(3_300));
    upload_by_ten_threads(&client, &clock);
    assert_eq!(library.token_calls(), 2);
    library.revoke_tokens();
    upload_by_ten_threads(&client, &clock);
    assert_eq!(library.token_calls(), 3);
}

/// Each client has a token of its own, though the credential was one.
#[test]
fn clients_of_one_credential_do_not_share_its_tokens() {
    let clock = ManualClock::new();
    let library = library(&clock);
    for _ in 0..2 {
        builder(library.clone(), &clock).build().upload(&overriding()).unwrap();
    }
    assert_eq!(library.token_calls(), 2);
}

/// Answers every request for a token with this life, and counts.
fn issuing(expires_in: &'static str, asked: &Arc<AtomicUsize>) -> MockTransport {
    let asked = Arc::clone(asked);
    MockTransport::from_fn(move |request| {
        if !is_for_token(request) {
            return Ok(Reply::stored());
        }
        asked.fetch_add(1, Ordering::SeqCst);
        let body =
            format!(r#"{{"token_type":"bearer"{expires_in},"access_token":"an-issued-token"}}"#);
        Ok(Reply::json(200, body))
    })
}

/// Seconds, as a number or as a text; what is neither counts as not said, and the token serves until it is refused.
#[test]
fn how_long_a_token_is_good_may_be_said_in_several_ways() {
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
        let (clock, asked) = (ManualClock::new(), Arc::default());
        let client = builder(issuing(expires_in, &asked), &clock).build();
        client.upload(&upload()).unwrap();
        clock.advance(Duration::from_secs(3_600));
        client.upload(&upload()).unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), requests, "case: {expires_in}");
    }
}

/// A token without any life serves the call that asked for it, and ends no call.
#[test]
fn a_token_of_no_life_is_still_used() {
    let (clock, asked) = (ManualClock::new(), Arc::default());
    let client = builder(issuing(r#","expires_in":0"#, &asked), &clock).build();
    client.upload(&upload()).unwrap();
    let first = asked.load(Ordering::SeqCst);
    client.upload(&upload()).unwrap();
    assert_eq!((first, asked.load(Ordering::SeqCst)), (2, 4), "before a turn and after it");
    assert_eq!(clock.now(), Duration::ZERO);
}
