//! No secret of an application is shown, for any echo of the login host.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use mde_live_response_core::Error;
use mde_live_response_core::policy::{Call, Event, Observer};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};
use mde_live_response_testkit::TempDir;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::files;
use crate::{SECRET, builder, client, credential, failure, refusal, secret, successful, upload};

/// How a server may write a character. Not all fit every one of them; the last fits all.
const WAYS: usize = 7;

fn spelled(c: char, way: usize) -> String {
    let (mut units, mut bytes) = ([0; 2], [0; 4]);
    let units = c.encode_utf16(&mut units).iter();
    let bytes = c.encode_utf8(&mut bytes).bytes();
    let pieces: Vec<_> = match way {
        0 if c.is_ascii() => vec![format!("\\{c}")],
        1 => units.map(|unit| format!("\\u{unit:04x}")).collect(),
        2 => units.map(|unit| format!("\\u{unit:04X}")).collect(),
        3 => bytes.map(|b| format!("%{b:02X}")).collect(),
        4 => bytes.map(|b| format!("%{b:02x}")).collect(),
        5 if c == ' ' => vec!["+".to_owned()],
        _ => vec![c.to_string()],
    };
    pieces.concat()
}

/// The secret as servers write it, whole.
fn spellings() -> [(&'static str, String); 8] {
    let is_unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let ways: [(_, &dyn Fn(char) -> usize); 8] = [
        ("JSON", &|c| if "\"\\".contains(c) { 0 } else { 6 }),
        ("JSON, with slashes", &|c| if "\"\\/".contains(c) { 0 } else { 6 }),
        ("JSON, ASCII only", &|c| if c.is_ascii() && c != '"' && c != '\\' { 6 } else { 1 }),
        ("JSON, escaped for HTML", &|c| if c.is_ascii_alphanumeric() { 6 } else { 2 }),
        ("as sent", &|c| if is_unreserved(c) { 6 } else { 3 }),
        ("percent, lower case", &|c| if is_unreserved(c) { 6 } else { 4 }),
        ("percent, all escaped", &|_| 3),
        ("a form", &|c| if c == ' ' || is_unreserved(c) { 5 } else { 3 }),
    ];
    ways.map(|(name, way)| (name, SECRET.chars().map(|c| spelled(c, way(c))).collect()))
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

/// Everything that an observer receives.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<String>>);

impl Observer for Diary {
    fn event(&self, _: &Call<'_>, event: &Event<'_>) {
        let mut text = self.0.lock().unwrap();
        writeln!(text, "{event:?}").unwrap();
        if let Event::Failed { error, .. } | Event::Ended { error } = event {
            writeln!(text, "{error}").unwrap();
        }
    }
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
                assert_clean(&case, &diary.0.lock().unwrap());
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
fn a13_values_show_no_secret() {
    let mock = successful();
    let client = client(&mock);
    assert_clean("values", &format!("{:?} {:#?} {client:?}", credential(), secret(SECRET)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Each character in another spelling, also those that begin escapes.
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
