//! Forms whose framing is sound and whose parts are not.

use mde_live_response_emulator::Emulator;

use super::{BODY, Case, End, INPUT, MISSING};
use crate::support::{file, form, post, text};

const FIELDS: [&str; 4] =
    ["Description", "ParametersDescription", "HasParameters", "OverrideIfExists"];

fn case(
    emulator: &Emulator,
    what: impl Into<String>,
    parts: &[Vec<u8>],
    answer: (u16, &'static str),
) -> Case {
    Case::new(what, post(emulator, &form(parts)), answer, End::Client)
}

fn plain() -> Vec<u8> {
    file("a", b"x")
}

/// A part with these header lines, and `x`.
fn part(head: impl AsRef<[u8]>) -> Vec<u8> {
    [head.as_ref(), b"\r\n\r\nx"].concat()
}

const DISPOSITION: &str = "Content-Disposition: form-data; name=\"file\"; filename=\"a\"";

pub(super) fn headers(emulator: &Emulator) -> Vec<Case> {
    let mut heads: Vec<(Vec<u8>, _)> = Vec::new();
    let mut lines = vec![
        "no colon".to_owned(),
        ": no name".into(),
        "Na me: x".into(),
        " folded".into(),
        "Namé: x".into(),
        "Name : x".into(),
    ];
    lines.extend("()<>@,;\\\"/[]?={}\u{1}\u{b}\u{7f}".chars().map(|c| format!("Na{c}me: x")));
    lines.extend("\u{1}\u{b}\u{1b}\u{7f}".chars().map(|c| format!("Name: a{c}b")));
    for line in &lines {
        heads.push((format!("{line}\r\n{DISPOSITION}").into_bytes(), BODY));
        heads.push((format!("{DISPOSITION}\r\n{line}").into_bytes(), BODY));
    }
    let many = format!("{DISPOSITION}\r\n{}A: b", "A: b\r\n".repeat(40));
    heads.push((many.into_bytes(), BODY));
    let kinds = [
        "attachment",
        "inline",
        "form_data",
        "x-form-data",
        "form-data2",
        "file",
        "\"form-data\"",
        "=form-data",
    ];
    for kind in kinds {
        heads.push((DISPOSITION.replace("form-data", kind).into_bytes(), BODY));
    }
    for broken in [
        "Content-Disposition: form-data; name=\"file\"; filename=\"a",
        "Content-Disposition: form-data; name=\"file\"; filename",
        "Content-Disposition: form-data; name=\"file\"; filename \"a\"",
        "Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''a",
        "Content-Disposition: form-data; name=\"file\"; FILENAME=\"a\"",
        "Content-Disposition: form-data; name=\"file\"; filename=\"a\\",
        "Content-Disposition: form-data; name=\"file\"; filename=\"a\\\"",
    ] {
        heads.push((broken.into(), BODY));
    }
    for nameless in [
        "Content-Type: text/plain",
        "Content-Disposition: form-data",
        "Content-Disposition: form-data;",
        "Content-Disposition:",
        "Content-Disposition: form-data; filename=\"a\"",
        "Content-Disposition: form-data; name=\"\"; filename=\"a\"",
        "Content-Disposition: form-data; name=; filename=\"a\"",
        "Content-Disposition: form-data; name; filename=\"a\"",
        "Content-Disposition: form-data; NAME=\"file\"; filename=\"a\"",
        "Content-Disposition: form-data; name*=UTF-8''file; filename=\"a\"",
        "Content-Disposition: form-data; name=\"file",
        "Content-Description: form-data; name=\"file\"; filename=\"a\"",
    ] {
        heads.push((nameless.into(), MISSING));
    }
    let case = |(head, answer): (Vec<u8>, _)| {
        case(emulator, String::from_utf8_lossy(&head).into_owned(), &[part(&head)], answer)
    };
    heads.into_iter().map(case).collect()
}

/// A NUL in each place of a part's head.
pub(super) fn nuls(emulator: &Emulator) -> Vec<Case> {
    let head =
        "Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Type: text/plain";
    let with_nul = |at: usize| {
        let head = [&head.as_bytes()[..at], b"\0", &head.as_bytes()[at..]].concat();
        case(emulator, format!("at {at}"), &[part(head)], BODY)
    };
    (0..=head.len()).map(with_nul).collect()
}

pub(super) fn nested(emulator: &Emulator) -> Vec<Case> {
    let mut cases = Vec::new();
    for inner in ["mixed", "form-data", "related", "alternative", "digest", "Mixed"] {
        for name in ["file", "Description"] {
            let head = format!(
                "Content-Disposition: form-data; name=\"{name}\"\r\nContent-Type: multipart/{inner}; boundary=c"
            );
            let files = "--c\r\nContent-Disposition: file; filename=\"a\"\r\n\r\n1\r\n--c--\r\n";
            let holder = format!("{head}\r\n\r\n{files}").into_bytes();
            let parts = if name == "file" { vec![holder] } else { vec![holder, plain()] };
            cases.push(case(emulator, format!("{inner} in {name}"), &parts, BODY));
            // With the boundary of the form itself.
            let same = form(&[text("HasParameters", "true"), plain()]);
            let head = head.replace("boundary=c", "boundary=b");
            let holder = [head.as_bytes(), b"\r\n\r\n", &same].concat();
            cases.push(case(
                emulator,
                format!("{inner} in {name}, one boundary"),
                &[holder, plain()],
                BODY,
            ));
        }
    }
    cases
}

pub(super) fn twice(emulator: &Emulator) -> Vec<Case> {
    let sound: Vec<_> = FIELDS.iter().map(|name| text(name, "true")).chain([plain()]).collect();
    let mut cases = Vec::new();
    for (which, again) in sound.iter().enumerate() {
        for at in 0..=sound.len() {
            if at == which {
                continue; // the same form as one place later
            }
            let mut parts = sound.clone();
            parts.insert(at, again.clone());
            cases.push(case(emulator, format!("{which} again at {at}"), &parts, BODY));
        }
    }
    cases
}

pub(super) fn names(emulator: &Emulator) -> Vec<Case> {
    let mut cases = Vec::new();
    let other_cases = |name: &str| {
        [
            name.to_lowercase(),
            name.to_uppercase(),
            format!("{name} "),
            format!(" {name}"),
            format!("{name}[]"),
            format!("{name}\u{301}"),
        ]
    };
    for name in FIELDS.iter().flat_map(|name| other_cases(name)).chain([
        String::new(),
        "Size".into(),
        "é".into(),
    ]) {
        cases.push(case(emulator, format!("{name:?}"), &[text(&name, "true"), plain()], BODY));
    }
    for name in ["File", "FILE", "fıle", "files", "file ", " file", "file[]", "file1", "Filé"] {
        let head = DISPOSITION.replace("name=\"file\"", &format!("name=\"{name}\""));
        let only = [part(head)];
        cases.push(case(emulator, format!("{name:?} for the file"), &only, MISSING));
    }
    for field in FIELDS {
        let head = DISPOSITION.replace("name=\"file\"", &format!("name=\"{field}\""));
        cases.push(case(emulator, format!("{field} as a file"), &[part(head), plain()], BODY));
    }
    cases
}

pub(super) fn filenames(emulator: &Emulator) -> Vec<Case> {
    let mut names = vec![
        String::new(),
        "/".into(),
        "..\\a".into(),
        "../a".into(),
        "a/b".into(),
        "/a".into(),
        "a/".into(),
        "C:\\a".into(),
        "a\\b".into(),
    ];
    names.extend(('\u{80}'..='\u{9f}').map(|c| format!("a{c}b")));
    names
        .iter()
        .map(|name| case(emulator, format!("{name:?}"), &[file(name, b"x")], INPUT))
        .collect()
}

pub(super) fn flags(emulator: &Emulator) -> Vec<Case> {
    let values = [
        "",
        " ",
        "TRUE",
        "FALSE",
        "tRUE",
        "yes",
        "no",
        "1",
        "0",
        "on",
        "true ",
        " true",
        "true\r\n",
        "true\0",
        "\"true\"",
        "truefalse",
        "null",
        "t",
        "tru\u{435}",
        "2147483648",
    ];
    let of = |flag: &'static str| values.map(move |value| (flag, value));
    let all = [of("HasParameters"), of("OverrideIfExists")].concat();
    all.into_iter()
        .map(|(flag, value)| {
            case(emulator, format!("{flag}={value:?}"), &[text(flag, value), plain()], INPUT)
        })
        .collect()
}

pub(super) fn not_utf8(emulator: &Emulator) -> Vec<Case> {
    let broken: [&[u8]; 6] =
        [b"\xff", b"\xc3", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80", b"\xe9t\xe9"];
    let mut cases = Vec::new();
    for bytes in broken {
        for field in FIELDS {
            let value = [&text(field, "")[..], bytes].concat();
            cases.push(case(emulator, format!("{bytes:x?} in {field}"), &[value, plain()], BODY));
        }
        let name =
            [b"Content-Disposition: form-data; name=\"file\"; filename=\"a", bytes, b"\""].concat();
        cases.push(case(emulator, format!("{bytes:x?} in the filename"), &[part(name)], BODY));
        let name = [b"Content-Disposition: form-data; name=\"", bytes, b"\""].concat();
        cases.push(case(emulator, format!("{bytes:x?} in a name"), &[part(name), plain()], BODY));
    }
    cases
}
