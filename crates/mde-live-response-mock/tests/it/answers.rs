//! What scripted replies look like.

use mde_live_response_core::{IfExists, Upload};
use mde_live_response_mock::{MockTransport, Reply};
use serde_json::{Value, json};

use crate::common::{client, json, name, send, upload};

/// The answer that a reply gives to a request without a form.
fn answer(reply: Reply) -> http::Response<Vec<u8>> {
    send(&MockTransport::new().reply(reply), "GET", "/", &[], b"").unwrap()
}

#[test]
fn stored_says_what_arrived() {
    let upload = Upload::new(name(), b"one")
        .with_description("d".parse().unwrap())
        .with_parameters("p".parse().unwrap())
        .with_if_exists(IfExists::Override);
    let stored = client(MockTransport::new().reply(Reply::stored())).upload(&upload).unwrap();
    assert_eq!(
        serde_json::to_value(&stored).unwrap(),
        json!({
            "fileName": "collect-dns.ps1",
            "sha256": "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed",
            "description": "d",
            "creationTime": "2026-01-01T00:00:00.0000000Z",
            "lastUpdatedTime": "2026-01-01T00:00:00.000000Z",
            "createdBy": "mock",
            "hasParameters": true,
            "parametersDescription": "p",
        })
    );
}

#[test]
fn library_file_says_its_own_name_and_the_bytes_that_arrived() {
    let mock = MockTransport::new().reply(Reply::library_file("COLLECT-DNS.PS1"));
    let stored = client(mock).upload(&upload()).unwrap();
    assert_eq!(stored.file_name(), "COLLECT-DNS.PS1");
    assert!(stored.sha256().is_some());
    assert_eq!(stored.description(), Some("Collects the DNS client cache"));
    assert_eq!(stored.has_parameters(), Some(false));
}

#[test]
fn an_early_library_file_knows_no_bytes() {
    let mock = MockTransport::new().reply(Reply::library_file("a").early());
    let answer = send(&mock, "POST", "/", &[], b"abc").unwrap();
    assert_eq!(json(&answer)["sha256"], Value::Null);
    assert_eq!(json(&answer)["fileName"], "a");
}

#[test]
fn entities_can_be_falsified() {
    let body = b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\
        Content-Type: a/b\r\n\r\none\r\n--B--\r\n";
    let length = body.len().to_string();
    let headers =
        [("content-type", "multipart/form-data; boundary=B"), ("content-length", &length)];
    let truth = json!("7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
    let cases = [
        (Reply::stored(), Some(truth)),
        (Reply::stored().with_sha256("0"), Some(json!("0"))),
        (Reply::library_file("b").with_sha256("0"), Some(json!("0"))),
        (Reply::stored().without("sha256"), None),
        (Reply::stored().without("sha256").with_sha256("1"), Some(json!("1"))),
    ];
    for (reply, sha256) in cases {
        let case = format!("{reply:?}");
        let mock = MockTransport::new().reply(reply);
        let answer = send(&mock, "POST", "/", &headers, body).unwrap();
        assert_eq!(json(&answer).get("sha256"), sha256.as_ref(), "case: {case}");
    }
}

#[test]
fn errors_have_the_service_s_form() {
    let answer = answer(Reply::error(400, "InvalidInput"));
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.headers().get("content-type").unwrap(), "application/json");
    assert_eq!(
        json(&answer),
        json!({"error": {
            "code": "InvalidInput",
            "message": "scripted by a test",
            "target": "00000000-0000-4000-8000-000000000000",
        }})
    );
}

#[test]
fn a_status_comes_alone_until_it_is_given_more() {
    let bare = answer(Reply::status(204));
    assert_eq!((bare.status().as_u16(), bare.headers().len(), bare.body().len()), (204, 0, 0));
    let full = answer(Reply::status(999).header("x", "1").header("x", "2").body("text"));
    assert_eq!((full.status().as_u16(), full.body().as_slice()), (999, b"text".as_slice()));
    let values: Vec<_> = full.headers().get_all("x").iter().collect();
    assert_eq!(values, ["1", "2"]);
}

#[test]
fn json_is_sent_as_it_is_and_keeps_another_type() {
    let broken = answer(Reply::json(200, "{"));
    assert_eq!(broken.body(), b"{");
    assert_eq!(broken.headers().get("content-type").unwrap(), "application/json");
    let utf16 = answer(Reply::json(200, "{}").header("content-type", "text/plain"));
    assert_eq!(utf16.headers().get_all("content-type").iter().count(), 1);
    assert_eq!(utf16.headers().get("content-type").unwrap(), "text/plain");
    let binary = answer(Reply::stored().body([0xff]));
    assert_eq!(binary.body(), &[0xff]);
}
