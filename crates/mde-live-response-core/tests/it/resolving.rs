//! Uploads that must not replace anything and whose answer was lost: the library itself is asked.

use mde_live_response_core::{
    AccessToken, Body, Client, ClientBuilder, Delivery, Endpoint, Error, IfExists,
    MismatchErrorKind, RetryPolicy, Transport, TransportError, TransportErrorKind, Upload, http,
};
use mde_live_response_mock::{FakeLibrary, ManualClock, MockTransport, Reply};

use crate::support::{CONTENT, EMPTY_SHA256, NAME, SHA256, expect_error, upload};

fn builder(transport: impl Transport + 'static) -> ClientBuilder {
    let token = AccessToken::new("an-access-token").unwrap();
    Client::builder(Endpoint::COMMERCIAL, token, transport).clock(ManualClock::new())
}

fn lost() -> TransportError {
    TransportError::new(TransportErrorKind::Receive, Delivery::Unknown)
}

fn listing(files: &str, more: &str) -> Reply {
    Reply::json(200, format!(r#"{{"value":[{files}]{more}}}"#))
}

fn listed(name: &str, sha256: &str) -> String {
    format!(r#"{{"fileName":"{name}","sha256":"{sha256}"}}"#)
}

/// Hands a request on, and loses the answer of the first upload.
#[derive(Debug)]
struct Losing {
    library: FakeLibrary,
    arrives: bool,
    lost: std::sync::atomic::AtomicBool,
}

impl Losing {
    fn new(library: &FakeLibrary, arrives: bool) -> Self {
        Self { library: library.clone(), arrives, lost: false.into() }
    }
}

impl Transport for Losing {
    fn send(
        &self,
        mut request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let is_upload = request.method() == http::Method::POST;
        if !is_upload || self.lost.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return self.library.send(request);
        }
        if self.arrives {
            self.library.send(request)?;
        } else {
            std::io::copy(request.body_mut(), &mut std::io::sink()).unwrap();
        }
        Err(lost())
    }
}

#[test]
fn an_upload_that_arrived_is_a_success_that_says_how_it_is_known() {
    let library = FakeLibrary::new();
    let stored = builder(Losing::new(&library, true)).build().upload(&upload()).unwrap();
    assert!(stored.is_resolved());
    assert_eq!(stored.sha256().unwrap().to_string(), SHA256);
    assert_eq!((library.names(), library.calls()), (vec![NAME.to_owned()], 2));

    let plain = builder(FakeLibrary::new()).build().upload(&upload()).unwrap();
    assert!(!plain.is_resolved());
}

#[test]
fn an_upload_that_did_not_arrive_is_sent_again() {
    let library = FakeLibrary::new();
    library.insert("another.ps1", b"1");
    let stored = builder(Losing::new(&library, false)).build().upload(&upload()).unwrap();
    assert!(!stored.is_resolved());
    assert_eq!(library.content(NAME).unwrap(), CONTENT.as_bytes());
    assert_eq!(library.calls(), 2, "a listing and an upload");
}

#[test]
fn another_file_under_the_name_is_a_conflict_and_left_alone() {
    let library = FakeLibrary::new();
    library.insert(NAME, b"a colleague's");
    let error = builder(Losing::new(&library, false)).build().upload(&upload()).unwrap_err();
    assert!(error.is_conflict());
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(error.help().unwrap().starts_with("the name is taken"), "{:?}", error.help());
    assert_eq!(library.content(NAME).unwrap(), b"a colleague's");
    assert_eq!(library.calls(), 1, "the listing alone");
    let error = expect_error!(error, Mismatch, "");
    assert!(
        matches!(error.kind(), MismatchErrorKind::Exists { sent, .. } if sent.to_string() == SHA256)
    );
}

/// Replaces the file before anybody lists the library.
#[derive(Debug)]
struct Replacing(Losing);

impl Transport for Replacing {
    fn send(
        &self,
        request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        if request.method() == http::Method::GET {
            self.0.library.insert(NAME, b"a colleague's");
        }
        self.0.send(request)
    }
}

/// Found by the storm: it was said to be not delivered.
#[test]
fn a_file_that_was_replaced_before_the_listing_is_not_said_to_be_undelivered() {
    let library = FakeLibrary::new();
    let transport = Replacing(Losing::new(&library, true));
    let error = builder(transport).build().upload(&upload()).unwrap_err();
    assert_eq!((error.is_conflict(), error.delivery()), (true, Delivery::Unknown));
    assert_eq!(library.content(NAME).unwrap(), b"a colleague's");
    assert_eq!(library.calls(), 2, "an upload that arrived, and the listing");
}

#[test]
fn what_a_listing_cannot_tell_stays_unknown_with_both_facts() {
    let cases = [
        ("refused", Reply::error(403, "Forbidden"), "(403 Forbidden: scripted by a test"),
        ("no JSON", Reply::json(200, "<html>"), "the answer is not JSON"),
        ("no list", Reply::json(200, "{}"), "not an entity of the library"),
        ("no hash", listing(&format!(r#"{{"fileName":"{NAME}"}}"#), ""), "without its sha256"),
        ("bad hash", listing(&listed(NAME, "1234"), ""), "field sha256 cannot be read"),
    ];
    for (case, reply, why) in cases {
        let mock = MockTransport::new().fail(lost()).reply(reply);
        let client = builder(mock.clone()).retry(RetryPolicy::DEFAULT.with_attempts(1)).build();
        let error = client.upload(&upload()).unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown, "case: {case}");
        let text = error.to_string();
        let (first, second) = text.split_once("; a listing could not tell: ").expect(case);
        assert_eq!(
            first,
            "`collect-dns.ps1`: the connection broke before the answer was complete; it is unknown \
             whether the file was stored",
            "case: {case}"
        );
        assert!(second.contains(why), "case: {case}: {second}");
        mock.assert_done();
    }
}

/// A refusal may be its doing, and after any other end it may still arrive. Found by the storm over sockets.
#[test]
fn after_the_name_was_absent_the_lost_attempt_may_still_arrive() {
    for status in [400, 401, 403, 404, 409] {
        let mock = MockTransport::new()
            .fail(lost())
            .reply(listing("", ""))
            .reply(Reply::error(status, "SomeCode"));
        let error: Error = builder(mock.clone()).build().upload(&upload()).unwrap_err();
        let status_and_delivery = (error.status().unwrap().as_u16(), error.delivery());
        assert_eq!(status_and_delivery, (status, Delivery::Unknown));
        mock.assert_done();
    }
    let refused = || TransportError::new(TransportErrorKind::Connect, Delivery::NotDelivered);
    let mock = MockTransport::new()
        .fail(lost())
        .reply(listing("", ""))
        .fail(refused())
        .fail(refused())
        .fail(refused());
    let error: Error = builder(mock.clone()).build().upload(&upload()).unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    mock.assert_done();
}

#[test]
fn pages_are_followed_on_the_same_origin_only() {
    let next = |uri: &str| format!(r#","@odata.nextLink":"{uri}""#);
    let ours = next("https://api.security.microsoft.com/api/libraryfiles?$skip=1");
    let mock = MockTransport::new()
        .fail(lost())
        .reply(listing(&listed("a.ps1", EMPTY_SHA256), &ours))
        .reply(listing(&listed(&NAME.to_uppercase(), SHA256), ""));
    let stored = builder(mock.clone()).build().upload(&upload()).unwrap();
    assert!(stored.is_resolved());
    let [_, first, second] = mock.requests();
    assert_eq!(first.uri(), "https://api.security.microsoft.com/api/libraryfiles");
    assert_eq!(second.uri(), "https://api.security.microsoft.com/api/libraryfiles?$skip=1");

    for elsewhere in [
        "https://elsewhere.example/api/libraryfiles",
        "http://api.security.microsoft.com/api/libraryfiles",
        "https://api.security.microsoft.com:8443/api/libraryfiles",
        "https://api.security.microsoft.com@elsewhere.example/",
        "/api/libraryfiles?$skip=1",
        "::",
    ] {
        let mock = MockTransport::new().fail(lost()).reply(listing("", &next(elsewhere)));
        let error = builder(mock.clone()).build().upload(&upload()).unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown, "case: {elsewhere}");
        let [_, _] = mock.requests();
    }
}

#[test]
fn pages_in_a_circle_come_to_an_end() {
    let circle = r#","@odata.nextLink":"https://api.security.microsoft.com/api/libraryfiles""#;
    let mock = MockTransport::from_fn(move |request| match request.number() {
        1 => Err(lost()),
        _ => Ok(listing("", circle)),
    });
    let error = builder(mock.clone()).build().upload(&upload()).unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    let requests: [_; 101] = mock.requests();
    assert_eq!(requests[100].method(), "GET");
}

#[test]
fn nothing_is_listed_when_there_is_nothing_to_resolve() {
    let off = RetryPolicy::DEFAULT.resolve_unknown(false);
    let cases: [(&str, RetryPolicy, Upload); 3] = [
        ("switched off", off, upload()),
        ("no repeats at all", RetryPolicy::NONE, upload()),
        (
            "overriding",
            RetryPolicy::DEFAULT.with_attempts(1),
            upload().if_exists(IfExists::Override),
        ),
    ];
    for (case, policy, upload) in cases {
        let mock = MockTransport::new().fail(lost());
        let error = builder(mock.clone()).retry(policy).build().upload(&upload).unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown, "case: {case}");
        let [_] = mock.requests();
    }
}
