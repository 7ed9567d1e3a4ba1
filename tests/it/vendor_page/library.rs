//! What the fake library takes and answers, as the vendor documents the service.

use std::time::Duration;

use mde_live_response::http::Request;
use mde_live_response_mock::FakeLibrary;
use serde_json::{Value, json};

const FILES: &str = "https://api.security.microsoft.com/api/libraryfiles";
const TOKEN: &str = "Bearer a-token";
const FORM: &str = "multipart/form-data; boundary=x";
const NO_BODY: (&str, &str) = ("", "");

/// Answer to a call with this `Authorization`, and with a body of this media type.
fn call(library: &FakeLibrary, call: (&str, &str), token: &str, form: (&str, &str)) -> Answer {
    let request = Request::builder().method(call.0).uri(call.1).header("authorization", token);
    let request = request.header("content-type", form.0).header("content-length", form.1.len());
    let answer = match library.begin(&request.body(()).unwrap().into_parts().0) {
        Ok(accepted) => accepted.finish(form.1.as_bytes()),
        Err(answer) => answer,
    };
    let wait = answer.headers().get("retry-after").map(|it| it.to_str().unwrap().to_owned());
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let code = body["error"]["code"].as_str().unwrap_or_default().to_owned();
    Answer { status: answer.status().as_u16(), code, wait, body }
}

struct Answer {
    status: u16,
    code: String,
    wait: Option<String>,
    body: Value,
}

impl Answer {
    fn outcome(&self) -> (u16, &str) {
        (self.status, &self.code)
    }
}

/// A form of these parts, each with what follows `form-data; ` in its header, and its value.
fn form(parts: &[(&str, &str)]) -> String {
    let parts = parts.iter().map(|(names, value)| {
        format!("--x\r\nContent-Disposition: form-data; {names}\r\n\r\n{value}\r\n")
    });
    parts.chain(["--x--\r\n".to_owned()]).collect()
}

fn upload(library: &FakeLibrary, parts: &[(&str, &str)]) -> Answer {
    call(library, ("POST", FILES), TOKEN, (FORM, &form(parts)))
}

const FILE: (&str, &str) = (r#"name="file"; filename="a.ps1""#, "Get-Date");

#[test]
fn p02_the_library_refuses_a_call_without_its_token() {
    let library = FakeLibrary::builder().token("a-token").build();
    let refused = (401, "Unauthorized");
    for (token, expected) in [(TOKEN, (200, "")), ("Bearer another", refused), ("", refused)] {
        let answer = call(&library, ("GET", FILES), token, NO_BODY);
        assert_eq!(answer.outcome(), expected, "{token:?}");
    }
}

#[test]
fn p03_p08_p13_the_library_refuses_other_forms() {
    let file = |field| vec![(field, "Get-Date")];
    let (no_form, no_file) = ((400, "InvalidRequestBody"), (400, "MissingRequiredParameter"));
    let cases = [
        (FORM, vec![FILE], (200, "")),
        (FORM, file(r#"name="File"; filename="a.ps1""#), (200, "")),
        ("application/json", vec![FILE], no_form),
        (FORM, vec![(r#"name="Description""#, "1")], no_file),
        (FORM, file(r#"name="FILE"; filename="a.ps1""#), no_file),
        (FORM, vec![FILE, (r#"name="description""#, "1")], no_form),
        (FORM, vec![FILE, (r#"name="overrideIfExists""#, "true")], no_form),
    ];
    for (media_type, parts, expected) in cases {
        let form = (media_type, &*form(&parts));
        let answer = call(&FakeLibrary::new(), ("POST", FILES), TOKEN, form);
        assert_eq!(answer.outcome(), expected, "{media_type} {parts:?}: {}", answer.body);
    }
}

#[test]
fn p12_only_true_overrides() {
    let kept = (400, &b"old"[..]);
    let replaced = (200, &b"Get-Date"[..]);
    let cases = [(None, kept), (Some(""), kept), (Some("false"), kept), (Some("true"), replaced)];
    for (value, expected) in cases {
        let library = FakeLibrary::new();
        library.insert("a.ps1", "old");
        let field = value.map(|value| (r#"name="OverrideIfExists""#, value));
        let status = upload(&library, &field.into_iter().chain([FILE]).collect::<Vec<_>>()).status;
        assert_eq!((status, &*library.content("a.ps1").unwrap()), expected, "{value:?}");
    }
}

#[test]
fn p14_the_fields_of_the_curl_example_store_the_file() {
    let library = FakeLibrary::new();
    let answer = upload(
        &library,
        &[
            (r#"name="file"; filename="mdatp1.png""#, "an image"),
            (r#"name="ParametersDescription""#, "test"),
            (r#"name="HasParameters""#, "true"),
            (r#"name="OverrideIfExists""#, "true"),
            (r#"name="Description""#, "test description"),
        ],
    );
    let entity = answer.body;
    assert_eq!(answer.status, 200, "{entity}");
    let fields = ["fileName", "description", "parametersDescription", "hasParameters"];
    let expected = [json!("mdatp1.png"), json!("test description"), json!("test"), json!(true)];
    assert_eq!(fields.map(|field| entity[field].clone()), expected);
    assert_eq!(library.content("mdatp1.png").unwrap(), b"an image");
}

#[test]
fn p16_p17_p35_the_library_keeps_both_rates() {
    let library = FakeLibrary::new();
    let list = || call(&library, ("GET", FILES), TOKEN, NO_BODY);
    for minute in 0..15 {
        for _ in 0..100 {
            assert_eq!(list().status, 200, "minute {minute}");
        }
        // With the last calls the hour is full, until its first minute is an hour ago.
        let refused = list();
        assert_eq!(refused.outcome(), (429, "TooManyRequests"), "minute {minute}");
        let wait = if minute < 14 { "60" } else { "2760" };
        assert_eq!(refused.wait.as_deref(), Some(wait), "minute {minute}");
        library.advance(Duration::from_secs(60));
    }
    assert_eq!(list().wait.as_deref(), Some("2700"));
}

#[test]
fn p18_p21_p23_p24_p27_p37_the_library_answers_as_documented() {
    let library = FakeLibrary::new();
    let name = "Collect-DNS_2.ps1";
    let stored = upload(&library, &[(&format!(r#"name="file"; filename="{name}""#), "Get-Date")]);
    assert_eq!((stored.status, &stored.body["fileName"]), (200, &json!(name)));
    assert_eq!(stored.body["creationTime"], "2026-01-01T00:00:00.0000000Z");

    let list = call(&library, ("GET", FILES), TOKEN, NO_BODY);
    let mut entity = stored.body;
    entity.as_object_mut().unwrap().remove("@odata.context");
    assert_eq!((list.status, &list.body["value"]), (200, &json!([entity])));

    let file = format!("{FILES}/{name}");
    let delete = || call(&library, ("DELETE", &file), TOKEN, NO_BODY);
    assert_eq!(delete().outcome(), (204, ""));
    assert_eq!(delete().outcome(), (404, "ResourceNotFound"));
}
