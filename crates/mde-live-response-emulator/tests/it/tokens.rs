//! The emulator as the service that issues tokens, asked by curl and by the same bytes as the mock.

use std::io;
use std::process::Command;

use mde_live_response_core::{Body, Transport, http};
use mde_live_response_emulator::{Application, Emulator, FakeLibrary};
use serde_json::Value;

use crate::support::{Answer, exchange};

const FORM: &str = "client_id=a-client&grant_type=client_credentials&client_secret=a~secret%2B%26\
                    &scope=https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default";
const URLENCODED: &str = "application/x-www-form-urlencoded";

fn application() -> Application {
    Application::new("a-tenant", "a-client").with_secret("a~secret+&")
}

fn emulator() -> Emulator {
    Emulator::builder().application(application()).start().unwrap()
}

fn post(emulator: &Emulator, content_type: &str, body: &str) -> Answer {
    let length = body.len();
    let head = format!(
        "POST /a-tenant/oauth2/v2.0/token HTTP/1.1\r\nHost: h\r\nContent-Type: {content_type}\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    exchange(emulator, format!("{head}{body}").as_bytes())
}

fn list_status(emulator: &Emulator, token: &str) -> u16 {
    let request = format!(
        "GET /api/libraryfiles HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    exchange(emulator, request.as_bytes()).status
}

#[test]
fn curl_gets_a_token_that_the_library_accepts() {
    let emulator = emulator();
    let mut command = Command::new("curl");
    command.args(["-q", "-sS", "--noproxy", "*", "-d", "client_id=a-client"]);
    command.args([
        "-d",
        "grant_type=client_credentials",
        "--data-urlencode",
        "client_secret=a~secret+&",
    ]);
    command.args(["--data-urlencode", "scope=https://api.securitycenter.microsoft.com/.default"]);
    command.arg(format!("{}/a-tenant/oauth2/v2.0/token", emulator.base_url()));
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return eprintln!("!!! there is no curl here: nothing was tried !!!");
        }
        Err(error) => panic!("curl: {error}"),
    };
    let body: Value = serde_json::from_slice(&output.stdout).unwrap();
    let token = body["access_token"].as_str().unwrap_or_else(|| panic!("{body}"));
    assert_eq!(list_status(&emulator, token), 200);
    assert_eq!(list_status(&emulator, emulator.token()), 200, "the fixed one still is");
    assert_eq!(list_status(&emulator, "another"), 401);
    emulator.library().revoke_tokens();
    assert_eq!(list_status(&emulator, token), 401);
}

/// Two parsers, one service: status and body are the same to the byte.
#[test]
fn the_mock_answers_the_same_bytes_in_the_same_way() {
    let wrong_secret = FORM.replace("%26", "");
    let long = format!("{FORM}&x={}", "y".repeat(70_000));
    for (content_type, body) in [
        (URLENCODED, FORM),
        (URLENCODED, wrong_secret.as_str()),
        (URLENCODED, ""),
        (URLENCODED, "grant_type=client_credentials"),
        ("text/plain", FORM),
    ] {
        let library = FakeLibrary::builder().token("t").application(application()).build();
        let emulator = Emulator::builder().library(library.clone()).token("t").start().unwrap();
        let over_socket = post(&emulator, content_type, body);
        let fresh = FakeLibrary::builder().token("t").application(application()).build();
        let mut request = http::Request::new(Body::bytes(body.as_bytes()));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = "https://login/a-tenant/oauth2/v2.0/token".parse().unwrap();
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        let over_mock = fresh.send(request).unwrap();
        assert_eq!(over_socket.status, over_mock.status().as_u16(), "case: {body}");
        let shown = String::from_utf8_lossy(over_mock.body());
        let is_form = content_type == URLENCODED && !body.is_empty();
        if is_form {
            assert_eq!(String::from_utf8_lossy(&over_socket.body), shown, "case: {body}");
        }
    }
    let emulator = emulator();
    assert_eq!(post(&emulator, URLENCODED, &long).status, 400, "longer than any such form");
    assert_eq!(post(&emulator, URLENCODED, FORM).status, 200, "and it goes on serving");
}
