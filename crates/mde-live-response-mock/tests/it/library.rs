//! The library's rules, one test for each quirk.

use std::time::{Duration, SystemTime};

use http::Response;
use mde_live_response_mock::{
    Action, Call, ExistsAnswer, FakeLibrary, FilePart, StoredFile, TooLargeAnswer, UploadCall,
};
use serde_json::{Value, json};

use crate::common::{code, json};

fn post(library: &FakeLibrary, upload: UploadCall) -> Response<Vec<u8>> {
    library.handle(Call::new("t", Action::Upload(upload)))
}

fn delete(library: &FakeLibrary, name: &str) -> Response<Vec<u8>> {
    library.handle(Call::new("t", Action::Delete { name: name.to_owned() }))
}

fn list(library: &FakeLibrary) -> Value {
    json(&library.handle(Call::new("t", Action::List)))
}

/// An upload of `a.ps1`, changed by the case.
fn upload(change: impl FnOnce(&mut UploadCall)) -> UploadCall {
    let mut upload = UploadCall::new("a.ps1", "one");
    change(&mut upload);
    upload
}

fn yes() -> String {
    "true".to_owned()
}

const ONE: &str = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";

#[test]
fn an_upload_is_answered_with_the_entity() {
    let library = FakeLibrary::new();
    let answer = post(
        &library,
        upload(|it| {
            it.description = Some("test description".to_owned());
            it.parameters_description = Some("test".to_owned());
            it.has_parameters = Some(yes());
        }),
    );
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
        list(&library),
        json!({
            "@odata.context":
                "https://api.securitycenter.microsoft.com/api/$metadata#LibraryFiles",
            "value": [],
        })
    );
    library.insert("b.ps1", "two");
    library.insert("a.ps1", "one");
    let all = list(&library);
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
    assert_eq!((answer.status().as_u16(), code(&answer).as_str()), (404, "ResourceNotFound"));
    assert!(library.names().is_empty());
}

#[test]
fn has_parameters_is_not_concluded_from_the_description() {
    let library = FakeLibrary::new();
    let answer = post(&library, upload(|it| it.parameters_description = Some("-H <n>".to_owned())));
    assert_eq!(json(&answer)["hasParameters"], false);
    assert_eq!(json(&answer)["parametersDescription"], "-H <n>");
}

#[test]
fn a_file_part_without_a_name_is_stored_as_file() {
    let library = FakeLibrary::new();
    let part = FilePart::new(None, b"one");
    let answer = post(&library, upload(|it| it.file = Some(part)));
    assert_eq!(json(&answer)["fileName"], "file");
    assert_eq!(library.names(), ["file"]);
}

#[test]
fn an_existing_file_is_kept_unless_told_otherwise() {
    let answers = [
        (ExistsAnswer::default(), 400, "BadRequest"),
        (ExistsAnswer::BadRequest400, 400, "BadRequest"),
        (ExistsAnswer::Conflict409, 409, "Conflict"),
    ];
    for (setting, status, expected) in answers {
        let library = FakeLibrary::builder().exists_answer(setting).build();
        library.insert("a.ps1", "old");
        for said in [None, Some("false"), Some("False")] {
            let answer =
                post(&library, upload(|it| it.override_if_exists = said.map(str::to_owned)));
            assert_eq!(answer.status(), status, "case: {setting:?} {said:?}");
            assert_eq!(code(&answer), expected, "case: {setting:?} {said:?}");
        }
        assert_eq!(library.content("a.ps1").unwrap(), b"old");
    }
}

