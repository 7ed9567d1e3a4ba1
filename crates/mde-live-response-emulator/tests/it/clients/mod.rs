//! Foreign programs as clients. Each is optional: see [`program`].

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use mde_live_response_emulator::{Emulator, FakeLibrary};
use mde_live_response_testkit::{TempDir, program};
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

/// Runs a program beside the file `mdatp1.png`, with this on its standard input, and returns what it printed.
#[track_caller]
fn run(mut command: Command, stdin: &[u8]) -> String {
    let dir = TempDir::new();
    dir.write("mdatp1.png", IMAGE);
    command.current_dir(dir.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program may end without reading everything; its output is judged, not this.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Scheme, host and token are the emulator's; the rest is the documented example, word by word.
#[test]
fn p14_the_documented_curl_example_stores_the_file() {
    let emulator = Emulator::start().unwrap();
    let Some(mut curl) = program("curl", &["-q", "--version"]) else { return };
    let url = format!("{}/api/libraryfiles", emulator.base_url());
    let authorization = format!("Authorization: Bearer {}", emulator.token());
    // Not a user's settings, and no proxy.
    curl.args(["-q", "-sS", "--noproxy", "*", "-w", "\n%{http_code}"]);
    #[rustfmt::skip]
    curl.args([
        "-X", "POST", &url,
        "-H", &authorization,
        "-F", "file=@mdatp1.png",
        "-F", "ParametersDescription=test",
        "-F", "HasParameters=true",
        "-F", "OverrideIfExists=true",
        "-F", "Description=test description",
    ]);
    let printed = run(curl, b"");
    assert!(printed.ends_with("\n200"), "{printed}");
    assert_example_is_stored(&emulator);
}

#[test]
fn p14_the_recorded_bytes_of_the_documented_curl_example_store_the_file() {
    let library = FakeLibrary::builder().token("TOKEN").build();
    let emulator = Emulator::builder().library(library).start().unwrap();
    assert_eq!(exchange(&emulator, RECORDED).status, 200);
    assert_example_is_stored(&emulator);
}

/// Runs a script that uploads the form of the documented example in its own way, lists, deletes and deletes again; it
/// prints each status, and what it listed.
#[track_caller]
fn run_script(mut command: Command, name: &str) {
    let emulator = Emulator::start().unwrap();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/clients/scripts");
    command.arg(scripts.join(name));
    let job = json!({ "url": emulator.base_url(), "token": emulator.token() });
    let printed: Value = serde_json::from_str(&run(command, job.to_string().as_bytes())).unwrap();
    assert_eq!(printed["statuses"], json!([200, 200, 204, 404]), "{printed}");
    assert!(emulator.library().names().is_empty());
    let listed = FakeLibrary::new();
    listed.insert("mdatp1.png", IMAGE);
    let [entry] = listed.entries().try_into().unwrap();
    let file = &printed["listed"]["value"][0];
    assert_eq!(file["sha256"].as_str(), entry.sha256.as_deref(), "{printed}");
    assert_eq!(file["fileName"], "mdatp1.png");
    assert_eq!(file["description"], "test description");
    assert_eq!(file["parametersDescription"], "test");
    assert_eq!(file["hasParameters"], true);
}

#[test]
fn python_uploads_lists_and_deletes() {
    let probe = ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"];
    let Some(mut command) = program("python3", &probe) else { return };
    // Neither variables of the environment nor what a user installed.
    command.args(["-I", "-X", "utf8"]);
    run_script(command, "calls.py");
}

#[test]
fn node_uploads_lists_and_deletes() {
    let probe = ["-e", "process.exit(Number(parseInt(process.versions.node) < 20))"];
    let Some(command) = program("node", &probe) else { return };
    run_script(command, "calls.mjs");
}

/// A block of the guide page about the emulator, with this emulator's address and token.
fn guide(language: &str, emulator: &Emulator) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/guide/emulator.md");
    let page = fs::read_to_string(page).unwrap();
    let start = format!("```{language}\n");
    let blocks = page.split(&start).skip(1).map(|rest| rest.split("```").next().unwrap());
    let block = blocks.last().unwrap().replace("http://localhost:8080", emulator.base_url());
    block.replace("Bearer TOKEN", &format!("Bearer {}", emulator.token()))
}

#[test]
fn the_guides_curl_lines_order_a_fault_and_read_the_journal() {
    let emulator = Emulator::start().unwrap();
    let (Some(_), Some(mut shell)) =
        (program("curl", &["-q", "--version"]), program("sh", &["-c", "true"]))
    else {
        return;
    };
    // No settings of a user, and no proxy.
    shell.env("CURL_HOME", "/nowhere").env("HOME", "/nowhere").env("NO_PROXY", "*");
    shell.args(["-c", &format!("printf x >a.ps1\n{}", guide("sh", &emulator))]);
    let printed = run(shell, b"");
    let journal = printed.strip_prefix("503\n200\n").unwrap_or_else(|| panic!("{printed}"));
    let journal: Value = serde_json::from_str(journal).unwrap();
    let seen = |n: usize| [&journal[n]["status"], &journal[n]["fault"], &journal[n]["error"]];
    assert_eq!(seen(0), [&json!(503), &json!(true), &json!("a fault that the test ordered")]);
    assert_eq!(seen(1), [&json!(200), &json!(false), &json!(null)]);
    assert_eq!(journal[0]["fields"], journal[1]["fields"]);
    assert_eq!(emulator.library().names(), ["a.ps1"]);
}

#[test]
fn the_guides_python_lines_order_a_fault_and_read_the_journal() {
    let emulator = Emulator::start().unwrap();
    let probe = ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"];
    let Some(mut python) = program("python3", &probe) else { return };
    python.env("NO_PROXY", "*");
    // The code under test: an upload whose answer is lost.
    let upload = r#"
BODY = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n'
HEADERS = {"Authorization": "Bearer TOKEN", "Content-Type": "multipart/form-data; boundary=b"}
try:
    urllib.request.urlopen(urllib.request.Request(URL + "/api/libraryfiles", BODY, HEADERS))
except OSError as error:
    print(type(error).__name__)
#"#
    .replace("TOKEN", emulator.token());
    let lines = guide("python", &emulator).replace("# Run the code under test here.", &upload);
    python.args(["-I", "-"]);
    let printed = run(python, lines.as_bytes());
    assert_eq!(printed, "RemoteDisconnected\nPOST /api/libraryfiles None ['file']\n");
    assert_eq!(emulator.library().names(), ["a"]);
}
