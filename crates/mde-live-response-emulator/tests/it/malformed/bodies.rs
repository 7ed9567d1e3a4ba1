//! Bodies whose length is none, is wrong or is too large, and chunks that are none.

use mde_live_response_emulator::Emulator;

use super::{BODY, Case, End, NO_HTTP};
use crate::support::{file_form, form, post, request, text};

const TYPE: &str = "Content-Type: multipart/form-data; boundary=b\r\n";

fn upload(emulator: &Emulator, headers: &str, body: &[u8]) -> Vec<u8> {
    request(emulator, "POST /api/libraryfiles", &format!("{TYPE}{headers}"), body)
}

fn chunked(emulator: &Emulator, body: &[u8]) -> Vec<u8> {
    upload(emulator, "Transfer-Encoding: chunked\r\n", body)
}

/// A sound form as a sound chunked body.
fn sound_chunks() -> Vec<u8> {
    let mut chunks = Vec::new();
    for piece in file_form("a", b"x").chunks(40) {
        chunks.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        chunks.extend_from_slice(piece);
        chunks.extend_from_slice(b"\r\n");
    }
    chunks.extend_from_slice(b"0\r\n\r\n");
    chunks
}

pub(super) fn lengths(emulator: &Emulator) -> Vec<Case> {
    let form = file_form("a", b"x");
    let n = form.len();
    let values = [
        "-1".to_owned(),
        format!("-{n}"),
        format!("+{n}"),
        "one".to_owned(),
        format!("{n}x"),
        format!("0x{n:x}"),
        format!("{n}.0"),
        "1e3".to_owned(),
        format!("{n} {n}"),
        format!("{n};{n}"),
        format!("{n},"),
        format!(",{n}"),
        format!("{n}, {}", n + 1),
        "1_0".to_owned(),
        "١٢٣".to_owned(),
        "18446744073709551616".to_owned(),
        "99999999999999999999999".to_owned(),
        format!("\"{n}\""),
        String::new(),
        " ".to_owned(),
        "NaN".to_owned(),
        "\u{b2}".to_owned(),
    ];
    let mut cases: Vec<_> = values
        .iter()
        .map(|value| (format!("{value:?}"), format!("Content-Length: {value}\r\n")))
        .collect();
    for (first, second) in [(n, n + 1), (n, 0), (0, n), (n - 1, n)] {
        let two = format!("Content-Length: {first}\r\nContent-Length: {second}\r\n");
        cases.push((format!("{first} and {second}"), two));
    }
    cases
        .into_iter()
        .map(|(what, it)| Case::new(what, upload(emulator, &it, &form), NO_HTTP, End::Emulator))
        .collect()
}

pub(super) fn codings(emulator: &Emulator) -> Vec<Case> {
    let codings = [
        "gzip",
        "identity",
        "chunked, gzip",
        "chunked, identity",
        "xchunked",
        "chunked;q=1",
        "chunke",
        "",
        "chunked chunked",
        "\"chunked\"",
        "chunked,",
    ];
    let case = |coding: &str| {
        let headers = format!("Transfer-Encoding: {coding}\r\n");
        Case::new(coding, upload(emulator, &headers, &sound_chunks()), NO_HTTP, End::Emulator)
    };
    codings.map(case).into()
}

pub(super) fn short(emulator: &Emulator) -> Vec<Case> {
    let whole = post(emulator, &file_form("a", b"x"));
    let form = file_form("a", b"x").len();
    let cut = (1..=form).map(|missing| {
        let request = whole[..whole.len() - missing].to_vec();
        Case::new(format!("{missing} bytes missing"), request, BODY, End::Client)
    });
    let more = [1, 2, 100, 1 << 20, 20 << 20].map(|more| {
        let headers = format!("Content-Length: {}\r\n", form + more);
        let request = upload(emulator, &headers, &file_form("a", b"x"));
        Case::new(format!("{more} bytes promised beyond the form"), request, BODY, End::Client)
    });
    cut.chain(more).collect()
}

pub(super) fn cut_chunks(emulator: &Emulator) -> Vec<Case> {
    let chunks = sound_chunks();
    let cut = |at: usize| {
        Case::new(format!("cut at {at}"), chunked(emulator, &chunks[..at]), BODY, End::Client)
    };
    (0..chunks.len()).map(cut).collect()
}

pub(super) fn chunks(emulator: &Emulator) -> Vec<Case> {
    let form = file_form("a", b"x");
    let n = form.len();
    let sizes = [
        "-1".to_owned(),
        format!("-{n:x}"),
        format!("+{n:x}"),
        format!("0x{n:x}"),
        "g".to_owned(),
        String::new(),
        " ".to_owned(),
        "10000000000000000".to_owned(),
        "fffffffffffffffff".to_owned(),
        format!("{:x}", n + 1),
        format!("{:x}", n - 1),
        format!("{:x}", n - 2),
        "1".to_owned(),
        format!("{n:x}\0"),
        format!("{n:x} {n:x}"),
        format!("{n:x}\r"),
        format!("{n:x},{n:x}"),
        format!("\"{n:x}\""),
        format!("{n:x}h"),
        "\u{b2}".to_owned(),
        "zz".to_owned(),
        "NaN".to_owned(),
    ];
    let sizes =
        sizes.iter().map(|size| (format!("size {size:?}"), framed(size, &form, "\r\n0\r\n\r\n")));
    let ends = [
        "",
        "x\r\n0\r\n\r\n",
        "0\r\n\r\n",
        "\n0\r\n\r\n",
        "\r0\r\n\r\n",
        "\r\n\r\n0\r\n\r\n",
        "\r\nx\r\n\r\n",
        "\r\n-0\r\n\r\n",
        "\r\n0\r\nbroken trailer\r\n\r\n",
        "\r\n0\r\nX: \0\r\n\r\n",
        "\r\n0\rx\r\n",
        "\r\n0\r\n\rx",
    ];
    let ends =
        ends.iter().map(|end| (format!("end {end:?}"), framed(&format!("{n:x}"), &form, end)));
    let long = framed(&format!("{n:x};{}", "x".repeat(100_000)), &form, "\r\n0\r\n\r\n");
    sizes
        .chain(ends)
        .chain([("a long extension".to_owned(), long)])
        .map(|(what, body)| Case::new(what, chunked(emulator, &body), BODY, End::Client))
        .collect()
}

fn framed(size: &str, form: &[u8], end: &str) -> Vec<u8> {
    [size.as_bytes(), b"\r\n", form, end.as_bytes()].concat()
}

/// Refused by the length alone: the emulator does not wait for what was promised.
pub(super) fn large(emulator: &Emulator) -> Vec<Case> {
    let lengths =
        [29 << 20, 1 << 30, 1 << 32, (1 << 63) - 1, 1 << 63, u64::MAX - 2, u64::MAX - 1, u64::MAX];
    let by_length = lengths.map(|length| {
        let headers = format!("Content-Length: {length}\r\n");
        let start = form(&[text("Description", "x")]);
        let request = upload(emulator, &headers, &start);
        // The HTTP server counts up to there only.
        let answer = if length > u64::MAX - 2 { (431, "") } else { (413, "InvalidInput") };
        Case::new(format!("{length}"), request, answer, End::Emulator)
    });
    by_length.into()
}
