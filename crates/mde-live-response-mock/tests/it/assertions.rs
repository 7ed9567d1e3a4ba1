//! Every assertion's message, in full.

use mde_live_response_core::Upload;
use mde_live_response_mock::{MockTransport, RecordedRequest, Reply};

use crate::common::{CANARY, blame_text, client, name, panic_text, send, upload};

/// A request with a description and a file.
fn recorded() -> RecordedRequest {
    record(&upload())
}

fn record(upload: &Upload) -> RecordedRequest {
    let mock = MockTransport::new().reply(Reply::stored());
    client(mock.clone()).upload(upload).unwrap();
    let [request] = mock.requests();
    request
}

const PARTS: &str = "Description (text, 29 bytes), HasParameters (text, 5 bytes), \
    OverrideIfExists (text, 5 bytes), file (file `collect-dns.ps1`, 18 bytes)";

fn expected_message(title: &str, expected: &str, got: &str) -> String {
    format!(
        "mock transport: request #1 {title}\n  \
         expected: {expected}\n  \
         got:      {got}\n  \
         request:  POST https://api.security.microsoft.com/api/libraryfiles\n            \
         authorization: [redacted]\n            \
         parts: {PARTS}"
    )
}

#[test]
fn what_holds_passes() {
    let request = recorded();
    request.assert_file("collect-dns.ps1", b"Get-DnsClientCache");
    request.assert_text("Description", "Collects the DNS client cache");
    request.assert_text("HasParameters", "false");
    request.assert_text("OverrideIfExists", "false");
    request.assert_absent("ParametersDescription");
    request.assert_bearer(CANARY);
}

#[test]
fn assert_file_names_both_contents_and_where_they_part() {
    let request = recorded();
    let text = blame_text(|| request.assert_file("collect-dns.ps1", b"Get-DnsCache"));
    let got = "file `collect-dns.ps1`, 18 bytes, \"Get-DnsClientCache\"\n            \
         content differs from byte 8 on";
    let expected = "file `collect-dns.ps1`, 12 bytes, \"Get-DnsCache\"";
    assert_eq!(text, expected_message("holds another file", expected, got));
}

#[test]
fn assert_file_compares_the_name_too() {
    let request = recorded();
    let text = blame_text(|| request.assert_file("b.ps1", b"Get-DnsClientCache"));
    let got = "file `collect-dns.ps1`, 18 bytes, \"Get-DnsClientCache\"";
    let expected = "file `b.ps1`, 18 bytes, \"Get-DnsClientCache\"";
    assert_eq!(text, expected_message("holds another file", expected, got));
}

#[test]
fn assert_file_cuts_what_is_long_or_binary() {
    let long = Upload::new(name(), b"x".repeat(4000));
    let text = blame_text(|| record(&long).assert_file("collect-dns.ps1", &[0xff; 100]));
    let x = "x".repeat(60);
    let f = "f".repeat(48);
    assert_eq!(
        text,
        format!(
            "mock transport: request #1 holds another file\n  \
             expected: file `collect-dns.ps1`, 100 bytes, 0x{f}…\n  \
             got:      file `collect-dns.ps1`, 4000 bytes, \"{x}…\"\n            \
             content differs from byte 0 on\n  \
             request:  POST https://api.security.microsoft.com/api/libraryfiles\n            \
             authorization: [redacted]\n            \
             parts: HasParameters (text, 5 bytes), OverrideIfExists (text, 5 bytes), \
             file (file `collect-dns.ps1`, 4000 bytes)"
        )
    );
}

#[test]
fn assert_text_names_both_values() {
    let request = recorded();
    let text = blame_text(|| request.assert_text("Description", "Collects\nroutes"));
    let expected = "text, 15 bytes, \"Collects\\nroutes\"";
    let got = "text, 29 bytes, \"Collects the DNS client cache\"";
    assert_eq!(text, expected_message("has another Description", expected, got));
}

