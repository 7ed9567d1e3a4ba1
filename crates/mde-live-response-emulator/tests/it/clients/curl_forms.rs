//! The ways curl has of writing a form.

use mde_live_response_emulator::Emulator;

use super::curl::{Run, curl};
use super::uploads::{self, Upload};
use super::{Said, Sent, assert_stored, emulator};

/// The plain start of an upload: where to, and with which token.
fn to(emulator: &Emulator) -> Vec<String> {
    let token = format!("Authorization: Bearer {}", emulator.token());
    vec![format!("{}/api/libraryfiles", emulator.base_url()), "-H".to_owned(), token]
}

fn with(emulator: &Emulator, more: &[&str]) -> Vec<String> {
    to(emulator).into_iter().chain(more.iter().map(|it| (*it).to_owned())).collect()
}

const SCRIPT: &[u8] = b"param($Hours)\r\nGet-Date\r\n";
const TEXT: &[u8] = "first line, é\r\nsecond; type=none\n".as_bytes();
const FILES: &[(&str, &[u8])] = &[("a.ps1", SCRIPT), ("b.ps1", b"other"), ("text.txt", TEXT)];

#[test]
fn every_upload_is_stored_as_it_was_sent() {
    let emulator = emulator();
    let uploads = uploads::all();
    let mut said = Vec::new();
    for Upload { name, content, before, after, .. } in &uploads {
        let mut arguments = to(&emulator);
        let mut text = |(name, value): &(&str, &str)| {
            arguments.extend(["--form-string".to_owned(), format!("{name}={value}")]);
        };
        before.iter().for_each(&mut text);
        let file = vec!["-F".to_owned(), format!("file=@content;filename=\"{name}\"")];
        let mut behind = Vec::new();
        for (name, value) in *after {
            behind.extend(["--form-string".to_owned(), format!("{name}={value}")]);
        }
        arguments.extend(file.into_iter().chain(behind));
        let Some(answer) = curl(&[("content", content)], &arguments) else { return };
        said.push(answer);
    }
    uploads::assert_all_stored(&emulator, &said, &uploads);
}

/// Arguments, and what they must leave behind.
fn styles() -> Vec<(&'static [&'static str], Sent<'static>)> {
    let text = str::from_utf8(TEXT).unwrap();
    let named = |name| Sent { name, content: SCRIPT, ..Sent::default() };
    let told = |description| Sent { description: Some(description), ..named("a.ps1") };
    vec![
        (&["-F", "file=@a.ps1"], named("a.ps1")),
        (&["--form", "file=@./a.ps1"], named("a.ps1")),
        (&["-F", "file=@a.ps1;type=text/x-powershell"], named("a.ps1")),
        (&["-F", "file=@a.ps1;filename=c d.ps1;type=text/plain; charset=utf-8"], named("c d.ps1")),
        (&["-F", "file=@a.ps1;type=text/plain;filename=c.ps1"], named("c.ps1")),
        (&["-F", "file=@\"a.ps1\";filename=\"c;d.ps1\""], named("c;d.ps1")),
        (&["-F", "file=@a.ps1;headers=\"X-Kind: script\""], named("a.ps1")),
        (&["-F", "file=@a.ps1;encoder=8bit"], named("a.ps1")),
        // A text to curl, and so without a file's name.
        (&["-F", "file=<a.ps1"], named("file")),
        (&["-F", "file=@-;filename=stdin.ps1"], named("stdin.ps1")),
        (&["-F", "file=@-"], named("-")),
        (&["-F", "Description=é; not a type", "-F", "file=@a.ps1"], told("é")),
        (&["-F", "Description=\"é; type=x\"", "-F", "file=@a.ps1"], told("é; type=x")),
        (&["-F", "Description=x;type=text/plain", "-F", "file=@a.ps1"], told("x")),
        (&["--form-string", "Description=@é;type=x", "-F", "file=@a.ps1"], told("@é;type=x")),
        (&["--form-string", "Description=<a=b", "-F", "file=@a.ps1"], told("<a=b")),
        (&["-F", "Description=<text.txt", "-F", "file=@a.ps1"], told(text)),
        (&["-F", "file=@a.ps1", "-F", "Description=<text.txt"], told(text)),
        (&["-F", "Description=", "-F", "file=@a.ps1"], told("")),
        // A quote, percent signs and a semicolon: curl writes the quote as `%22`, or behind a backslash.
        (&["-F", "file=@a.ps1;filename=\"q\\\"p%41%;z.ps1\""], named("q%22p%41%;z.ps1")),
        (
            &["--form-escape", "-F", "file=@a.ps1;filename=\"q\\\"p%41%;z.ps1\""],
            named("q\"p%41%;z.ps1"),
        ),
        (&["-F", "file=@a.ps1;filename=日本 é 😀.ps1"], named("日本 é 😀.ps1")),
        // A type of the caller's own: curl adds the boundary.
        (&["-H", "Content-Type: multipart/form-data", "-F", "file=@a.ps1"], named("a.ps1")),
        (
            &["-H", "Content-Type: Multipart/Form-Data; charset=utf-8", "-F", "file=@a.ps1"],
            named("a.ps1"),
        ),
    ]
}

