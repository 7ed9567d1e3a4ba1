//! The emulator as the service that issues tokens, asked by curl and by the same bytes as the mock.

use std::io::Write;

use mde_live_response_core::{Body, Transport, http};
use mde_live_response_emulator::{Application, Emulator, FakeLibrary};
use serde_json::{Value, json};

use crate::clients::Said;
use crate::clients::curl::{curl, example_with};
use crate::support::{Answer, connect, exchange};

const FORM: &str = "client_id=a-client&grant_type=client_credentials&client_secret=a~secret%2B%26\
                    &scope=https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default";
const URLENCODED: &str = "application/x-www-form-urlencoded";
const PATH: &str = "/a-tenant/oauth2/v2.0/token";
const LONGEST: usize = 64 * 1024;

fn application() -> Application {
    Application::new("a-tenant", "a-client")
        .with_secret("a~secret+&")
        .with_assertion("an.other.one")
}

fn emulator() -> Emulator {
    Emulator::builder().application(application()).start().unwrap()
}

fn post(emulator: &Emulator, content_type: &str, body: &str) -> Answer {
    exchange(emulator, format!("{}{body}", head(PATH, content_type, body.len())).as_bytes())
}

fn head(path: &str, content_type: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: {content_type}\r\n\
         Content-Length: {length}\r\n\r\n"
    )
}

fn list_status(emulator: &Emulator, token: &str) -> u16 {
    let request = format!(
        "GET /api/libraryfiles HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    exchange(emulator, request.as_bytes()).status
}

/// Asks as the vendor's pages do; `None` where there is no curl.
fn ask_by_curl(emulator: &Emulator, proof: &[&str]) -> Option<Said> {
    let scope = "scope=https://api.securitycenter.microsoft.com/.default";
    let fields = ["client_id=a-client", "grant_type=client_credentials", scope];
    let mut arguments = vec![format!("{}{PATH}", emulator.base_url())];
    for field in fields.iter().chain(proof) {
        arguments.extend(["--data-urlencode".to_owned(), (*field).to_owned()]);
    }
    curl(&[], &arguments)
}

#[test]
fn curl_gets_a_token_and_uploads_with_it() {
    let emulator = emulator();
    let by_secret = &["client_secret=a~secret+&"][..];
    let by_assertion = &[
        "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion=an.other.one",
    ];
    for proof in [by_secret, by_assertion] {
        let Some(Said { status, body }) = ask_by_curl(&emulator, proof) else { return };
        assert_eq!((status, &body["expires_in"]), (200, &json!(3_599)), "{body}");
        let token = body["access_token"].as_str().unwrap();
        let image = [("mdatp1.png", &b"image"[..])];
        let Some(said) = curl(&image, &example_with(&emulator, token)) else { return };
        assert_eq!(said.status, 200, "{said:?}");
    }
    assert_eq!(emulator.library().content("mdatp1.png").as_deref(), Some(&b"image"[..]));
}

#[test]
fn curl_is_told_what_is_wrong() {
    let emulator = emulator();
    let no = &["client_secret=no"];
    let Some(Said { status, body }) = ask_by_curl(&emulator, no) else { return };
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    assert_eq!(body["error_codes"], json!([7_000_215]));
}

#[test]
fn an_issued_token_is_good_until_it_is_revoked_and_the_fixed_one_beside_it() {
    let emulator = emulator();
    let answer = post(&emulator, URLENCODED, FORM);
    assert_eq!(answer.headers["cache-control"], "no-store, no-cache");
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(list_status(&emulator, &token), 200);
    assert_eq!(list_status(&emulator, emulator.token()), 200);
    assert_eq!(list_status(&emulator, "another"), 401);
    emulator.library().revoke_tokens();
    assert_eq!(list_status(&emulator, &token), 401);
    assert_eq!(list_status(&emulator, emulator.token()), 200);
}

/// A library whose answers depend on nothing but the calls.
fn library() -> FakeLibrary {
    FakeLibrary::builder().token("T").application(application()).build()
}

fn by_emulator(path: &str, content_type: &str, body: &str) -> Answer {
    let emulator = Emulator::builder().library(library()).token("T").start().unwrap();
    exchange(&emulator, format!("{}{body}", head(path, content_type, body.len())).as_bytes())
}

fn by_mock(path: &str, content_type: &str, body: &str) -> Answer {
    let request = http::Request::post(format!("https://login.example{path}"))
        .header("content-type", content_type)
        .header("content-length", body.len())
        .body(Body::bytes(body.as_bytes()))
        .unwrap();
    let (head, body) = library().send(request).unwrap().into_parts();
    Answer { status: head.status.as_u16(), headers: [].into(), body }
}

/// Status and codes, the latter empty if there is none.
fn judged(answer: &Answer) -> (u16, String) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    (
        answer.status,
        body["error_codes"][0].as_u64().map(|code| code.to_string()).unwrap_or_default(),
    )
}

