//! No text of this crate shows a token or a secret.

use http::Request;
use mde_live_response_mock::{Application, FakeLibrary, MockTransport, Reply};

use crate::common::{CANARY, client, panic_of, send, upload};

#[test]
fn a13_debug_texts_hold_no_token() {
    let mock = MockTransport::new().reply(Reply::stored());
    client(mock.clone()).upload(&upload()).unwrap();
    let [request] = mock.requests();
    let application =
        || Application::new("a-tenant", "a-client").with_secret(CANARY).with_assertion(CANARY);
    let builder = || {
        let known = FakeLibrary::builder().token(CANARY).forbidden_token("canary-5f1c7e-too");
        known.application(application())
    };
    let library = builder().build();
    let head =
        Request::post("/api/libraryfiles").header("authorization", format!("Bearer {CANARY}"));
    let accepted = library.begin(&head.body(()).unwrap().into_parts().0).unwrap();
    for text in [
        format!("{mock:?} {mock:#?}"),
        format!("{request:?} {request:#?} {:?}", request.headers()),
        format!("{:?} {:#?}", builder(), application()),
        format!("{library:?} {accepted:?} {accepted:#?}"),
    ] {
        assert!(!text.contains(CANARY), "{text}");
    }
    request.assert_bearer(CANARY);
}

#[test]
fn a13_a_token_that_nobody_marked_as_sensitive_is_not_shown() {
    let mock = MockTransport::new();
    let names = ["authorization", "authorization", "proxy-authorization", "cookie"];
    let body = format!("client_secret={CANARY}");
    let (panic, _) = panic_of(|| {
        drop(send(&mock, "GET", "/", &names.map(|name| (name, CANARY)), body.as_bytes()));
    });
    let [request] = mock.requests();
    assert_eq!(request.headers().len(), 4);
    for text in [panic, format!("{mock:?}"), format!("{request:#?}")] {
        assert!(!text.contains(CANARY), "{text}");
    }
}
