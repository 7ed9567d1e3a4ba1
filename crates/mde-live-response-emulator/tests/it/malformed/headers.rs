//! Heads whose header lines are none, too many or too long; and those that do not say, once, for which host they are.

use mde_live_response_emulator::Emulator;

use super::{Case, End, NO_HTTP, NOTHING};
use crate::support::file_form;

/// A sound upload's header lines.
fn sound(emulator: &Emulator, form: &[u8]) -> Vec<Vec<u8>> {
    let token = emulator.token();
    [
        "Host: 127.0.0.1".to_owned(),
        format!("Authorization: Bearer {token}"),
        "Content-Type: multipart/form-data; boundary=b".to_owned(),
        format!("Content-Length: {}", form.len()),
    ]
    .map(String::into_bytes)
    .into()
}

fn upload(version: &str, lines: &[Vec<u8>], form: &[u8]) -> Vec<u8> {
    let start = format!("POST /api/libraryfiles HTTP/{version}\r\n");
    [start.as_bytes(), &lines.join(&b"\r\n"[..]), b"\r\n\r\n", form].concat()
}

pub(super) fn broken(emulator: &Emulator) -> Vec<Case> {
    let mut lines = vec![
        b"no colon".to_vec(),
        b": no name".to_vec(),
        b"Na me: blank".to_vec(),
        b"Name : blank".to_vec(),
        b"Name\t: tab".to_vec(),
        "Namé: é".into(),
        b" folded".to_vec(),
        b"\tfolded".to_vec(),
        b"X: a\rb".to_vec(),
        b"X: a\r\r".to_vec(),
    ];
    lines.extend(b"()<>@,;\\\"/[]?={}".map(|byte| [b"Na", &[byte][..], b"me: x"].concat()));
    let controls = (0..32).chain([127]).filter(|byte| !b"\t\n\r".contains(byte));
    for byte in controls {
        lines.push([b"Na", &[byte][..], b"me: x"].concat());
        lines.push([b"Name: a", &[byte][..], b"b"].concat());
    }
    let form = file_form("a", b"x");
    let mut cases = Vec::new();
    for line in lines {
        for at in [0, 2, 4] {
            let mut lines = sound(emulator, &form);
            lines.insert(at, line.clone());
            let what = format!("{:?} at {at}", String::from_utf8_lossy(&line));
            cases.push(Case::new(what, upload("1.1", &lines, &form), NO_HTTP, End::Emulator));
        }
    }
    cases
}

/// Whoever ends there waits for no answer.
pub(super) fn cut(emulator: &Emulator) -> Vec<Case> {
    let form = file_form("a", b"x");
    let whole = upload("1.1", &sound(emulator, &form), b"");
    let cut = |at: usize| Case::new(format!("cut at {at}"), &whole[..at], NOTHING, End::Client);
    (0..whole.len()).map(cut).collect()
}

pub(super) fn hosts(emulator: &Emulator) -> Vec<Case> {
    let form = file_form("a", b"x");
    let case = |what: &str, version, hosts: &[&str]| {
        let mut lines = sound(emulator, &form);
        let hosts = hosts.iter().map(|host| format!("Host: {host}").into_bytes());
        lines.splice(0..1, hosts);
        let request = upload(version, &lines, &form);
        Case::new(what, request, (400, "BadRequest"), End::Client)
    };
    vec![
        case("none", "1.1", &[]),
        case("two", "1.1", &["127.0.0.1", "elsewhere"]),
        case("the same twice", "1.1", &["127.0.0.1", "127.0.0.1"]),
        case("three", "1.1", &["a", "b", "c"]),
        case("two in HTTP/1.0", "1.0", &["127.0.0.1", "elsewhere"]),
    ]
}

pub(super) fn large(emulator: &Emulator) -> Vec<Case> {
    let form = file_form("a", b"x");
    let case = |what: String, more: Vec<Vec<u8>>| {
        let lines = [sound(emulator, &form), more].concat();
        Case::new(what, upload("1.1", &lines, &form), (431, ""), End::Emulator)
    };
    let many =
        [97, 100, 101, 500, 5_000].map(|n| case(format!("{n} more"), vec![b"A: b".to_vec(); n]));
    let long = [500_000, 1_000_000]
        .map(|n| case(format!("{n} bytes"), vec![[b"A: ", &vec![b'x'; n][..]].concat()]));
    let name = [500_000, 1_000_000].map(|n| case(format!("a name of {n}"), vec![vec![b'A'; n]]));
    many.into_iter().chain(long).chain(name).collect()
}