/// Two parsers, one service: status and body are the same to the byte.
#[test]
fn the_mock_answers_the_same_bytes_in_the_same_way() {
    let swapped = |from: &str, to: &str| FORM.replace(from, to);
    let long = |length: usize| format!("{FORM}&{}=", "x".repeat(length - FORM.len() - 2));
    let rows = [
        ("a token", URLENCODED, FORM.to_owned(), 200, ""),
        ("a charset", "application/x-www-form-urlencoded; charset=utf-8", FORM.into(), 200, ""),
        ("escapes in small letters", URLENCODED, swapped("%3A%2F%2F", "%3a%2f%2f"), 200, ""),
        ("fewer escapes", URLENCODED, swapped("%3A%2F%2F", "://"), 200, ""),
        ("an unknown field", URLENCODED, format!("{FORM}&resource=x+y"), 200, ""),
        ("the longest form", URLENCODED, long(LONGEST), 200, ""),
        ("a longer one", URLENCODED, long(LONGEST + 1), 400, "900144"),
        ("a blank in the secret", URLENCODED, swapped("%2B", "+"), 401, "7000215"),
        ("half the secret", URLENCODED, swapped("%26", ""), 401, "7000215"),
        ("another client", URLENCODED, swapped("a-client", "%C3%A9"), 400, "700016"),
        ("a scope of no audience", URLENCODED, swapped("%2F.default", ""), 400, "1002012"),
        ("an unknown audience", URLENCODED, swapped("microsoft", "example"), 400, "500011"),
        ("another grant", URLENCODED, swapped("client_credentials", "password"), 400, "70003"),
        ("an empty field", URLENCODED, swapped("=a-client", "="), 400, "900144"),
        ("a field twice", URLENCODED, format!("{FORM}&scope=x"), 400, "900144"),
        ("a field of another case", URLENCODED, swapped("client_id", "Client_Id"), 400, "900144"),
        ("one field", URLENCODED, "grant_type=client_credentials".into(), 400, "900144"),
        ("an empty body", URLENCODED, String::new(), 400, "900144"),
        ("a body of JSON", URLENCODED, json!({"grant_type": "x"}).to_string(), 400, "900144"),
        ("another type", "text/plain", FORM.into(), 400, "900144"),
        ("a multipart form", "multipart/form-data; boundary=b", FORM.into(), 400, "900144"),
    ];
    for (case, content_type, body, status, code) in rows {
        let (emulator, mock) =
            (by_emulator(PATH, content_type, &body), by_mock(PATH, content_type, &body));
        assert_eq!(judged(&emulator), (status, code.to_owned()), "case: {case}");
        assert_eq!(mock.status, status, "case: {case}");
        let [emulator, mock] =
            [emulator.body, mock.body].map(|body| String::from_utf8(body).unwrap());
        assert_eq!(emulator, mock, "case: {case}");
    }
}

#[test]
fn the_tenant_is_read_from_the_path_in_the_same_way() {
    for (path, status, code) in [
        ("/a%2Dtenant/oauth2/v2.0/token", 200, ""),
        ("/another/oauth2/v2.0/token", 400, "90002"),
        ("/a%2Ftenant/oauth2/v2.0/token", 400, "90002"),
        ("/%ff/oauth2/v2.0/token", 404, ""),
        ("//oauth2/v2.0/token", 404, ""),
        ("/oauth2/v2.0/token", 404, ""),
        ("/a-tenant/oauth2/v2.0/token/", 404, ""),
        ("/a-tenant/oauth2/token", 404, ""),
    ] {
        for answer in [by_emulator(path, URLENCODED, FORM), by_mock(path, URLENCODED, FORM)] {
            assert_eq!(judged(&answer), (status, code.to_owned()), "case: {path}");
        }
    }
}

/// What a lenient server takes and our own client never sends. The mock refuses it, so that a client that does
/// send it is found out.
#[test]
fn the_mock_is_stricter_where_our_client_has_one_spelling() {
    let rows = [
        ("a bad escape", URLENCODED, format!("{FORM}&x=%zz")),
        ("no UTF-8", URLENCODED, format!("{FORM}&x=%ff")),
        ("a field without `=`", URLENCODED, format!("{FORM}&x")),
        ("`&` at the end", URLENCODED, format!("{FORM}&")),
        ("capitals", "Application/X-WWW-Form-Urlencoded", FORM.to_owned()),
    ];
    for (case, content_type, body) in rows {
        assert_eq!(by_emulator(PATH, content_type, &body).status, 200, "case: {case}");
        let mock = judged(&by_mock(PATH, content_type, &body));
        assert_eq!(mock, (400, "900144".to_owned()), "case: {case}");
    }
}

#[test]
fn a_form_that_is_too_long_is_refused_before_its_end_and_the_next_is_served() {
    let emulator = emulator();
    let mut stream = connect(&emulator);
    stream.write_all(head(PATH, URLENCODED, 1 << 30).as_bytes()).unwrap();
    stream.write_all(&vec![b'x'; LONGEST + 1]).unwrap();
    let answer = Answer::read(stream);
    assert_eq!((answer.status, answer.headers["connection"].as_str()), (400, "close"));
    assert_eq!(post(&emulator, URLENCODED, FORM).status, 200);
    assert_eq!(emulator.library().token_calls(), 2);
}

#[test]
fn only_post_asks_for_a_token() {
    let answer =
        exchange(&emulator(), format!("GET {PATH} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
    assert_eq!((answer.status, answer.headers["allow"].as_str()), (405, "POST"));
}
