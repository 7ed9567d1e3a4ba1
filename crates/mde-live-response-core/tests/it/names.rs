//! V1-V22: the names under which a file is stored.

use mde_live_response_core::{FileName, InvalidFileName};

use crate::support::Canned;

use InvalidFileName::{
    Ambiguous, Control, Device, Directory, Edge, Empty, Invisible, NoFileName, PercentEscape,
    Quote, Reserved, Separator, TooLong,
};

#[track_caller]
fn assert_refused(name: &str, expected: &InvalidFileName) {
    assert_eq!(name.parse::<FileName>().as_ref(), Err(expected), "case: {name:?}");
    assert_eq!(
        FileName::try_from(name.to_owned()).as_ref(),
        Err(expected),
        "case: {name:?}, owned"
    );
    assert_eq!(
        FileName::permitting_separators(name).as_ref(),
        Err(expected),
        "case: {name:?}, permitting"
    );
    let shown = expected.to_string();
    assert!(!shown.chars().any(char::is_control), "case: {name:?}: {shown:?}");
}

/// The name is accepted, goes out in quotes as it is, and comes back equal.
#[track_caller]
fn assert_stored(name: FileName, as_given: &'static str) {
    use mde_live_response_core::Upload;

    let transport = Canned::storing(as_given);
    let upload = Upload::new(name, b"x").content_type("text/plain".parse().unwrap());
    let stored = transport.client().upload(&upload).expect(as_given);
    assert_eq!(stored.file_name(), as_given);
    let sent = transport.only();
    let boundary = sent.headers["content-type"]
        .to_str()
        .unwrap()
        .replace("multipart/form-data; boundary=", "");
    let expected = [
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"HasParameters\"\r\n\r\nfalse\r\n"),
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"OverrideIfExists\"\r\n\r\nfalse\r\n"),
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{as_given}\"\r\n"),
        format!("Content-Type: text/plain\r\n\r\nx\r\n--{boundary}--\r\n"),
    ]
    .concat();
    assert_eq!(String::from_utf8(sent.body).unwrap(), expected, "case: {as_given:?}");
}

