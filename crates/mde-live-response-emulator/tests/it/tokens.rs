//! The emulator as the service that issues tokens. What it answers is the library's matter, and tested there.

use std::io::Write;

use mde_live_response_emulator::{Application, Emulator};
use serde_json::json;

use crate::clients::{curl, documented_example};
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

#[test]
fn curl_gets_a_token_and_uploads_with_it() {
    let emulator = emulator();
    let url = format!("{}{PATH}", emulator.base_url());
    let fields = [
        "client_id=a-client",
        "grant_type=client_credentials",
        "scope=https://api.securitycenter.microsoft.com/.default",
        "client_secret=a~secret+&",
    ];
    let encoded = fields.iter().flat_map(|field| ["--data-urlencode", field]);
    let arguments: Vec<_> = [&*url].into_iter().chain(encoded).collect();
    let Some((status, body)) = curl(&arguments) else { return };
    assert_eq!((status, &body["expires_in"]), (200, &json!(3_599)), "{body}");
    let token = body["access_token"].as_str().unwrap();
    let Some((status, body)) = documented_example(&emulator, token) else { return };
    assert_eq!(status, 200, "{body}");
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

#[test]
fn what_is_not_a_request_for_a_token_is_refused() {
    let emulator = emulator();
    for (case, content_type, form, status, error) in [
        ("a wrong secret", URLENCODED, FORM.replace("%2B", "+"), 401, "invalid_client"),
        ("another scope", URLENCODED, FORM.replace("%2F.default", ""), 400, "invalid_scope"),
        ("no form", URLENCODED, String::new(), 400, "invalid_request"),
        ("another type", "text/plain", FORM.to_owned(), 400, "invalid_request"),
    ] {
        let answer = post(&emulator, content_type, &form);
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (status, &json!(error)),
            "case: {case}"
        );
    }
    let cut = exchange(&emulator, format!("{}{FORM}", head(PATH, URLENCODED, 1_000)).as_bytes());
    assert_eq!((cut.status, &cut.json()["error"]), (400, &json!("invalid_request")));
    assert_eq!(emulator.library().token_calls(), 5);
}

/// Whether the length is announced or not.
#[test]
fn a_form_that_is_too_long_is_refused_before_its_end_and_the_next_is_served() {
    let emulator = emulator();
    let mut announced = connect(&emulator);
    announced.write_all(head(PATH, URLENCODED, LONGEST + 1).as_bytes()).unwrap();
    let mut chunked = connect(&emulator);
    let length = format!("Content-Length: {}", LONGEST + 1);
    let head = head(PATH, URLENCODED, LONGEST + 1).replace(&length, "Transfer-Encoding: chunked");
    chunked.write_all(format!("{head}{:x}\r\n", 1 << 30).as_bytes()).unwrap();
    chunked.write_all(&vec![b'x'; LONGEST + 1]).unwrap();
    for stream in [announced, chunked] {
        let answer = Answer::read(stream);
        assert_eq!((answer.status, answer.headers["connection"].as_str()), (400, "close"));
    }
    assert_eq!(post(&emulator, URLENCODED, FORM).status, 200);
    assert_eq!(emulator.library().token_calls(), 3);
}

#[test]
fn only_post_asks_for_a_token() {
    let answer =
        exchange(&emulator(), format!("GET {PATH} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
    assert_eq!((answer.status, answer.headers["allow"].as_str()), (405, "POST"));
}
