//! The library's rules, one test for each quirk.

use std::time::{Duration, SystemTime};

use http::Request;
use http::request::Parts;
use mde_live_response_mock::{ExistsAnswer, FakeLibrary, StoredFile, TooLargeAnswer};
use serde_json::{Value, json};

use crate::common::{Part, ask, delete, file, form, json, judged, list, post, text};

const ONE: &str = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";

/// An upload of `a.ps1`, with these parts before the file.
fn upload(library: &FakeLibrary, texts: &[Part<'_>]) -> http::Response<Vec<u8>> {
    post(library, &[texts, &[file("a.ps1", "one")]].concat())
}

#[test]
fn an_upload_is_answered_with_the_entity() {
    let library = FakeLibrary::new();
    let texts = [
        text("Description", "test description"),
        text("ParametersDescription", "test"),
        text("HasParameters", "true"),
    ];
    let answer = upload(&library, &texts);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().get("content-type").unwrap(), "application/json");
    assert_eq!(
        String::from_utf8(answer.into_body()).unwrap(),
        format!(
            "{{\"@odata.context\":\"https://api.securitycenter.microsoft.com/api/\
             $metadata#LibraryFiles/$entity\",\"fileName\":\"a.ps1\",\"sha256\":\"{ONE}\",\
             \"description\":\"test description\",\
             \"creationTime\":\"2026-01-01T00:00:00.0000000Z\",\
             \"lastUpdatedTime\":\"2026-01-01T00:00:00.000000Z\",\"createdBy\":\"mock\",\
             \"hasParameters\":true,\"parametersDescription\":\"test\"}}"
        )
    );
}

#[test]
fn a_list_holds_every_file_and_what_was_not_said_is_null() {
    let library = FakeLibrary::builder().created_by("somebody").build();
    assert_eq!(
        json(&list(&library)),
        json!({
            "@odata.context":
                "https://api.securitycenter.microsoft.com/api/$metadata#LibraryFiles",
            "value": [],
        })
    );
    library.insert("b.ps1", "two");
    library.insert("a.ps1", "one");
    let all = json(&list(&library));
    let names: Vec<_> =
        all["value"].as_array().unwrap().iter().map(|it| it["fileName"].clone()).collect();
    assert_eq!(names, ["a.ps1", "b.ps1"]);
    assert_eq!(
        all["value"][0],
        json!({
            "fileName": "a.ps1",
            "sha256": ONE,
            "description": null,
            "creationTime": "2026-01-01T00:00:00.0000000Z",
            "lastUpdatedTime": "2026-01-01T00:00:00.000000Z",
            "createdBy": "somebody",
            "hasParameters": false,
            "parametersDescription": null,
        })
    );
}

#[test]
fn a_delete_is_answered_with_nothing_and_the_second_with_404() {
    let library = FakeLibrary::new();
    library.insert("a.ps1", "one");
    let answer = delete(&library, "a.ps1");
    assert_eq!((answer.status().as_u16(), answer.body().len()), (204, 0));
    assert!(answer.headers().is_empty());
    let answer = delete(&library, "a.ps1");
    assert_eq!(judged(&answer), (404, "ResourceNotFound".to_owned()));
    assert!(library.names().is_empty());
}

#[test]
fn has_parameters_is_not_derived_from_the_description() {
    let answer = upload(&FakeLibrary::new(), &[text("ParametersDescription", "-H <n>")]);
    assert_eq!(json(&answer)["hasParameters"], false);
    assert_eq!(json(&answer)["parametersDescription"], "-H <n>");
}

#[test]
fn a_file_part_without_a_name_is_stored_as_file() {
    let library = FakeLibrary::new();
    assert_eq!(json(&post(&library, &[("file", None, b"one")]))["fileName"], "file");
    assert_eq!(library.names(), ["file"]);
}

#[test]
fn the_file_part_may_be_capitalised() {
    let library = FakeLibrary::new();
    assert_eq!(post(&library, &[("File", Some("a.ps1"), b"one")]).status(), 200);
    assert_eq!(library.content("a.ps1").unwrap(), b"one");
}