#[test]
fn assert_text_says_when_there_is_no_such_field() {
    let request = recorded();
    let text = blame_text(|| request.assert_text("description", "a"));
    let expected = "text, 1 byte, \"a\"";
    assert_eq!(text, expected_message("has another description", expected, "no such field"));
}

#[test]
fn assert_text_does_not_take_a_file_for_a_text() {
    let request = recorded();
    let text = blame_text(|| request.assert_text("file", "Get-DnsClientCache"));
    let expected = "text, 18 bytes, \"Get-DnsClientCache\"";
    let got = "file `collect-dns.ps1`, 18 bytes, \"Get-DnsClientCache\"";
    assert_eq!(text, expected_message("has another file", expected, got));
}

#[test]
fn assert_absent_shows_what_is_there() {
    let request = recorded();
    let text = blame_text(|| request.assert_absent("OverrideIfExists"));
    let got = "text, 5 bytes, \"false\"";
    assert_eq!(text, expected_message("holds field OverrideIfExists", "no such field", got));
}

#[test]
fn assert_bearer_shows_no_token() {
    let request = recorded();
    let text = blame_text(|| request.assert_bearer("another-secret"));
    let got = "[redacted], another";
    assert_eq!(text, expected_message("has another token", "[redacted]", got));
}

#[test]
fn a_body_that_is_no_form_is_said_to_be_none() {
    let mock = MockTransport::new().reply(Reply::status(200));
    send(&mock, "GET", "/api/libraryfiles", &[], b"abc").unwrap();
    let [request] = mock.requests();
    let expected = "mock transport: request #1 holds no form\n  \
         expected: a form\n  \
         got:      header content-type: missing\n  \
         request:  GET https://api.security.microsoft.com/api/libraryfiles\n            \
         authorization: none\n            \
         body: 3 bytes, no form";
    let asserts: [(&str, &dyn Fn()); 4] = [
        ("form", &|| drop(request.form())),
        ("assert_file", &|| request.assert_file("a", b"")),
        ("assert_text", &|| request.assert_text("a", "")),
        ("assert_absent", &|| request.assert_absent("a")),
    ];
    for (case, assert) in asserts {
        assert_eq!(blame_text(assert), expected, "case: {case}");
    }
    let text = blame_text(|| request.assert_bearer("a"));
    assert!(text.contains("request #1 has no token\n  expected: [redacted]\n  got:      none\n"));
}

#[test]
fn a_form_without_a_file_is_said_to_have_none() {
    let body = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n";
    let length = body.len().to_string();
    let headers =
        [("content-type", "multipart/form-data; boundary=b"), ("content-length", &length)];
    let mock = MockTransport::new().reply(Reply::status(200));
    send(&mock, "POST", "/api/libraryfiles", &headers, body).unwrap();
    let [request] = mock.requests();
    let text = blame_text(|| request.assert_file("a.ps1", b"x"));
    assert_eq!(
        text,
        "mock transport: request #1 holds another file\n  \
         expected: file `a.ps1`, 1 byte, \"x\"\n  \
         got:      no part `file`\n  \
         request:  POST https://api.security.microsoft.com/api/libraryfiles\n            \
         authorization: none\n            \
         parts: a (text, 1 byte)"
    );
}

#[test]
fn an_unscripted_request_is_described() {
    let mock = MockTransport::new().reply(Reply::stored());
    let client = client(mock.clone());
    client.upload(&upload()).unwrap();
    let expected = format!(
        "mock transport: request #2 was not scripted\n  \
         script: 1 reply, all used\n  \
         got:    POST https://api.security.microsoft.com/api/libraryfiles\n          \
         authorization: [redacted]\n          \
         parts: {PARTS}"
    );
    assert_eq!(panic_text(|| drop(client.upload(&upload()))), expected);
    assert_eq!(blame_text(|| mock.assert_done()), expected, "a lost panic shows again");
}

