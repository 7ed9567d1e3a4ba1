//! A13, A16: no secret of an application is shown, whatever the login host repeats.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use mde_live_response_core::{Call, ClientSecret, EntraCredential, Error, Event, Observer};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{SECRET, builder, builder_with, credential, issued, refusal};
use crate::support::{causes, expect_error, upload};

/// How a server may write the secret down, by name.
fn spellings() -> Vec<(&'static str, String)> {
    let percent = |keep: fn(u8) -> bool, lower: bool| -> String {
        SECRET
            .bytes()
            .map(|b| match b {
                b if keep(b) => char::from(b).to_string(),
                b if lower => format!("%{b:02x}"),
                b => format!("%{b:02X}"),
            })
            .collect()
    };
    let unreserved: fn(u8) -> bool = |b| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let numbered = |keep: fn(char) -> bool, upper: bool| -> String {
        let mut text = String::new();
        for c in SECRET.chars() {
            if keep(c) {
                text.push(c);
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                let number = format!("{unit:04x}");
                text += "\\u";
                text += &if upper { number.to_uppercase() } else { number };
            }
        }
        text
    };
    vec![
        ("JSON, the least", SECRET.replace('\\', "\\\\").replace('"', "\\\"")),
        (
            "JSON, with slashes",
            SECRET.replace('\\', "\\\\").replace('"', "\\\"").replace('/', "\\/"),
        ),
        ("JSON, ASCII only", numbered(|c| c.is_ascii() && c != '"' && c != '\\', false)),
        ("JSON, all that HTML knows too", numbered(|c| c.is_ascii_alphanumeric(), true)),
        ("JSON, all of it", numbered(|_| false, false)),
        ("as sent", percent(unreserved, false)),
        ("percent, lower", percent(unreserved, true)),
        ("percent, all of it", percent(|_| false, false)),
        ("a browser's form", percent(unreserved, false).replace("%20", "+").replace('~', "%7E")),
    ]
}

/// Not the whole of it, and no piece of it.
#[track_caller]
fn assert_clean(case: &str, shown: &str) {
    for piece in ["canary", "Se8Q", "63616e617279", "\\u0063", "%63", "𝄞", "d834", "D834", "%F0%9D"]
    {
        assert!(!shown.contains(piece), "case: {case}: {shown}");
    }
}

/// Everything that an error says.
fn all_of(error: &Error) -> String {
    let mut shown =
        format!("{error} {error:?} {error:#?} {:?} {:?}", error.help(), error.service_code());
    for cause in causes(error) {
        write!(shown, " {cause} {cause:?} {cause:#?}").unwrap();
    }
    if let Error::Auth(error) = error {
        write!(shown, " {:?} {:?} {:?}", error.message(), error.target(), error.problem()).unwrap();
    }
    shown
}

/// Keeps all that is told.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<String>>);

impl Observer for Diary {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        write!(self.0.lock().unwrap(), "{call:?} {event:?}").unwrap();
    }
}

/// In every place and with every status of an answer, for a secret and for the token of a file.
#[test]
fn a16_an_echo_of_the_secret_is_shown_nowhere() {
    let file = super::files::Temporary::new("echo", SECRET);
    let federated = EntraCredential::with_token_file("a-tenant", "a-client", &file.0).unwrap();
    for status in (200..=206).chain(300..=308).chain(400..=431).chain(500..=511) {
        for (spelling, echo) in spellings() {
            let body = format!(
                r#"{{"error":"{echo}","error_description":"AADSTS1: {echo}","correlation_id":"{echo}"}}"#
            );
            for (form, body) in [("json", body), ("text", format!("<p>{echo}</p>"))] {
                let case = format!("{status}, {form}, {spelling}");
                let echo = echo.clone();
                let mock = MockTransport::from_fn(move |_| {
                    let reply = Reply::status(status).body(body.clone());
                    Ok(if echo.is_ascii() {
                        let to = format!("https://{}.example/{echo}", "portal");
                        reply.header("location", &to).header("retry-after", &echo)
                    } else {
                        reply
                    })
                });
                let diary = Diary::default();
                let by = if status % 2 == 0 { credential() } else { federated.clone() };
                let client = builder_with(by, mock, &ManualClock::new()).observer(diary.clone());
                let error = client.build().upload(&upload()).unwrap_err();
                assert_clean(&case, &all_of(&error));
                assert_clean(&case, &diary.0.lock().unwrap());
            }
        }
    }
}

/// Its place is marked, and the rest of the message is there.
#[test]
fn a16_only_the_secret_is_taken_out() {
    for (case, echo) in spellings() {
        let mock = MockTransport::new().reply(refusal(401, 1, &format!("bad {echo}!")));
        let error = builder(mock, &ManualClock::new()).build().upload(&upload()).unwrap_err();
        let shown = error.to_string();
        assert!(
            shown.contains("401 AADSTS1: bad [redacted]! (support id"),
            "case: {case}: {shown}"
        );
    }
    // What is no spelling of it stays.
    let other = "canary~Se8Q/ret";
    let mock = MockTransport::new().reply(refusal(401, 1, other));
    let error = builder(mock, &ManualClock::new()).build().upload(&upload()).unwrap_err();
    assert!(error.to_string().contains(other));
}

#[test]
fn a16_the_token_that_was_issued_is_not_shown_either() {
    let token = "canary.issued-token";
    let mock = MockTransport::new()
        .reply(issued(token))
        .reply(Reply::json(400, format!(r#"{{"error":{{"code":"x","message":"no {token}"}}}}"#)));
    let error = builder(mock, &ManualClock::new()).build().upload(&upload()).unwrap_err();
    assert_clean("issued", &all_of(&error));
    assert_eq!(expect_error!(error, Service, "").message(), Some("no [redacted]"));
}

#[test]
fn a13_values_show_no_secret() {
    let client = builder(MockTransport::new(), &ManualClock::new());
    let secret = ClientSecret::new(SECRET).unwrap();
    let shown = format!("{:?} {client:?} {secret:?} {secret:#?}", credential());
    assert_clean("values", &shown);
    assert_clean("client", &format!("{:?}", client.build()));
    for refused in [format!("{SECRET}\n"), format!("{SECRET}\0x")] {
        let refused = ClientSecret::new(refused).unwrap_err();
        assert_clean("refused", &format!("{refused} {refused:?}"));
    }
}

/// Ways to write a character down. Not all are for every one of them; the last fits all.
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

    /// Each character in a way of its own, those that begin escapes among them.
    #[test]
    fn a16_a_secret_is_found_in_any_mixture_of_spellings(
        secret in r#"[%\\"/+u0259aé𝄞][%\\"/+u0259aé𝄞 ]{6,12}[%\\"/+u0259aé𝄞]"#,
        ways in vec(0..WAYS, 14),
    ) {
        let echo: String = secret.chars().zip(ways).map(|(c, way)| spelled(c, way)).collect();
        let mock = MockTransport::new().reply(Reply::status(400).body(format!("<p>{echo}</p>")));
        let by = EntraCredential::with_secret("t", "c", ClientSecret::new(secret).unwrap()).unwrap();
        let client = builder_with(by, mock, &ManualClock::new()).build();
        let shown = client.upload(&upload()).unwrap_err().to_string();
        prop_assert!(shown.contains("(400: <p>[redacted]</p>)"), "{}: {}", echo, shown);
    }
}
