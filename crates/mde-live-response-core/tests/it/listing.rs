//! Listing: page by page, and only where a link may lead.

use std::time::Duration;

use mde_live_response_core::LibraryFile;
use mde_live_response_core::auth::{CredentialError, credential_fn};
use mde_live_response_core::error::AnswerProblem;
use mde_live_response_core::policy::{CallKind, CancelToken, Pacing, RetryPolicy};
use mde_live_response_core::transport::{TransportError, TransportErrorKind};
use mde_live_response_core::{AccessToken, Client, Effect, Endpoint, Error, ErrorKind};
use mde_live_response_mock::{FakeLibrary, MockTransport, Reply, StoredFile};

use crate::support::{SHA256, drawn};

const FIRST: &str = "https://api.security.microsoft.com/api/libraryfiles";
/// A link that may be followed.
const MORE: &str = "https://api.security.microsoft.com/api/libraryfiles?$skip=1";
const BAD_LINK: ErrorKind = ErrorKind::Unusable(AnswerProblem::NextLink);

fn page(names: &[&str], next: Option<&str>) -> Reply {
    let files: Vec<_> = names.iter().map(|name| format!(r#"{{"fileName":"{name}"}}"#)).collect();
    let next = next.map(|link| format!(r#","@odata.nextLink":"{link}""#)).unwrap_or_default();
    Reply::json(200, format!(r#"{{"value":[{}]{next}}}"#, files.join(",")))
}

fn script(replies: impl IntoIterator<Item = Reply>) -> MockTransport {
    replies.into_iter().fold(MockTransport::new(), MockTransport::reply)
}

fn names(files: impl Iterator<Item = Result<LibraryFile, Error>>) -> Vec<String> {
    files.map(|file| file.unwrap().file_name().to_owned()).collect()
}

/// The error of a list that ends with its first item.
#[track_caller]
fn only_error(client: &Client) -> Error {
    let mut list = client.list();
    let error = list.next().unwrap().unwrap_err();
    assert!(list.next().is_none(), "an error is the last item");
    error
}

#[test]
fn an_empty_library_is_an_empty_list() {
    let mock = script([page(&[], None)]);
    let client = mock.client();
    let mut list = client.list();
    assert!(list.next().is_none());
    assert!(list.next().is_none(), "no second request");
    mock.assert_done();
}

#[test]
fn a_list_has_everything_that_the_library_has() {
    let library = FakeLibrary::new();
    library.insert("a.ps1", b"Get-Date\n");
    let mut entry = StoredFile::new("b.ps1", b"x", library.now());
    entry.description = Some("what it is for".to_owned());
    entry.has_parameters = true;
    library.insert_entry(entry, b"x");
    let token = AccessToken::new("an-access-token").unwrap();
    let client = Client::builder(Endpoint::COMMERCIAL, token, library).build();
    let files: Vec<_> = client.list().map(Result::unwrap).collect();
    assert_eq!(files.len(), 2);
    assert_eq!(files[0].file_name(), "a.ps1");
    assert_eq!(files[1].description(), Some("what it is for"));
    assert_eq!(files[1].has_parameters(), Some(true));
}

#[test]
fn every_field_of_a_file_is_kept() {
    let full = format!(
        r#"{{"fileName":"a.ps1","sha256":"{SHA256}","description":"What it is for","creationTime":
        "2026-01-01T09:30:00.1234567Z","lastUpdatedTime":"2026-01-02T09:30:00.123456Z","createdBy":"somebody",
        "hasParameters":false,"parametersDescription":"-Name","unknown":[{{}}]}}"#
    );
    let mock = script([page_of(&format!(r#"{full},{{"fileName":"b.ps1"}}"#))]);
    let files: Vec<_> = mock.client().list().map(Result::unwrap).collect();
    let [full, bare] = &files[..] else { panic!("{files:?}") };
    assert_eq!(full.file_name(), "a.ps1");
    assert_eq!(full.sha256().unwrap().to_string(), SHA256);
    assert_eq!(full.description(), Some("What it is for"));
    assert_eq!(full.creation_time().unwrap().as_str(), "2026-01-01T09:30:00.1234567Z");
    assert_eq!(full.last_updated_time().unwrap().as_str(), "2026-01-02T09:30:00.123456Z");
    assert_eq!(full.created_by(), Some("somebody"));
    assert_eq!(full.has_parameters(), Some(false));
    assert_eq!(full.parameters_description(), Some("-Name"));
    assert!(!full.is_resolved(), "there was no upload");
    assert_eq!(bare.file_name(), "b.ps1");
    assert_eq!((bare.sha256(), bare.description(), bare.created_by()), (None, None, None));
    assert_eq!((bare.creation_time(), bare.last_updated_time()), (None, None));
    assert_eq!((bare.has_parameters(), bare.parameters_description()), (None, None));
}

#[test]
fn a_page_is_requested_when_the_files_of_the_one_before_were_taken() {
    let mock = script([page(&["a", "b"], Some(MORE)), page(&["c"], None)]);
    let client = mock.client();
    let mut list = client.list();
    mock.assert_unused();
    assert_eq!(names(list.by_ref().take(2)), ["a", "b"]);
    let [_] = mock.requests();
    assert_eq!(names(list), ["c"]);
    let requests: [_; 2] = mock.requests();
    for (request, uri) in requests.iter().zip([FIRST, MORE]) {
        assert_eq!((request.method().as_str(), request.uri()), ("GET", &uri.parse().unwrap()));
        assert_eq!(request.limits().max_answer(), 64 * 1024 * 1024);
        request.assert_bearer(MockTransport::TOKEN);
    }
}

/// Other answers may have 1 MiB.
#[test]
fn a_page_may_have_64_mib() {
    let name = "a".repeat(2 * 1024 * 1024);
    assert_eq!(names(script([page(&[&name], None)]).client().list()), [name]);
    let too_large = Reply::json(200, vec![b' '; 64 * 1024 * 1024 + 1]);
    let error = only_error(&script([too_large]).client());
    assert_eq!(error.kind(), &ErrorKind::Transport(TransportErrorKind::AnswerTooLarge));
}

#[test]
fn a_page_without_files_is_not_the_end() {
    let mock = script([page(&[], Some(MORE)), page(&["c"], None)]);
    assert_eq!(names(mock.client().list()), ["c"]);
}

/// The request for the next page carries the token.
#[test]
fn a_link_to_another_origin_is_an_error_and_not_followed() {
    for link in [
        "https://elsewhere.example/api/libraryfiles",
        "http://api.security.microsoft.com/api/libraryfiles",
        "https://api.security.microsoft.com:8443/api/libraryfiles",
        "https://api.security.microsoft.com.example/",
        "https://x@api.security.microsoft.com/",
        "https://api.security.microsoft.com@elsewhere.example/",
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
        let mock = script([page(&["a"], Some(link))]);
        let error = only_error(&mock.client());
        let facts = (error.kind(), error.effect());
        assert_eq!(facts, (&BAD_LINK, Effect::NotApplied), "case: {link}");
        mock.assert_done();
    }
}

#[test]
fn a_link_that_is_not_text_is_an_error_unless_it_is_null() {
    for (link, is_fine) in [("null", true), ("1", false), ("[]", false)] {
        let text = format!(r#"{{"value":[{{"fileName":"a"}}],"@odata.nextLink":{link}}}"#);
        let mock = script([Reply::json(200, text)]);
        let files: Vec<_> = mock.client().list().collect();
        assert_eq!((files.len(), files[0].is_ok()), (1, is_fine), "case: {link}");
        mock.assert_done();
    }
}

#[test]
fn a_list_has_at_most_100_pages() {
    for pages in [100, 101] {
        let mock = MockTransport::from_fn(move |request| {
            page(&["a"], Some(MORE).filter(|_| request.number() < pages))
        });
        let client = mock.client();
        let mut list = client.list();
        assert_eq!(names(list.by_ref().take(100)).len(), 100);
        let end = list.next().map(Result::unwrap_err);
        let expected = (pages > 100).then_some((&BAD_LINK, Effect::NotApplied));
        assert_eq!(end.as_ref().map(|error| (error.kind(), error.effect())), expected);
        assert!(list.next().is_none());
        let _: [_; 100] = mock.requests();
    }
}

/// Each page has its own retries and its own deadline.
#[test]
fn each_page_is_a_call_of_its_own() {
    let mock = script([
        Reply::status(500),
        page(&["a"], Some(MORE)),
        Reply::status(429).header("retry-after", "7"),
        page(&["b"], None),
    ]);
    let client =
        mock.client_builder().random(drawn(&[0xff])).deadline(Duration::from_secs(10)).build();
    let mut list = client.list();
    list.next().unwrap().unwrap();
    assert_eq!(mock.clock().now(), Duration::from_millis(500));
    mock.clock().advance(Duration::from_secs(3_600));
    assert_eq!(names(list), ["b"]);
    assert_eq!(mock.clock().now(), Duration::from_millis(3_607_500));
    mock.assert_done();
}

#[test]
fn each_page_has_the_whole_deadline() {
    let mock = MockTransport::from_fn(|request| match request.number() {
        1 => page(&["a"], Some(MORE)),
        2 => page(&["b"], Some(MORE)),
        _ => Reply::status(500),
    });
    let client =
        mock.client_builder().random(drawn(&[0xff])).deadline(Duration::from_secs(10)).build();
    let mut list = client.list();
    for _ in 0..2 {
        list.next().unwrap().unwrap();
        mock.clock().advance(Duration::from_secs(9));
    }
    assert_eq!(list.next().unwrap().unwrap_err().status().unwrap(), 500);
    let requests: [_; 5] = mock.requests();
    let left = requests.map(|request| request.limits().time_left().unwrap().as_millis());
    assert_eq!(left, [10_000, 10_000, 10_000, 9_500, 8_500]);
}

#[test]
fn a_page_is_retried_by_the_rule() {
    let default = RetryPolicy::DEFAULT;
    // Status, policy, number of attempts, and the sum of the waits.
    for (status, policy, attempts, waited) in [
        (500, default, 3, 1_500),
        (500, default.with_attempts(5), 5, 7_500),
        (500, RetryPolicy::NONE, 1, 0),
        (408, default, 3, 1_500),
        (502, default, 3, 1_500),
        (503, default, 3, 1_500),
        (504, default, 3, 1_500),
        (501, default, 1, 0),
        (400, default, 1, 0),
        (302, default, 1, 0),
        (202, default, 1, 0),
    ] {
        let mock = script((0..attempts).map(|_| Reply::status(status)));
        let client = mock.client_builder().random(drawn(&[0xff])).retry(policy).build();
        let error = only_error(&client);
        let facts = (error.status().unwrap().as_u16(), error.attempts());
        assert_eq!(facts, (status, attempts), "case: {policy:?}");
        mock.assert_done();
        assert_eq!(mock.clock().now(), Duration::from_millis(waited), "case: {status} {policy:?}");
    }
}

#[test]
fn a_page_whose_answer_was_lost_is_requested_again() {
    let mock = script([
        Reply::lost(),
        page(&["a"], Some(MORE)),
        Reply::refused_connection(),
        Reply::timeout(),
        page(&["b"], None),
    ]);
    assert_eq!(names(mock.client().list()), ["a", "b"], "none twice");
    let requests: [_; 5] = mock.requests();
    assert_eq!(requests.map(|it| it.uri().to_string()), [FIRST, FIRST, MORE, MORE, MORE]);
}

#[test]
fn an_error_is_the_last_item_after_the_files_of_earlier_pages() {
    for (case, reply) in [
        ("403", Reply::error(403, "Forbidden")),
        ("500", Reply::status(500)),
        ("not JSON", Reply::json(200, "<html>")),
        ("a file without a name", page_of(r#"{"fileName":"c"},{}"#)),
        ("a bad hash", page_of(r#"{"fileName":"c","sha256":"1"}"#)),
        ("lost", Reply::lost()),
    ] {
        let mock = script([page(&["a", "b"], Some(MORE)), reply]);
        let client = mock.client_builder().retry(RetryPolicy::NONE).build();
        let mut list = client.list();
        assert_eq!(names(list.by_ref().take(2)), ["a", "b"], "case: {case}");
        assert!(list.next().unwrap().is_err(), "case: {case}");
        assert!(list.next().is_none() && list.next().is_none(), "case: {case}");
        mock.assert_done();
    }
}

/// A list changes nothing, whatever happened.
#[test]
fn no_error_of_a_list_leaves_a_doubt() {
    use TransportErrorKind as Kind;
    let fault = |kind, effect| Reply::fault(TransportError::new(kind).with_effect(effect));
    let once = |reply| {
        let mock = MockTransport::new().reply(reply);
        only_error(&mock.client_builder().retry(RetryPolicy::NONE).build())
    };
    for reply in [
        Reply::lost(),
        Reply::timeout(),
        Reply::refused_connection(),
        fault(Kind::AnswerTooLarge, Effect::Unknown),
        fault(Kind::Protocol, Effect::Unknown),
        fault(Kind::Cancelled, Effect::Unknown),
        fault(Kind::Receive, Effect::Applied),
        Reply::status(503).header("retry-after", "1"),
    ] {
        assert_of_a_list(&once(reply));
    }
    for status in [200, 202, 204, 302, 401, 404, 407, 409, 413, 429, 500, 504, 600] {
        assert_of_a_list(&once(Reply::status(status)));
    }
}

#[test]
fn no_error_before_the_request_leaves_a_doubt() {
    let mock = script([page(&["a"], Some(MORE))]);
    let cancel = CancelToken::new();
    let client = mock.client().cancelled_by(&cancel);
    let mut list = client.list();
    list.next().unwrap().unwrap();
    cancel.cancel();
    let error = list.next().unwrap().unwrap_err();
    assert_of_a_list(&error);
    assert_eq!(error.kind(), &ErrorKind::Cancelled);
    assert!(list.next().is_none());

    let none = credential_fn(|_| Err(CredentialError::new("nobody is logged in")));
    let client = Client::builder(Endpoint::COMMERCIAL, none, MockTransport::new()).build();
    let error = only_error(&client);
    assert_of_a_list(&error);
    assert_eq!(error.kind(), &ErrorKind::NoToken);

    let mock = MockTransport::from_fn(|_| page(&["a"], None));
    let client = mock.client_builder().pacing(Pacing::FailFast).build();
    let error = (0..200).find_map(|_| client.list().find_map(Result::err)).unwrap();
    assert_of_a_list(&error);
    assert_eq!(error.kind(), &ErrorKind::Throttled { local: true });
    let _: [_; 100] = mock.requests();
}

fn page_of(files: &str) -> Reply {
    Reply::json(200, format!(r#"{{"value":[{files}]}}"#))
}

#[track_caller]
fn assert_of_a_list(error: &Error) {
    let shown = format!("{error} {}", error.help().unwrap_or_default());
    assert_eq!((error.effect(), error.call()), (Effect::NotApplied, CallKind::List), "{shown}");
    for word in ["stored", "deleted", "unknown", "before another try"] {
        assert!(!shown.contains(word), "{shown}");
    }
}
