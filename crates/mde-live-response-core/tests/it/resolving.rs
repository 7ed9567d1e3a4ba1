//! Uploads that must not replace a file and whose answer was lost: the client lists the library.

use std::time::Duration;

use mde_live_response_core::policy::{Pacing, RetryPolicy};
use mde_live_response_core::transport::TransportErrorKind as Kind;
use mde_live_response_core::{Effect, ErrorKind};
use mde_live_response_mock::Reply;

use crate::support::{EMPTY_SHA256, NAME, SHA256, script, upload};

/// What a listing shows: nothing, or one file with these fields.
fn listing(fields: &str) -> Reply {
    let file = if fields.is_empty() { String::new() } else { format!("{{{fields}}}") };
    Reply::json(200, format!(r#"{{"value":[{file}]}}"#))
}

/// An older file may have the same bytes, but hardly the same texts.
#[test]
fn a_listed_file_is_this_upload_only_if_bytes_and_texts_are_the_same() {
    const SAME: &str = r#","hasParameters":true,"parametersDescription":"-Server NAME""#;
    let plain = || upload();
    let described = || upload().with_description("Lists the DNS cache\nfast".parse().unwrap());
    let with_usage = || upload().with_parameters("-Server NAME".parse().unwrap());
    // The upload; the listed file's bytes and more of its fields; whether that is this upload.
    for (upload, sha256, fields, is_same) in [
        (plain(), SHA256, "", true),
        (plain(), SHA256, r#","description":null"#, true),
        (plain(), SHA256, r#","description":"","parametersDescription":"""#, true),
        (plain(), SHA256, r#","hasParameters":false"#, true),
        (plain(), SHA256, r#","hasParameters":true"#, false),
        (plain(), SHA256, r#","description":"Another""#, false),
        (plain(), SHA256, r#","parametersDescription":"-A""#, false),
        (plain(), EMPTY_SHA256, "", false),
        (described(), SHA256, "", false),
        (described(), SHA256, r#","description":"Lists the DNS cache\nfast""#, true),
        (described(), SHA256, r#","description":"Lists the DNS cache\r\nfast""#, true),
        (described(), SHA256, r#","description":"Lists the DNS cache""#, false),
        (described(), EMPTY_SHA256, r#","description":"Lists the DNS cache\nfast""#, false),
        (with_usage(), SHA256, "", false),
        (with_usage(), SHA256, SAME, true),
        (with_usage(), SHA256, &SAME.replace("true", "null"), true),
        (with_usage(), SHA256, &SAME.replace("true", "false"), false),
        (with_usage(), SHA256, r#","hasParameters":true"#, false),
    ] {
        let listed = listing(&format!(r#""fileName":"{NAME}","sha256":"{sha256}"{fields}"#));
        let mock = script([Reply::lost(), listed]);
        match mock.client().upload(&upload) {
            Ok(stored) => assert!(stored.is_resolved() && is_same, "case: {fields}, {upload:?}"),
            Err(error) => {
                let facts = (error.kind(), error.effect(), is_same);
                let expected = (&ErrorKind::NameTaken, Effect::Unknown, false);
                assert_eq!(facts, expected, "case: {fields}, {upload:?}");
            }
        }
        mock.assert_done();
    }
}

/// The service may ask a caller to wait although it has stored the file, or a gateway in its place.
#[test]
fn the_listing_comes_after_the_wait_that_the_service_asks_for_or_not_at_all() {
    // What a 503 asks for and the deadline, in seconds.
    for (asked, deadline, fits) in [(60, 61, true), (61, 300, false), (30, 30, false)] {
        for pacing in [Pacing::Wait, Pacing::FailFast, Pacing::Off] {
            let busy = Reply::status(503).header("retry-after", &asked.to_string());
            let listed = listing(&format!(r#""fileName":"{NAME}","sha256":"{SHA256}""#));
            let mock = script([busy, listed]);
            let deadline = Duration::from_secs(deadline);
            let client = mock.client_builder().deadline(deadline).pacing(pacing).build();
            let outcome = client.upload(&upload());
            let wait = Duration::from_secs(if fits { asked } else { 0 });
            assert_eq!(mock.clock().now(), wait, "case: {asked} s, {pacing:?}");
            match outcome {
                Ok(stored) => assert!(stored.is_resolved() && fits, "case: {asked} s"),
                Err(error) => {
                    let facts = (error.kind(), error.effect(), fits);
                    let throttled = ErrorKind::Throttled { local: false };
                    assert_eq!(facts, (&throttled, Effect::Unknown, false), "case: {asked} s");
                }
            }
        }
    }
}

#[test]
fn if_the_listing_does_not_tell_the_lost_answer_is_the_error() {
    let named = |sha256: &str| listing(&format!(r#""fileName":"{NAME}"{sha256}"#));
    for (case, reply) in [
        ("refused", Reply::error(403, "Forbidden")),
        ("lost", Reply::lost()),
        ("not JSON", Reply::json(200, "<html>")),
        ("not a list", Reply::json(200, "{}")),
        ("no hash", named("")),
        ("bad hash", named(r#","sha256":"1234""#)),
    ] {
        let mock = script([Reply::lost(), reply]);
        let once = RetryPolicy::DEFAULT.with_attempts(1);
        let error = mock.client_builder().retry(once).build().upload(&upload()).unwrap_err();
        let facts = (error.kind(), error.effect(), error.attempts());
        assert_eq!(facts, (&ErrorKind::Transport(Kind::Receive), Effect::Unknown, 1), "{case}");
        mock.assert_done();
    }
}

#[test]
fn the_listing_follows_pages_on_the_same_origin_only() {
    let page = |next| Reply::json(200, format!(r#"{{"value":[],"@odata.nextLink":"{next}"}}"#));
    let next = "https://api.security.microsoft.com/api/libraryfiles?$skip=1";
    let upper = format!(r#""fileName":"{}","sha256":"{SHA256}""#, NAME.to_uppercase());
    let mock = script([Reply::lost(), page(next), listing(&upper)]);
    assert!(mock.client().upload(&upload()).unwrap().is_resolved());
    let [_, first, second] = mock.requests();
    assert_eq!(first.uri(), "https://api.security.microsoft.com/api/libraryfiles");
    assert_eq!(second.uri(), next);

    let mock = script([Reply::lost(), page("https://elsewhere.example/api/libraryfiles")]);
    assert_eq!(mock.client().upload(&upload()).unwrap_err().effect(), Effect::Unknown);
    mock.assert_done();
}
