//! No text of this crate shows a token or a secret.

use mde_live_response_mock::MockTransport;

use crate::common::{CANARY, panic_of, send};

#[test]
fn a13_a_token_that_is_not_marked_as_sensitive_is_not_shown() {
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
