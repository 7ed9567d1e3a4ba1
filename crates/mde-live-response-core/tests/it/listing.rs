//! The library's list: page by page, and only where it may lead.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mde_live_response_core::{
    AccessToken, Client, ClientBuilder, Clock, Delivery, Endpoint, Error, LibraryFile,
    ResponseErrorKind, Transport,
};
use mde_live_response_mock::{FakeLibrary, ManualClock, MockTransport, Reply, StoredFile};

use crate::support::{Drawn, expect_error};

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
    assert!(client(&MockTransport::new().reply(page(&[], None))).list().next().is_none());
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
    assert_eq!(second.uri(), link);
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
        mock.assert_done();
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
    let files: Vec<_> = client.list().collect();
    assert_eq!((files.len(), asked.load(Ordering::SeqCst)), (101, 100));
    assert!(files[99].is_ok() && files[100].is_err());
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
