//! Every failure of an assertion: what it expected, what it received, and whom it blames.

use mde_live_response_core::Upload;
use mde_live_response_mock::{MockTransport, RecordedRequest, Reply};

use crate::common::{CANARY, client, panic_of, send, upload};

fn record(upload: &Upload) -> RecordedRequest {
    let mock = MockTransport::new().reply(Reply::stored());
    client(mock.clone()).upload(upload).unwrap();
    let [request] = mock.requests();
    request
}

/// Asserts that this fails with these lines, blames the caller, and shows no token.
#[track_caller]
fn assert_fails(act: impl FnOnce(), lines: &[&str]) {
    let (text, blames_a_test) = panic_of(act);
    assert!(blames_a_test && !text.contains(CANARY), "{text}");
    for line in lines {
        assert!(text.lines().any(|it| it.trim() == *line), "no line `{line}` in\n{text}");
    }
}

#[test]
fn a_failure_shows_both_sides_and_the_whole_form() {
    let request = record(&upload());
    request.assert_file("collect-dns.ps1", b"Get-DnsClientCache");
    request.assert_text("Description", "Collects the DNS client cache");
    request.assert_absent("ParametersDescription");
    request.assert_bearer(CANARY);
    let (text, _) = panic_of(|| request.assert_file("collect-dns.ps1", b"Get-DnsCache"));
    assert_eq!(
        text,
        "mock transport: request #1 has another file\n  \
         expected: file `collect-dns.ps1`, 12 bytes, \"Get-DnsCache\"\n  \
         received: file `collect-dns.ps1`, 18 bytes, \"Get-DnsClientCache\"\n            \
         the content differs from byte 8 on\n  \
         request:  POST https://api.security.microsoft.com/api/libraryfiles\n            \
         authorization: [redacted]\n            \
         Description       text, 29 bytes, \"Collects the DNS client cache\"\n            \
         HasParameters     text, 5 bytes, \"false\"\n            \
         OverrideIfExists  text, 5 bytes, \"false\"\n            \
         file              file `collect-dns.ps1`, 18 bytes, \"Get-DnsClientCache\""
    );
}

#[test]
fn a15_each_failure_names_what_was_received_and_shows_no_token() {
    let request = record(&upload());
    let long = record(&Upload::new("a".parse().unwrap(), b"x".repeat(4000)));
    let mock = MockTransport::new().reply(Reply::status(200));
    send(&mock, "GET", "/", &[], b"abc").unwrap();
    let [no_form] = mock.requests();
    let (x, f) = ("x".repeat(60), "f".repeat(48));
    let file = "received: file `collect-dns.ps1`, 18 bytes, \"Get-DnsClientCache\"";
    let text = "received: text, 29 bytes, \"Collects the DNS client cache\"";
    let (near, far) =
        ("received: no such field; there is a field Description", "received: no such field");
    let missing = ["expected: a form", "received: header content-length: missing"];
    let cases: [(&dyn Fn(), &[&str]); 15] = [
        (&|| request.assert_file("b.ps1", b"Get-DnsClientCache"), &[file]),
        (
            &|| long.assert_file("a", &[0xff; 100]),
            &[
                &format!("expected: file `a`, 100 bytes, 0x{f}…"),
                &format!("received: file `a`, 4000 bytes, \"{x}…\""),
                "the content differs from byte 0 on",
            ],
        ),
        (
            &|| request.assert_text("Description", "a\nb"),
            &["expected: text, 3 bytes, \"a\\nb\"", text],
        ),
        (&|| request.assert_text("file", "Get-DnsClientCache"), &[file]),
        (&|| request.assert_text("description", "a"), &["expected: text, 1 byte, \"a\"", near]),
        (&|| request.assert_text("Descripton", "a"), &[near]),
        (&|| request.assert_text("Desciprtion", "a"), &[near]),
        (&|| request.assert_text("Size", "a"), &[far]),
        (&|| request.assert_absent("Description"), &["expected: no such field", text]),
        (&|| request.assert_bearer("b"), &["received: [redacted], another"]),
        (&|| drop(no_form.form()), &missing),
        (&|| no_form.assert_file("a", b""), &missing),
        (&|| no_form.assert_text("a", ""), &missing),
        (&|| no_form.assert_absent("a"), &missing),
        (&|| no_form.assert_bearer("a"), &["received: none", "body: 3 bytes, not a form"]),
    ];
    for (act, lines) in cases {
        assert_fails(act, lines);
    }
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
    assert_fails(|| drop(chunked.form()), &["received: header content-length: missing"]);
    assert_fails(
        || sized.assert_file("a", b"1"),
        &["received: no such field; there is a field File"],
    );
}

