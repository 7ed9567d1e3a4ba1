//! Uploads that must not replace a file and whose answer was lost: the client lists the library.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};

use mde_live_response_core::http::{Method, Response};
use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::transport::{
    Exchange, Transport, TransportError, TransportErrorKind as Kind,
};
use mde_live_response_core::{
    AccessToken, Client, Effect, Endpoint, Error, ErrorKind, IfExists, Upload,
};
use mde_live_response_mock::{FakeLibrary, ManualClock, MockTransport, Reply};

use crate::support::{CONTENT, EMPTY_SHA256, NAME, SHA256, upload};

/// What a listing shows: nothing, or one file with these fields.
fn listing(fields: &str) -> Reply {
    let file = if fields.is_empty() { String::new() } else { format!("{{{fields}}}") };
    Reply::json(200, format!(r#"{{"value":[{file}]}}"#))
}

fn page(file: &str, next: &str) -> Reply {
    Reply::json(200, format!(r#"{{"value":[{file}],"@odata.nextLink":"{next}"}}"#))
}

/// A library; the answer to the first upload is lost.
#[derive(Debug)]
struct Losing {
    library: FakeLibrary,
    arrives: bool,
    /// Another person replaces the file before the listing.
    is_replaced: bool,
    lost: AtomicBool,
}

impl Losing {
    fn client(library: &FakeLibrary, arrives: bool, is_replaced: bool) -> Client {
        let library = library.clone();
        let transport = Self { library, arrives, is_replaced, lost: AtomicBool::new(false) };
        let token = AccessToken::new("an-access-token").unwrap();
        Client::builder(Endpoint::COMMERCIAL, token, transport).clock(ManualClock::new()).build()
    }
}

impl Transport for Losing {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let is_upload = exchange.head().method == Method::POST;
        if self.is_replaced && !is_upload {
            self.library.insert(NAME, b"a colleague's");
        }
        if !is_upload || self.lost.swap(true, Ordering::SeqCst) {
            return self.library.send(exchange);
        }
        if self.arrives {
            self.library.send(exchange)?;
        } else {
            exchange.read_to_end(&mut Vec::new()).unwrap();
        }
        Err(TransportError::new(Kind::Receive))
    }
}

#[test]
fn an_upload_that_arrived_is_a_resolved_success() {
    let library = FakeLibrary::new();
    let stored = Losing::client(&library, true, false).upload(&upload()).unwrap();
    assert!(stored.is_resolved());
    assert_eq!(stored.sha256().unwrap().to_string(), SHA256);
    assert_eq!((library.names(), library.calls()), (vec![NAME.to_owned()], 2));
}

#[test]
fn an_upload_that_did_not_arrive_is_sent_again() {
    let library = FakeLibrary::new();
    library.insert("another.ps1", b"1");
    let stored = Losing::client(&library, false, false).upload(&upload()).unwrap();
    assert!(!stored.is_resolved());
    assert_eq!(library.content(NAME).unwrap(), CONTENT.as_bytes());
    assert_eq!(library.calls(), 2, "a listing and an upload");
}

/// The lost upload may have stored its file before another person replaced it.
#[test]
fn another_file_under_the_name_is_left_alone_and_the_effect_unknown() {
    for (arrives, is_replaced, calls) in [(false, false, 1), (true, true, 2), (false, true, 1)] {
        let library = FakeLibrary::new();
        if !is_replaced {
            library.insert(NAME, b"a colleague's");
        }
        let client = Losing::client(&library, arrives, is_replaced);
        let error = client.upload(&upload()).unwrap_err();
        assert_eq!((error.kind(), error.effect()), (&ErrorKind::NameTaken, Effect::Unknown));
        assert_eq!(library.content(NAME).unwrap(), b"a colleague's");
        assert_eq!(library.calls(), calls, "no upload after the listing");
    }
}

/// An older file may have the same bytes, but hardly the same texts.
#[test]
fn a_listed_file_is_this_upload_only_if_bytes_and_texts_are_the_same() {
    let plain = || upload();
    let described = || upload().with_description("Lists the DNS cache\nfast".parse().unwrap());
    let with_parameters = || upload().with_parameters("-Server NAME".parse().unwrap());
    let name = format!(r#""fileName":"{NAME}","sha256":"{SHA256}""#);
    let other = format!(r#""fileName":"{NAME}","sha256":"{EMPTY_SHA256}""#);
    // The upload, the fields of the listed file, and whether that is this upload.
    let cases: Vec<(Upload, &str, String, bool)> = vec![
        (plain(), "no texts", name.clone(), true),
        (plain(), "null", format!(r#"{name},"description":null"#), true),
        (plain(), "empty", format!(r#"{name},"description":"","parametersDescription":"""#), true),
        (plain(), "no parameters", format!(r#"{name},"hasParameters":false"#), true),
        (plain(), "parameters", format!(r#"{name},"hasParameters":true"#), false),
        (plain(), "a description", format!(r#"{name},"description":"Another""#), false),
        (plain(), "usage", format!(r#"{name},"parametersDescription":"-A""#), false),
        (plain(), "other bytes", other.clone(), false),
        (described(), "no texts", name.clone(), false),
        (described(), "same", format!(r#"{name},"description":"Lists the DNS cache\nfast""#), true),
        (
            described(),
            "other line ends",
            format!(r#"{name},"description":"Lists the DNS cache\r\nfast""#),
            true,
        ),
        (described(), "a part", format!(r#"{name},"description":"Lists the DNS cache""#), false),
        (
            described(),
            "other bytes, same texts",
            format!(r#"{other},"description":"Lists the DNS cache\nfast""#),
            false,
        ),
        (with_parameters(), "no texts", name.clone(), false),
        (
            with_parameters(),
            "same",
            format!(r#"{name},"hasParameters":true,"parametersDescription":"-Server NAME""#),
            true,
        ),
        (
            with_parameters(),
            "same, flag not reported",
            format!(r#"{name},"parametersDescription":"-Server NAME""#),
            true,
        ),
        (
            with_parameters(),
            "same, other flag",
            format!(r#"{name},"hasParameters":false,"parametersDescription":"-Server NAME""#),
            false,
        ),
        (with_parameters(), "flag alone", format!(r#"{name},"hasParameters":true"#), false),
    ];
    for (upload, case, fields, is_same) in cases {
        let mock = MockTransport::new().reply(Reply::lost()).reply(listing(&fields));
        match mock.client().upload(&upload) {
            Ok(stored) => assert!(stored.is_resolved() && is_same, "case: {case}, {upload:?}"),
            Err(error) => {
                let facts = (error.kind(), error.effect(), is_same);
                let expected = (&ErrorKind::NameTaken, Effect::Unknown, false);
                assert_eq!(facts, expected, "case: {case}, {upload:?}");
            }
        }
        mock.assert_done();
    }
}

#[test]
fn if_the_listing_does_not_tell_the_lost_answer_is_the_error() {
    let named = |sha256: &str| listing(&format!(r#""fileName":"{NAME}"{sha256}"#));
    for (case, reply) in [
        ("refused", Reply::error(403, "Forbidden")),
        ("lost", Reply::lost()),
        ("not JSON", Reply::json(200, "<html>")),
        ("not a list", Reply::json(200, "{}")),
        ("no hash", named("")),
        ("bad hash", named(r#","sha256":"1234""#)),
    ] {
        let mock = MockTransport::new().reply(Reply::lost()).reply(reply);
        let once = RetryPolicy::DEFAULT.with_attempts(1);
        let error = mock.client_builder().retry(once).build().upload(&upload()).unwrap_err();
        let facts = (error.kind(), error.effect(), error.attempts());
        assert_eq!(facts, (&ErrorKind::Transport(Kind::Receive), Effect::Unknown, 1), "{case}");
        mock.assert_done();
    }
}

/// The lost attempt may be the reason of the refusal, and may still arrive after any other end.
#[test]
fn after_a_listing_without_the_name_the_lost_attempt_may_still_arrive() {
    let ends = |replies: Vec<Reply>| {
        let mock = MockTransport::new().reply(Reply::lost()).reply(listing(""));
        let mock = replies.into_iter().fold(mock, MockTransport::reply);
        let error: Error = mock.client().upload(&upload()).unwrap_err();
        mock.assert_done();
        (error.status().map(|status| status.as_u16()), error.effect())
    };
    for status in [400, 401, 403, 404, 409] {
        let expected = (Some(status), Effect::Unknown);
        assert_eq!(ends(vec![Reply::error(status, "SomeCode")]), expected);
        assert_eq!(ends(vec![Reply::error(status, "SomeCode").early()]), expected);
    }
    let refused = (0..3).map(|_| Reply::refused_connection()).collect();
    assert_eq!(ends(refused), (None, Effect::Unknown));
}

#[test]
fn the_listing_follows_pages_on_the_same_origin_only() {
    let next = "https://api.security.microsoft.com/api/libraryfiles?$skip=1";
    let upper = format!(r#""fileName":"{}","sha256":"{SHA256}""#, NAME.to_uppercase());
    let mock = MockTransport::new()
        .reply(Reply::lost())
        .reply(page(r#"{"fileName":"a.ps1"}"#, next))
        .reply(listing(&upper));
    assert!(mock.client().upload(&upload()).unwrap().is_resolved());
    let [_, first, second] = mock.requests();
    assert_eq!(first.uri(), "https://api.security.microsoft.com/api/libraryfiles");
    assert_eq!(second.uri(), next);

    let elsewhere = page("", "https://elsewhere.example/api/libraryfiles");
    let mock = MockTransport::new().reply(Reply::lost()).reply(elsewhere);
    assert_eq!(mock.client().upload(&upload()).unwrap_err().effect(), Effect::Unknown);
    mock.assert_done();
}

#[test]
fn a_listing_whose_pages_form_a_circle_ends_after_100_pages() {
    let mock = MockTransport::from_fn(|request| match request.number() {
        1 => Reply::lost(),
        _ => page("", "https://api.security.microsoft.com/api/libraryfiles"),
    });
    let client = mock.client_builder().deadline(std::time::Duration::from_secs(3_600)).build();
    assert_eq!(client.upload(&upload()).unwrap_err().effect(), Effect::Unknown);
    let requests: [_; 101] = mock.requests();
    assert_eq!(requests[100].method(), "GET");
}

#[test]
fn nothing_is_listed_if_there_is_nothing_to_resolve() {
    let default = RetryPolicy::DEFAULT;
    let cases = [
        ("switched off", default.with_unknown_resolved(false), IfExists::Fail),
        ("no retries", RetryPolicy::NONE, IfExists::Fail),
        ("override", default.with_attempts(1), IfExists::Override),
    ];
    for (case, policy, if_exists) in cases {
        let mock = MockTransport::new().reply(Reply::lost());
        let client = mock.client_builder().retry(policy).build();
        let error = client.upload(&upload().with_if_exists(if_exists)).unwrap_err();
        assert_eq!(error.effect(), Effect::Unknown, "case: {case}");
        mock.assert_done();
    }
}
