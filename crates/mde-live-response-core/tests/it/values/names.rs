//! The names under which a file is stored.

use mde_live_response_core::error::Problem;
use mde_live_response_core::{FileName, Upload};

use crate::support::{Canned, json, sha256};

#[cfg(unix)]
use Problem::NotUtf8;
use Problem::{Character, Edge, Empty, PercentEscape, Reserved, TooLong};

/// Every conversion refuses the name for this reason.
#[track_caller]
fn assert_refused(name: &str, problem: &Problem, at: Option<usize>) {
    for refused in [
        name.parse::<FileName>(),
        FileName::try_from(name),
        FileName::try_from(name.to_owned()),
        FileName::permitting_separators(name),
    ] {
        let refused = refused.expect_err(name);
        let facts = (refused.field(), refused.problem(), refused.at());
        assert_eq!(facts, ("file name", problem, at), "case: {name:?}");
        assert!(!refused.to_string().chars().any(char::is_control), "case: {name:?}");
    }
}

/// The name goes out in quotes as it is, and comes back equal.
#[track_caller]
fn assert_stored(name: FileName, as_given: &str) {
    assert_eq!((name.as_ref(), &*name.to_string()), (as_given, as_given));
    let entity = format!(r#"{{"fileName":"{as_given}","sha256":"{}"}}"#, sha256(b"x"));
    let transport = Canned::new(json(200, &entity));
    let stored = transport.client().upload(&Upload::new(name, b"x")).expect(as_given);
    assert_eq!(stored.file_name(), as_given);
    let body = String::from_utf8(transport.only().into_body()).unwrap();
    let part = format!("form-data; name=\"file\"; filename=\"{as_given}\"\r\nContent-Type: ");
    assert_eq!(body.matches(&part).count(), 1, "case: {as_given:?}");
}

#[test]
fn names_that_are_refused() {
    let at = |found, at| (Character(found), Some(at));
    let escape = |at| (PercentEscape, Some(at));
    let edge = |found| (Edge(found), None);
    let long = |len| (TooLong { len, max: 255 }, None);
    for (name, (problem, at)) in [
        ("../b", at('/', 2)),
        ("a\"\r\nX: y", at('"', 1)),
        // Encoded words.
        ("=?utf-8?B?YS5wczE=?=", at('?', 1)),
        ("a =?UTF-8?Q?b?=", at('?', 3)),
        // A joined emoji.
        ("\u{1f468}\u{200d}\u{1f527}.sh", at('\u{200d}', 4)),
        ("a%22b", escape(1)),
        ("x%0d%0a", escape(1)),
        ("%2e%2E", escape(0)),
        ("100%%2fx", escape(4)),
        ("a%fF", escape(1)),
        (" a", edge(' ')),
        ("a ", edge(' ')),
        (" ", edge(' ')),
        ("a.", edge('.')),
        ("...", edge('.')),
        ("a .", edge('.')),
        ("a\u{a0}", edge('\u{a0}')),
        ("\u{3000}a", edge('\u{3000}')),
        ("", (Empty, None)),
        (&"x".repeat(256), long(256)),
        (&"\u{53ce}".repeat(86), long(258)),
        (&"x".repeat(1 << 20), long(1 << 20)),
    ] {
        assert_refused(name, &problem, at);
    }
    let devices = ". .. CON con nul.ps1 COM1.txt LPT9 AUX.tar.gz conin$ CONOUT$.log Prn.x com0 \
        lpt0.txt COM\u{b9} lpt\u{b2}.ps1 COM\u{b3}";
    for name in devices.split(' ').chain(["NUL .txt", "nul  .tar.gz"]) {
        assert_refused(name, &Reserved(name.to_owned()), None);
    }
    let controls = (0..0x20).chain(0x7f..=0x9f).chain([0x2028, 0x2029]);
    let turning = [0x61c, 0x200e, 0x200f].into_iter().chain(0x202a..=0x202e).chain(0x2066..=0x2069);
    let invisible = (0x200b..=0x200d).chain([0x2060, 0xfeff]);
    let unseen = controls.chain(turning).chain(invisible).filter_map(char::from_u32);
    for found in unseen.chain("\"/\\:*?<>|".chars()) {
        // Bytes, not characters.
        for (name, at) in [("a", 1), ("", 0), ("\u{e9}", 2), ("\u{1f9f0}", 4)] {
            assert_refused(&format!("{name}{found}b"), &Character(found), Some(at));
            assert_refused(&format!("{name}{found}"), &Character(found), Some(at));
        }
    }
}

#[test]
fn names_that_are_stored_as_they_are() {
    let longest = "x".repeat(255) + " " + &"\u{53ce}".repeat(85);
    for words in [
        "CONSOLE COM COM10 LPT NULL.ps1 xCON a.con COMx CON-1 $conin$",
        "-rf -- .profile ..a - _",
        "100% a%zz % %% 5%0 a%2 %g0 %\u{e9}",
        "caf\u{e9}.ps1 \u{53ce}\u{96c6}.ps1 \u{1f9f0}.sh \u{441}\u{431}\u{43e}\u{440}.ps1 \u{62c}\u{645}.ps1",
        // Decomposed, and kept so.
        "cafe\u{301}.ps1",
        &longest,
    ] {
        for name in words.split(' ') {
            assert_stored(name.parse().expect(name), name);
        }
    }
}

#[test]
fn semicolon_and_ampersand_are_accepted_only_on_request() {
    for (name, found, at) in [("a;b", ';', 1), ("a&amp;b", '&', 1), (";", ';', 0)] {
        let refused = name.parse::<FileName>().unwrap_err();
        assert_eq!((refused.problem(), refused.at()), (&Character(found), Some(at)));
        assert_eq!(FileName::try_from(name.to_owned()), Err(refused), "case: {name}");
        assert_stored(FileName::permitting_separators(name).unwrap(), name);
    }
}

#[test]
fn of_a_path_the_last_component_counts() {
    assert_eq!(FileName::from_path("tools/b.ps1").unwrap().as_str(), "b.ps1");
    let problem = |path| FileName::from_path(path).unwrap_err().problem().clone();
    for path in ["..", "/", "tools/..", ""] {
        assert_eq!(problem(path), Empty, "case: {path:?}");
    }
    if cfg!(unix) {
        assert_eq!(problem("tools/a\\b.ps1"), Character('\\'), "no separator of this system");
    }
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_utf8_is_refused() {
    use mde_live_response_core::error::SourceProblem;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    let path = Path::new("tools").join(OsStr::from_bytes(b"caf\xe9.ps1"));
    let invalid = FileName::from_path(&path).unwrap_err();
    assert_eq!(invalid.problem(), &NotUtf8);
    let error = Upload::from_path(&path).unwrap_err();
    assert_eq!(error.problem(), &SourceProblem::Name(invalid));
    assert_eq!(error.path(), Some(&*path));
}

#[test]
fn folding_makes_names_equal_that_differ_only_in_letter_case() {
    for (one, other, equal) in [
        ("Collect.PS1", "collect.ps1", true),
        ("CAF\u{c9}", "caf\u{e9}", true),
        ("\u{3c3}", "\u{3c2}", true),
        ("stra\u{df}e", "STRASSE", true),
        ("caf\u{e9}", "cafe\u{301}", false),
        ("caf\u{e9}", "cafe", false),
        ("a.ps1", "a.ps", false),
        ("a-b", "a_b", false),
    ] {
        let (one, other) = (FileName::folded(one), FileName::folded(other));
        assert_eq!(one == other, equal, "{one} and {other}");
    }
}
