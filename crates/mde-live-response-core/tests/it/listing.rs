//! Listing: page by page, and only where a link may lead.

use std::time::Duration;

use mde_live_response_core::LibraryFile;
use mde_live_response_core::error::AnswerProblem;
use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::transport::{TransportError, TransportErrorKind};
use mde_live_response_core::{Client, Effect, Error, ErrorKind};
use mde_live_response_mock::{MockTransport, Reply};

use crate::support::{drawn, script};

const FIRST: &str = "https://api.security.microsoft.com/api/libraryfiles";
/// A link that may be followed.
const MORE: &str = "https://api.security.microsoft.com/api/libraryfiles?$skip=1";
const BAD_LINK: ErrorKind = ErrorKind::Unusable(AnswerProblem::NextLink);

fn page(names: &[&str], next: Option<&str>) -> Reply {
    let files: Vec<_> = names.iter().map(|name| format!(r#"{{"fileName":"{name}"}}"#)).collect();
    let next = next.map(|link| format!(r#","@odata.nextLink":"{link}""#)).unwrap_or_default();
    Reply::json(200, format!(r#"{{"value":[{}]{next}}}"#, files.join(",")))
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
fn a_page_is_requested_when_the_files_of_the_one_before_were_taken() {
    let mock = script([page(&["a", "b"], Some(MORE)), page(&[], Some(MORE)), page(&["c"], None)]);
    let client = mock.client();
    let mut list = client.list();
    mock.assert_unused();
    assert_eq!(names(list.by_ref().take(2)), ["a", "b"]);
    let [_] = mock.requests();
    assert_eq!(names(list), ["c"], "a page without files is not the end");
    let requests: [_; 3] = mock.requests();
    for (request, uri) in requests.iter().zip([FIRST, MORE, MORE]) {
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

/// The request for the next page carries the token.
#[test]
fn a_link_to_another_origin_is_an_error_and_not_followed() {
    let links = "https://elsewhere.example/api/libraryfiles \
        http://api.security.microsoft.com/api/libraryfiles \
        https://api.security.microsoft.com:8443/api/libraryfiles \
        https://api.security.microsoft.com.example/ https://x@api.security.microsoft.com/ \
        https://api.security.microsoft.com@elsewhere.example/ //elsewhere.example/ \
        /api/libraryfiles?$skip=1 ?$skip=1 api.security.microsoft.com \
        mailto:api.security.microsoft.com https:// ::";
    for link in links.split(' ').chain(["not a link", ""]) {
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

#[test]
fn each_page_has_the_whole_deadline() {
    let mock = MockTransport::from_fn(|request| match request.number() {
        1 => page(&["a"], Some(MORE)),
        2 => page(&["b"], Some(MORE)),
        _ => Reply::status(500),
    });
    let builder = mock.client_builder().random(drawn(&[0xff]));
    let client = builder.deadline(Duration::from_secs(10)).build();
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
fn an_error_is_the_last_item_after_the_files_of_earlier_pages() {
    let applied = TransportError::new(TransportErrorKind::Receive).with_effect(Effect::Applied);
    for (case, reply) in [
        ("403", Reply::error(403, "Forbidden")),
        ("500", Reply::status(500)),
        ("not JSON", Reply::json(200, "<html>")),
        ("no name", Reply::json(200, r#"{"value":[{"fileName":"c"},{}]}"#)),
        ("a bad hash", Reply::json(200, r#"{"value":[{"fileName":"c","sha256":"1"}]}"#)),
        ("lost", Reply::lost()),
        // A list changes nothing, even if a transport says otherwise.
        ("applied", Reply::fault(applied)),
    ] {
        let mock = script([page(&["a", "b"], Some(MORE)), reply]);
        let client = mock.client_builder().retry(RetryPolicy::NONE).build();
        let mut list = client.list();
        assert_eq!(names(list.by_ref().take(2)), ["a", "b"], "case: {case}");
        let error = list.next().unwrap().unwrap_err();
        assert_eq!(error.effect(), Effect::NotApplied, "case: {case}");
        assert!(list.next().is_none() && list.next().is_none(), "case: {case}");
        mock.assert_done();
    }
}
