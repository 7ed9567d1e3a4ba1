//! No text of this crate shows a token.

use http::Request;
use mde_live_response_mock::{FakeLibrary, MockTransport, Reply};

use crate::common::{CANARY, client, panic_text, send, upload};

#[test]
fn a13_debug_texts_hold_no_token() {
    let mock = MockTransport::new().reply(Reply::stored());
    client(mock.clone()).upload(&upload()).unwrap();
    let [request] = mock.requests();
    let builder = FakeLibrary::builder().token(CANARY).forbidden_token(CANARY);
    let library = FakeLibrary::builder().token(CANARY).build();
    client(library.clone()).upload(&upload()).unwrap();
    let head =
        Request::post("/api/libraryfiles").header("authorization", format!("Bearer {CANARY}"));
    let accepted = library.begin(&head.body(()).unwrap().into_parts().0).unwrap();
    let texts = [
        format!("{mock:?} {mock:#?}"),
        format!("{request:?} {request:#?}"),
        format!("{:?}", request.headers()),
        format!("{builder:?} {builder:#?}"),
        format!("{library:?} {library:#?}"),
        format!("{accepted:?} {accepted:#?}"),
    ];
    for text in texts {
        assert!(!text.contains(CANARY), "{text}");
    }
    request.assert_bearer(CANARY);
}

#[test]
fn a13_a_token_that_nobody_marked_as_sensitive_is_not_shown() {
    let mock = MockTransport::new();
    let bearer = format!("Bearer {CANARY}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("authorization", bearer.as_str()),
        ("proxy-authorization", bearer.as_str()),
        ("cookie", bearer.as_str()),
    ];
    let body = format!("client_secret={CANARY}");
    let panic = panic_text(|| drop(send(&mock, "GET", "/", &headers, body.as_bytes())));
    let [request] = mock.requests();
    assert_eq!(request.headers().len(), 4);
    for text in [panic, format!("{mock:?}"), format!("{request:#?}")] {
        assert!(!text.contains(CANARY), "{text}");
    }
}

#[test]
fn a15_assertions_that_fail_show_no_token() {
    let mock = MockTransport::new().reply(Reply::stored());
    let client = client(mock.clone());
    client.upload(&upload()).unwrap();
    let [request] = mock.requests();
    let texts = [
        panic_text(|| request.assert_file("x", b"y")),
        panic_text(|| request.assert_text("x", "y")),
        panic_text(|| request.assert_absent("file")),
        panic_text(|| request.assert_bearer("y")),
        panic_text(|| drop(client.upload(&upload()))),
        panic_text(|| {
            let [] = mock.requests();
        }),
        panic_text(|| mock.assert_done()),
    ];
    for text in texts {
        assert!(!text.contains(CANARY), "{text}");
    }
}

#[test]
fn refusals_do_not_echo_the_token() {
    let library = FakeLibrary::builder().token("x").forbidden_token(CANARY).build();
    let token = format!("Bearer {CANARY}");
    let headers = [("authorization", token.as_str())];
    let answer = send(&library, "GET", "/api/libraryfiles", &headers, b"").unwrap();
    assert_eq!(answer.status(), 403);
    assert!(!String::from_utf8(answer.into_body()).unwrap().contains(CANARY));
}
