//! `lrlib lint` and `--require-signed`: scripts that osslsigncode signed, whole and broken.
//!
//! The files in `tests/signed` were signed by osslsigncode 2.9 with throwaway keys. `.ci/extended signatures` signs new
//! ones, and has osslsigncode judge what `lrlib` says of them.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;
use serde_json::{Value, json};

use crate::support::{Lrlib, Ran};

const SIGNED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/signed");

/// Files whose signature is intact, and how many bytes a character has.
const INTACT: [(&str, usize); 6] = [
    ("ascii-crlf-sha256.ps1", 1),
    ("ascii-lf-sha1.psm1", 1),
    ("bom-crlf-sha384.psd1", 1),
    ("bom-lf-sha256.ps1", 1),
    ("utf16-crlf-sha512.ps1", 2),
    ("utf16-lf-sha1.ps1", 2),
];

const BEGIN: &str = "# SIG # Begin signature block\r\n";
const END: &str = "# SIG # End signature block\r\n";

fn signed(name: &str) -> Vec<u8> {
    fs::read(format!("{SIGNED}/{name}")).unwrap()
}

/// A script without a signature, the fixtures' text.
fn unsigned() -> String {
    let script = String::from_utf8(signed("ascii-crlf-sha256.ps1")).unwrap();
    script.split("\r\n# SIG").next().unwrap().to_owned()
}

/// An ASCII text in a file's encoding.
fn encoded(text: &str, width: usize) -> Vec<u8> {
    text.bytes().flat_map(|byte| [byte, 0].into_iter().take(width)).collect()
}

