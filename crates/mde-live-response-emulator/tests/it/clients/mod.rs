//! Programs that nobody here wrote, as clients: one form by each, as each writes it.
//!
//! None of them is needed: see [`foreign`]. What else they write is a case of the decoder's own tests.

mod foreign;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use mde_live_response_emulator::{Emulator, FakeLibrary};
use mde_live_response_testkit::TempDir;
use serde_json::{Value, json};

use crate::support::exchange;

/// What `curl` 7.88.1 sent for the documented example, recorded with the token `TOKEN` and the file [`IMAGE`].
const RECORDED: &[u8] = include_bytes!("../fixtures/vendor_example_by_curl.http");
const IMAGE: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

/// The library holds the form of the documented example, and nothing else.
#[track_caller]
fn assert_example_is_stored(emulator: &Emulator) {
    let library = emulator.library();
    assert_eq!(library.names(), ["mdatp1.png"]);
    assert_eq!(library.content("mdatp1.png").as_deref(), Some(IMAGE));
    let entry = library.entry("mdatp1.png").unwrap();
    assert_eq!(entry.description.as_deref(), Some("test description"));
    assert_eq!(entry.parameters_description.as_deref(), Some("test"));
    assert!(entry.has_parameters);
}

/// Runs a program beside the file `mdatp1.png`, with this on its standard input; what it printed.
#[track_caller]
fn run(mut command: Command, stdin: &[u8]) -> String {
    let dir = TempDir::new();
    fs::write(dir.path().join("mdatp1.png"), IMAGE).unwrap();
    command.current_dir(dir.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program may end without reading everything; its output is judged, not this.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Status and body of what curl received; `None` where there is no curl.
#[track_caller]
pub(crate) fn curl(arguments: &[&str]) -> Option<(u16, Value)> {
    let mut command = foreign::program("curl")?;
    // Not a user's settings, and no proxy.
    command.args(["-q", "-sS", "--noproxy", "*", "-w", "\n%{http_code}"]).args(arguments);
    let printed = run(command, b"");
    let (body, status) = printed.rsplit_once('\n').unwrap();
    Some((status.parse().unwrap(), serde_json::from_str(body).unwrap_or_default()))
}

/// The documented example, with the emulator's scheme and host, and this token.
#[track_caller]
pub(crate) fn documented_example(emulator: &Emulator, token: &str) -> Option<(u16, Value)> {
    let url = format!("{}/api/libraryfiles", emulator.base_url());
    let authorization = format!("Authorization: Bearer {token}");
    #[rustfmt::skip]
    let arguments = [
        "-X", "POST", &url,
        "-H", &authorization,
        "-F", "file=@mdatp1.png",
        "-F", "ParametersDescription=test",
        "-F", "HasParameters=true",
        "-F", "OverrideIfExists=true",
        "-F", "Description=test description",
    ];
    curl(&arguments)
}

#[test]
fn the_documented_curl_example_stores_the_file() {
    let emulator = Emulator::start().unwrap();
    let Some((status, body)) = documented_example(&emulator, emulator.token()) else { return };
    assert_eq!((status, &body["fileName"]), (200, &json!("mdatp1.png")), "{body}");
    assert_example_is_stored(&emulator);
}

#[test]
fn the_recorded_bytes_of_the_documented_curl_example_store_the_file() {
    let library = FakeLibrary::builder().token("TOKEN").build();
    let emulator = Emulator::builder().library(library).start().unwrap();
    assert_eq!(exchange(&emulator, RECORDED).status, 200);
    assert_example_is_stored(&emulator);
}

/// Runs a script that uploads the documented example's form in its own way.
#[track_caller]
fn run_script(mut command: Command, name: &str) {
    let emulator = Emulator::start().unwrap();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/clients/scripts");
    command.arg(scripts.join(name));
    let job = json!({ "url": emulator.base_url(), "token": emulator.token() });
    assert_eq!(run(command, job.to_string().as_bytes()), "200");
    assert_example_is_stored(&emulator);
}

#[test]
fn python_uploads_in_chunks() {
    let Some(mut command) = foreign::program("python3") else { return };
    // Neither variables of the environment nor what a user installed.
    command.args(["-I", "-X", "utf8"]);
    run_script(command, "upload.py");
}

#[test]
fn node_uploads_form_data() {
    let Some(command) = foreign::program("node") else { return };
    run_script(command, "upload.mjs");
}
