//! Python's standard library: urllib.request, http.client and email.mime, each with the form built as people do.

use serde::Deserialize;
use serde_json::{Value, json};

use super::uploads::{self, Upload};
use super::{Said, Sent, assert_listed, assert_stored, emulator, foreign, run, script};
use crate::support::TempDir;
use mde_live_response_emulator::Emulator;

/// What a script prints; `None` where there is no Python.
#[track_caller]
fn python(name: &str, emulator: &Emulator, uploads: &[Upload], more: Value) -> Option<Vec<u8>> {
    let mut command = foreign::program("python3")?;
    // Neither its variables of the environment nor what a user installed.
    command.args(["-I", "-X", "utf8"]).arg(script(name));
    let dir = TempDir::new();
    Some(run(command, &uploads::job(emulator, dir.path(), uploads, more)).stdout)
}

#[track_caller]
fn answers(name: &str, emulator: &Emulator, uploads: &[Upload], way: &str) -> Option<Vec<Said>> {
    let printed = python(name, emulator, uploads, json!({ "way": way }))?;
    Some(serde_json::from_slice(&printed).unwrap())
}

fn upload(name: &'static str, content: &[u8]) -> Upload {
    Upload { case: name, name, content: content.to_vec(), before: &[], after: &[] }
}

#[test]
fn urllib_sends_what_a_known_snippet_builds() {
    let (emulator, uploads) = (emulator(), uploads::all());
    let Some(said) = answers("urllib_uuid.py", &emulator, &uploads, "") else { return };
    uploads::assert_all_stored(&emulator, &said, &uploads);
}

#[test]
fn a_snippet_that_escapes_nothing_is_refused_where_that_shows() {
    let emulator = emulator();
    let refused = [
        ("back\\slash.ps1", "InvalidInput"),
        ("sub/folder.ps1", "InvalidInput"),
        ("line\r\nend.ps1", "InvalidRequestBody"),
        ("nul\0.ps1", "InvalidRequestBody"),
    ];
    let uploads = refused.map(|(name, _)| upload(name, b"x"));
    let Some(said) = answers("urllib_uuid.py", &emulator, &uploads, "") else { return };
    for (said, (name, code)) in said.iter().zip(refused) {
        assert_eq!(said.refusal(), (400, code), "case: {name:?}: {said:?}");
    }
    assert!(emulator.library().names().is_empty());
}

#[test]
fn urllib_hears_who_may_not_and_what_is_too_large() {
    let emulator = emulator();
    let uploads =
        [upload("too-large", &vec![0; (20 << 20) + 1]), upload("largest", &vec![1; 20 << 20])];
    let bad_token = json!({ "token": "not-the-token" });
    let Some(printed) = python("urllib_uuid.py", &emulator, &uploads, bad_token) else { return };
    for said in serde_json::from_slice::<Vec<Said>>(&printed).unwrap() {
        assert_eq!(said.refusal(), (401, "Unauthorized"), "{said:?}");
    }
    let Some(said) = answers("urllib_uuid.py", &emulator, &uploads, "") else { return };
    assert_eq!(said[0].refusal(), (413, "InvalidInput"), "{said:?}");
    assert_stored(&emulator, &said[1], &uploads[1].sent(), "largest");
    assert_eq!(emulator.library().names(), ["largest"]);
}

/// What `http_client.py` prints.
#[derive(Debug, Deserialize)]
struct Connected {
    answers: Vec<Said>,
    listed: Said,
    deleted: Vec<Said>,
    connections: u32,
}

#[test]
fn http_client_uploads_lists_and_deletes_over_one_connection() {
    for way in ["whole", "chunked", "with length"] {
        let (emulator, mut uploads) = (emulator(), uploads::all());
        uploads.sort_by_key(|upload| upload.name);
        let more = json!({ "way": way });
        let Some(printed) = python("http_client.py", &emulator, &uploads, more) else { return };
        let said: Connected = serde_json::from_slice(&printed).unwrap();
        assert_eq!(said.answers.len(), uploads.len(), "case: {way}");
        let sent: Vec<Sent<'_>> = uploads.iter().map(Upload::sent).collect();
        assert_listed(&said.listed, &sent);
        for (said, upload) in said.answers.iter().zip(&uploads) {
            assert_eq!(said.status, 200, "case: {way}: {}: {said:?}", upload.case);
            assert_eq!(said.body["fileName"], upload.name, "case: {way}");
        }
        let gone = said.deleted.iter().filter(|it| it.status == 204 && it.body.is_null());
        assert_eq!(gone.count(), uploads.len(), "case: {way}: {:?}", said.deleted);
        assert!(emulator.library().names().is_empty(), "case: {way}");
        assert_eq!(said.connections, 1, "case: {way}");
    }
}

/// `email.mime` ends every line as its policy says, those of a file, too; so only texts with CRLF come through.
#[test]
fn email_mime_sends_texts_when_told_to_end_lines_as_http_does() {
    let (emulator, uploads) = (emulator(), uploads::plain());
    let Some(said) = answers("email_mime.py", &emulator, &uploads, "crlf") else { return };
    uploads::assert_all_stored(&emulator, &said, &uploads);
}

#[test]
fn email_mime_as_it_writes_mail_is_no_form() {
    let emulator = emulator();
    let Some(said) = answers("email_mime.py", &emulator, &uploads::plain(), "default") else {
        return;
    };
    for said in &said {
        assert_eq!(said.refusal(), (400, "InvalidRequestBody"), "{said:?}");
    }
    // A name beyond ASCII becomes `filename*`.
    let uploads = [upload("é.ps1", b"x")];
    let Some(said) = answers("email_mime.py", &emulator, &uploads, "crlf") else { return };
    assert_eq!(said[0].refusal(), (400, "InvalidRequestBody"), "{said:?}");
    assert!(emulator.library().names().is_empty());
}

/// Nothing says that the service would decode it: what is stored is what stood in the part, and the hash shows it.
#[test]
fn email_mime_in_base64_stores_base64() {
    let emulator = emulator();
    let Some(said) = answers("email_mime.py", &emulator, &[upload("a.ps1", b"Get-Date")], "base64")
    else {
        return;
    };
    let sent = Sent { name: "a.ps1", content: b"R2V0LURhdGU=\r\n", ..Sent::default() };
    assert_stored(&emulator, &said[0], &sent, "base64");
}