fn position(bytes: &[u8], text: &[u8]) -> usize {
    bytes.windows(text.len()).position(|window| window == text).unwrap()
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut rest = bytes;
    let mut replaced = Vec::new();
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

/// Lints a folder with this one file, which has no description.
fn lint(name: &str, bytes: impl AsRef<[u8]>, arguments: &[&str]) -> Ran {
    let dir = TempDir::new();
    dir.write(name, bytes);
    Lrlib::alone().run(&[&["lint", dir.arg()], arguments].concat())
}

/// Reads one file's JSON: its signature, and `level code` for each finding.
fn findings(name: &str, bytes: impl AsRef<[u8]>) -> (Value, Vec<String>) {
    let json = lint(name, bytes, &["--format", "json"]).json();
    let file = &json["files"][0];
    let text = |it: &Value| {
        format!("{} {}", it["level"].as_str().unwrap(), it["finding"].as_str().unwrap())
    };
    (file["signature"].clone(), file["findings"].as_array().unwrap().iter().map(text).collect())
}

#[test]
fn scripts_signed_by_osslsigncode_are_intact() {
    for (name, _) in INTACT {
        let ran = lint(name, signed(name), &["--require-signed"]);
        assert!(ran.code == 0 && ran.stderr.contains("1 with an intact signature"), "{ran:?}");
    }
}

/// Each broken script, with the finding that tells why.
fn broken(whole: &[u8], width: usize) -> Vec<(&'static str, Vec<u8>)> {
    let text = |text| encoded(text, width);
    let begin = position(whole, &text(BEGIN));
    let end = position(whole, &text(END));
    let (content, block) = (&whole[..begin], &whole[begin..]);
    let (crlf, lf) = (&text("\r\n"), &text("\n"));
    let (first, rest) = content.split_at(position(content, lf) + width);
    let mark = if width == 2 { 2 } else { 0 };
    let mut changed = whole.to_owned();
    changed[position(whole, &text("SYNOPSIS"))] ^= 1;
    let mut damaged = whole.to_owned();
    damaged[begin + text(BEGIN).len() + width * 10] = b'!';
    vec![
        ("content changed after signing", changed),
        ("content changed after signing", [content, crlf, block].concat()),
        ("text after the signature block", [whole, &text("Get-Date\r\n")].concat()),
        ("text after the signature block", [whole, crlf].concat()),
        ("text after the signature block", [whole, block].concat()),
        ("text after the signature block", [first, block, rest].concat()),
        ("signature block cut off", whole[..end].to_owned()),
        ("signature block cut off", whole[..whole.len() - 2 * width].to_owned()),
        ("signature block without beginning", replaced(whole, &text(BEGIN), &[])),
        ("signature block damaged", damaged),
        ("signature block damaged", [&whole[..begin], &text(BEGIN), crlf, block].concat()),
        ("no script signature in the block", [content, &text(BEGIN), &text(END)].concat()),
        ("line ends changed after signing", replaced(whole, crlf, lf)),
        ("line ends changed after signing", {
            let only_lf = replaced(whole, crlf, lf);
            [&only_lf[..mark], &replaced(&only_lf[mark..], lf, crlf)].concat()
        }),
    ]
}

#[test]
fn a_broken_signature_is_an_error_that_tells_what_happened() {
    for (name, width) in INTACT {
        let whole = signed(name);
        for (finding, bytes) in broken(&whole, width) {
            if bytes == whole {
                continue; // its line ends were CRLF before
            }
            let ran = lint(name, &bytes, &["--format", "tsv"]);
            let printed = format!("{name}\terror\t{finding}\n");
            assert!(ran.code == 1 && ran.stdout.contains(&printed), "{finding}: {ran:?}");
        }
    }
    let lf = replaced(&signed("ascii-crlf-sha256.ps1"), b"\r\n", b"\n");
    let ran = lint("a.ps1", lf, &[]);
    assert!(ran.stderr.contains("Set `*.ps1 -text` in .gitattributes"), "{ran:?}");
}

#[test]
fn a_signature_says_its_algorithm_and_its_digest_twice() {
    let whole = String::from_utf8(signed("ascii-crlf-sha256.ps1")).unwrap();
    let (content, block) = whole.split_once(BEGIN).unwrap();
    let base64: String = block.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let der = STANDARD.decode(base64.strip_suffix("SIG # End signature block").unwrap()).unwrap();
    // Object identifiers and what follows them; the last byte is changed, everywhere.
    let sha256 = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
    let digest = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\0\x04\x20";
    let message_digest = b"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x04\x31\x22\x04\x20";
    let spc_indirect_data = b"\x2B\x06\x01\x04\x01\x82\x37\x02\x01\x04";
    let cases: [(&str, &[u8], usize); 4] = [
        ("unknown digest algorithm", sha256, 0),
        ("signature damaged", digest, 1),
        ("signature damaged", message_digest, 1),
        ("no script signature in the block", spc_indirect_data, 0),
    ];
    for (finding, found, after) in cases {
        let mut other = der.clone();
        let starts: Vec<_> = (0..der.len()).filter(|at| der[*at..].starts_with(found)).collect();
        assert!(!starts.is_empty(), "{finding}");
        for at in starts {
            other[at + found.len() - 1 + after] ^= 0x40;
        }
        let script = format!("{content}{BEGIN}# {}\r\n{END}", STANDARD.encode(other));
        let ran = lint("a.ps1", script, &[]);
        assert_eq!(ran.stdout, format!("FILE   LEVEL  FINDING\na.ps1  error  {finding}\n"));
    }
    let script = format!("{content}{BEGIN}# {}\r\n{END}", STANDARD.encode(der));
    assert_eq!(findings("a.ps1", script).0, json!("intact"));
}

#[test]
fn without_a_bom_the_code_page_decides() {
    let utf8 = String::from_utf8(signed("utf8-crlf-sha256.ps1")).unwrap();
    let (intact, wrong) = (json!("intact"), json!("wrong"));
    let all = ["error wrong-signature", "warning no-bom", "warning no-description"];
    let all = all.map(str::to_owned).to_vec();
    assert_eq!(findings("a.ps1", &utf8), (wrong.clone(), all[..2].to_vec()));
    let ran = lint("a.ps1", &utf8, &[]);
    assert!(ran.stdout.contains("a.ps1  error    signed as UTF-8 without BOM\n"), "{ran:?}");
    // The same text in Windows-1252, in which Western Windows signs it and reads it. Only UTF-8 has a description.
    let ansi: Vec<u8> = utf8.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert_eq!(findings("a.ps1", &ansi), (intact, all[1..].to_vec()));
    let other = replaced(&ansi, b"\xDF", b"\xFE");
    assert_eq!(findings("a.ps1", other), (wrong, all));
}

#[test]
fn other_findings_are_warnings() {
    let signed = String::from_utf8(signed("ascii-crlf-sha256.ps1")).unwrap();
    let big = "x".repeat(10_000_001);
    let cases: [(&str, &[u8], &[&str]); 13] = [
        ("a.ps1", signed.as_bytes(), &[]),
        ("a.txt", b"a\nb\n", &["warning no-description"]),
        ("a.txt", b"a\r\nb\n", &["warning mixed-line-ends", "warning no-description"]),
        ("a.txt", b"a\rb\r", &["warning no-description"]),
        ("a.exe", b"\0a\r\nb\n", &["warning no-description"]),
        (
            "a.txt",
            b"\xFF\xFEa\0\r\0\n\0b\0\n\0",
            &["warning mixed-line-ends", "warning no-description"],
        ),
        (
            "a.txt",
            b"\xFE\xFF\0a\0\r\0\n\0b\0\n",
            &["warning mixed-line-ends", "warning no-description"],
        ),
        ("a.txt", "\u{e9}".as_bytes(), &["warning no-description"]),
        ("a.PS1", "\u{e9}".as_bytes(), &["warning no-bom", "warning no-description"]),
        ("a.ps1", b"\xE9", &["warning no-bom", "warning no-description"]),
        ("a.ps1", "\u{feff}\u{e9}".as_bytes(), &["warning no-description"]),
        ("a.bin", &big.as_bytes()[1..], &["warning no-description"]),
        ("a.bin", big.as_bytes(), &["warning over-10-mb", "warning no-description"]),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(findings(name, bytes).1, expected, "{name}");
        assert_eq!(lint(name, bytes, &[]).code, 0, "{name}");
    }
    let ran = lint("a.bin", &big, &[]);
    assert_eq!(
        ran.stdout,
        "FILE   LEVEL    FINDING\na.bin  warning  over 10 MB\na.bin  warning  no description\n"
    );
    let summary =
        "1 file: 0 errors, 2 warnings; 0 with an intact signature (certificates are not checked)\n";
    assert!(ran.stderr.starts_with(summary), "{ran:?}");
}

#[test]
fn a_file_without_a_signature_is_an_error_only_on_request() {
    let text = unsigned();
    assert_eq!(findings("a.ps1", &text), (json!("missing"), vec![]));
    assert_eq!(lint("a.ps1", &text, &[]).code, 0);
    let ran = lint("a.ps1", &text, &["--require-signed"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (1, "FILE   LEVEL  FINDING\na.ps1  error  not signed\n")
    );
    assert_eq!(findings("a.sh", &text).0, Value::Null);
    assert_eq!(lint("a.sh", &text, &["--require-signed"]).code, 0);
}

#[test]
fn require_signed_stops_a_run_before_the_first_call() {
    let emulator = Emulator::start().unwrap();
    let (library, lrlib) = (emulator.library(), Lrlib::of(&emulator));
    let dir = TempDir::with([("a.ps1", &unsigned()), ("tool.sh", "date\n")]);
    let broken = replaced(&signed("bom-crlf-sha384.psd1"), b"SYNOPSIS", b"SYNOPSES");
    dir.write("b.psd1", broken);
    dir.write("c.psm1", signed("ascii-lf-sha1.psm1"));
    let refused =
        "error: `a.ps1` is not signed; `b.psd1`: content changed after signing. Sign the files";
    for command in ["plan", "sync", "verify"] {
        lrlib.ends(&[command, dir.arg(), "--require-signed"], 2, refused);
    }
    assert_eq!(library.calls(), 0);
    dir.write("a.ps1", signed("ascii-crlf-sha256.ps1"));
    dir.write("b.psd1", signed("bom-crlf-sha384.psd1"));
    lrlib.ends(&["plan", dir.arg(), "--require-signed"], 0, "Plan: 4 to create");
    lrlib.ends(&["sync", dir.arg(), "--require-signed"], 0, "Done: 4 created");
    assert_eq!(library.content("a.ps1").unwrap(), signed("ascii-crlf-sha256.ps1"));
}
