//! Node's own fetch: `FormData` with a Blob or a File, and a stream without a length.

use mde_live_response_emulator::Emulator;
use serde::Deserialize;
use serde_json::{Value, json};

use super::uploads::{self, Upload};
use super::{Said, Sent, assert_stored, emulator, foreign, run, script};
use crate::support::TempDir;

/// What the scripts print.
#[derive(Debug, Deserialize)]
struct Fetched {
    answers: Vec<Said>,
    #[serde(default)]
    connections: u32,
}

/// `None` where there is no Node.
#[track_caller]
fn node(name: &str, emulator: &Emulator, uploads: &[Upload], more: Value) -> Option<Fetched> {
    let mut command = foreign::program("node")?;
    command.arg("--no-warnings").arg(script(name));
    let dir = TempDir::new();
    let output = run(command, &uploads::job(emulator, dir.path(), uploads, more));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn upload(name: &'static str, content: &[u8]) -> Upload {
    Upload { case: name, name, content: content.to_vec(), before: &[], after: &[] }
}

#[test]
fn fetch_uploads_forms_and_uses_its_connections_again() {
    for way in ["as Blob", "as File", "from disk"] {
        let (emulator, uploads) = (emulator(), uploads::all());
        let Some(said) = node("form_data.mjs", &emulator, &uploads, json!({ "way": way })) else {
            return;
        };
        uploads::assert_all_stored(&emulator, &said.answers, &uploads);
        // Not "one": fetch opens another if the answer comes before it has noticed that the body is out.
        assert!(said.connections < 5, "case: {way}: {} connections", said.connections);
    }
}

#[test]
fn fetch_uploads_twenty_forms_at_once() {
    let emulator = emulator();
    let names: [&str; 20] = [
        "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14",
        "15", "16", "17", "18", "19",
    ];
    let uploads: Vec<_> =
        (0..).zip(names).map(|(n, name)| upload(name, &vec![n; 300_000])).collect();
    let Some(said) = node("form_data.mjs", &emulator, &uploads, json!({ "way": "parallel" }))
    else {
        return;
    };
    uploads::assert_all_stored(&emulator, &said.answers, &uploads);
}

#[test]
fn fetch_streams_a_form_without_a_length() {
    let (emulator, uploads) = (emulator(), uploads::all());
    let Some(said) = node("stream.mjs", &emulator, &uploads, json!({})) else { return };
    uploads::assert_all_stored(&emulator, &said.answers, &uploads);
}

/// Fetch writes a quote and line ends in a name with percent signs, as browsers do, and leaves those there are; an
/// empty name it does not write at all.
#[test]
fn names_that_fetch_escapes_are_kept_as_they_came() {
    let emulator = emulator();
    let names = [
        ("", "file"),
        ("q\"p%22%.ps1", "q%22p%22%.ps1"),
        ("line\r\nend\n.ps1", "line%0D%0Aend%0A.ps1"),
    ];
    let uploads = names.map(|(name, _)| upload(name, b"x"));
    let Some(said) = node("form_data.mjs", &emulator, &uploads, json!({})) else { return };
    for (said, (_, name)) in said.answers.iter().zip(names) {
        assert_stored(&emulator, said, &Sent { name, content: b"x", ..Sent::default() }, name);
    }
}

#[test]
fn fetch_hears_what_is_refused() {
    let emulator = emulator();
    let (body, input) = ((400, "InvalidRequestBody"), (400, "InvalidInput"));
    let followed_by = |after| Upload { after, ..upload("a", b"x") };
    let cases = [
        (upload("a\\b", b"x"), input),
        (upload("a/b", b"x"), input),
        (followed_by(&[("description", "x")]), body),
        (followed_by(&[("file", "x")]), body),
        (followed_by(&[("HasParameters", "TRUE")]), input),
        (upload("too-large", &vec![0; (20 << 20) + 1]), (413, "InvalidInput")),
        (upload("much-too-large", &vec![0; 30 << 20]), (413, "InvalidInput")),
    ];
    assert_refused(&emulator, json!({}), cases.into());
    // The classic mistake: a type of the caller's own, and so without the boundary.
    let no_boundary = json!({ "headers": { "Content-Type": "multipart/form-data" } });
    assert_refused(&emulator, no_boundary, vec![(upload("a", b"x"), body)]);
    let bad_token = vec![
        (upload("a", b"x"), (401, "Unauthorized")),
        (upload("large", &vec![0; 19 << 20]), (401, "Unauthorized")),
    ];
    assert_refused(&emulator, json!({ "token": "not-the-token" }), bad_token);
}

#[track_caller]
fn assert_refused(emulator: &Emulator, more: Value, cases: Vec<(Upload, (u16, &str))>) {
    let (uploads, refusals): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let Some(said) = node("form_data.mjs", emulator, &uploads, more) else { return };
    let heard: Vec<_> = said.answers.iter().map(Said::refusal).collect();
    assert_eq!(heard, refusals, "{:?}", said.answers);
    assert!(emulator.library().names().is_empty());
}

#[test]
fn the_largest_file_comes_with_and_without_a_length() {
    for name in ["form_data.mjs", "stream.mjs"] {
        let emulator = emulator();
        let uploads =
            [upload("largest", &vec![7; 20 << 20]), upload("larger", &vec![7; (20 << 20) + 1])];
        let Some(said) = node(name, &emulator, &uploads, json!({})) else { return };
        assert_stored(&emulator, &said.answers[0], &uploads[0].sent(), name);
        assert_eq!(said.answers[1].refusal(), (413, "InvalidInput"), "case: {name}");
        assert_eq!(emulator.library().names(), ["largest"], "case: {name}");
    }
}
