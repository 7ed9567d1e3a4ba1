//! C9-C15, C18, C19: fields, encodings, and texts from the service.

use mde_live_response_core::{Delivery, ResponseErrorKind};

use crate::entity::{assert_response, entity, success};
use crate::support::{Canned, NAME, SHA256, answer, expect_error, failure, json, upload};

#[test]
fn c09_optional_fields_null_or_absent() {
    let nulls = r#","description":null,"creationTime":null,"lastUpdatedTime":null,"createdBy":null,"hasParameters":null,"parametersDescription":null"#;
    for more in ["", nulls] {
        let stored = success(&entity(more));
        assert_eq!(stored.description(), None);
        assert_eq!(stored.creation_time(), None);
        assert_eq!(stored.last_updated_time(), None);
        assert_eq!(stored.created_by(), None);
        assert_eq!(stored.has_parameters(), None);
        assert_eq!(stored.parameters_description(), None);
    }
}

#[test]
fn c09_optional_fields_given() {
    let more = r#","description":"d","creationTime":"2026-01-31T09:30:00Z","lastUpdatedTime":"2026-02-01T00:00:00.1234567Z","createdBy":"who","hasParameters":true,"parametersDescription":"-p \u00e9\n""#;
    let stored = success(&entity(more));
    assert_eq!(stored.description(), Some("d"));
    assert_eq!(stored.creation_time().unwrap().as_str(), "2026-01-31T09:30:00Z");
    assert_eq!(stored.last_updated_time().unwrap().as_str(), "2026-02-01T00:00:00.1234567Z");
    assert_eq!(stored.created_by(), Some("who"));
    assert_eq!(stored.has_parameters(), Some(true));
    assert_eq!(stored.parameters_description(), Some("-p \u{e9}\n"));
    let again = serde_json::to_value(&stored).unwrap();
    assert_eq!(
        again,
        serde_json::from_str::<serde_json::Value>(&entity(more)).unwrap(),
        "serialises as it came"
    );
}

const TIMES: [&str; 12] = [
    "2026-01-31T09:30:00Z",
    "2026-01-31T09:30:00.1Z",
    "2026-01-31T09:30:00.123456Z",
    "2026-01-31T09:30:00.1234567Z",
    "2026-01-31T09:30:00.123456789Z",
    "2026-01-31T10:30:00.1234567+01:00",
    "2016-12-31T23:59:60Z",
    "0001-01-01T00:00:00Z",
    "2026-01-31T09:30:00",
    "2026-02-31T09:30:00Z",
    "yesterday",
    "",
];

