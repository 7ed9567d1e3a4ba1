//! What the service's documentation shows, sent by the program that it shows.

use std::fs;
use std::io::{self, Write};
use std::process::{Command, Output};

use mde_live_response_emulator::Emulator;
use serde_json::{Value, json};

use crate::support::{TempDir, exchange};

/// What `curl` 7.88.1 sent for [`example`], recorded with the token `TOKEN` and the file [`IMAGE`].
const RECORDED: &[u8] = include_bytes!("fixtures/vendor_example_by_curl.http");
const IMAGE: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
const IMAGE_SHA256: &str = "4ffd8bb30991e3a6f28d1d03f1aedcd02ccf8e0cc16bb9e969e7bc2bda1ddf03";

/// The documentation's example: scheme, host and token are the emulator's, the rest is as it stands there.
fn example(emulator: &Emulator) -> Vec<String> {
    example_with(emulator, emulator.token())
}

pub(crate) fn example_with(emulator: &Emulator, token: &str) -> Vec<String> {
    let url = format!("{}/api/libraryfiles", emulator.base_url());
    let authorization = format!("Authorization: Bearer {token}");
    let arguments = [
        "-X",
        "POST",
        &url,
        "-H",
        &authorization,
        "-F",
        "file=@mdatp1.png",
        "-F",
        "ParametersDescription=test",
        "-F",
        "HasParameters=true",
        "-F",
        "OverrideIfExists=true",
        "-F",
        "Description=test description",
    ];
    arguments.map(str::to_owned).to_vec()
}

/// Runs `curl` beside a file `mdatp1.png`; `None`, and a loud word on why, where there is no `curl`.
///
/// Its standard output is the body, and the status in a line of its own.
pub(crate) fn curl(image: &[u8], arguments: &[String]) -> Option<Output> {
    let dir = TempDir::new();
    fs::write(dir.path().join("mdatp1.png"), image).unwrap();
    let mut command = Command::new("curl");
    // Neither a user's settings nor a proxy of the environment.
    command.args(["-q", "-sS", "--noproxy", "*", "-w", "\n%{http_code}"]).args(arguments);
    match command.current_dir(dir.path()).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Not `eprintln!`: that would be shown only if the test failed.
            let word = "\n!!! there is no curl here: only its recorded request is tried !!!\n";
            let _ = writeln!(io::stderr(), "{word}");
            None
        }
        Err(error) => panic!("curl: {error}"),
    }
}

#[track_caller]
pub(crate) fn status_and_json(output: &Output) -> (String, Value) {
    let text = String::from_utf8_lossy(&output.stdout);
    let (body, status) = text.rsplit_once('\n').expect("the status in a line of its own");
    let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (status.to_owned(), body)
}

#[track_caller]
fn assert_example_stored(emulator: &Emulator, entity: &Value) {
    let expected = json!({
        "fileName": "mdatp1.png",
        "sha256": IMAGE_SHA256,
        "description": "test description",
        "parametersDescription": "test",
        "hasParameters": true,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&entity[name], value, "field {name} of {entity}");
    }
    assert_eq!(emulator.library().content("mdatp1.png").as_deref(), Some(IMAGE));
}

#[test]
fn the_documented_curl_example_stores_the_file() {
    let emulator = Emulator::start().unwrap();
    if let Some(output) = curl(IMAGE, &example(&emulator)) {
        let (status, entity) = status_and_json(&output);
        assert_eq!(status, "200", "{output:?}");
        assert_example_stored(&emulator, &entity);
    }
}

#[test]
fn the_recorded_bytes_of_the_documented_curl_example_store_the_file() {
    let emulator = Emulator::builder().token("TOKEN").start().unwrap();
    let answer = exchange(&emulator, RECORDED);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_example_stored(&emulator, &answer.json());
}

#[test]
fn curl_hears_an_early_401_while_it_sends_a_large_file() {
    let emulator = Emulator::start().unwrap();
    let mut arguments = example(&emulator);
    arguments[4] = "Authorization: Bearer not-the-token".to_owned();
    let large = vec![0; 19 << 20];
    for expect in ["Expect:", "Expect: 100-continue"] {
        let arguments = [arguments.clone(), vec!["-H".to_owned(), expect.to_owned()]].concat();
        let Some(output) = curl(&large, &arguments) else { return };
        let (status, body) = status_and_json(&output);
        assert_eq!((status.as_str(), &body["error"]["code"]), ("401", &json!("Unauthorized")));
        assert!(output.status.success(), "{expect} {output:?}");
    }
}

#[test]
fn curl_hears_an_early_413() {
    let emulator = Emulator::start().unwrap();
    let Some(output) = curl(&vec![0; 21 << 20], &example(&emulator)) else { return };
    assert_eq!(status_and_json(&output).0, "413", "{output:?}");
    assert!(output.status.success(), "{output:?}");
    assert!(emulator.library().names().is_empty());
}

#[test]
fn curl_uploads_after_asking_whether_it_may() {
    let emulator = Emulator::start().unwrap();
    let arguments = [example(&emulator), vec!["-H".to_owned(), "Expect: 100-continue".to_owned()]];
    let large = vec![7; 20 << 20];
    let Some(output) = curl(&large, &arguments.concat()) else { return };
    assert_eq!(status_and_json(&output).0, "200", "{output:?}");
    assert_eq!(emulator.library().content("mdatp1.png").as_deref(), Some(large.as_slice()));
}

#[test]
fn curl_uploads_a_chunked_form() {
    let emulator = Emulator::start().unwrap();
    let chunked = vec!["-H".to_owned(), "Transfer-Encoding: chunked".to_owned()];
    let Some(output) = curl(IMAGE, &[example(&emulator), chunked].concat()) else { return };
    let (status, entity) = status_and_json(&output);
    assert_eq!(status, "200", "{output:?}");
    assert_example_stored(&emulator, &entity);
}