#[track_caller]
fn send(emulator: &Emulator, arguments: &[&str]) -> Option<Said> {
    let transfers = vec![with(emulator, arguments)];
    Run { files: FILES, stdin: SCRIPT, transfers }.start()?.pop().map(|transfer| transfer.said)
}

#[test]
fn every_style_of_a_form_is_stored_as_it_was_sent() {
    for (arguments, sent) in styles() {
        let emulator = emulator();
        let Some(said) = send(&emulator, arguments) else { return };
        assert_stored(&emulator, &said, &sent, &format!("{arguments:?}"));
        assert_eq!(emulator.library().names(), [sent.name], "case: {arguments:?}");
    }
}

#[test]
fn forms_that_the_service_does_not_take_are_refused() {
    let (body, input, missing) = ("InvalidRequestBody", "InvalidInput", "MissingRequiredParameter");
    let file = "file=@a.ps1";
    let styles: [(&[&str], &str); 15] = [
        (&["-F", "File=@a.ps1"], missing),
        (&["-F", "FILE=@a.ps1", "-F", "Description=x"], missing),
        (&["-F", "Description=x"], missing),
        (&["-F", file, "-F", "file=@b.ps1"], body),
        // One part that holds a form of its own, as nobody reads any more.
        (&["-F", "file=@a.ps1,b.ps1"], body),
        (&["-F", file, "-F", "description=x"], body),
        (&["-F", file, "-F", "Description=x", "-F", "Description=y"], body),
        (&["-F", file, "-F", "Description=@text.txt"], body),
        (&["-F", file, "-F", "Unknown=x"], body),
        (&["-F", "file=@a.ps1;filename=x/a.ps1"], input),
        (&["-F", "file=@a.ps1;filename=x\\a.ps1"], input),
        (&["-F", "file=@a.ps1;filename="], input),
        (&["-F", file, "-F", "HasParameters=1"], input),
        (&["-F", file, "-F", "OverrideIfExists=<text.txt"], input),
        (&["-H", "Content-Type: multipart/form-data; boundary=mine", "-F", file], body),
    ];
    let emulator = emulator();
    for (arguments, code) in styles {
        let Some(said) = send(&emulator, arguments) else { return };
        assert_eq!(said.refusal(), (400, code), "case: {arguments:?}: {said:?}");
        assert!(emulator.library().names().is_empty(), "case: {arguments:?}");
    }
}

#[test]
fn bodies_that_are_no_forms_are_refused() {
    let bodies: [&[&str]; 6] = [
        &["--data-binary", "@a.ps1"],
        &["-d", "file=a.ps1&Description=x"],
        &["--data-urlencode", "file@a.ps1"],
        &["-H", "Content-Type: application/json", "-d", "{\"file\":\"x\"}"],
        &["-H", "Content-Type: multipart/form-data", "--data-binary", "@a.ps1"],
        &["-H", "Content-Type:", "-X", "POST", "--data-binary", "@a.ps1"],
    ];
    let emulator = emulator();
    for arguments in bodies {
        let Some(said) = send(&emulator, arguments) else { return };
        assert_eq!(said.refusal(), (400, "InvalidRequestBody"), "case: {arguments:?}: {said:?}");
    }
    let Some(said) = send(&emulator, &["-X", "POST"]) else { return };
    assert_eq!(said.refusal(), (400, "InvalidRequestBody"), "nothing at all: {said:?}");
    assert!(emulator.library().names().is_empty());
}
