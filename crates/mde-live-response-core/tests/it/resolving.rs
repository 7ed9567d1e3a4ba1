//! Uploads that must not replace a file and whose answer was lost: the client lists the library.

use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::transport::TransportErrorKind as Kind;
use mde_live_response_core::{Effect, ErrorKind, IfExists, Upload};
use mde_live_response_mock::{MockTransport, Reply};

use crate::support::{EMPTY_SHA256, NAME, SHA256, upload};

/// What a listing shows: nothing, or one file with these fields.
fn listing(fields: &str) -> Reply {
    let file = if fields.is_empty() { String::new() } else { format!("{{{fields}}}") };
    Reply::json(200, format!(r#"{{"value":[{file}]}}"#))
}

fn page(file: &str, next: &str) -> Reply {
    Reply::json(200, format!(r#"{{"value":[{file}],"@odata.nextLink":"{next}"}}"#))
}

/// An older file may have the same bytes, but hardly the same texts.
#[test]
fn a_listed_file_is_this_upload_only_if_bytes_and_texts_are_the_same() {
    let plain = || upload();
    let described = || upload().with_description("Lists the DNS cache\nfast".parse().unwrap());
    let with_parameters = || upload().with_parameters("-Server NAME".parse().unwrap());
    let name = format!(r#""fileName":"{NAME}","sha256":"{SHA256}""#);
    let other = format!(r#""fileName":"{NAME}","sha256":"{EMPTY_SHA256}""#);
    // The upload, the fields of the listed file, and whether that is this upload.
    let cases: Vec<(Upload, &str, String, bool)> = vec![
        (plain(), "no texts", name.clone(), true),
        (plain(), "null", format!(r#"{name},"description":null"#), true),
        (plain(), "empty", format!(r#"{name},"description":"","parametersDescription":"""#), true),
        (plain(), "no parameters", format!(r#"{name},"hasParameters":false"#), true),
        (plain(), "parameters", format!(r#"{name},"hasParameters":true"#), false),
        (plain(), "a description", format!(r#"{name},"description":"Another""#), false),
        (plain(), "usage", format!(r#"{name},"parametersDescription":"-A""#), false),
        (plain(), "other bytes", other.clone(), false),
        (described(), "no texts", name.clone(), false),
        (described(), "same", format!(r#"{name},"description":"Lists the DNS cache\nfast""#), true),
        (
            described(),
            "other line ends",
            format!(r#"{name},"description":"Lists the DNS cache\r\nfast""#),
            true,
        ),
        (described(), "a part", format!(r#"{name},"description":"Lists the DNS cache""#), false),
        (
            described(),
            "other bytes, same texts",
            format!(r#"{other},"description":"Lists the DNS cache\nfast""#),
            false,
        ),
        (with_parameters(), "no texts", name.clone(), false),
        (
            with_parameters(),
            "same",
            format!(r#"{name},"hasParameters":true,"parametersDescription":"-Server NAME""#),
            true,
        ),
        (
            with_parameters(),
            "same, flag not reported",
            format!(r#"{name},"parametersDescription":"-Server NAME""#),
            true,
        ),
        (
            with_parameters(),
            "same, other flag",
            format!(r#"{name},"hasParameters":false,"parametersDescription":"-Server NAME""#),
            false,
        ),
        (with_parameters(), "flag alone", format!(r#"{name},"hasParameters":true"#), false),
    ];
    for (upload, case, fields, is_same) in cases {
        let mock = MockTransport::new().reply(Reply::lost()).reply(listing(&fields));
        match mock.client().upload(&upload) {
            Ok(stored) => assert!(stored.is_resolved() && is_same, "case: {case}, {upload:?}"),
            Err(error) => {
                let facts = (error.kind(), error.effect(), is_same);
                let expected = (&ErrorKind::NameTaken, Effect::Unknown, false);
                assert_eq!(facts, expected, "case: {case}, {upload:?}");
            }
        }
        mock.assert_done();
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
        let mock = MockTransport::new().reply(Reply::lost()).reply(reply);
        let once = RetryPolicy::DEFAULT.with_attempts(1);
        let error = mock.client_builder().retry(once).build().upload(&upload()).unwrap_err();
        let facts = (error.kind(), error.effect(), error.attempts());
        assert_eq!(facts, (&ErrorKind::Transport(Kind::Receive), Effect::Unknown, 1), "{case}");
        mock.assert_done();
    }
}

#[test]
fn the_listing_follows_pages_on_the_same_origin_only() {
    let next = "https://api.security.microsoft.com/api/libraryfiles?$skip=1";
    let upper = format!(r#""fileName":"{}","sha256":"{SHA256}""#, NAME.to_uppercase());
    let mock = MockTransport::new()
        .reply(Reply::lost())
        .reply(page(r#"{"fileName":"a.ps1"}"#, next))
        .reply(listing(&upper));
    assert!(mock.client().upload(&upload()).unwrap().is_resolved());
    let [_, first, second] = mock.requests();
    assert_eq!(first.uri(), "https://api.security.microsoft.com/api/libraryfiles");
    assert_eq!(second.uri(), next);

    let elsewhere = page("", "https://elsewhere.example/api/libraryfiles");
    let mock = MockTransport::new().reply(Reply::lost()).reply(elsewhere);
    assert_eq!(mock.client().upload(&upload()).unwrap_err().effect(), Effect::Unknown);
    mock.assert_done();
}

#[test]
fn nothing_is_listed_if_there_is_nothing_to_resolve() {
    let default = RetryPolicy::DEFAULT;
    let cases = [
        ("switched off", default.with_unknown_resolved(false), IfExists::Fail),
        ("no retries", RetryPolicy::NONE, IfExists::Fail),
        ("override", default.with_attempts(1), IfExists::Override),
    ];
    for (case, policy, if_exists) in cases {
        let mock = MockTransport::new().reply(Reply::lost());
        let client = mock.client_builder().retry(policy).build();
        let error = client.upload(&upload().with_if_exists(if_exists)).unwrap_err();
        assert_eq!(error.effect(), Effect::Unknown, "case: {case}");
        mock.assert_done();
    }
}