#[test]
fn an_override_keeps_the_creation_time_and_nothing_else() {
    let library = FakeLibrary::new();
    let first = upload(|it| {
        it.description = Some("old".to_owned());
        it.parameters_description = Some("old".to_owned());
        it.has_parameters = Some(yes());
    });
    let _ = post(&library, first);
    library.advance(Duration::from_nanos(61_000_000_100));
    for said in ["true", "True"] {
        let mut second = UploadCall::new("a.ps1", "two");
        second.override_if_exists = Some(said.to_owned());
        let entry = json(&post(&library, second));
        assert_eq!(entry["creationTime"], "2026-01-01T00:00:00.0000000Z", "case: {said}");
        assert_eq!(entry["lastUpdatedTime"], "2026-01-01T00:01:01.000000Z", "case: {said}");
        assert_eq!(entry["description"], Value::Null, "case: {said}");
        assert_eq!(entry["parametersDescription"], Value::Null, "case: {said}");
        assert_eq!(entry["hasParameters"], false, "case: {said}");
        assert_ne!(entry["sha256"], ONE, "case: {said}");
    }
    assert_eq!(library.content("a.ps1").unwrap(), b"two");
    library.insert("b.ps1", "");
    assert_eq!(library.entry("b.ps1").unwrap().creation_time, "2026-01-01T00:01:01.0000001Z");
}

#[test]
fn an_override_of_nothing_stores_the_file() {
    let library = FakeLibrary::new();
    assert_eq!(post(&library, upload(|it| it.override_if_exists = Some(yes()))).status(), 200);
}

#[test]
fn names_are_told_apart_by_letter_case() {
    let library = FakeLibrary::new();
    library.insert("A.ps1", "one");
    assert_eq!(post(&library, upload(|_| {})).status(), 200);
    assert_eq!(library.names(), ["A.ps1", "a.ps1"]);
}

#[test]
fn forms_that_the_service_refuses_are_refused_by_its_codes() {
    type Change = fn(&mut UploadCall);
    let named = |name: &str| Some(FilePart::new(Some(name.to_owned()), b"one"));
    let library = FakeLibrary::new();
    let flags: [(&str, Change); 6] = [
        ("HasParameters yes", |it| it.has_parameters = Some("yes".to_owned())),
        ("HasParameters empty", |it| it.has_parameters = Some(String::new())),
        ("HasParameters TRUE", |it| it.has_parameters = Some("TRUE".to_owned())),
        ("OverrideIfExists 1", |it| it.override_if_exists = Some("1".to_owned())),
        ("OverrideIfExists true with a space", |it| {
            it.override_if_exists = Some("true ".to_owned());
        }),
        ("OverrideIfExists False with a line", |it| {
            it.override_if_exists = Some("False\n".to_owned());
        }),
    ];
    for (case, change) in flags {
        let answer = post(&library, upload(change));
        assert_eq!(
            (answer.status().as_u16(), code(&answer).as_str()),
            (400, "InvalidInput"),
            "case: {case}"
        );
    }
    for name in ["", "a/b", "a\\b", "a\nb", "\u{85}"] {
        let answer = post(&library, upload(|it| it.file = named(name)));
        assert_eq!(
            (answer.status().as_u16(), code(&answer).as_str()),
            (400, "InvalidInput"),
            "case: {name:?}"
        );
    }
    let answer = post(&library, upload(|it| it.file = None));
    assert_eq!(
        (answer.status().as_u16(), code(&answer).as_str()),
        (400, "MissingRequiredParameter")
    );
    assert!(library.names().is_empty());
}

#[test]
fn parts_are_taken_by_their_exact_names() {
    let bytes = |text: &str| text.as_bytes().to_vec();
    let mut call = UploadCall::default();
    call.add_part("Description", None, bytes("d"));
    call.add_part("ParametersDescription", None, bytes("p"));
    call.add_part("HasParameters", None, bytes("True"));
    call.add_part("OverrideIfExists", None, bytes("false"));
    call.add_part("file", Some("a.ps1".to_owned()), bytes("one"));
    assert_eq!(
        call,
        upload(|it| {
            it.description = Some("d".to_owned());
            it.parameters_description = Some("p".to_owned());
            it.has_parameters = Some("True".to_owned());
            it.override_if_exists = Some("false".to_owned());
        })
    );
}