#[test]
fn flags_are_true_false_or_empty_in_two_letter_cases() {
    for (value, expected) in
        [("true", true), ("True", true), ("false", false), ("False", false), ("", false)]
    {
        let library = FakeLibrary::new();
        let answer = upload(&library, &[text("HasParameters", value)]);
        assert_eq!(json(&answer)["hasParameters"], expected, "case: {value}");
        let status = upload(&library, &[text("OverrideIfExists", value)]).status();
        assert_eq!(status, if expected { 200 } else { 400 }, "case: {value}");
    }
    for value in ["yes", "TRUE", "1", "true ", "False\n", " ", "null"] {
        for field in ["HasParameters", "OverrideIfExists"] {
            let answer = upload(&FakeLibrary::new(), &[text(field, value)]);
            assert_eq!(judged(&answer), (400, "InvalidInput".to_owned()), "case: {field} {value}");
        }
    }
}

#[test]
fn an_existing_file_is_kept_unless_told_otherwise() {
    for (setting, status, code) in [
        (ExistsAnswer::default(), 400, "BadRequest"),
        (ExistsAnswer::BadRequest400, 400, "BadRequest"),
        (ExistsAnswer::Conflict409, 409, "Conflict"),
    ] {
        let library = FakeLibrary::builder().exists_answer(setting).build();
        library.insert("a.ps1", "old");
        assert_eq!(judged(&upload(&library, &[])), (status, code.to_owned()), "case: {setting:?}");
        assert_eq!(library.content("a.ps1").unwrap(), b"old");
    }
}

#[test]
fn an_override_keeps_the_creation_time_and_nothing_else() {
    let library = FakeLibrary::new();
    let old = [
        text("Description", "old"),
        text("ParametersDescription", "old"),
        text("HasParameters", "true"),
    ];
    assert_eq!(upload(&library, &old).status(), 200);
    library.advance(Duration::from_nanos(61_000_000_100));
    let answer = post(&library, &[text("OverrideIfExists", "true"), file("a.ps1", "two")]);
    let entry = json(&answer);
    assert_eq!(entry["creationTime"], "2026-01-01T00:00:00.0000000Z");
    assert_eq!(entry["lastUpdatedTime"], "2026-01-01T00:01:01.000000Z");
    assert_eq!(entry["description"], Value::Null);
    assert_eq!(entry["parametersDescription"], Value::Null);
    assert_eq!(entry["hasParameters"], false);
    assert_ne!(entry["sha256"], ONE);
    assert_eq!(library.content("a.ps1").unwrap(), b"two");
    library.insert("b.ps1", "");
    assert_eq!(library.entry("b.ps1").unwrap().creation_time, "2026-01-01T00:01:01.0000001Z");
}

#[test]
fn an_override_of_nothing_stores_the_file() {
    assert_eq!(upload(&FakeLibrary::new(), &[text("OverrideIfExists", "true")]).status(), 200);
}

#[test]
fn names_are_told_apart_by_letter_case() {
    let library = FakeLibrary::new();
    library.insert("A.ps1", "one");
    assert_eq!(upload(&library, &[]).status(), 200);
    assert_eq!(library.names(), ["A.ps1", "a.ps1"]);
}