#[track_caller]
fn assert_all_stored(names: &[&'static str]) {
    for &name in names {
        assert_stored(name.parse().expect(name), name);
    }
}

#[test]
fn v01_name_empty() {
    assert_refused("", &Empty);
}

#[test]
fn v02_name_of_a_directory() {
    for name in [".", ".."] {
        assert_refused(name, &Directory { name: name.to_owned() });
    }
    for path in ["..", "/", "tools/..", ""] {
        assert_eq!(FileName::from_path(path), Err(NoFileName), "case: {path:?}");
    }
}

#[test]
fn v03_name_with_slash() {
    for (name, at) in [("a/b.ps1", 1), ("/b", 0), ("b/", 1), ("../b", 2), ("\u{e9}/b", 2)] {
        assert_refused(name, &Separator { found: '/', at });
    }
    assert_eq!(FileName::from_path("tools/b.ps1").unwrap().as_str(), "b.ps1", "a path is a path");
}

#[test]
fn v04_name_with_backslash() {
    for (name, at) in [("a\\b.ps1", 1), ("\\b", 0), ("C\\b", 1), ("b\\", 1)] {
        assert_refused(name, &Separator { found: '\\', at });
    }
    if cfg!(unix) {
        let expected = Err(Separator { found: '\\', at: 1 });
        assert_eq!(FileName::from_path("tools/a\\b.ps1"), expected, "no separator of this system");
    }
}

#[test]
fn v05_name_with_nul() {
    for (name, at) in [("a\0b.ps1", 1), ("\0", 0), ("a.ps1\0", 5)] {
        assert_refused(name, &Control { found: '\0', at });
    }
}

#[test]
fn v06_name_with_line_break() {
    for (name, found, at) in [
        ("a\rb", '\r', 1),
        ("a\nb", '\n', 1),
        ("a\r\nb", '\r', 1),
        ("a\n", '\n', 1),
        ("a\"\r\nX: y", '"', 1),
    ] {
        let expected = if found == '"' { Quote { at } } else { Control { found, at } };
        assert_refused(name, &expected);
    }
}

#[test]
fn v07_name_with_quote() {
    for (name, at) in [("a\"b", 1), ("\"", 0), ("a\"", 1), ("\u{1f9f0}\"", 4)] {
        assert_refused(name, &Quote { at });
    }
}

#[test]
fn v08_name_with_other_control() {
    let controls = ['\t', '\u{1b}', '\u{7f}', '\u{80}', '\u{85}', '\u{9f}', '\u{2028}', '\u{2029}'];
    for found in controls.into_iter().chain((1..0x20).filter_map(char::from_u32)) {
        assert_refused(&format!("a{found}b"), &Control { found, at: 1 });
    }
    let shown = Control { found: '\u{1b}', at: 1 }.to_string();
    assert_eq!(shown, "file name contains the control character '\\u{1b}' at byte 1");
}

#[test]
fn v09_name_with_blank_or_dot_at_its_edge() {
    for (name, found) in [
        (" a", ' '),
        ("a ", ' '),
        (" ", ' '),
        ("a.", '.'),
        ("a..", '.'),
        ("...", '.'),
        ("a .", '.'),
        ("a\u{a0}", '\u{a0}'),
        ("\u{3000}a", '\u{3000}'),
    ] {
        assert_refused(name, &Edge { found });
    }
}

#[test]
fn v10_name_of_a_device() {
    for name in [
        "CON",
        "con",
        "nul.ps1",
        "COM1.txt",
        "LPT9",
        "AUX.tar.gz",
        "conin$",
        "CONOUT$.log",
        "Prn.x",
        "com0",
        "lpt0.txt",
        "COM\u{b9}",
        "lpt\u{b2}.ps1",
        "COM\u{b3}",
        "NUL .txt",
        "nul  .tar.gz",
    ] {
        assert_refused(name, &Device { name: name.to_owned() });
    }
    for name in
        ["CONSOLE", "COM", "COM10", "LPT", "NULL.ps1", "xCON", "a.con", "COMx", "CON-1", "$conin$"]
    {
        assert!(name.parse::<FileName>().is_ok(), "case: {name}");
    }
}

#[test]
fn v11_name_with_reserved_character() {
    for found in [':', '*', '?', '<', '>', '|'] {
        assert_refused(&format!("a{found}b"), &Reserved { found, at: 1 });
        assert_refused(&format!("{found}"), &Reserved { found, at: 0 });
    }
}

#[test]
fn v12_name_in_other_scripts() {
    assert_all_stored(&[
        "caf\u{e9}.ps1",
        "\u{53ce}\u{96c6}.ps1",
        "\u{1f9f0}.sh",
        "\u{1f468}\u{200d}\u{1f527}.sh",
        "\u{441}\u{431}\u{43e}\u{440}.ps1",
        "\u{62c}\u{645}\u{639}.ps1",
    ]);
}

#[test]
fn v13_name_in_decomposed_form() {
    let name: FileName = "cafe\u{301}.ps1".parse().unwrap();
    assert_eq!(name.as_str().as_bytes(), b"cafe\xcc\x81.ps1");
    assert_stored(name, "cafe\u{301}.ps1");
}

#[test]
fn v14_name_with_invisible_character() {
    let ranges =
        [0x61c..=0x61c, 0x200e..=0x200f, 0x202a..=0x202e, 0x2066..=0x2069, 0xfeff..=0xfeff];
    for found in ranges.into_iter().flatten().filter_map(char::from_u32) {
        assert_refused(&format!("a{found}1sp"), &Invisible { found, at: 1 });
    }
}

#[test]
fn v15_name_with_percent_escape() {
    for (name, at) in [("a%22b", 1), ("x%0d%0a", 1), ("%2e%2E", 0), ("100%%2fx", 4), ("a%fF", 1)] {
        assert_refused(name, &PercentEscape { at });
    }
}

#[test]
fn v16_name_with_plain_percent() {
    assert_all_stored(&["100%", "a%zz", "%", "%%", "5%0", "a%2", "%g0", "%\u{e9}"]);
}

#[test]
fn v17_name_as_encoded_word() {
    assert_refused("=?utf-8?B?YS5wczE=?=", &Reserved { found: '?', at: 1 });
    assert_refused("a =?UTF-8?Q?b?=", &Reserved { found: '?', at: 3 });
}

#[test]
fn v18_name_with_semicolon_or_ampersand() {
    for (name, found, at) in
        [("a;b", ';', 1), ("a&amp;b", '&', 1), ("r&d.ps1", '&', 1), (";", ';', 0)]
    {
        assert_eq!(name.parse::<FileName>(), Err(Ambiguous { found, at }), "case: {name}");
        assert_stored(FileName::permitting_separators(name).unwrap(), name);
    }
}

#[test]
fn v19_name_of_255_bytes() {
    let ascii: &'static str = Box::leak("x".repeat(255).into_boxed_str());
    let wide: &'static str = Box::leak("\u{53ce}".repeat(85).into_boxed_str());
    assert_all_stored(&[ascii, wide]);
}

#[test]
fn v20_name_too_long() {
    for (name, len) in
        [("x".repeat(256), 256), ("\u{53ce}".repeat(86), 258), ("x".repeat(1 << 20), 1 << 20)]
    {
        assert_refused(&name, &TooLong { len, max: 255 });
    }
}

#[cfg(unix)]
#[test]
fn v21_name_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    let path = Path::new("tools").join(OsStr::from_bytes(b"caf\xe9.ps1"));
    assert_eq!(FileName::from_path(&path), Err(InvalidFileName::NotUtf8));
    let error = mde_live_response_core::Upload::from_path(&path).unwrap_err();
    assert_eq!(error.to_string(), "\"tools/caf\\xE9.ps1\": file name is not UTF-8");
}

#[test]
fn v22_name_with_dash_or_dot_first() {
    assert_all_stored(&["-rf", "--", ".profile", "..a", "-", "_"]);
}