#[test]
fn parts_that_do_not_belong_make_the_body_invalid() {
    let texts: [(&str, &[u8], &str); 4] = [
        ("description", b"d", "field `description` is not known"),
        ("Size\n", b"1", "field `Size\\n` is not known"),
        ("Description", b"\xff", "field `Description` is not UTF-8"),
        ("HasParameters", b"true", "field `HasParameters` comes twice"),
    ];
    let files = [
        ("File", "field `File` is not known"),
        ("Description", "field `Description` is no file"),
        ("file", "part `file` comes twice"),
    ];
    let refused = |name: &str, filename: Option<&str>, content: &[u8], expected: &str| {
        let library = FakeLibrary::new();
        let mut call = upload(|it| it.has_parameters = Some(yes()));
        call.add_part(name, filename.map(str::to_owned), content.to_vec());
        let answer = post(&library, call);
        assert_eq!(code(&answer), "InvalidRequestBody", "case: {expected}");
        assert_eq!(json(&answer)["error"]["message"], expected);
        assert!(library.names().is_empty(), "case: {expected}");
    };
    for (name, content, expected) in texts {
        refused(name, None, content, expected);
    }
    for (name, expected) in files {
        refused(name, Some("x"), b"one", expected);
    }
    let mut call = UploadCall::default();
    call.add_part("File", Some("a.ps1".to_owned()), b"one".to_vec());
    assert_eq!(code(&post(&FakeLibrary::new(), call)), "MissingRequiredParameter");
}

#[test]
fn a_file_is_taken_up_to_the_limit_and_not_beyond() {
    let answers = [
        (TooLargeAnswer::default(), 413),
        (TooLargeAnswer::PayloadTooLarge413, 413),
        (TooLargeAnswer::BadRequest400, 400),
    ];
    for (setting, status) in answers {
        let library = FakeLibrary::builder().max_file_bytes(3).too_large_answer(setting).build();
        assert_eq!(post(&library, UploadCall::new("a", "123")).status(), 200);
        for length in [4, 70_000] {
            let answer = post(&library, UploadCall::new("b", vec![0; length]));
            assert_eq!(answer.status(), status, "case: {setting:?} {length}");
            assert_eq!(code(&answer), "InvalidInput", "case: {setting:?} {length}");
        }
        assert_eq!(library.names(), ["a"]);
    }
}

#[test]
fn a_length_beyond_any_form_is_refused_before_the_body() {
    let library = FakeLibrary::new();
    let most = 20 * 1024 * 1024 + 8 * 1024 * 1024 + 64 * 1024;
    assert!(library.admit(Some("t"), Some(most)).is_ok());
    assert!(library.admit(Some("t"), None).is_ok());
    assert_eq!(library.admit(Some("t"), Some(most + 1)).unwrap_err().status(), 413);
}

#[test]
fn tokens_are_accepted_refused_or_forbidden() {
    let any = FakeLibrary::builder().forbidden_token("other-audience").build();
    let one = FakeLibrary::builder().token("good").forbidden_token("other-audience").build();
    let cases = [
        (&any, Some("anything"), 200),
        (&any, Some("other-audience"), 403),
        (&any, Some(""), 401),
        (&any, None, 401),
        (&one, Some("good"), 200),
        (&one, Some("anything"), 401),
        (&one, Some("goo"), 401),
        (&one, Some("other-audience"), 403),
        (&one, None, 401),
    ];
    for (library, token, status) in cases {
        let mut call = Call::without_token(Action::List);
        call.token = token.map(str::to_owned);
        let answer = library.handle(call);
        assert_eq!(answer.status(), status, "case: {token:?}");
        match status {
            401 => {
                assert_eq!(code(&answer), "Unauthorized");
                assert_eq!(answer.headers().get("www-authenticate").unwrap(), "Bearer");
            }
            403 => assert_eq!(code(&answer), "Forbidden"),
            _ => {}
        }
    }
    assert_eq!((any.calls(), one.calls()), (4, 5));
}

#[test]
fn errors_have_the_documented_form_and_name_their_call() {
    let library = FakeLibrary::new();
    let _ = list(&library);
    let answer = delete(&library, "a");
    assert_eq!(
        json(&answer),
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
fn an_unreadable_body_is_refused_after_it_was_admitted() {
    let library = FakeLibrary::new();
    let answer = library.admit(Some("t"), None).unwrap().refuse_body("no form");
    assert_eq!((answer.status().as_u16(), code(&answer).as_str()), (400, "InvalidRequestBody"));
    assert_eq!(library.calls(), 1);
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
    let _ = post(&library, upload(|it| it.description = Some("é".to_owned())));
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
