//! The library's rules. What a client sees of them over a socket is tested with the emulator.

use std::thread;
use std::time::{Duration, SystemTime};

use http::request::Parts;
use http::{Request, Response};
use mde_live_response_core::{IfExists, Upload};
use mde_live_response_mock::{ExistsAnswer, FakeLibrary, StoredFile, TooLargeAnswer};
use serde_json::{Value, json};

use crate::common::{Part, client, form, json, judged, list, post, send};

const ONE: &str = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
const FILE: Part<'_> = ("file", Some("a.ps1"), b"one");

fn text<'a>(name: &'a str, value: &'a str) -> Part<'a> {
    (name, None, value.as_bytes())
}

#[test]
fn p18_p21_p26_p27_an_upload_is_answered_with_the_entity_and_what_was_not_said_is_null() {
    let library = FakeLibrary::builder().created_by("somebody").build();
    let texts = [
        text("Description", "test description"),
        text("ParametersDescription", "test"),
        text("HasParameters", "true"),
    ];
    let answer = post(&library, &[&texts[..], &[FILE]].concat());
    assert_eq!(answer.headers()["content-type"], "application/json");
    library.insert("b.ps1", "one");
    let entity = |name, description, has_parameters, parameters| {
        json!({
            "fileName": name,
            "sha256": ONE,
            "description": description,
            "creationTime": "2026-01-01T00:00:00.0000000Z",
            "lastUpdatedTime": "2026-01-01T00:00:00.000000Z",
            "createdBy": "somebody",
            "hasParameters": has_parameters,
            "parametersDescription": parameters,
        })
    };
    let mut stored = entity("a.ps1", json!("test description"), true, json!("test"));
    let value = json!([stored, entity("b.ps1", json!(null), false, json!(null))]);
    let context = "https://api.securitycenter.microsoft.com/api/$metadata#LibraryFiles";
    assert_eq!(json(&list(&library, "t")), json!({ "@odata.context": context, "value": value }));
    stored["@odata.context"] = json!(format!("{context}/$entity"));
    assert_eq!(json(&answer), stored);
}