#[test]
fn a_mock_without_a_script_says_so() {
    let mock = MockTransport::new();
    let text = panic_text(|| drop(client(mock).upload(&upload())));
    assert!(text.contains("request #1 was not scripted\n  script: empty\n"), "{text}");
}

#[test]
fn requests_lists_what_was_seen_when_the_number_is_another() {
    let mock = MockTransport::new()
        .reply(Reply::stored())
        .reply(Reply::error(401, "Unauthorized").early())
        .reply(Reply::stored());
    let client = client(mock.clone());
    client.upload(&upload()).unwrap();
    client.upload(&upload()).unwrap_err();
    let text = blame_text(|| {
        let [_] = mock.requests();
    });
    let [first, second] = mock.requests();
    assert_eq!((first.number(), second.number()), (1, 2));
    let all = second.headers().get("content-length").unwrap().to_str().unwrap();
    assert_eq!(
        text,
        format!(
            "mock transport: expected 1 request, got 2\n  \
             script: 3 replies, 2 used\n  \
             #1:     POST https://api.security.microsoft.com/api/libraryfiles\n          \
             authorization: [redacted]\n          \
             parts: {PARTS}\n  \
             #2:     POST https://api.security.microsoft.com/api/libraryfiles\n          \
             authorization: [redacted]\n          \
             body: 0 of {all} bytes read"
        )
    );
}

#[test]
fn assert_done_tells_what_is_left() {
    let mock = MockTransport::new().reply(Reply::stored());
    let text = blame_text(|| mock.assert_done());
    assert_eq!(text, "mock transport: 1 scripted reply was not used\n  script: 1 reply, 0 used");
    let mock = mock.reply(Reply::stored());
    let text = blame_text(|| mock.assert_done());
    assert_eq!(
        text,
        "mock transport: 2 scripted replies were not used\n  script: 2 replies, 0 used"
    );
}

#[test]
fn replies_that_cannot_be_are_refused_where_they_are_written() {
    let no_entity = "only Reply::stored and Reply::library_file have an entity to change";
    let cases: [(&str, &dyn Fn()); 10] = [
        ("99 is no status, which has three digits", &|| drop(Reply::status(99))),
        ("1000 is no status, which has three digits", &|| drop(Reply::error(1000, "a"))),
        ("0 is no status, which has three digits", &|| drop(Reply::json(0, ""))),
        ("a b: c is no header", &|| drop(Reply::status(200).header("a b", "c"))),
        ("a: b\\r\\nc: d is no header", &|| drop(Reply::status(200).header("a", "b\r\nc: d"))),
        (": a is no header", &|| drop(Reply::status(200).header("", "a"))),
        (no_entity, &|| drop(Reply::json(200, "{}").with_sha256("0"))),
        (no_entity, &|| drop(Reply::error(400, "a").without("sha256"))),
        (no_entity, &|| drop(Reply::stored().body("{}").without("sha256"))),
        ("the entity has no field sha-256", &|| drop(Reply::stored().without("sha-256"))),
    ];
    for (expected, act) in cases {
        assert_eq!(blame_text(act), format!("mock transport: {expected}"), "case: {expected}");
    }
}

#[test]
fn a_reply_that_has_nothing_to_echo_says_so() {
    let mock = MockTransport::new().reply(Reply::stored());
    let text = panic_text(|| drop(send(&mock, "GET", "/api/libraryfiles", &[], b"")));
    assert_eq!(
        text,
        "mock transport: the reply to request #1 cannot echo its file\n  \
         expected: a form with a part `file`\n  \
         got:      header content-type: missing\n  \
         request:  GET https://api.security.microsoft.com/api/libraryfiles\n            \
         authorization: none\n            \
         body: 0 bytes, no form"
    );
    let mock = MockTransport::new().reply(Reply::stored().early());
    let text = panic_text(|| drop(client(mock).upload(&upload())));
    assert!(text.contains("got:      header content-length: says "), "{text}");
}
