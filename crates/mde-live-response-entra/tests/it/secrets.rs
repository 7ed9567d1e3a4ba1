//! No secret of an application is shown, whatever the login host echoes.

use mde_live_response_core::Error;
use mde_live_response_mock::{ManualClock, MockTransport, Reply};
use mde_live_response_testkit::TempDir;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::files;
use crate::{
    Diary, SECRET, builder, client, credential, failure, issued, refusal, secret, successful,
    upload,
};

/// Ways for a server to write the secret.
fn spellings() -> Vec<(&'static str, String)> {
    let percent = |keep: fn(u8) -> bool, lower: bool| -> String {
        let bytes = SECRET.bytes().map(|b| match b {
            b if keep(b) => char::from(b).to_string(),
            b if lower => format!("%{b:02x}"),
            b => format!("%{b:02X}"),
        });
        bytes.collect::<Vec<_>>().concat()
    };
    let numbered = |keep: fn(char) -> bool, upper: bool| -> String {
        let number = |unit: &u16| {
            let number = format!("{unit:04x}");
            format!("\\u{}", if upper { number.to_uppercase() } else { number })
        };
        let chars = SECRET.chars().map(|c| match c {
            c if keep(c) => c.to_string(),
            c => c.encode_utf16(&mut [0; 2]).iter().map(number).collect::<Vec<_>>().concat(),
        });
        chars.collect()
    };
    let unreserved: fn(u8) -> bool = |b| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let json = SECRET.replace('\\', "\\\\").replace('"', "\\\"");
    vec![
        ("JSON, with slashes", json.replace('/', "\\/")),
        ("JSON", json),
        ("JSON, ASCII only", numbered(|c| c.is_ascii() && c != '"' && c != '\\', false)),
        ("JSON, escaped for HTML", numbered(|c| c.is_ascii_alphanumeric(), true)),
        ("JSON, all escaped", numbered(|_| false, false)),
        ("as sent", percent(unreserved, false)),
        ("percent, lower case", percent(unreserved, true)),
        ("percent, all escaped", percent(|_| false, false)),
        ("a browser's form", percent(unreserved, false).replace("%20", "+").replace('~', "%7E")),
    ]
}

/// Not the whole of it, and no piece of it.
#[track_caller]
fn assert_clean(case: &str, shown: &str) {
    let pieces =
        ["canary", "Se8Q", "63616e617279", "\\u0063", "%63", "𝄞", "d834", "D834", "%F0%9D"];
    for piece in pieces {
        assert!(!shown.contains(piece), "case: {case}: {shown}");
    }
}

/// Everything that an error tells.
fn all_of(error: &Error) -> String {
    format!(
        "{error} {error:?} {error:#?} {:?} {:?} {:?} {:?}",
        error.help(),
        error.code(),
        error.message(),
        error.correlation_id(),
    )
}

/// In every place and with every status of an answer, for a secret and for the token of a file.
#[test]
fn a16_an_echo_of_the_secret_is_shown_nowhere() {
    let dir = TempDir::new();
    let file = dir.write("token", SECRET);
    let credentials = [credential(), files::credential(file)];
    for status in (200..=206).chain(300..=308).chain(400..=431).chain(500..=511) {
        for (spelling, echo) in spellings() {
            let json = format!(
                r#"{{"error":"{echo}","error_description":"AADSTS1: {echo}","correlation_id":"{echo}"}}"#
            );
            for (n, body) in [json, format!("<p>{echo}</p>")].into_iter().enumerate() {
                let echo = echo.clone();
                let mock = MockTransport::from_fn(move |_| {
                    let reply = Reply::status(status).body(body.clone());
                    if echo.is_ascii() {
                        let to = format!("https://portal.example/{echo}");
                        reply.header("location", &to).header("retry-after", &echo)
                    } else {
                        reply
                    }
                });
                let diary = Diary::default();
                let by = credentials[usize::from(status) % 2].clone();
                let client = builder(by, mock, &ManualClock::new()).observer(diary.clone());
                let error = client.build().upload(&upload()).unwrap_err();
                let case = format!("{status}, {n}, {spelling}");
                assert_clean(&case, &all_of(&error));
                assert_clean(&case, &diary.text());
            }
        }
    }
}

#[test]
fn a16_only_the_secret_is_taken_out() {
    for (case, echo) in spellings() {
        let mock = MockTransport::new().reply(refusal(401, 1, &format!("bad {echo}!")));
        let error = failure(&mock);
        assert!(error.message().unwrap().contains(": bad [redacted]! Trace"), "{case}: {error}");
        assert_eq!(error.code(), Some("AADSTS1"), "case: {case}");
    }
    let other = "canary~Se8Q/ret";
    let error = failure(&MockTransport::new().reply(refusal(401, 1, other)));
    assert!(error.message().unwrap().contains(other));
}

#[test]
fn a16_the_issued_token_is_not_shown_either() {
    let token = "canary.issued-token";
    let echo = format!(r#"{{"error":{{"code":"x","message":"no {token}"}}}}"#);
    let mock = MockTransport::new().reply(issued(token)).reply(Reply::json(400, echo));
    let error = client(&mock).upload(&upload()).unwrap_err();
    assert_clean("issued", &all_of(&error));
    assert_eq!(error.message(), Some("no [redacted]"));
}

#[test]
fn a13_values_show_no_secret() {
    let mock = successful();
    let client = client(&mock);
    assert_clean("values", &format!("{:?} {:#?} {client:?}", credential(), secret(SECRET)));
}

/// Ways to write a character. Not all fit every one of them; the last fits all.
const WAYS: usize = 6;

fn spelled(c: char, way: usize) -> String {
    let (mut units, mut bytes) = ([0; 2], [0; 4]);
    let units = c.encode_utf16(&mut units).iter();
    let bytes = c.encode_utf8(&mut bytes).bytes();
    let pieces: Vec<_> = match way {
        0 if c.is_ascii() => vec![format!("\\{c}")],
        1 => units.map(|unit| format!("\\u{unit:04x}")).collect(),
        2 => units.map(|unit| format!("\\u{unit:04X}")).collect(),
        3 => bytes.map(|b| format!("%{b:02X}")).collect(),
        4 if c == ' ' => vec!["+".to_owned()],
        _ => vec![c.to_string()],
    };
    pieces.concat()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Each character in a way of its own, also those that begin escapes.
    #[test]
    fn a16_a_secret_is_found_in_any_mixture_of_spellings(
        text in r#"[%\\"/+u0259aé𝄞][%\\"/+u0259aé𝄞 ]{6,12}[%\\"/+u0259aé𝄞]"#,
        ways in vec(0..WAYS, 14),
    ) {
        let echo: String = text.chars().zip(ways).map(|(c, way)| spelled(c, way)).collect();
        let answer = http::Response::new(format!("<p>{echo}</p>").into_bytes());
        let clean = secret(&text).scrub(answer).into_body();
        prop_assert_eq!(String::from_utf8(clean).unwrap(), "<p>[redacted]</p>", "{}", echo);
    }
}