/// The name, the flag `hasParameters` and the code of the answer, to each form alone.
#[test]
fn p08_p11_p12_p13_p19_p30_each_quirk_of_a_form_has_its_answer() {
    const INPUT: &str = "InvalidInput";
    const BODY: &str = "InvalidRequestBody";
    const MISSING: &str = "MissingRequiredParameter";
    let flag = |value| [text("HasParameters", value), FILE];
    let replace = |value| [text("OverrideIfExists", value), FILE];
    let (named, stored) = (|name| json!(name), json!("a.ps1"));
    let none = || Value::Null;
    let cases: [(&[Part<'_>], Value, bool, &str); 24] = [
        (&[text("ParametersDescription", "-H <n>"), FILE], stored.clone(), false, ""),
        (&flag("true"), stored.clone(), true, ""),
        (&flag("True"), stored.clone(), true, ""),
        (&flag("false"), stored.clone(), false, ""),
        (&flag("False"), stored.clone(), false, ""),
        (&flag(""), stored.clone(), false, ""),
        (&flag("TRUE"), none(), false, INPUT),
        (&flag("true "), none(), false, INPUT),
        (&replace("True"), stored.clone(), false, ""),
        (&replace(""), stored.clone(), false, ""),
        (&replace("1"), none(), false, INPUT),
        (&replace("null"), none(), false, INPUT),
        (&[("file", None, b"one")], named("file"), false, ""),
        (&[("File", Some("a"), b"one")], named("a"), false, ""),
        (&[("file", Some("A.ps1"), b"one")], named("A.ps1"), false, ""),
        (&[("file", Some("a\u{85}b"), b"x")], none(), false, INPUT),
        (&[("Description", None, b"\xff"), FILE], none(), false, BODY),
        (&[("Description", Some("a"), b"d"), FILE], none(), false, BODY),
        (&[text("Size", "1"), FILE], none(), false, BODY),
        (&[text("description", "d"), FILE], none(), false, BODY),
        (&[text("overrideIfExists", "true"), FILE], none(), false, BODY),
        (&[FILE, FILE], none(), false, BODY),
        (&[("FILE", Some("a"), b"one")], none(), false, MISSING),
        (&[text("Description", "d")], none(), false, MISSING),
    ];
    for (parts, name, has_parameters, code) in cases {
        let library = FakeLibrary::new();
        let answer = post(&library, parts);
        let case = format!("case: {:?}", String::from_utf8_lossy(&form(parts)));
        let status = if code.is_empty() { 200 } else { 400 };
        assert_eq!(judged(&answer), (status, code.to_owned()), "{case}");
        let entity = json(&answer);
        let seen = (&entity["fileName"], entity["hasParameters"] == true);
        assert_eq!(seen, (&name, has_parameters), "{case}");
        assert_eq!(library.names(), name.as_str().into_iter().collect::<Vec<_>>(), "{case}");
    }
}

/// Accepted without strict mode, and refused with it: the documented example, and each leniency.
#[test]
fn strict_mode_refuses_what_is_not_documented_and_takes_the_documented_example() {
    const INPUT: &str = "InvalidInput";
    let example = [
        FILE,
        text("ParametersDescription", "test"),
        text("HasParameters", "true"),
        text("OverrideIfExists", "true"),
        text("Description", "test description"),
    ];
    let parameters = text("ParametersDescription", "-H <n>");
    let cases: [(&[Part<'_>], &str); 12] = [
        (&example, ""),
        (&[FILE], ""),
        (&[text("HasParameters", "false"), text("OverrideIfExists", "false"), FILE], ""),
        (&[("file", Some("a;b&c.ps1"), b"one")], ""),
        (&[("File", Some("a"), b"one")], "MissingRequiredParameter"),
        (&[("file", None, b"one")], INPUT),
        (&[("file", Some("CON"), b"one")], INPUT),
        (&[text("OverrideIfExists", ""), FILE], INPUT),
        (&[text("OverrideIfExists", "True"), FILE], INPUT),
        (&[text("HasParameters", ""), FILE], INPUT),
        (&[parameters, FILE], INPUT),
        (&[parameters, text("HasParameters", "false"), FILE], INPUT),
    ];
    for (parts, code) in cases {
        let case = format!("case: {:?}", String::from_utf8_lossy(&form(parts)));
        assert_eq!(post(&FakeLibrary::new(), parts).status(), 200, "{case}");
        let strict = FakeLibrary::builder().strict().build();
        let status = if code.is_empty() { 200 } else { 400 };
        assert_eq!(judged(&post(&strict, parts)), (status, code.to_owned()), "{case}");
        assert_eq!(strict.names().is_empty(), status == 400, "{case}");
    }
}

/// The message names the field that was meant, and never a value.
#[test]
fn a_refused_form_is_told_which_name_it_nearly_has() {
    let cases: [(&[Part<'_>], &str); 6] = [
        (&[text("description", "canary"), FILE], "did you mean `Description`?"),
        (&[text("HasParameter", "canary"), FILE], "did you mean `HasParameters`?"),
        (&[text("Size", "canary"), FILE], "known fields: file, Description,"),
        (&[("FILE", Some("a"), b"canary")], "instead of `FILE`?"),
        (&[text("files", "canary")], "instead of `files`?"),
        (&[text("Description", "canary"), ("script", Some("a"), b"")], "instead of `script`?"),
    ];
    for (parts, named) in cases {
        let answer = json(&post(&FakeLibrary::new(), parts));
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(named) && !message.contains("canary"), "{named}: {message}");
    }
}

#[test]
fn p12_p15_existing_and_too_large_files_are_refused_as_it_is_set() {
    for (builder, exists, too_large) in [
        (FakeLibrary::builder(), (400, "BadRequest"), (413, "InvalidInput")),
        (
            FakeLibrary::builder().exists_answer(ExistsAnswer::Conflict409),
            (409, "Conflict"),
            (413, "InvalidInput"),
        ),
        (
            FakeLibrary::builder().too_large_answer(TooLargeAnswer::BadRequest400),
            (400, "BadRequest"),
            (400, "InvalidInput"),
        ),
    ] {
        let library = builder.max_file_bytes(3).build();
        library.insert("a.ps1", "old");
        let mut answers = vec![post(&library, &[FILE])];
        for value in ["", "false"] {
            answers.push(post(&library, &[text("OverrideIfExists", value), FILE]));
        }
        for length in [3, 4, 70_000] {
            answers.push(post(&library, &[("file", Some("A.ps1"), &vec![b'x'; length])]));
        }
        let judged: Vec<_> = answers.iter().map(judged).collect();
        let expected = [exists, exists, exists, (200, ""), too_large, too_large];
        assert_eq!(judged, expected.map(|(status, code)| (status, code.to_owned())));
        assert_eq!(library.names(), ["A.ps1", "a.ps1"], "two names by letter case");
        assert_eq!(library.content("a.ps1").unwrap(), b"old");
    }
}

#[test]
fn letter_case_and_long_texts_are_judged_as_it_is_set() {
    let library = FakeLibrary::builder().ignore_letter_case().max_text_chars(3).build();
    library.restore(library.snapshot());
    library.insert("A.ps1", "hers");
    let taken = post(&library, &[FILE]);
    assert_eq!(judged(&taken), (400, "BadRequest".to_owned()));
    assert_eq!(library.content("a.PS1").unwrap(), b"hers");
    assert_eq!(post(&library, &[text("OverrideIfExists", "true"), FILE]).status(), 200);
    assert_eq!(library.names(), ["a.ps1"]);
    let delete = library.begin(&head("DELETE", "/api/libraryfiles/A.PS1", ("x", "y"))).unwrap();
    assert_eq!(delete.finish(b"").status(), 204);
    for field in ["Description", "ParametersDescription"] {
        let refused = post(&library, &[text(field, "éééé"), FILE]);
        assert_eq!(judged(&refused), (400, "InvalidInput".to_owned()));
        assert!(json(&refused)["error"]["message"].as_str().unwrap().contains(field));
    }
    let both = [text("Description", "ééé"), text("ParametersDescription", "ééé"), FILE];
    assert_eq!(post(&library, &both).status(), 200);
}

#[test]
fn an_override_keeps_the_creation_time_and_nothing_else() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
    let library = FakeLibrary::builder().now(move || start).build();
    let (d, p) = (text("Description", "old"), text("ParametersDescription", "old"));
    assert_eq!(post(&library, &[d, p, text("HasParameters", "true"), FILE]).status(), 200);
    library.advance(Duration::from_nanos(61_000_000_100));
    assert_eq!(library.now(), start + Duration::from_nanos(61_000_000_100));
    let two = ("file", Some("a.ps1"), &b"two"[..]);
    let entry = json(&post(&library, &[text("OverrideIfExists", "true"), two]));
    assert_eq!(entry["creationTime"], "1970-01-01T00:01:00.0000000Z");
    assert_eq!(entry["lastUpdatedTime"], "1970-01-01T00:02:01.000000Z");
    assert_eq!([&entry["description"], &entry["parametersDescription"]], [&Value::Null; 2]);
    assert_eq!(entry["hasParameters"], false);
    assert_ne!(entry["sha256"], ONE);
    assert_eq!(library.content("a.ps1").unwrap(), b"two");
    library.insert("b.ps1", "");
    assert_eq!(library.entry("b.ps1").unwrap().creation_time, "1970-01-01T00:02:01.0000001Z");
}

fn head(method: &str, path: &str, more: (&str, &str)) -> Parts {
    let request = Request::builder().method(method).uri(path).header("authorization", "Bearer t");
    let request = request.header("content-type", "multipart/form-data; boundary=B");
    request.header(more.0, more.1).body(()).unwrap().into_parts().0
}

#[test]
fn p23_p24_a_server_learns_what_to_read_and_what_changes() {
    const MOST: u64 = 20 * 1024 * 1024 + 8 * 1024 * 1024 + 64 * 1024;
    let chunked = ("transfer-encoding", "chunked");
    let library = FakeLibrary::new();
    let begin = |method, path, more| library.begin(&head(method, path, more)).unwrap();
    let facts = |method, path| {
        let accepted = begin(method, path, chunked);
        (accepted.longest_body(), accepted.changes_files())
    };
    assert_eq!(facts("GET", "/api/libraryfiles"), (0, false));
    assert_eq!(facts("DELETE", "/api/libraryfiles/a"), (0, true));
    assert_eq!(facts("POST", "/api/libraryfiles"), (MOST, true));

    let sized = |length: u64| {
        let head = head("POST", "/api/libraryfiles", ("content-length", &length.to_string()));
        library.begin(&head).map_or_else(|it| it.status().as_u16(), |_| 0)
    };
    assert_eq!([sized(MOST), sized(MOST + 1)], [0, 413]);
    let small = FakeLibrary::builder().max_file_bytes(1).build();
    let accepted = small.begin(&head("POST", "/api/libraryfiles", chunked)).unwrap();
    let too_long = vec![0; usize::try_from(accepted.longest_body()).unwrap() + 1];
    assert_eq!(accepted.finish(&too_long).status(), 413);

    let upload = begin("POST", "/api/libraryfiles", chunked);
    assert!(library.names().is_empty(), "nothing happens before the call is finished");
    assert_eq!(upload.finish(&form(&[FILE])).status(), 200);
    let cut = begin("POST", "/api/libraryfiles", chunked).refuse("cut");
    assert_eq!(judged(&cut), (400, "InvalidRequestBody".to_owned()));
    for (before, expected) in [(1, (204, "")), (0, (404, "ResourceNotFound"))] {
        let delete = begin("DELETE", "/api/libraryfiles/a.ps1", chunked);
        assert_eq!(library.names().len(), before);
        let (status, code) = judged(&delete.finish(b"ignored"));
        assert_eq!((status, code.as_str()), expected);
    }
}

#[test]
fn p02_p31_p32_authorization_is_one_bearer_token_that_is_accepted_refused_or_forbidden() {
    let any = FakeLibrary::builder().forbidden_token("elsewhere").build();
    let one = FakeLibrary::builder().token("good").forbidden_token("elsewhere").build();
    let cases: [(&FakeLibrary, &[&str], u16, &str); 13] = [
        (&any, &["Bearer anything"], 200, ""),
        (&any, &["bearer anything"], 200, ""),
        (&any, &["Bearer elsewhere"], 403, "Forbidden"),
        (&any, &["Bearer "], 401, "Unauthorized"),
        (&any, &["Bearer"], 401, "Unauthorized"),
        (&any, &["Basic t"], 401, "Unauthorized"),
        (&any, &["t"], 401, "Unauthorized"),
        (&any, &[], 401, "Unauthorized"),
        (&any, &["Bearer t", "Bearer t"], 401, "Unauthorized"),
        (&one, &["Bearer good"], 200, ""),
        (&one, &["Bearer anything"], 401, "Unauthorized"),
        (&one, &["Bearer goo"], 401, "Unauthorized"),
        (&one, &["Bearer elsewhere"], 403, "Forbidden"),
    ];
    for (library, values, status, code) in cases {
        let headers: Vec<_> = values.iter().map(|value| ("authorization", *value)).collect();
        let answer: Response<_> = send(library, "GET", "/api/libraryfiles", &headers, b"").unwrap();
        assert_eq!(judged(&answer), (status, code.to_owned()), "case: {values:?}");
        let challenge = answer.headers().get("www-authenticate").map(|it| it.to_str().unwrap());
        assert_eq!(challenge, (status == 401).then_some("Bearer"), "case: {values:?}");
    }
    assert_eq!((any.calls(), one.calls()), (9, 4));
}

#[test]
fn p28_an_error_has_the_documented_form_and_names_its_call() {
    let library = FakeLibrary::new();
    let _ = list(&library, "t");
    let played = library.error(http::StatusCode::BAD_GATEWAY, "InternalServerError", "played");
    assert_eq!(played.status(), 502);
    let error = json!({
        "code": "InternalServerError",
        "message": "played",
        "target": "00000000-0000-4000-8000-000000000001",
    });
    assert_eq!(json(&played), json!({ "error": error }));
}

#[test]
fn r09_r10_of_uploads_of_one_name_at_once_one_creates_and_all_that_override_are_verified() {
    let library = FakeLibrary::new();
    let client = client(library.clone());
    let at_once = |if_exists| {
        thread::scope(|scope| {
            let client = &client;
            let threads = [1_u8, 2, 3, 4, 5, 6, 7, 8].map(|byte| {
                let upload = Upload::new("a.ps1".parse().unwrap(), vec![byte; 50_000]);
                let upload = upload.with_if_exists(if_exists);
                scope.spawn(move || client.upload(&upload).err().map(|it| it.status().unwrap()))
            });
            threads.map(|thread| thread.join().unwrap())
        })
    };
    let refused = at_once(IfExists::Fail);
    assert_eq!(refused.iter().flatten().filter(|status| **status == 400).count(), 7, "{refused:?}");
    assert_eq!(at_once(IfExists::Override), [None; 8], "each was told the hash of its own bytes");
    let content = library.content("a.ps1").unwrap();
    let last = StoredFile::new("a.ps1", &content, library.now());
    assert_eq!(library.entry("a.ps1").unwrap().sha256, last.sha256);
}
