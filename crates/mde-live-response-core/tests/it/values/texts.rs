//! Descriptions, and the boundary between the parts.

use std::io;

use mde_live_response_core::error::{InvalidInput, Problem};
use mde_live_response_core::library::{Description, ParametersDescription};
use mde_live_response_core::transport::TransportErrorKind;
use mde_live_response_core::{Effect, ErrorKind, FileName, Upload};

use super::form::form_of;
use crate::support::{AAAA, Canned, NAME, drawn, shown_causes, stored, upload};

fn tiny() -> Upload {
    Upload::new("a.txt".parse().unwrap(), b"x")
}

const NO_TEXTS: &str = "--0b\r\n\
    Content-Disposition: form-data; name=\"HasParameters\"\r\n\
    \r\n\
    false\r\n\
    --0b\r\n\
    Content-Disposition: form-data; name=\"OverrideIfExists\"\r\n\
    \r\n\
    false\r\n\
    --0b\r\n\
    Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\
    Content-Type: text/plain\r\n\
    \r\n\
    x\r\n\
    --0b--\r\n";

fn part(name: &str, text: &str) -> String {
    format!("--0b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
}

#[test]
fn an_absent_text_has_no_part_and_an_empty_one_has() {
    assert_eq!(form_of(&tiny()), NO_TEXTS);
    let empty = tiny().with_description("".parse().unwrap());
    assert_eq!(form_of(&empty), part("Description", "") + NO_TEXTS);
    let empty = tiny().with_parameters("".parse().unwrap());
    let expected = part("ParametersDescription", "") + &NO_TEXTS.replacen("false", "true", 1);
    assert_eq!(form_of(&empty), expected, "the script has parameters");
}

#[test]
fn texts_are_sent_as_they_are() {
    for text in [
        "two\nlines",
        "two\r\nlines",
        "\r\n",
        "lone \r and \t",
        "say \"hello\" \\ it's %22 100% & ;",
        "\u{1f9f0} na\u{ef}ve \u{53ce}",
        "--leading dashes",
        "--0c--",
        "\u{2028}\u{202e}",
    ] {
        let upload = tiny().with_description(text.parse().expect(text));
        assert_eq!(form_of(&upload), part("Description", text) + NO_TEXTS, "case: {text:?}");
    }
}

/// Every conversion to either text refuses it for this reason.
#[track_caller]
fn assert_refused(text: &str, problem: &Problem, at: Option<usize>) {
    let error = |field| {
        let error = InvalidInput::new(field, problem.clone());
        at.map_or(error.clone(), |at| error.with_position(at))
    };
    let expected = error("description");
    assert!(!expected.to_string().chars().any(char::is_control), "{expected:?}");
    assert_eq!(Description::try_from(text).as_ref(), Err(&expected));
    assert_eq!(Description::try_from(text.to_owned()), Err(expected));
    let expected = error("parameters description");
    assert_eq!(text.parse::<ParametersDescription>().as_ref(), Err(&expected));
    assert_eq!(ParametersDescription::try_from(text.to_owned()), Err(expected));
}

#[test]
fn texts_that_are_refused() {
    let max = 4 * 1024 * 1024;
    let longest = "x".repeat(max);
    assert_eq!(longest.parse::<Description>().unwrap().as_str(), longest);
    let over = longest + "x";
    let problem = |len: usize, max: usize| Problem::TooLong { len: len as u64, max: max as u64 };
    assert_refused(&over, &problem(max + 1, max), None);
    let ours = Description::with_max_bytes("\u{e9}\u{e9}", 3).unwrap_err();
    assert_eq!(ours.problem(), &problem(4, 3), "bytes, not characters");
    assert!(Description::with_max_bytes(over, max + 1).is_ok());

    let controls = (0..0x20).chain(0x7f..0xa0).filter_map(char::from_u32);
    for found in controls.filter(|c| !matches!(c, '\t' | '\n' | '\r')) {
        assert_refused(&format!("\u{e9}{found}"), &Problem::Character(found), Some(2));
    }
}

#[test]
fn each_call_has_a_boundary_that_no_text_can_guess() {
    let text =
        "x\r\n--guessed\r\nContent-Disposition: form-data; name=\"OverrideIfExists\"\r\n\r\ntrue";
    let transport = Canned::new(stored());
    let upload = upload().with_description(text.parse().unwrap());
    let mut boundaries = std::collections::BTreeSet::new();
    for _ in 0..3 {
        transport.client().upload(&upload).unwrap();
        let sent = transport.sent().pop().unwrap();
        let boundary = boundary_of(&sent.headers["content-type"]);
        assert!(boundary.len() == 40 && boundary.bytes().all(|b| b.is_ascii_hexdigit()));
        let body = String::from_utf8(sent.body).unwrap();
        assert_eq!(body.matches(&boundary).count(), 5, "once a part, and once at the end");
        let first = part("Description", text).replace("0b", &boundary);
        assert!(body.starts_with(&first), "{body}");
        boundaries.insert(boundary);
    }
    assert_eq!(boundaries.len(), 3);
}

fn boundary_of(content_type: &mde_live_response_core::http::HeaderValue) -> String {
    let content_type = content_type.to_str().unwrap();
    content_type.strip_prefix("multipart/form-data; boundary=").unwrap().to_owned()
}

/// Uploads whose name or text has the boundary [`AAAA`] in it.
fn colliding() -> [(&'static str, Upload); 3] {
    let text = format!("x{AAAA}x");
    let name: FileName = NAME.parse().unwrap();
    [
        ("description", Upload::new(name.clone(), b"x").with_description(text.parse().unwrap())),
        ("parameters", Upload::new(name, b"x").with_parameters(text.parse().unwrap())),
        ("name", Upload::new(text.parse().unwrap(), b"x")),
    ]
}

#[test]
fn the_client_draws_four_boundaries_at_most() {
    for (case, upload) in colliding() {
        let transport = Canned::new(stored());
        let send = |blocks| transport.builder().random(drawn(blocks)).build().upload(&upload);
        // The answer is for another content; only what was sent matters here.
        send(&[0xaa, 0xaa, 0xaa, 0xbb]).expect_err(case);
        let boundary = boundary_of(&transport.only().headers["content-type"]);
        assert_eq!(boundary, "b".repeat(40), "case: {case}");

        let error = send(&[0xaa, 0xaa, 0xaa, 0xaa, 0xbb]).expect_err(case);
        assert_eq!(error.kind(), &ErrorKind::Transport(TransportErrorKind::Local), "case: {case}");
        assert_eq!(error.effect(), Effect::NotApplied, "case: {case}");
        assert_eq!(transport.sent().len(), 1, "case: {case}");
    }
}

#[test]
fn without_randomness_nothing_is_sent() {
    let transport = Canned::new(stored());
    let client = transport.builder().random(|_| Err(io::Error::other("dry"))).build();
    let error = client.upload(&upload()).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Transport(TransportErrorKind::Local));
    assert_eq!(error.effect(), Effect::NotApplied);
    assert_eq!(shown_causes(&error).last().unwrap(), "dry");
    assert_eq!(transport.sent().len(), 0);
}