#[test]
fn a_script_and_its_requests_must_agree() {
    let early = Reply::error(401, "Unauthorized").early();
    let mock = MockTransport::new().reply(Reply::stored()).reply(early).reply(Reply::stored());
    let client = client(mock.clone());
    client.upload(&upload()).unwrap();
    client.upload(&upload()).unwrap_err();
    let [first, _] = mock.requests();
    let unread = format!("body: 0 of {} bytes read", first.body().len());
    let another_number = || {
        let [_] = mock.requests();
    };
    let post = "POST https://api.security.microsoft.com/api/libraryfiles";
    let first = format!("#1:     {post}");
    assert_fails(another_number, &["script: 3 replies, 2 used", &first, &unread]);
    let left = ["mock transport: 1 scripted reply was not used", "script: 3 replies, 2 used"];
    assert_fails(|| mock.assert_done(), &left);
    client.upload(&upload()).unwrap();
    mock.assert_done();

    let lines = [
        "mock transport: no reply is scripted for request #4, POST /api/libraryfiles",
        "script:  3 replies, all used",
        &format!("request: {post}"),
    ];
    let (text, _) = panic_of(|| drop(client.upload(&upload())));
    assert!(lines.iter().all(|line| text.contains(line)), "{text}");
    assert_fails(|| mock.assert_done(), &lines);
    let used = ["mock transport: expected 0 requests, received 4"];
    assert_fails(|| mock.assert_unused(), &used);
    MockTransport::new().assert_unused();
}

#[test]
fn replies_that_cannot_be_are_refused_where_they_are_written() {
    let no_entity = "only Reply::stored and Reply::library_file have an entity to change";
    let cases: [(&str, &dyn Fn()); 9] = [
        ("99 is not a status code from 100 to 999", &|| drop(Reply::status(99))),
        ("1000 is not a status code from 100 to 999", &|| drop(Reply::error(1000, "a"))),
        ("0 is not a status code from 100 to 999", &|| drop(Reply::json(0, ""))),
        ("a b: c is not a header", &|| drop(Reply::status(200).header("a b", "c"))),
        ("a: b\\r\\nc: d is not a header", &|| drop(Reply::status(200).header("a", "b\r\nc: d"))),
        (no_entity, &|| drop(Reply::json(200, "{}").with_sha256("0"))),
        (no_entity, &|| drop(Reply::error(400, "a").without("sha256"))),
        (no_entity, &|| drop(Reply::stored().body("{}").without("sha256"))),
        ("the entity has no field sha-256", &|| drop(Reply::stored().without("sha-256"))),
    ];
    for (expected, act) in cases {
        assert_fails(act, &[&format!("mock transport: {expected}")]);
    }
}

#[test]
fn a_reply_that_has_nothing_to_echo_says_so() {
    let no_form = MockTransport::new().reply(Reply::stored());
    let unread = MockTransport::new().reply(Reply::stored().early());
    let [(no_form, _), (unread, _)] = [
        panic_of(|| drop(send(&no_form, "GET", "/", &[], b""))),
        panic_of(|| drop(client(unread).upload(&upload()))),
    ];
    assert!(no_form.contains("request #1 cannot echo its file"), "{no_form}");
    assert!(no_form.contains("received: header content-length: missing\n"), "{no_form}");
    assert!(unread.contains("received: header content-length: says "), "{unread}");
}
