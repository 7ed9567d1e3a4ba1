//! The emulator as the service that issues tokens. What it answers is the library's matter, and tested there.

use std::io::Write;

use mde_live_response_emulator::{Application, Emulator};
use serde_json::json;

use crate::support::{Answer, connect, exchange};

const FORM: &str = "client_id=a-client&grant_type=client_credentials&client_secret=a~secret%2B%26\
                    &scope=https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default";
const LONGEST: usize = 64 * 1024;

fn emulator() -> Emulator {
    let application = Application::new("a-tenant", "a-client").with_secret("a~secret+&");
    Emulator::builder().application(application).start().unwrap()
}

fn request(length: &str, form: &str) -> Vec<u8> {
    format!(
        "POST /a-tenant/oauth2/v2.0/token HTTP/1.1\r\nHost: h\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n{length}\r\n\r\n{form}"
    )
    .into_bytes()
}

fn issue(emulator: &Emulator, length: usize) -> Answer {
    exchange(emulator, &request(&format!("Content-Length: {length}"), FORM))
}

/// Whether its length is announced or not.
#[test]
fn a_form_that_is_cut_or_too_long_is_refused_and_the_next_is_served() {
    let emulator = emulator();
    let cut = issue(&emulator, 1_000);
    assert_eq!((cut.status, &cut.json()["error"]), (400, &json!("invalid_request")));

    let mut announced = connect(&emulator);
    announced.write_all(&request(&format!("Content-Length: {}", LONGEST + 1), "")).unwrap();
    let mut chunked = connect(&emulator);
    let start = format!("{:x}\r\n", 1 << 30);
    chunked.write_all(&request("Transfer-Encoding: chunked", &start)).unwrap();
    chunked.write_all(&vec![b'x'; LONGEST + 1]).unwrap();
    for stream in [announced, chunked] {
        let answer = Answer::read(stream);
        assert_eq!((answer.status, answer.headers["connection"].as_str()), (400, "close"));
    }
    assert_eq!(issue(&emulator, FORM.len()).status, 200);
    assert_eq!(emulator.library().token_calls(), 4);
}
