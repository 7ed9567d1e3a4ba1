//! Forms whose framing is broken: cut, with another boundary, with a delimiter that is none, or no forms at all.

use mde_live_response_emulator::Emulator;

use super::{BODY, Case, Dice, End, MISSING};
use crate::support::{file, form, post, request, text};

/// Every field, and the file last.
fn sound() -> Vec<u8> {
    form(&[
        text("Description", "what it is for"),
        text("ParametersDescription", "-Hours <n>"),
        text("HasParameters", "true"),
        text("OverrideIfExists", "true"),
        file("a.ps1", b"Get-Date\r\n"),
    ])
}

fn upload(emulator: &Emulator, content_type: &str, form: &[u8]) -> Vec<u8> {
    let headers = format!("Content-Type: {content_type}\r\nContent-Length: {}\r\n", form.len());
    request(emulator, "POST /api/libraryfiles", &headers, form)
}

/// At every byte, and so at every place that means something; the last CRLF may be missing.
pub(super) fn cut(emulator: &Emulator) -> Vec<Case> {
    let form = sound();
    let cut = |at: usize| {
        Case::new(format!("cut at {at}"), post(emulator, &form[..at]), BODY, End::Client)
    };
    (0..form.len() - 2).map(cut).collect()
}

pub(super) fn boundaries(emulator: &Emulator) -> Vec<Case> {
    let boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
    let form = String::from_utf8(sound()).unwrap().replace("--b", &format!("--{boundary}"));
    let mut others = vec![
        "x".to_owned(),
        boundary.to_lowercase(),
        format!("{boundary}x"),
        format!("x{boundary}"),
    ];
    // Two dashes alone, and the form would end at once. Without its start it would still be found, behind other bytes.
    others.extend((3..boundary.len()).map(|at| boundary[..at].to_owned()));
    for at in 0..boundary.len() {
        let mut other = boundary.to_owned();
        other.replace_range(at..=at, "_");
        others.push(other);
    }
    others
        .into_iter()
        .map(|other| {
            let content_type = format!("multipart/form-data; boundary={other}");
            let request = upload(emulator, &content_type, form.as_bytes());
            Case::new(other, request, BODY, End::Client)
        })
        .collect()
}

pub(super) fn types(emulator: &Emulator) -> Vec<Case> {
    let types = [
        "",
        "multipart",
        "multipart/",
        "/form-data",
        "multipart/form-data",
        "multipart/form-data;",
        "multipart/form-data; boundary",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"b",
        "multipart/form-data; Boundary2=b",
        "multipart/mixed; boundary=b",
        "multipart/related; boundary=b",
        "multipart/x-form-data; boundary=b",
        "multipart form-data; boundary=b",
        "application/x-www-form-urlencoded",
        "application/json",
        "application/octet-stream",
        "text/plain",
        "text/plain; boundary=b",
        "form-data; boundary=b",
        "boundary=b",
        "*/*; boundary=b",
        ";boundary=b",
        "multipart/form-data, boundary=b",
        "multipart/form-data boundary=b",
        "multipart/form-data; boundary b",
        "multipart/form-data; boundary=é",
        "multipart/form-data; x; boundary=b",
    ];
    let form = sound();
    let named = types.map(|it| (it, upload(emulator, it, &form)));
    let length = format!("Content-Length: {}\r\n", form.len());
    let with = |headers: String, form| request(emulator, "POST /api/libraryfiles", &headers, form);
    let line = "Content-Type: multipart/form-data; boundary=b\r\n";
    let bare = String::from_utf8(form.clone()).unwrap().replace("--b", "--");
    let empty = format!(
        "Content-Type: multipart/form-data; boundary=\r\nContent-Length: {}\r\n",
        bare.len()
    );
    let others = [
        ("none", with(length.clone(), &form)),
        ("the same twice", with(format!("{line}{line}{length}"), &form)),
        ("another behind", with(format!("{line}Content-Type: text/plain\r\n{length}"), &form)),
        ("another before", with(format!("Content-Type: text/plain\r\n{line}{length}"), &form)),
        ("an empty boundary in use", with(empty, bare.as_bytes())),
    ];
    let all = named.into_iter().chain(others);
    all.map(|(what, request)| Case::new(what, request, BODY, End::Client)).collect()
}

