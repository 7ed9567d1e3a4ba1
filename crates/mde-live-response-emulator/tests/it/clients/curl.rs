//! curl, and with it what the service's documentation shows, sent by the program that it shows.

use std::fs;

use mde_live_response_emulator::{Emulator, FakeLibrary};
use serde_json::Value;

use super::{Said, Sent, assert_stored, emulator, foreign, run};
use crate::support::{Answer, TempDir, exchange};

/// What `curl` 7.88.1 sent for [`example`], recorded with the token `TOKEN` and the file [`IMAGE`].
const RECORDED: &[u8] = include_bytes!("../fixtures/vendor_example_by_curl.http");
const IMAGE: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

/// What the documentation's example must leave behind.
const EXAMPLE: Sent<'_> = Sent {
    name: "mdatp1.png",
    content: IMAGE,
    description: Some("test description"),
    parameters_description: Some("test"),
    has_parameters: true,
};

/// A run of curl: files beside it, standard input, and one list of arguments for each transfer.
#[derive(Default)]
pub(crate) struct Run<'a> {
    pub(crate) files: &'a [(&'a str, &'a [u8])],
    pub(crate) stdin: &'a [u8],
    pub(crate) transfers: Vec<Vec<String>>,
}

/// What curl says of a transfer.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) said: Said,
    /// How many connections it opened: none if it took the last one's.
    pub(crate) connections: u32,
    /// Of the answer, as in `1.1`.
    pub(crate) http: String,
    /// The answer's type; empty without one.
    pub(crate) content_type: String,
}

impl Run<'_> {
    /// `None` where there is no curl.
    #[track_caller]
    pub(crate) fn start(&self) -> Option<Vec<Transfer>> {
        let mut command = foreign::program("curl")?;
        let dir = TempDir::new();
        for (name, content) in self.files {
            fs::write(dir.path().join(name), content).unwrap();
        }
        // Not a user's settings.
        command.arg("-q").current_dir(dir.path());
        for (n, transfer) in self.transfers.iter().enumerate() {
            command.args(if n == 0 { &[][..] } else { &["--next"] });
            let spoken = "\n%{http_code} %{num_connects} %{http_version} %{content_type}\n";
            command.args(["-sS", "--noproxy", "*", "-w", spoken]).args(transfer);
        }
        let output = run(command, self.stdin);
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2 * self.transfers.len(), "{text}");
        Some(lines.chunks(2).map(|it| transfer(it[0], it[1])).collect())
    }
}

#[track_caller]
fn transfer(body: &str, spoken: &str) -> Transfer {
    let body = match body {
        "" => Value::Null,
        body => serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")),
    };
    let spoken: Vec<&str> = spoken.splitn(4, ' ').collect();
    Transfer {
        said: Said { status: spoken[0].parse().unwrap(), body },
        connections: spoken[1].parse().unwrap(),
        http: spoken[2].to_owned(),
        content_type: spoken[3].to_owned(),
    }
}

/// One transfer, without standard input.
#[track_caller]
pub(crate) fn curl(files: &[(&str, &[u8])], arguments: &[String]) -> Option<Said> {
    let run = Run { files, transfers: vec![arguments.to_vec()], ..Run::default() };
    run.start()?.pop().map(|transfer| transfer.said)
}

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

/// The example with these arguments more, and this image.
#[track_caller]
pub(super) fn example_and(emulator: &Emulator, image: &[u8], more: &[&str]) -> Option<Said> {
    let more = more.iter().map(|it| (*it).to_owned());
    let arguments: Vec<String> = example(emulator).into_iter().chain(more).collect();
    curl(&[("mdatp1.png", image)], &arguments)
}

#[test]
fn the_documented_curl_example_stores_the_file() {
    let emulator = emulator();
    let Some(said) = example_and(&emulator, IMAGE, &[]) else { return };
    assert_stored(&emulator, &said, &EXAMPLE, "the example");
    assert_eq!(emulator.library().names(), [EXAMPLE.name]);
}

#[test]
fn the_documented_curl_example_is_stored_however_it_is_sent() {
    let ways: [(&str, &[&str], &str); 7] = [
        ("chunked", &["-H", "Transfer-Encoding: chunked"], "1.1"),
        ("asking whether it may", &["-H", "Expect: 100-continue"], "1.1"),
        (
            "asking, and chunked",
            &["-H", "Expect: 100-continue", "-H", "Transfer-Encoding: chunked"],
            "1.1",
        ),
        ("not asking", &["-H", "Expect:"], "1.1"),
        ("HTTP/1.0", &["--http1.0"], "1"),
        ("compressed answers", &["--compressed"], "1.1"),
        // To a server without TLS curl offers the newer HTTP in a header, and goes on with the older.
        ("offering HTTP/2", &["--http2"], "1.1"),
    ];
    for (case, more, http) in ways {
        let emulator = emulator();
        let more = more.iter().map(|it| (*it).to_owned());
        let transfers = vec![example(&emulator).into_iter().chain(more).collect()];
        let run = Run { files: &[("mdatp1.png", IMAGE)], transfers, ..Run::default() };
        let Some(transfers) = run.start() else { return };
        assert_stored(&emulator, &transfers[0].said, &EXAMPLE, case);
        assert_eq!(transfers[0].http, http, "case: {case}");
        assert_eq!(transfers[0].content_type, "application/json", "case: {case}");
    }
}

#[test]
fn the_recorded_bytes_of_the_documented_curl_example_store_the_file() {
    let library = FakeLibrary::builder().token("TOKEN").build();
    let emulator = Emulator::builder().library(library).start().unwrap();
    let Answer { status, body, .. } = exchange(&emulator, RECORDED);
    let said = Said { status, body: serde_json::from_slice(&body).unwrap() };
    assert_stored(&emulator, &said, &EXAMPLE, "recorded");
}