#[test]
fn c10_times_of_every_kind() {
    for time in TIMES {
        let stored =
            success(&entity(&format!(r#","lastUpdatedTime":"{time}","creationTime":"{time}""#)));
        assert_eq!(stored.last_updated_time().unwrap().as_str(), time);
        assert_eq!(stored.creation_time().unwrap().to_string(), time);
    }
}

#[cfg(feature = "jiff")]
#[test]
fn c10_times_read_on_request() {
    let read = |time: &str| {
        let stored = success(&entity(&format!(r#","lastUpdatedTime":"{time}""#)));
        stored.last_updated_time().unwrap().to_jiff().map(|it| it.to_string()).ok()
    };
    assert_eq!(
        TIMES.map(read),
        [
            Some("2026-01-31T09:30:00Z"),
            Some("2026-01-31T09:30:00.1Z"),
            Some("2026-01-31T09:30:00.123456Z"),
            Some("2026-01-31T09:30:00.1234567Z"),
            Some("2026-01-31T09:30:00.123456789Z"),
            Some("2026-01-31T09:30:00.1234567Z"),
            Some("2016-12-31T23:59:59Z"),
            Some("0001-01-01T00:00:00Z"),
            None,
            None,
            None,
            None,
        ]
        .map(|it| it.map(str::to_owned))
    );
}

#[test]
fn c11_values_of_another_type() {
    for value in [
        "1e400",
        "-1e400",
        "-1",
        "9223372036854775808",
        "1.5",
        "true",
        "[]",
        "{}",
        "[1e400]",
        "\"5\"",
    ] {
        let stored = success(&entity(&format!(r#","size":{value},"hasParameters":{value}"#)));
        assert_eq!(stored.has_parameters(), (value == "true").then_some(true), "case: {value}");
    }
    for value in ["1e400", "-1e400", "0", "9223372036854775808", "false", "[\"a\"]", "{\"a\":1}"] {
        let fields = [
            "description",
            "creationTime",
            "lastUpdatedTime",
            "createdBy",
            "parametersDescription",
        ];
        let more = fields.map(|field| format!(r#","{field}":{value}"#)).concat();
        assert_eq!(success(&entity(&more)), success(&entity("")), "case: {value}");
    }
    let words = success(&entity(r#","hasParameters":"true""#));
    assert_eq!(words.has_parameters(), None, "a text is no truth");
}

#[test]
fn c12_deep_nesting() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let lists = deep("[", "]");
    let objects = deep("{\"a\":", "}").replace(":}", ":1}");
    for body in [lists.as_str(), objects.as_str()] {
        assert_response(&body[..10], json(200, body), &ResponseErrorKind::Shape, Delivery::Unknown);
        let in_name = format!(r#"{{"fileName":{body},"sha256":"{SHA256}"}}"#);
        assert_response(
            "in the name",
            json(200, &in_name),
            &ResponseErrorKind::Shape,
            Delivery::Unknown,
        );
        let in_error = format!(r#"{{"error":{body}}}"#);
        assert_response(
            "in an error",
            json(200, &in_error),
            &ResponseErrorKind::Shape,
            Delivery::Unknown,
        );
        let refused = expect_error!(failure(json(400, &in_error)), Service, "400");
        assert_eq!(refused.code(), None);
        let unknown = entity(&format!(r#","new":{body},"description":{body}"#));
        assert_eq!(success(&unknown), success(&entity("")), "where it does not matter");
    }
    assert_response(
        "unclosed",
        json(200, &"[".repeat(100_000)),
        &ResponseErrorKind::NotJson,
        Delivery::Unknown,
    );
}

#[test]
fn c13_text_that_is_none() {
    let not_json = &ResponseErrorKind::NotJson;
    let invalid = [entity("").as_bytes(), b"\xff"].concat();
    assert_response("invalid UTF-8 after", answer(200, &[], invalid), not_json, Delivery::Unknown);
    let invalid = entity("")
        .into_bytes()
        .into_iter()
        .map(|b| if b == b'd' { 0xe9 } else { b })
        .collect::<Vec<_>>();
    assert_response("invalid UTF-8 inside", answer(200, &[], invalid), not_json, Delivery::Unknown);
    for surrogate in [r"\ud800", r"\udc00", r"\ud800\ud800", r"\ud83e x"] {
        let in_name = entity("").replace(NAME, surrogate);
        assert_response(surrogate, json(200, &in_name), not_json, Delivery::Unknown);
        for field in ["description", "createdBy", "lastUpdatedTime"] {
            let body = entity(&format!(r#","{field}":"{surrogate}""#));
            assert_response(surrogate, json(200, &body), not_json, Delivery::Unknown);
        }
    }
    let pair = success(&entity(r#","description":"\ud83e\uddf0""#));
    assert_eq!(pair.description(), Some("\u{1f9f0}"));
}

#[test]
fn c14_json_under_another_content_type() {
    for content_type in
        ["text/html", "text/plain; charset=utf-8", "application/octet-stream", "nonsense", ""]
    {
        let reply = answer(200, &[("content-type", content_type)], entity(""));
        assert_eq!(
            Canned::new(reply).client().upload(&upload()).expect(content_type).file_name(),
            NAME
        );
    }
    let stored = Canned::new(answer(200, &[], entity(""))).client().upload(&upload()).unwrap();
    assert_eq!(stored.file_name(), NAME);
}

#[test]
fn c15_other_character_set() {
    let encoding = &ResponseErrorKind::Encoding;
    for content_type in [
        "application/json; charset=utf-16",
        "application/json;CHARSET=\"UTF-16LE\"",
        "a/b; x=y; charset=latin1",
    ] {
        let reply = answer(200, &[("content-type", content_type)], entity(""));
        assert_response(content_type, reply, encoding, Delivery::Unknown);
    }
    let wide: Vec<u8> = entity("").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let reply = answer(200, &[("content-type", "application/json; charset=utf-16")], wide);
    assert_response("UTF-16 indeed", reply, encoding, Delivery::Unknown);
    for coding in ["gzip", "br", "identity, gzip"] {
        let reply = answer(200, &[("content-encoding", coding)], b"\x1f\x8b\x08".to_vec());
        assert_response(coding, reply, encoding, Delivery::Unknown);
    }
    for content_type in [
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "application/json; charset=us-ascii",
    ] {
        let reply = answer(
            200,
            &[("content-type", content_type), ("content-encoding", "Identity")],
            entity(""),
        );
        assert_eq!(
            Canned::new(reply).client().upload(&upload()).expect(content_type).file_name(),
            NAME
        );
    }
}

#[test]
fn c18_message_long_and_hostile() {
    let message = format!("\u{1b}[31m\"no\"\r\nfake: line\u{202e} {}", "x".repeat(1 << 20));
    let body =
        serde_json::json!({"error": {"code": "X\nY", "message": message, "target": "\u{7}"}});
    let error = failure(json(400, &body.to_string()));
    let shown = error.to_string();
    assert!(!shown.chars().any(|c| c.is_control() || c == '\u{202e}'), "{shown}");
    assert_eq!(
        shown,
        format!(
            "`collect-dns.ps1`: the service rejects the request (400 X\\nY: \
             \\u{{1b}}[31m\"no\"\\r\\nfake: line\\u{{202e}} {}… (support id \\u{{7}})); nothing was stored",
            "x".repeat(300 - 23)
        )
    );
    let error = expect_error!(error, Service, "");
    assert_eq!(error.message(), Some(message.as_str()), "whole in the accessor");
    assert_eq!((error.code(), error.target()), (Some("X\nY"), Some("\u{7}")));
}

#[test]
fn c19_entity_says_something_else_than_was_sent() {
    let stored = success(&entity(
        r#","description":"other","hasParameters":true,"parametersDescription":"p""#,
    ));
    assert_eq!(stored.description(), Some("other"));
    assert_eq!(stored.has_parameters(), Some(true));
    assert_eq!(stored.parameters_description(), Some("p"));
}
