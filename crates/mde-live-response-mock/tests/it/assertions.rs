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

/// The form of [`upload`], as a message shows it behind this indentation.
fn form(indent: &str) -> String {
    [
        "Description       text, 29 bytes, \"Collects the DNS client cache\"",
        "HasParameters     text, 5 bytes, \"false\"",
        "OverrideIfExists  text, 5 bytes, \"false\"",
        "file              file `collect-dns.ps1`, 18 bytes, \"Get-DnsClientCache\"",
    ]
    .join(&format!("\n{indent}"))
}

fn expected_message(title: &str, expected: &str, received: &str) -> String {
    let form = form("            ");
    format!(
        "mock transport: request #1 {title}\n  \
         expected: {expected}\n  \
         received: {received}\n  \
         request:  POST https://api.security.microsoft.com/api/libraryfiles\n            \
         authorization: [redacted]\n            {form}"
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
fn assert_file_shows_both_contents_and_where_they_differ() {
    let request = recorded();
    let text = blame_text(|| request.assert_file("collect-dns.ps1", b"Get-DnsCache"));
    let received = "file `collect-dns.ps1`, 18 bytes, \"Get-DnsClientCache\"\n            \
                    the content differs from byte 8 on";
    let expected = "file `collect-dns.ps1`, 12 bytes, \"Get-DnsCache\"";
    assert_eq!(text, expected_message("has another file", expected, received));

    let text = blame_text(|| request.assert_file("b.ps1", b"Get-DnsClientCache"));
    let received = "file `collect-dns.ps1`, 18 bytes, \"Get-DnsClientCache\"";
    let expected = "file `b.ps1`, 18 bytes, \"Get-DnsClientCache\"";
    assert_eq!(text, expected_message("has another file", expected, received));
}

#[test]
fn assert_file_cuts_what_is_long_or_binary() {
    let request = record(&Upload::new(name(), b"x".repeat(4000)));
    let text = blame_text(|| request.assert_file("collect-dns.ps1", &[0xff; 100]));
    let (x, f) = ("x".repeat(60), "f".repeat(48));
    let expected = format!(
        "expected: file `collect-dns.ps1`, 100 bytes, 0x{f}…\n  \
         received: file `collect-dns.ps1`, 4000 bytes, \"{x}…\"\n            \
         the content differs from byte 0 on\n"
    );
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn assert_text_shows_both_values() {
    let request = recorded();
    let text = blame_text(|| request.assert_text("Description", "Collects\nroutes"));
    let expected = "text, 15 bytes, \"Collects\\nroutes\"";
    let received = "text, 29 bytes, \"Collects the DNS client cache\"";
    assert_eq!(text, expected_message("has another Description", expected, received));

    let text = blame_text(|| request.assert_text("file", "Get-DnsClientCache"));
    let expected = "text, 18 bytes, \"Get-DnsClientCache\"";
    let received = "file `collect-dns.ps1`, 18 bytes, \"Get-DnsClientCache\"";
    assert_eq!(text, expected_message("has another file", expected, received));
}

#[test]
fn a_field_that_is_misspelled_is_told_the_nearest() {
    let request = recorded();
    for field in ["description", "Descripton"] {
        let text = blame_text(|| request.assert_text(field, "a"));
        let received = "no such field; there is a field Description";
        let title = format!("has another {field}");
        assert_eq!(text, expected_message(&title, "text, 1 byte, \"a\"", received));
    }
    let text = blame_text(|| request.assert_text("Size", "a"));
    assert!(text.contains("received: no such field\n"), "{text}");
}

#[test]
fn assert_absent_shows_what_is_there() {
    let request = recorded();
    let text = blame_text(|| request.assert_absent("OverrideIfExists"));
    let received = "text, 5 bytes, \"false\"";
    assert_eq!(text, expected_message("has a field OverrideIfExists", "no such field", received));
}

#[test]
fn assert_bearer_shows_no_token() {
    let request = recorded();
    let text = blame_text(|| request.assert_bearer("another-secret"));
    let received = "[redacted], another";
    assert_eq!(text, expected_message("has another token", "[redacted]", received));
}

#[test]
fn a_body_that_is_not_a_form_fails_every_assertion_about_forms() {
    let mock = MockTransport::new().reply(Reply::status(200));
    send(&mock, "GET", "/api/libraryfiles", &[], b"abc").unwrap();
    let [request] = mock.requests();
    let expected = "mock transport: request #1 is not a form\n  \
         expected: a form\n  \
         received: header content-length: missing\n  \
         request:  GET https://api.security.microsoft.com/api/libraryfiles\n            \
         authorization: none\n            \
         body: 3 bytes, not a form";
    assert_eq!(blame_text(|| drop(request.form())), expected);
    assert_eq!(blame_text(|| request.assert_file("a", b"")), expected);
    assert_eq!(blame_text(|| request.assert_text("a", "")), expected);
    assert_eq!(blame_text(|| request.assert_absent("a")), expected);
    let text = blame_text(|| request.assert_bearer("a"));
    assert!(text.contains("request #1 has no token\n  expected: [redacted]\n  received: none\n"));
}

/// The client knows the length of its form, and another spelling of the part's name is another part.
#[test]
fn what_other_clients_may_do_ours_may_not() {
    let body = b"--b\r\nContent-Disposition: form-data; name=\"File\"; filename=\"a\"\r\n\r\n1\r\n--b--\r\n";
    let length = body.len().to_string();
    let content_type = ("content-type", "multipart/form-data; boundary=b");
    let mock = MockTransport::from_fn(|_| Reply::status(200));
    for length in [("transfer-encoding", "chunked"), ("content-length", &length)] {
        send(&mock, "POST", "/", &[content_type, length], body).unwrap();
    }
    let [chunked, sized] = mock.requests();
    let text = blame_text(|| drop(chunked.form()));
    assert!(text.contains("received: header content-length: missing\n"), "{text}");
    let text = blame_text(|| sized.assert_file("a", b"1"));
    assert!(text.contains("received: no such field; there is a field File\n"), "{text}");
}

#[test]
fn an_unscripted_request_is_described() {
    let mock = MockTransport::new().reply(Reply::stored());
    let client = client(mock.clone());
    client.upload(&upload()).unwrap();
    let form = form("           ");
    let expected = format!(
        "mock transport: no reply is scripted for request #2, POST /api/libraryfiles\n  \
         script:  1 reply, all used\n  \
         request: POST https://api.security.microsoft.com/api/libraryfiles\n           \
         authorization: [redacted]\n           {form}"
    );
    assert_eq!(panic_text(|| drop(client.upload(&upload()))), expected);
    assert_eq!(blame_text(|| mock.assert_done()), expected, "a lost panic shows again");
}

#[test]
fn assert_unused_lists_what_was_made() {
    let mock = MockTransport::new();
    mock.assert_unused();
    let text = panic_text(|| drop(mock.client().upload(&upload())));
    assert!(text.contains("request #1, POST /api/libraryfiles\n  script:  empty\n"), "{text}");
    let text = blame_text(|| mock.assert_unused());
    assert!(text.starts_with("mock transport: expected 0 requests, received 1\n"), "{text}");
    assert!(text.contains("#1:     POST https://"), "{text}");
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
    let form = form("          ");
    assert_eq!(
        text,
        format!(
            "mock transport: expected 1 request, received 2\n  \
             script: 3 replies, 2 used\n  \
             #1:     POST https://api.security.microsoft.com/api/libraryfiles\n          \
             authorization: [redacted]\n          {form}\n  \
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
        ("99 is not a status code from 100 to 999", &|| drop(Reply::status(99))),
        ("1000 is not a status code from 100 to 999", &|| drop(Reply::error(1000, "a"))),
        ("0 is not a status code from 100 to 999", &|| drop(Reply::json(0, ""))),
        ("a b: c is not a header", &|| drop(Reply::status(200).header("a b", "c"))),
        ("a: b\\r\\nc: d is not a header", &|| drop(Reply::status(200).header("a", "b\r\nc: d"))),
        (": a is not a header", &|| drop(Reply::status(200).header("", "a"))),
        (no_entity, &|| drop(Reply::json(200, "{}").with_sha256("0"))),
        (no_entity, &|| drop(Reply::error(400, "a").without("sha256"))),
        (no_entity, &|| drop(Reply::stored().body("{}").without("sha256"))),
        ("the entity has no field sha-256", &|| drop(Reply::stored().without("sha-256"))),
    ];
    for (expected, act) in cases {
        assert_eq!(panic_text(act), format!("mock transport: {expected}"), "case: {expected}");
    }
    blame_text(|| drop(Reply::status(99)));
    blame_text(|| drop(Reply::status(200).header("", "a")));
    blame_text(|| drop(Reply::stored().without("sha-256")));
}

#[test]
fn a_reply_that_has_nothing_to_echo_says_so() {
    let mock = MockTransport::new().reply(Reply::stored());
    let text = panic_text(|| drop(send(&mock, "GET", "/api/libraryfiles", &[], b"")));
    let start = "mock transport: the reply to request #1 cannot echo its file\n  \
         expected: a form with a part `file`\n  \
         received: header content-length: missing\n";
    assert!(text.starts_with(start), "{text}");
    let mock = MockTransport::new().reply(Reply::stored().early());
    let text = panic_text(|| drop(client(mock).upload(&upload())));
    assert!(text.contains("received: header content-length: says "), "{text}");
}
