//! What becomes of a token: who shares it, and when it is renewed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::{Clock, Upload};
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

#[test]
fn a10_ten_threads_ask_once() {
    let clock = ManualClock::new();
    let library = library(&clock);
    let client = builder(library.clone(), &clock).build();
    let registrations: Vec<_> = (0..10).map(|_| clock.register()).collect();
    std::thread::scope(|scope| {
        for (n, registration) in registrations.into_iter().enumerate() {
            let client = client.clone();
            scope.spawn(move || {
                let _registration = registration;
                let name = format!("{n}.ps1").parse().unwrap();
                client.upload(&Upload::new(name, b"x")).unwrap();
            });
        }
    });
    assert_eq!((library.token_calls(), library.names().len()), (1, 10));
}

/// Seconds, as a number or as a text; what is neither counts as not said.
#[test]
fn how_long_a_token_is_good_may_be_said_in_several_ways() {
    for (expires_in, requests) in
        [("3599", 2), (r#""3599""#, 2), ("3599.0", 1), ("-5", 1), (r#""soon""#, 1), ("null", 1)]
    {
        let clock = ManualClock::new();
        let asked = Arc::new(Mutex::new(0));
        let mock = MockTransport::from_fn({
            let asked = Arc::clone(&asked);
            move |request| {
                if request.uri().path().ends_with("/token") {
                    *asked.lock().unwrap() += 1;
                    let body = format!(
                        r#"{{"token_type":"bearer","expires_in":{expires_in},"access_token":"a-token"}}"#
                    );
                    return Ok(Reply::json(200, body));
                }
                Ok(Reply::stored())
            }
        });
        let client = builder(mock, &clock).build();
        client.upload(&upload()).unwrap();
        clock.advance(Duration::from_secs(3_600));
        client.upload(&upload()).unwrap();
        assert_eq!(*asked.lock().unwrap(), requests, "case: {expires_in}");
    }
}
