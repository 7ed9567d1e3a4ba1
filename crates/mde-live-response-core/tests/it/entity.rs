//! C1-C8, C16, C17: the answer that describes the stored file, and the comparison with what was sent.

use mde_live_response_core::http::Response;
use mde_live_response_core::{Delivery, LibraryFile, MismatchErrorKind, ResponseErrorKind, Upload};

use crate::support::{
    Canned, EMPTY_SHA256, NAME, SHA256, answer, expect_error, failure, json, upload,
};

#[track_caller]
pub(crate) fn success(body: &str) -> LibraryFile {
    Canned::new(json(200, body)).client().upload(&upload()).expect(body)
}

/// The answer is a failed [`Response`](mde_live_response_core::Error::Response).
#[track_caller]
pub(crate) fn assert_response(
    case: &str,
    reply: Response<Vec<u8>>,
    kind: &ResponseErrorKind,
    delivery: Delivery,
) {
    let error = failure(reply);
    assert_eq!(
        (error.delivery(), error.is_retryable()),
        (delivery, delivery == Delivery::Unknown),
        "case: {case}: {error}"
    );
    assert!(!error.to_string().chars().any(char::is_control), "case: {case}: {error}");
    assert_eq!(expect_error!(error, Response, case).kind(), kind, "case: {case}");
}

