//! Programs that nobody here wrote, as clients: what each sends, the library holds to the byte, under the very
//! name and with the very texts, and the answer says so in every field.
//!
//! Where a program's way of writing a form is refused, the test says which code it gets. None of them is
//! needed: see [`foreign`].

pub(crate) mod curl;
mod curl_forms;
mod curl_wire;
mod foreign;
mod node;
mod python;
mod uploads;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use mde_live_response_emulator::{Emulator, FakeLibrary};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What a program heard.
#[derive(Debug, Deserialize)]
pub(crate) struct Said {
    pub(crate) status: u16,
    /// `Null` for an empty body.
    pub(crate) body: Value,
}

impl Said {
    /// Status and code of an answer; the code is empty where there is none.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["error"]["code"].as_str().unwrap_or_default())
    }
}

/// What the library must hold of an upload.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sent<'a> {
    pub(crate) name: &'a str,
    pub(crate) content: &'a [u8],
    pub(crate) description: Option<&'a str>,
    pub(crate) parameters_description: Option<&'a str>,
    pub(crate) has_parameters: bool,
}

impl Sent<'_> {
    /// The entity, by a library whose time stands still.
    fn entity(&self) -> Value {
        let sha256 = Sha256::digest(self.content).iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}"); // a `String` takes everything
            hex
        });
        json!({
            "fileName": self.name,
            "sha256": sha256,
            "description": self.description,
            "creationTime": "2026-01-01T00:00:00.0000000Z",
            "lastUpdatedTime": "2026-01-01T00:00:00.000000Z",
            "createdBy": "mock",
            "hasParameters": self.has_parameters,
            "parametersDescription": self.parameters_description,
        })
    }
}

/// An emulator whose answers depend on nothing but the calls.
pub(crate) fn emulator() -> Emulator {
    let library = FakeLibrary::builder().token(Emulator::DEFAULT_TOKEN).no_limits().build();
    Emulator::builder().library(library).start().unwrap()
}

/// The answer is the entity whole, and what is held is what was sent.
#[track_caller]
pub(crate) fn assert_stored(emulator: &Emulator, said: &Said, sent: &Sent<'_>, case: &str) {
    assert_eq!(said.status, 200, "case: {case}: {said:?}");
    let mut answered = said.body.clone();
    let context = answered.as_object_mut().and_then(|entity| entity.remove("@odata.context"));
    let context = context.as_ref().and_then(Value::as_str).unwrap_or_default();
    assert!(context.ends_with("#LibraryFiles/$entity"), "case: {case}: {said:?}");
    assert_eq!(answered, sent.entity(), "case: {case}");
    assert_held(emulator, sent, case);
}

#[track_caller]
pub(crate) fn assert_held(emulator: &Emulator, sent: &Sent<'_>, case: &str) {
    let entry = emulator.library().entry(sent.name);
    let entry = serde_json::to_value(entry).unwrap();
    assert_eq!(entry, sent.entity(), "case: {case}");
    let held = emulator.library().content(sent.name).unwrap();
    // Not `assert_eq!`: that would print megabytes.
    assert!(held == sent.content, "case: {case}: {} bytes are held", held.len());
}

/// A list has these files, each whole, and no other.
#[track_caller]
pub(crate) fn assert_listed(said: &Said, sent: &[Sent<'_>]) {
    assert_eq!(said.status, 200, "{said:?}");
    let context = said.body["@odata.context"].as_str().unwrap_or_default();
    assert!(context.ends_with("#LibraryFiles"), "{said:?}");
    let entities: Vec<_> = sent.iter().map(Sent::entity).collect();
    assert_eq!(said.body["value"], Value::from(entities));
}

/// A script of ours for a program that is not.
fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/clients/scripts").join(name)
}

/// Runs a program with this on its standard input. It must end well.
#[track_caller]
fn run(mut command: Command, stdin: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program may end without having read everything; what it then says is judged, not this.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}