/// Cases that no rule makes.
pub(super) fn others(emulator: &Emulator) -> Vec<Case> {
    let lf = String::from_utf8(sound()).unwrap().replace("\r\n", "\n").into_bytes();
    let cr = String::from_utf8(sound()).unwrap().replace("\r\n", "\r").into_bytes();
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n";
    let sound = sound();
    let cases = [
        ("text", b"hello".to_vec(), BODY),
        ("NULs", vec![0; 1_000], BODY),
        ("line ends", b"\r\n".repeat(500), BODY),
        ("dashes", b"-".repeat(1_000), BODY),
        ("delimiters", b"--b\r\n".repeat(100), BODY),
        ("a form's fields, urlencoded", b"Description=x&HasParameters=true".to_vec(), BODY),
        ("ends of line are LF", lf, BODY),
        ("ends of line are CR", cr, BODY),
        (
            "the closing delimiter in the line of the content",
            format!("{head}\r\nx--b--\r\n").into(),
            BODY,
        ),
        ("no empty line", format!("{head}x\r\n--b--\r\n").into(), BODY),
        ("a part without anything", b"--b\r\n--b--\r\n".to_vec(), BODY),
        ("a part of empty lines", b"--b\r\n\r\n\r\n--b--\r\n".to_vec(), BODY),
        ("nothing but the end", b"--b--\r\n".to_vec(), MISSING),
        ("a sound form behind the end", [&b"--b--\r\n"[..], &sound].concat(), MISSING),
        ("no file", form(&[text("Description", "x"), text("HasParameters", "true")]), MISSING),
    ];
    let case = |(what, form, answer): (&str, Vec<u8>, _)| {
        Case::new(what, post(emulator, &form), answer, End::Client)
    };
    cases.into_iter().map(case).collect()
}

/// The file is last: a broken delimiter before it makes it part of the text before, and one behind it leaves it
/// without an end.
pub(super) fn delimiters(emulator: &Emulator) -> Vec<Case> {
    let form = sound();
    let whole = String::from_utf8(form.clone()).unwrap();
    let before = whole.rfind("\r\n--b\r\n").unwrap();
    let behind = whole.rfind("\r\n--b--").unwrap();
    let mut cases = Vec::new();
    let mut add = |what: String, form: &[u8], answer| {
        cases.push(Case::new(what, post(emulator, form), answer, End::Client));
    };
    for (place, length, answer) in [(before, 5, MISSING), (behind, 7, BODY)] {
        for at in place..place + length {
            for byte in b"\0 \t\n\rx-=\xff" {
                let mut broken = form.clone();
                if broken[at] != *byte {
                    broken[at] = *byte;
                    add(format!("{byte:#04x} at {at}"), &broken, answer);
                }
            }
            // Of two like bytes it does not matter which one goes.
            if form[at] != form[at + 1] {
                let mut broken = form.clone();
                broken.remove(at);
                add(format!("{at} removed"), &broken, answer);
            }
        }
    }
    // Behind a delimiter come blanks at most, and a line end.
    for (n, rest) in
        ["x\r\n", "-\r\n", "\n", "\r", "\0\r\n", " x\r\n", "\x0b\r\n", "-x-\r\n"].iter().enumerate()
    {
        for delimiter in ["--b\r\n", "\r\n--b\r\nContent-Disposition: form-data; name=\"H"] {
            let broken =
                whole.replacen(delimiter, &delimiter.replacen("b\r\n", &format!("b{rest}"), 1), 1);
            add(format!("{delimiter:?} with {n}"), broken.as_bytes(), BODY);
        }
    }
    cases
}

pub(super) fn noise(emulator: &Emulator) -> Vec<Case> {
    let mut dice = Dice(2);
    let mut cases = Vec::new();
    for n in 0..60 {
        let count = 1 + dice.below(2_000);
        let noise = dice.bytes(count);
        cases.push(Case::new(format!("noise {n}"), post(emulator, &noise), BODY, End::Client));
        let part = [b"--b\r\n", &noise[..], b"\r\n--b--\r\n"].concat();
        cases.push(Case::new(
            format!("noise {n} as a part"),
            post(emulator, &part),
            BODY,
            End::Client,
        ));
    }
    cases
}
