//! C1-C19 and T21: the answer that describes the stored file, and the comparison with what was sent.

use mde_live_response_core::error::AnswerProblem;
use mde_live_response_core::http::Response;
use mde_live_response_core::{Effect, ErrorKind, LibraryFile, Upload};

use crate::support::{Canned, EMPTY_SHA256, NAME, SHA256, answer, failure, json, upload};

use AnswerProblem::{Encoding, NotJson, OtherName, Sha256, Shape, Unverified};

/// An entity with the right name and hash, and these other fields.
fn entity(more: &str) -> String {
    format!(r#"{{"fileName":"{NAME}","sha256":"{SHA256}"{more}}}"#)
}

/// An entity with this value of `sha256`.
fn with_sha256(value: &str) -> String {
    format!(r#"{{"fileName":"{NAME}","sha256":{value}}}"#)
}

#[track_caller]
fn accepted(reply: Response<Vec<u8>>) -> LibraryFile {
    let case = format!("{reply:.300?}");
    Canned::new(reply).client().upload(&upload()).expect(&case)
}

#[track_caller]
fn success(body: &str) -> LibraryFile {
    accepted(json(200, body))
}

/// The answer is not usable, and only an unknown outcome is worth another attempt.
#[track_caller]
fn assert_unusable(reply: Response<Vec<u8>>, problem: AnswerProblem, effect: Effect) {
    let case = format!("{reply:.300?}");
    let error = failure(reply);
    assert_eq!(error.kind(), &ErrorKind::Unusable(problem), "{case}");
    let facts = (error.effect(), error.is_retryable());
    assert_eq!(facts, (effect, effect == Effect::Unknown), "{case}");
    assert!(!format!("{error:?}").chars().any(char::is_control), "{case}: {error:?}");
}

#[test]
fn c01_c02_c06_c08_c13_c16_c17_t21_entities_that_are_not_usable() {
    for body in ["[]", "[1]", "\"text\"", "-1.5e3", "null", "true", " { } "] {
        assert_unusable(json(200, body), Shape, Effect::Unknown);
    }
    // `ENTITY`, `NAME` and `SHA` stand for usable ones.
    for body in [
        r#"["NAME","SHA",null,null,null,null,null,null]"#,
        "[ENTITY]",
        r#"{"value":ENTITY}"#,
        r#"{"fileName":null}"#,
        r#"{"fileName":5}"#,
        r#"{"fileName":["a"]}"#,
        r#"{"filename":"a"}"#,
        // A known field twice, even with the same value.
        r#"{"fileName":"NAME","sha256":"SHA","sha256":"SHA"}"#,
        r#"{"fileName":"NAME","sha256":"SHA","sha256":null}"#,
        r#"{"fileName":"NAME","sha256":"SHA","fileName":"NAME"}"#,
        r#"{"fileName":"NAME","sha256":"SHA","description":"a","description":"a"}"#,
        r#"{"fileName":"NAME","sha256":"SHA","hasParameters":true,"hasParameters":false}"#,
    ] {
        let body = body.replace("ENTITY", &entity("")).replace("NAME", NAME).replace("SHA", SHA256);
        assert_unusable(json(200, &body), Shape, Effect::Unknown);
    }

    let mut not_json: Vec<Vec<u8>> =
        ["nope", "{", "{]", "'a'", "{fileName:1}", "\0", " ", "\u{feff}"].map(Into::into).into();
    let then_broken = [r#"{"fileName":5,"#, r#"{"sha256":"","sha256":"","#];
    not_json.extend(then_broken.map(Into::into));
    not_json.push(format!("\u{feff}\u{feff}{}", entity("")).into());
    not_json.push("[".repeat(100_000).into());
    not_json.extend(["x", "{}", ",", "null", "\0", "<!-- -->"].map(|it| (entity("") + it).into()));
    not_json.push([entity("").as_bytes(), b"\xff"].concat());
    not_json.push(entity("").bytes().map(|b| if b == b'd' { 0xe9 } else { b }).collect());
    for surrogate in [r"\ud800", r"\udc00", r"\ud800\ud800", r"\ud83e x"] {
        not_json.push(entity("").replace(NAME, surrogate).into());
        for field in ["description", "createdBy", "lastUpdatedTime"] {
            not_json.push(entity(&format!(r#","{field}":"{surrogate}""#)).into());
        }
    }
    let whole = entity("").into_bytes();
    not_json.extend((1..whole.len()).map(|end| whole[..end].to_vec()));
    for body in not_json {
        assert_unusable(answer(200, &[], body), NotJson, Effect::Unknown);
    }

    // `SHA` stands for a usable digest, `CUT` for one without its first character.
    let wide = "\u{ff11}".repeat(64);
    for digest in ["CUT", "SHA0", "SHASHA", " SHA", "SHA ", " CUT", "gCUT", "+CUT", &wide]
        .into_iter()
        .chain(["sha256:SHA", "pJg++sZcwiQnwxW1YFvohah2Ba4C5HWqUKSZJndF+vk=", " "])
    {
        let digest = digest.replace("SHA", SHA256).replace("CUT", &SHA256[1..]);
        let body = with_sha256(&format!("\"{digest}\""));
        assert_unusable(json(200, &body), Sha256, Effect::Applied);
    }
    for value in ["5", "[\"\"]", "{}", "false"] {
        assert_unusable(json(200, &with_sha256(value)), Sha256, Effect::Applied);
    }
}

#[test]
fn c03_no_hash_is_an_error_unless_accepted() {
    let accepting =
        |body: &str| Canned::new(json(200, body)).builder().accept_unverified(true).build();
    for body in [format!(r#"{{"fileName":"{NAME}"}}"#), with_sha256("null"), with_sha256(r#""""#)] {
        assert_unusable(json(200, &body), Unverified, Effect::Applied);
        let stored = accepting(&body).upload(&upload()).unwrap();
        assert_eq!(stored.sha256(), None, "the result says so");
    }
    // Who accepts no hash accepts nothing else.
    for (body, effect) in [
        (&*with_sha256(&format!("\"{EMPTY_SHA256}\"")), Effect::Applied),
        (&with_sha256("\"x\""), Effect::Applied),
        (r#"{"fileName":"other.ps1"}"#, Effect::Applied),
        ("{}", Effect::Unknown),
    ] {
        let error = accepting(body).upload(&upload()).unwrap_err();
        assert_eq!(error.effect(), effect, "case: {body}");
    }
}

#[test]
fn c05_hash_of_other_bytes() {
    let error = failure(json(200, &with_sha256(&format!("\"{EMPTY_SHA256}\""))));
    let (sent, stored) = (SHA256.parse().unwrap(), EMPTY_SHA256.parse().unwrap());
    assert_eq!(error.kind(), &ErrorKind::Mismatch { sent, stored });
    assert_eq!((error.effect(), error.is_retryable()), (Effect::Applied, false));
}

#[test]
fn h01_h03_c02_c04_c08_c11_c13_c16_entities_that_are_usable() {
    let plain = success(&entity(""));
    assert_eq!((plain.file_name(), plain.sha256().unwrap().to_string()), (NAME, SHA256.to_owned()));
    assert_eq!(accepted(json(201, &entity(""))), plain);
    for body in [
        format!("\u{feff}{}", entity("")),
        format!("\r\n {} \t\r\n", entity("")),
        entity("").replace(SHA256, &SHA256.to_uppercase()),
        entity(r#","@odata.context":"https://x","size":19,"new":{"a":[{"b":null}]},"new":1"#),
    ] {
        assert_eq!(success(&body), plain, "case: {body}");
    }
    // Values of another type count as absent.
    for value in ["1e400", "-1", "1.5", "false", "[1e400]", "{\"a\":1}", "null"] {
        let texts = "description creationTime lastUpdatedTime createdBy parametersDescription";
        let texts = texts.split(' ').map(|field| format!(r#","{field}":{value}"#));
        assert_eq!(success(&entity(&texts.collect::<String>())), plain, "case: {value}");
    }
    for value in ["1e400", "-1", "1", "[]", "{}", "\"true\"", "null"] {
        let more = format!(r#","size":{value},"hasParameters":{value}"#);
        assert_eq!(success(&entity(&more)), plain, "case: {value}");
    }
}

#[test]
fn c07_only_letter_case_may_differ_in_the_name() {
    for (sent, stored, is_same) in [
        ("Collect.PS1", "collect.ps1", true),
        ("collect.ps1", "COLLECT.PS1", true),
        ("\u{c9}.ps1", "\u{e9}.ps1", true),
        ("a.ps1", "b.ps1", false),
        ("a.ps1", "a.ps1 ", false),
        ("a.ps1", "a", false),
        ("a.ps1", "", false),
        ("a.ps1", "a.ps1.txt", false),
        ("caf\u{e9}.ps1", "cafe\u{301}.ps1", false),
        ("caf\u{e9}.ps1", "caf?.ps1", false),
    ] {
        let upload = Upload::new(sent.parse().unwrap(), b"x");
        match Canned::storing(stored).client().upload(&upload) {
            Ok(file) => assert_eq!((file.file_name(), is_same), (stored, true)),
            Err(error) => {
                let kind = ErrorKind::Unusable(OtherName { stored: stored.to_owned() });
                assert_eq!((error.kind(), is_same), (&kind, false), "case: {sent}");
                assert_eq!(error.effect(), Effect::Applied, "case: {sent}");
            }
        }
    }
}

/// Times are kept as text, and read on request.
#[test]
fn c09_c10_c19_fields_are_as_the_service_says() {
    let bare = success(&entity(""));
    assert_eq!((bare.description(), bare.created_by(), bare.has_parameters()), (None, None, None));
    assert_eq!((bare.creation_time(), bare.last_updated_time()), (None, None));
    assert_eq!(bare.parameters_description(), None);

    // The upload had no texts. What `to_jiff` makes of the time.
    for (time, read) in [
        ("2026-01-31T09:30:00Z", Some("2026-01-31T09:30:00Z")),
        ("2026-01-31T10:30:00.1234567+01:00", Some("2026-01-31T09:30:00.1234567Z")),
        ("2026-01-31T09:30:00", None),
        ("yesterday", None),
        ("", None),
    ] {
        let more = r#","description":"d\ud83e\uddf0","creationTime":"TIME","lastUpdatedTime":"TIME2","createdBy":"who","hasParameters":true,"parametersDescription":"-p \u00e9\n""#;
        let more = more.replace("TIME", time);
        let full = success(&entity(&more));
        assert_eq!((full.description(), full.created_by()), (Some("d\u{1f9f0}"), Some("who")));
        assert_eq!(full.creation_time().unwrap().as_str(), time);
        assert_eq!(full.last_updated_time().unwrap().to_string(), format!("{time}2"));
        assert_eq!(full.has_parameters(), Some(true));
        assert_eq!(full.parameters_description(), Some("-p \u{e9}\n"));
        let as_sent: serde_json::Value = serde_json::from_str(&entity(&more)).unwrap();
        assert_eq!(serde_json::to_value(&full).unwrap(), as_sent, "serialises as it came");
        #[cfg(feature = "jiff")]
        {
            let jiff = full.creation_time().unwrap().to_jiff().ok().map(|it| it.to_string());
            assert_eq!(jiff.as_deref(), read, "case: {time:?}");
        }
        let _ = read;
    }
}

#[test]
fn c12_deep_nesting() {
    let deep =
        |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
    for body in [deep("[", "]"), deep("{\"a\":", "}")] {
        assert_unusable(json(200, &body), Shape, Effect::Unknown);
        let in_name = format!(r#"{{"fileName":{body},"sha256":"{SHA256}"}}"#);
        assert_unusable(json(200, &in_name), Shape, Effect::Unknown);
        let in_error = format!(r#"{{"error":{body}}}"#);
        assert_unusable(json(200, &in_error), Shape, Effect::Unknown);
        let refusal = failure(json(400, &in_error));
        assert_eq!((refusal.kind(), refusal.code()), (&ErrorKind::Rejected, None));
        let unknown = entity(&format!(r#","new":{body},"description":{body}"#));
        assert_eq!(success(&unknown), success(&entity("")), "where it does not matter");
    }
}

#[test]
fn c14_c15_only_charset_and_encoding_are_read_of_the_headers() {
    for (name, value, is_usable) in [
        ("content-type", "text/html", true),
        ("content-type", "application/json;charset=\"UTF-8\"", true),
        ("content-type", "application/json; charset=us-ascii", true),
        ("content-type", "", true),
        ("content-encoding", "Identity", true),
        ("content-type", "application/json; charset=utf-16", false),
        ("content-type", "application/json;CHARSET=\"UTF-16LE\"", false),
        ("content-type", "a/b; x=y; charset=latin1", false),
        ("content-encoding", "gzip", false),
        ("content-encoding", "identity, gzip", false),
    ] {
        let reply = answer(200, &[(name, value)], entity(""));
        if is_usable {
            assert_eq!(accepted(reply), success(&entity("")));
        } else {
            assert_unusable(reply, Encoding, Effect::Unknown);
        }
    }
}

/// About the message itself: nothing that the service sends can forge or hide a line of a log.
#[test]
fn c18_texts_of_the_service_are_escaped_and_cut_in_messages_and_whole_in_accessors() {
    let message = format!("\u{1b}[31m\"no\"\r\nfake: line\u{202e} {}", "x".repeat(1 << 20));
    let body =
        serde_json::json!({"error": {"code": "X\nY", "message": message, "target": "\u{7}"}});
    let error = failure(json(400, &body.to_string()));
    assert_eq!(error.message(), Some(message.as_str()));
    assert_eq!((error.code(), error.correlation_id()), (Some("X\nY"), Some("\u{7}")));
    let shown = error.to_string();
    let cut = format!(r#"\u{{1b}}[31m"no"\r\nfake: line\u{{202e}} {}…"#, "x".repeat(300 - 23));
    assert!(shown.contains(&cut) && shown.contains(r"X\nY") && shown.contains(r"\u{7}"), "{shown}");

    for error in [
        error,
        failure(json(200, &format!(r#"{{"fileName":"\u001b[2J\n","sha256":"{SHA256}"}}"#))),
        failure(answer(200, &[], "<p>\u{202e}\r\n\u{1b}</p>".repeat(10_000))),
    ] {
        let shown = format!("{error} {error:?}");
        assert!(!shown.chars().any(|c| c.is_control() || c == '\u{202e}'), "{shown}");
        assert!(shown.len() < 3_000, "{} bytes", shown.len());
    }
}