#[test]
fn forms_that_the_service_refuses_are_refused_with_its_codes() {
    const A: Part<'_> = ("file", Some("a"), b"x");
    const BODY: &str = "InvalidRequestBody";
    let cases: [(&[Part<'_>], &str, &str); 11] = [
        (&[file("a/b", "x")], "InvalidInput", "the file's name cannot be used"),
        (&[file("a\u{85}b", "x")], "InvalidInput", "the file's name cannot be used"),
        (&[text("Description", "d")], "MissingRequiredParameter", "part `file` is missing"),
        (&[("FILE", Some("a"), b"x")], "MissingRequiredParameter", "part `file` is missing"),
        (&[A, ("File", Some("a"), b"x")], BODY, "the file comes twice"),
        (&[text("description", "d"), A], BODY, "field `description` is not known"),
        (&[text("Size", "1"), A], BODY, "field `Size` is not known"),
        (&[("Description", None, b"\xff"), A], BODY, "field `Description` is not UTF-8"),
        (&[("Description", Some("a"), b"d"), A], BODY, "field `Description` is not a file"),
        (&[A, A], BODY, "byte 74 of the body: part file comes twice"),
        (&[file("a\\b", "x")], BODY, "byte 5 of the body: filename is empty or holds a backslash"),
    ];
    for (parts, code, message) in cases {
        let library = FakeLibrary::new();
        let answer = post(&library, parts);
        assert_eq!(judged(&answer), (400, code.to_owned()), "case: {message}");
        assert_eq!(json(&answer)["error"]["message"], message);
        assert!(library.names().is_empty(), "case: {message}");
    }
}

#[test]
fn a_file_is_taken_up_to_the_limit_and_not_beyond() {
    for (setting, status) in [
        (TooLargeAnswer::default(), 413),
        (TooLargeAnswer::PayloadTooLarge413, 413),
        (TooLargeAnswer::BadRequest400, 400),
    ] {
        let library = FakeLibrary::builder().max_file_bytes(3).too_large_answer(setting).build();
        assert_eq!(post(&library, &[file("a", "123")]).status(), 200);
        for length in [4, 70_000] {
            let answer = post(&library, &[file("b", &"x".repeat(length))]);
            let expected = (status, "InvalidInput".to_owned());
            assert_eq!(judged(&answer), expected, "case: {setting:?} {length}");
        }
        assert_eq!(library.names(), ["a"]);
    }
}

fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

const BEARER: (&str, &str) = ("authorization", "Bearer t");
const TYPE: (&str, &str) = ("content-type", "multipart/form-data; boundary=B");

#[test]
fn a_body_beyond_any_form_is_refused_as_soon_as_that_is_known() {
    const MOST: u64 = 20 * 1024 * 1024 + 8 * 1024 * 1024 + 64 * 1024;
    let library = FakeLibrary::new();
    let of_length = |length: u64| {
        let length = length.to_string();
        head("POST", "/api/libraryfiles", &[BEARER, ("content-length", &length)])
    };
    assert_eq!(library.begin(&of_length(MOST)).unwrap().longest_body(), MOST);
    assert_eq!(library.begin(&of_length(MOST + 1)).unwrap_err().status(), 413);

    let small = FakeLibrary::builder().max_file_bytes(1).build();
    let chunked = head("POST", "/api/libraryfiles", &[BEARER, ("transfer-encoding", "chunked")]);
    let accepted = small.begin(&chunked).unwrap();
    let too_long = vec![0; usize::try_from(accepted.longest_body()).unwrap() + 1];
    assert_eq!(accepted.finish(&too_long).status(), 413);
}

#[test]
fn a_server_learns_what_to_read_and_what_changes() {
    let library = FakeLibrary::new();
    library.insert("a", "one");
    let list = library.begin(&head("GET", "/api/libraryfiles", &[BEARER])).unwrap();
    assert_eq!((list.longest_body(), list.changes_files()), (0, false));
    assert_eq!(list.finish(b"ignored").status(), 200);
    let delete = library.begin(&head("DELETE", "/api/libraryfiles/a", &[BEARER])).unwrap();
    assert_eq!((delete.longest_body(), delete.changes_files()), (0, true));
    assert_eq!(library.names(), ["a"], "nothing happens before the call is finished");
    assert_eq!(delete.finish(b"").status(), 204);

    let chunked = [BEARER, TYPE, ("transfer-encoding", "chunked")];
    let upload = library.begin(&head("POST", "/api/libraryfiles", &chunked)).unwrap();
    assert!(upload.changes_files());
    assert_eq!(upload.finish(&form(&[file("a", "one")])).status(), 200);
    let cut = library.begin(&head("POST", "/api/libraryfiles", &chunked)).unwrap().refuse("cut");
    assert_eq!(judged(&cut), (400, "InvalidRequestBody".to_owned()));
    assert_eq!(library.calls(), 4);
}

#[test]
fn tokens_are_accepted_refused_or_forbidden() {
    let any = FakeLibrary::builder().forbidden_token("other-audience").build();
    let one = FakeLibrary::builder().token("good").forbidden_token("other-audience").build();
    for (library, token, status, code) in [
        (&any, "anything", 200, ""),
        (&any, "other-audience", 403, "Forbidden"),
        (&any, "", 401, "Unauthorized"),
        (&one, "good", 200, ""),
        (&one, "anything", 401, "Unauthorized"),
        (&one, "goo", 401, "Unauthorized"),
        (&one, "other-audience", 403, "Forbidden"),
    ] {
        let answer = ask(library, token, "GET", "/api/libraryfiles", b"");
        assert_eq!(judged(&answer), (status, code.to_owned()), "case: {token:?}");
        let challenge = answer.headers().get("www-authenticate").map(|it| it.to_str().unwrap());
        assert_eq!(challenge, (status == 401).then_some("Bearer"), "case: {token:?}");
    }
    assert_eq!((any.calls(), one.calls()), (3, 4));
}

#[test]
fn errors_have_the_documented_form_and_name_their_call() {
    let library = FakeLibrary::new();
    let _ = list(&library);
    assert_eq!(
        json(&delete(&library, "a")),
        json!({"error": {
            "code": "ResourceNotFound",
            "message": "there is no file of this name",
            "target": "00000000-0000-4000-8000-000000000002",
        }})
    );
    let played = library.error(http::StatusCode::BAD_GATEWAY, "InternalServerError", "played");
    assert_eq!(played.status(), 502);
    assert_eq!(json(&played)["error"]["target"], "00000000-0000-4000-8000-000000000002");
}

#[test]
fn a_clock_of_ones_own_is_asked_and_advance_adds_to_it() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
    let library = FakeLibrary::builder().now(move || start).build();
    library.advance(Duration::from_secs(1));
    library.insert("a", "");
    assert_eq!(library.now(), start + Duration::from_secs(1));
    assert_eq!(library.entry("a").unwrap().creation_time, "1970-01-01T00:01:01.0000000Z");
}

#[test]
fn a_snapshot_survives_as_json_and_bytes() {
    let library = FakeLibrary::new();
    let _ = upload(&library, &[text("Description", "é")]);
    let mut theirs = StoredFile::new("b", b"two", library.now());
    theirs.created_by = Some("a colleague".to_owned());
    theirs.sha256 = None;
    library.insert_entry(theirs, "two");
    let saved: Vec<(String, Vec<u8>)> = library
        .snapshot()
        .into_iter()
        .map(|(entry, content)| (serde_json::to_string(&entry).unwrap(), content.to_vec()))
        .collect();

    let other = FakeLibrary::new();
    other.insert("gone", "");
    let restored: Vec<(StoredFile, Vec<u8>)> = saved
        .into_iter()
        .map(|(entry, content)| (serde_json::from_str(&entry).unwrap(), content))
        .collect();
    other.restore(restored);
    assert_eq!(other.entries(), library.entries());
    assert_eq!(other.names(), ["a.ps1", "b"]);
    assert_eq!(other.content("b").unwrap(), b"two");
    assert_eq!(other.entry("b").unwrap().created_by.unwrap(), "a colleague");
    assert_eq!((other.content("gone"), other.entry("gone")), (None, None));
    assert_eq!(other.calls(), 0);
}

#[test]
fn clones_are_one_library_and_a_panic_does_not_lock_it() {
    let library = FakeLibrary::builder().now(|| panic!("no clock")).build();
    let clone = library.clone();
    let _ = std::thread::spawn(move || clone.insert("a", "")).join().unwrap_err();
    library.insert_entry(StoredFile::new("b", b"", SystemTime::UNIX_EPOCH), "");
    assert_eq!(library.clone().names(), ["b"]);
}