/// An entity with the right name and hash, and whatever else.
pub(crate) fn entity(more: &str) -> String {
    format!(r#"{{"fileName":"{NAME}","sha256":"{SHA256}"{more}}}"#)
}

#[test]
fn c01_json_of_another_shape() {
    let as_array = format!(r#"["{NAME}","{SHA256}",null,null,null,null,null,null]"#);
    let list = format!("[{}]", entity(""));
    for body in [
        "[]",
        "[1]",
        as_array.as_str(),
        list.as_str(),
        "\"text\"",
        "1",
        "-1.5e3",
        "null",
        "true",
        "{}",
        " { } ",
    ] {
        assert_response(body, json(200, body), &ResponseErrorKind::Shape, Delivery::Unknown);
    }
    for body in [
        r#"{"fileName":null}"#,
        r#"{"fileName":5}"#,
        r#"{"fileName":["a"]}"#,
        r#"{"filename":"a"}"#,
    ] {
        assert_response(body, json(200, body), &ResponseErrorKind::Shape, Delivery::Unknown);
    }
    for body in ["nope", "{", "{]", "'a'", "{fileName:1}", "\0", " ", "\u{feff}"] {
        assert_response(body, json(200, body), &ResponseErrorKind::NotJson, Delivery::Unknown);
    }
}

#[test]
fn c02_byte_order_mark() {
    assert_eq!(success(&format!("\u{feff}{}", entity(""))).file_name(), NAME);
    let twice = format!("\u{feff}\u{feff}{}", entity(""));
    assert_response("twice", json(200, &twice), &ResponseErrorKind::NotJson, Delivery::Unknown);
}

#[test]
fn c03_no_hash() {
    for (case, field) in
        [("missing", ""), ("null", r#","sha256":null"#), ("empty", r#","sha256":"""#)]
    {
        let body = format!(r#"{{"fileName":"{NAME}"{field}}}"#);
        assert_response(
            case,
            json(200, &body),
            &ResponseErrorKind::Unverified,
            Delivery::Delivered,
        );
        let accepting = Canned::new(json(200, &body)).builder().accept_unverified(true).build();
        assert_eq!(
            accepting.upload(&upload()).expect(case).sha256(),
            None,
            "case: {case}: and says so"
        );
    }
}

#[test]
fn c03_accepting_no_hash_accepts_no_wrong_one() {
    for (body, delivery) in [
        (format!(r#"{{"fileName":"{NAME}","sha256":"{EMPTY_SHA256}"}}"#), Delivery::Delivered),
        (format!(r#"{{"fileName":"{NAME}","sha256":"x"}}"#), Delivery::Delivered),
        (r#"{"fileName":"other.ps1"}"#.to_owned(), Delivery::Delivered),
        ("{}".to_owned(), Delivery::Unknown),
    ] {
        let accepting = Canned::new(json(200, &body)).builder().accept_unverified(true).build();
        assert_eq!(
            accepting.upload(&upload()).expect_err(&body).delivery(),
            delivery,
            "case: {body}"
        );
    }
}

#[test]
fn c04_hash_in_upper_case() {
    let stored = success(&entity("").replace(SHA256, &SHA256.to_uppercase()));
    assert_eq!(stored.sha256().unwrap().to_string(), SHA256);
}

#[test]
fn c05_hash_of_other_bytes() {
    let error = failure(json(200, &entity("").replace(SHA256, EMPTY_SHA256)));
    assert_eq!((error.delivery(), error.is_retryable()), (Delivery::Delivered, false));
    assert_eq!(
        error.to_string(),
        format!(
            "`collect-dns.ps1`: the library holds other bytes than were sent: sent sha256 {SHA256}, stored \
             {EMPTY_SHA256}"
        )
    );
    let expected = MismatchErrorKind::Sha256 {
        sent: SHA256.parse().unwrap(),
        stored: EMPTY_SHA256.parse().unwrap(),
    };
    assert_eq!(expect_error!(error, Mismatch, "").kind(), &expected);
}

#[test]
fn c06_hash_that_is_none() {
    let field = &ResponseErrorKind::Field { name: "sha256" };
    for (case, value) in [
        ("one digit less", format!("\"{}\"", &SHA256[1..])),
        ("one digit more", format!("\"{SHA256}0\"")),
        ("twice", format!("\"{SHA256}{SHA256}\"")),
        ("space before", format!("\" {SHA256}\"")),
        ("space after", format!("\"{SHA256} \"")),
        ("space for a digit", format!("\" {}\"", &SHA256[1..])),
        ("SHA-1", "\"da39a3ee5e6b4b0d3255bfef95601890afd80709\"".to_owned()),
        ("no hex", format!("\"g{}\"", &SHA256[1..])),
        ("sign", format!("\"+{}\"", &SHA256[1..])),
        ("wide digits", format!("\"{}\"", "\u{ff11}".repeat(64))),
        ("prefix", format!("\"sha256:{SHA256}\"")),
        ("base64", "\"pJg++sZcwiQnwxW1YFvohah2Ba4C5HWqUKSZJndF+vk=\"".to_owned()),
        ("number", "5".to_owned()),
        ("list", format!("[\"{SHA256}\"]")),
        ("object", "{}".to_owned()),
        ("false", "false".to_owned()),
    ] {
        let body = format!(r#"{{"fileName":"{NAME}","sha256":{value}}}"#);
        assert_response(case, json(200, &body), field, Delivery::Delivered);
    }
}

#[test]
fn c07_name_in_another_form() {
    for (sent, stored) in [
        ("Collect.PS1", "collect.ps1"),
        ("collect.ps1", "COLLECT.PS1"),
        ("\u{c9}.ps1", "\u{e9}.ps1"),
    ] {
        let transport = Canned::storing(stored);
        let upload = Upload::new(sent.parse().unwrap(), b"x");
        assert_eq!(
            transport.client().upload(&upload).expect(sent).file_name(),
            stored,
            "the server's form"
        );
    }
}

#[test]
fn c07_name_of_another_file() {
    for (sent, stored) in [
        ("a.ps1", "b.ps1"),
        ("a.ps1", "a.ps1 "),
        ("a.ps1", "a"),
        ("a.ps1", ""),
        ("a.ps1", "a.ps1.txt"),
        ("caf\u{e9}.ps1", "cafe\u{301}.ps1"),
        ("caf\u{e9}.ps1", "caf?.ps1"),
    ] {
        let transport = Canned::storing(stored);
        let error =
            transport.client().upload(&Upload::new(sent.parse().unwrap(), b"x")).expect_err(stored);
        assert_eq!(error.delivery(), Delivery::Delivered, "case: {stored:?}");
        let expected =
            MismatchErrorKind::FileName { sent: sent.to_owned(), stored: stored.to_owned() };
        assert_eq!(expect_error!(error, Mismatch, stored).kind(), &expected, "case: {stored:?}");
    }
    let shown = failure(json(200, &format!(r#"{{"fileName":"\u001b[2J\n","sha256":"{SHA256}"}}"#)))
        .to_string();
    assert_eq!(
        shown,
        "`collect-dns.ps1`: the library holds the file under another name: sent `collect-dns.ps1`, stored \
         `\\u{1b}[2J\\n`"
    );
}

#[test]
fn c08_unknown_fields() {
    let more = r#","@odata.context":"https://x/$metadata#LibraryFiles/$entity","size":19,"new":{"a":[{"b":null}]},"new":1"#;
    assert_eq!(success(&entity(more)), success(&entity("")));
}

#[test]
fn c08_duplicates_of_known_fields() {
    for more in [
        format!(r#","sha256":"{SHA256}""#),
        format!(r#","sha256":"{EMPTY_SHA256}""#),
        r#","sha256":null"#.to_owned(),
        format!(r#","fileName":"{NAME}""#),
        r#","description":"a","description":"a""#.to_owned(),
        r#","hasParameters":true,"hasParameters":false"#.to_owned(),
    ] {
        assert_response(
            &more,
            json(200, &entity(&more)),
            &ResponseErrorKind::Shape,
            Delivery::Unknown,
        );
    }
}

#[test]
fn c16_garbage_after_the_object() {
    for more in ["x", "{}", ",", "null", "\0", "<!-- -->"] {
        let body = format!("{}{more}", entity(""));
        assert_response(more, json(200, &body), &ResponseErrorKind::NotJson, Delivery::Unknown);
    }
    assert_eq!(
        success(&format!("\r\n {} \t\r\n", entity(""))).file_name(),
        NAME,
        "blanks are none"
    );
}

#[test]
fn c17_entity_in_a_wrapping() {
    let wrapped = format!(r#"{{"value":{}}}"#, entity(""));
    assert_response("value", json(200, &wrapped), &ResponseErrorKind::Shape, Delivery::Unknown);
    let error = failure(json(200, r#"{"error":{"code":"InternalServerError","message":"x"}}"#));
    assert_eq!(
        (error.delivery(), error.service_code()),
        (Delivery::Unknown, Some("InternalServerError"))
    );
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: status 200, but the answer is not an entity of the library, error code \
         InternalServerError, application/json, starts with \
         \"{\"error\":{\"code\":\"InternalServerError\",\"message\":\"x\"}}\"; it is unknown whether the file was \
         stored"
    );
    assert_eq!(expect_error!(error, Response, "").kind(), &ResponseErrorKind::Shape);
}

#[test]
fn t21_cut_json_is_no_success() {
    let whole = entity("");
    for end in 1..whole.len() {
        let reply = answer(200, &[], &whole.as_bytes()[..end]);
        assert_response(&whole[..end], reply, &ResponseErrorKind::NotJson, Delivery::Unknown);
    }
}
