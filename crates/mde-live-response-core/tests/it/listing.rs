//! The library's list: page by page, and only where it may lead.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mde_live_response_core::{
    AccessToken, CancelToken, Client, ClientBuilder, Clock, CredentialError, CredentialFn,
    Delivery, Endpoint, Error, LibraryFile, Pacing, Phase, ResponseErrorKind, RetryPolicy,
    Transport, TransportError, TransportErrorKind,
};
use mde_live_response_mock::{FakeLibrary, ManualClock, MockTransport, Reply, StoredFile};

use crate::support::{Drawn, SHA256, expect_error};

/// A link that may be followed.
const MORE: &str = "https://api.security.microsoft.com/api/libraryfiles?$skip=1";

fn builder(transport: impl Transport + 'static, clock: &ManualClock) -> ClientBuilder {
    let token = AccessToken::new("an-access-token").unwrap();
    Client::builder(Endpoint::COMMERCIAL, token, transport)
        .clock(clock.clone())
        .random(Drawn::same(0xff))
}

fn client(mock: &MockTransport) -> Client {
    builder(mock.clone(), &ManualClock::new()).build()
}

fn page(names: &[&str], next: Option<&str>) -> Reply {
    let files: Vec<_> = names.iter().map(|name| format!(r#"{{"fileName":"{name}"}}"#)).collect();
    let next = next.map(|link| format!(r#","@odata.nextLink":"{link}""#)).unwrap_or_default();
    Reply::json(200, format!(r#"{{"value":[{}]{next}}}"#, files.join(",")))
}

fn names(files: impl Iterator<Item = Result<LibraryFile, Error>>) -> Vec<String> {
    files.map(|file| file.unwrap().file_name().to_owned()).collect()
}

#[test]
fn an_empty_library_is_an_empty_list() {
    let mock = MockTransport::new().reply(page(&[], None));
    let client = client(&mock);
    let mut list = client.list();
    assert!(list.next().is_none());
    assert!(list.next().is_none(), "nothing more is asked for");
    let [_] = mock.requests();
    let fake = builder(FakeLibrary::new(), &ManualClock::new()).build();
    assert!(fake.list().next().is_none());
}

#[test]
fn everything_that_the_library_says_is_there() {
    let library = FakeLibrary::new();
    library.insert("a.ps1", b"Get-Date\n");
    let now = library.now();
    let mut entry = StoredFile::new("b.ps1", b"x", now);
    entry.description = Some("what it is for".to_owned());
    entry.has_parameters = true;
    library.insert_entry(entry, b"x");
    let files: Vec<_> =
        builder(library, &ManualClock::new()).build().list().collect::<Result<_, _>>().unwrap();
    assert_eq!(files[0].file_name(), "a.ps1");
    assert_eq!(files[1].description(), Some("what it is for"));
    assert_eq!(files[1].has_parameters(), Some(true));
    assert_eq!(files.len(), 2);
}

#[test]
fn every_field_of_a_file_is_kept() {
    let full = format!(
        r#"{{"fileName":"a.ps1","sha256":"{SHA256}","description":"What it is for","creationTime":
        "2026-01-01T09:30:00.1234567Z","lastUpdatedTime":"2026-01-02T09:30:00.123456Z","createdBy":"somebody",
        "hasParameters":false,"parametersDescription":"-Name","unknown":[{{}}]}}"#
    );
    let reply = Reply::json(200, format!(r#"{{"value":[{full},{{"fileName":"b.ps1"}}]}}"#));
    let mock = MockTransport::new().reply(reply);
    let files: Vec<_> = client(&mock).list().collect::<Result<_, _>>().unwrap();
    let [full, bare] = &files[..] else { panic!("{files:?}") };
    assert_eq!(full.file_name(), "a.ps1");
    assert_eq!(full.sha256().unwrap().to_string(), SHA256);
    assert_eq!(full.description(), Some("What it is for"));
    assert_eq!(full.creation_time().unwrap().as_str(), "2026-01-01T09:30:00.1234567Z");
    assert_eq!(full.last_updated_time().unwrap().as_str(), "2026-01-02T09:30:00.123456Z");
    assert_eq!(full.created_by(), Some("somebody"));
    assert_eq!(full.has_parameters(), Some(false));
    assert_eq!(full.parameters_description(), Some("-Name"));
    assert!(!full.is_resolved(), "no upload was made");
    assert_eq!(bare.file_name(), "b.ps1");
    assert_eq!((bare.sha256(), bare.description(), bare.created_by()), (None, None, None));
    assert_eq!((bare.creation_time(), bare.last_updated_time()), (None, None));
    assert_eq!((bare.has_parameters(), bare.parameters_description()), (None, None));
}

/// All others may have 1 MiB.
#[test]
fn a_page_may_be_larger_than_other_answers() {
    let name = "a".repeat(2 * 1024 * 1024);
    let mock = MockTransport::new().reply(page(&[&name], None));
    assert_eq!(names(client(&mock).list()), [name]);
}

#[test]
fn a_page_is_asked_for_when_the_one_before_is_used_up() {
    let link = "https://api.security.microsoft.com/api/libraryfiles?$skip=2";
    let mock = MockTransport::new().reply(page(&["a", "b"], Some(link))).reply(page(&["c"], None));
    let client = client(&mock);
    let mut list = client.list();
    assert!(mock.requests::<0>().is_empty());
    assert_eq!(names(list.by_ref().take(2)), ["a", "b"]);
    let [first] = mock.requests();
    assert_eq!(first.uri(), "https://api.security.microsoft.com/api/libraryfiles");
    assert_eq!(first.limits().max_response(), 64 * 1024 * 1024);
    assert_eq!(names(list), ["c"]);
    let [_, second] = mock.requests();
    assert_eq!((first.method().as_str(), second.method().as_str()), ("GET", "GET"));
    assert_eq!(second.uri(), link);
    assert_eq!(second.limits().max_response(), 64 * 1024 * 1024);
    assert_eq!(second.headers()["authorization"], "Bearer an-access-token");
}

#[test]
fn a_page_without_files_is_no_end() {
    let link = "https://api.security.microsoft.com/more";
    let mock = MockTransport::new().reply(page(&[], Some(link))).reply(page(&["c"], None));
    assert_eq!(names(client(&mock).list()), ["c"]);
}

/// A link takes the token along.
#[test]
fn a_link_that_leads_elsewhere_is_an_error_and_not_followed() {
    for link in [
        "https://elsewhere.example/api/libraryfiles",
        "http://api.security.microsoft.com/api/libraryfiles",
        "https://api.security.microsoft.com:8443/api/libraryfiles",
        "https://api.security.microsoft.com.example/",
        "https://x@api.security.microsoft.com/",
        "//elsewhere.example/",
        "/api/libraryfiles?$skip=1",
        "?$skip=1",
        "api.security.microsoft.com",
        "mailto:api.security.microsoft.com",
        "https://",
        "not a link",
        "::",
        "",
    ] {
        let mock = MockTransport::new().reply(page(&["a"], Some(link)));
        let client = client(&mock);
        let mut list = client.list();
        let error = list.next().unwrap().unwrap_err();
        assert!(list.next().is_none(), "case: {link}");
        assert!(error.to_string().starts_with("listing the library: "), "case: {link}: {error}");
        assert_eq!(error.delivery(), Delivery::NotDelivered);
        let error = expect_error!(error, Response, link);
        let kind = ResponseErrorKind::Field { name: "@odata.nextLink" };
        assert_eq!(error.kind(), &kind, "case: {link}");
        let [_] = mock.requests();
    }
}

#[test]
fn what_is_no_text_is_no_link() {
    for (case, link, ends_well) in
        [("null", "null", true), ("a number", "1", false), ("a list", "[]", false)]
    {
        let text = format!(r#"{{"value":[{{"fileName":"a"}}],"@odata.nextLink":{link}}}"#);
        let mock = MockTransport::new().reply(Reply::json(200, text));
        let files: Vec<_> = client(&mock).list().collect();
        assert_eq!((files.len(), files[0].is_ok()), (1, ends_well), "case: {case}");
        let [_] = mock.requests();
    }
}

#[test]
fn pages_in_a_circle_end_after_a_hundred() {
    let asked = std::sync::Arc::new(AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&asked);
    let mock = MockTransport::from_fn(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(page(&["a"], Some("https://api.security.microsoft.com/again")))
    });
    let client = builder(mock, &ManualClock::new()).deadline(Duration::from_secs(3_600)).build();
    let mut list = client.list();
    assert_eq!(names(list.by_ref().take(100)).len(), 100);
    let error = list.next().unwrap().unwrap_err();
    assert!(list.next().is_none());
    assert_eq!(asked.load(Ordering::SeqCst), 100);
    assert!(error.to_string().starts_with("listing the library: "), "{error}");
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    let kind = ResponseErrorKind::Field { name: "@odata.nextLink" };
    assert_eq!(expect_error!(error, Response, "").kind(), &kind);
}

#[test]
fn a_hundred_pages_are_none_too_many() {
    let mock = MockTransport::from_fn(|request| {
        Ok(page(&["a"], Some(MORE).filter(|_| request.number() < 100)))
    });
    let client = builder(mock.clone(), &ManualClock::new()).build();
    assert_eq!(names(client.list()).len(), 100);
    let _: [_; 100] = mock.requests();
}

/// Each is a call of its own, with repeats and a deadline of its own.
#[test]
fn pages_are_calls_like_any_other() {
    let clock = ManualClock::new();
    let link = "https://api.security.microsoft.com/more";
    let mock = MockTransport::new()
        .reply(Reply::status(500))
        .reply(page(&["a"], Some(link)))
        .reply(Reply::status(429).header("retry-after", "7"))
        .reply(page(&["b"], None));
    let client = builder(mock.clone(), &clock).deadline(Duration::from_secs(10)).build();
    let mut list = client.list();
    list.next().unwrap().unwrap();
    assert_eq!(clock.now(), Duration::from_millis(500));
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(names(list), ["b"]);
    assert_eq!(clock.now(), Duration::from_millis(3_607_500));
    mock.assert_done();
}

#[test]
fn an_error_says_what_was_done_and_nothing_of_files() {
    let cases = [
        (Reply::status(403), "the service does not permit this with this token (403)"),
        (Reply::status(404), "the service rejects the request (404)"),
        (Reply::json(200, "[]"), "status 200, but the answer is not an entity of the library"),
        (Reply::json(200, "<html>"), "status 200, but the answer is not JSON"),
    ];
    for (reply, expected) in cases {
        let error = client(&MockTransport::new().reply(reply)).list().next().unwrap().unwrap_err();
        let shown = error.to_string();
        assert!(shown.starts_with(&format!("listing the library: {expected}")), "{shown}");
        assert!(!shown.contains("stored"), "{shown}");
        assert_eq!(error.delivery(), Delivery::NotDelivered);
    }
}

/// A deadline for the whole list would be over on the second page.
#[test]
fn each_page_has_the_whole_deadline() {
    let clock = ManualClock::new();
    let slow = clock.clone();
    let mock = MockTransport::from_fn(move |request| {
        slow.advance(Duration::from_millis(9_900));
        Ok(match request.number() {
            1 => page(&["a"], Some(MORE)),
            2 => page(&["b"], Some(MORE)),
            _ => Reply::status(500),
        })
    });
    let client = builder(mock.clone(), &clock).deadline(Duration::from_secs(10)).build();
    let mut list = client.list();
    assert_eq!(names(list.by_ref().take(2)), ["a", "b"]);
    let error = list.next().unwrap().unwrap_err();
    assert_eq!(error.status().unwrap(), 500, "the backoff of 0.5 s does not fit");
    assert!(list.next().is_none());
    let requests: [_; 3] = mock.requests();
    for request in requests {
        assert_eq!(request.limits().time_left(), Some(Duration::from_secs(10)));
    }
    assert_eq!(clock.now(), Duration::from_millis(29_700));
}

#[test]
fn a_page_is_repeated_as_the_rule_says() {
    let default = RetryPolicy::DEFAULT;
    // Status, policy, how often it is sent, and the waits between.
    for (status, policy, attempts, waited) in [
        (500, default, 3, 1_500),
        (500, default.with_attempts(5), 5, 7_500),
        (500, RetryPolicy::NONE, 1, 0),
        (500, default.with_budget(5), 2, 500),
        (408, default, 3, 1_500),
        (502, default, 3, 1_500),
        (503, default, 3, 1_500),
        (504, default, 3, 1_500),
        (501, default, 1, 0),
        (400, default, 1, 0),
        (302, default, 1, 0),
        (202, default, 1, 0),
    ] {
        let case = format!("{status} with {policy:?}");
        let replies = (0..attempts).map(|_| Reply::status(status));
        let mock = replies.fold(MockTransport::new(), MockTransport::reply);
        let clock = ManualClock::new();
        let client = builder(mock.clone(), &clock).retry(policy).build();
        let error = client.list().next().unwrap().unwrap_err();
        assert_eq!(error.status().unwrap(), status, "case: {case}");
        // One more would be a panic.
        mock.assert_done();
        assert_eq!(clock.now(), Duration::from_millis(waited), "case: {case}");
        let says = error.to_string().contains(&format!("; {attempts} attempts"));
        assert_eq!(says, attempts > 1, "case: {case}: {error}");
    }
}

#[test]
fn a_page_whose_answer_was_lost_is_asked_for_again() {
    let mock = MockTransport::new()
        .fail(fault(TransportErrorKind::Receive, Delivery::Unknown))
        .reply(page(&["a"], Some(MORE)))
        .fail(fault(TransportErrorKind::Connect, Delivery::NotDelivered))
        .fail(fault(TransportErrorKind::Timeout(Phase::Receive), Delivery::Unknown))
        .reply(page(&["b"], None));
    assert_eq!(names(client(&mock).list()), ["a", "b"], "none twice");
    let requests: [_; 5] = mock.requests();
    let first = "https://api.security.microsoft.com/api/libraryfiles";
    assert_eq!(requests.map(|it| it.uri().to_string()), [first, first, MORE, MORE, MORE]);
}

#[test]
fn an_error_is_the_last_item() {
    for (case, mock) in [
        ("403", script().reply(Reply::error(403, "Forbidden"))),
        ("500", script().reply(Reply::status(500))),
        ("no JSON", script().reply(Reply::json(200, "<html>"))),
        ("a file without a name", script().reply(page_of(r#"{"fileName":"c"},{}"#))),
        ("a bad hash", script().reply(page_of(r#"{"fileName":"c","sha256":"1"}"#))),
        ("lost", script().fail(fault(TransportErrorKind::Receive, Delivery::Unknown))),
    ] {
        let client = builder(mock.clone(), &ManualClock::new()).retry(RetryPolicy::NONE).build();
        let mut list = client.list();
        assert_eq!(names(list.by_ref().take(2)), ["a", "b"], "case: {case}");
        assert!(list.next().unwrap().is_err(), "case: {case}");
        assert!(list.next().is_none(), "case: {case}");
        assert!(list.next().is_none(), "case: {case}");
        let [_, _] = mock.requests();
    }
}

/// Whatever came of it, a list changes nothing.
#[test]
fn no_error_of_a_list_leaves_a_doubt() {
    use TransportErrorKind as Kind;
    let unknown = |kind| MockTransport::new().fail(fault(kind, Delivery::Unknown));
    let said = |status| MockTransport::new().reply(Reply::status(status));
    for (case, mock) in [
        ("lost", unknown(Kind::Receive)),
        ("too large", unknown(Kind::ResponseTooLarge)),
        ("no HTTP", unknown(Kind::Protocol)),
        ("silence", unknown(Kind::Timeout(Phase::Receive))),
        ("cancelled on its way", unknown(Kind::Cancelled)),
        ("delivered", MockTransport::new().fail(fault(Kind::Receive, Delivery::Delivered))),
        ("202", said(202)),
        ("204", said(204)),
        ("200 without a body", said(200)),
        ("302", said(302)),
        ("401", said(401)),
        ("407", said(407)),
        ("409", said(409)),
        ("413", said(413)),
        ("429", said(429)),
        ("500", said(500)),
        (
            "503 with a hint",
            MockTransport::new().reply(Reply::status(503).header("retry-after", "1")),
        ),
        ("504", said(504)),
        ("600", said(600)),
    ] {
        let client = builder(mock.clone(), &ManualClock::new()).retry(RetryPolicy::NONE).build();
        let error = client.list().next().unwrap().unwrap_err();
        assert_of_a_list(&error, case);
        mock.assert_done();
    }
}

#[test]
fn nor_does_one_before_anything_is_sent() {
    let mock = MockTransport::new().reply(page(&["a"], Some(MORE)));
    let cancel = CancelToken::new();
    let client = client(&mock).cancelled_by(&cancel);
    let mut list = client.list();
    list.next().unwrap().unwrap();
    cancel.cancel();
    let error = list.next().unwrap().unwrap_err();
    assert_of_a_list(&error, "cancelled between two pages");
    expect_error!(error, Cancelled, "");
    assert!(list.next().is_none());

    let none = CredentialFn::new(|_| Err(CredentialError::new("nobody is logged in")));
    let client = Client::builder(Endpoint::COMMERCIAL, none, MockTransport::new()).build();
    let error = client.list().next().unwrap().unwrap_err();
    assert_of_a_list(&error, "no token");
    expect_error!(error, Auth, "");

    let mock = MockTransport::from_fn(|_| Ok(page(&["a"], None)));
    let client = builder(mock.clone(), &ManualClock::new()).pacing(Pacing::FailFast).build();
    let error = (0..200).find_map(|_| client.list().find_map(Result::err)).unwrap();
    assert_of_a_list(&error, "no turn");
    expect_error!(error, Throttled, "");
    mock.assert_done();
}

fn fault(kind: TransportErrorKind, delivery: Delivery) -> TransportError {
    TransportError::new(kind, delivery)
}

/// A first page that leads to a second one.
fn script() -> MockTransport {
    MockTransport::new().reply(page(&["a", "b"], Some(MORE)))
}

fn page_of(files: &str) -> Reply {
    Reply::json(200, format!(r#"{{"value":[{files}]}}"#))
}

#[track_caller]
fn assert_of_a_list(error: &Error, case: &str) {
    let shown = error.to_string();
    assert_eq!(error.delivery(), Delivery::NotDelivered, "case: {case}: {shown}");
    assert!(shown.starts_with("listing the library: "), "case: {case}: {shown}");
    for word in ["stored", "deleted", "unknown"] {
        assert!(!shown.contains(word), "case: {case}: {shown}");
    }
    let help = error.help().unwrap_or_default();
    assert!(!help.starts_with("look into the library"), "case: {case}: {help}");
}
