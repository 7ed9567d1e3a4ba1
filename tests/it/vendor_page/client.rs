//! What the client sends, and how it reads the documented answers.

use std::time::Duration;

use mde_live_response::error::ErrorKind::{Forbidden, NameTaken, NoToken, Rejected, ServerFailed};
use mde_live_response::error::ErrorKind::{Throttled, Unauthorized};
use mde_live_response::library::{Deleted, MAX_FILE_BYTES, Timestamp};
use mde_live_response::policy::RetryPolicy;
use mde_live_response::{AccessToken, Client, Effect, Endpoint, ErrorKind, IfExists, Upload};
use mde_live_response_mock::{FakeLibrary, MockTransport, Reply};

const ENTITY: &str = r#"{
    "@odata.context": "https://api.securitycenter.microsoft.com/api/$metadata#LibraryFiles/$entity",
    "fileName": "a.ps1",
    "sha256": "c1d9af5ecced5022dd0e037ef3d6e96a33b43dea902d1c05c894b7b33cb3c798",
    "description": "what for",
    "creationTime": "2018-08-30T08:22:33.1234567Z",
    "lastUpdatedTime": "2018-08-30T08:22:34.1234567Z",
    "createdBy": "admin@contoso.com",
    "hasParameters": true,
    "parametersDescription": "-Name"
}"#;

fn upload() -> Upload {
    Upload::new("a.ps1".parse().unwrap(), b"Get-Date")
}

#[test]
fn p01_p02_p20_p22_each_call_is_the_documented_request() {
    let list = Reply::json(200, r#"{"value": []}"#);
    let mock = MockTransport::new().reply(Reply::stored()).reply(list).reply(Reply::status(204));
    let client = mock.client();
    client.upload(&upload()).unwrap();
    client.list().for_each(|file| drop(file.unwrap()));
    client.delete(&"a b.ps1".parse().unwrap()).unwrap();
    let [uploaded, listed, deleted] = mock.requests();
    let files = "https://api.security.microsoft.com/api/libraryfiles";
    let sent =
        [&uploaded, &listed, &deleted].map(|it| (it.method().as_str(), it.uri().to_string()));
    let expected = [
        ("POST", files.to_owned()),
        ("GET", files.to_owned()),
        ("DELETE", format!("{files}/a%20b.ps1")),
    ];
    assert_eq!(sent, expected);
    assert_eq!([listed.body(), deleted.body()], [b"", b""]);
    for request in [uploaded, listed, deleted] {
        request.assert_bearer(MockTransport::TOKEN);
    }
}

#[test]
fn p03_p08_p09_p10_p11_p12_an_upload_is_the_documented_form() {
    let described = upload()
        .with_description("what for".parse().unwrap())
        .with_parameters("-Name".parse().unwrap())
        .with_if_exists(IfExists::Override);
    let cases = [
        (upload(), &[("HasParameters", "false"), ("OverrideIfExists", "false")][..]),
        (
            described,
            &[
                ("Description", "what for"),
                ("ParametersDescription", "-Name"),
                ("HasParameters", "true"),
                ("OverrideIfExists", "true"),
            ],
        ),
    ];
    for (upload, texts) in cases {
        let mock = MockTransport::new().reply(Reply::stored());
        mock.client().upload(&upload).unwrap();
        let [request] = mock.requests();
        let content_type = request.headers()["content-type"].to_str().unwrap();
        assert!(content_type.starts_with("multipart/form-data; boundary="), "{content_type}");
        let form = request.form();
        let parts = form.parts().iter().map(|part| (part.name(), part.text().unwrap()));
        let expected = texts.iter().copied().chain([("file", "Get-Date")]);
        assert_eq!(parts.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        assert_eq!(form.part("file").unwrap().filename(), Some("a.ps1"));
    }
}

#[test]
fn p04_p05_p06_p43_the_documented_hosts() {
    let commercial = "https://api.securitycenter.microsoft.com";
    let cases = [
        (Endpoint::COMMERCIAL, "https://api.security.microsoft.com", commercial),
        (Endpoint::US, "https://us.api.security.microsoft.com", commercial),
        (Endpoint::EU, "https://eu.api.security.microsoft.com", commercial),
        (Endpoint::UK, "https://uk.api.security.microsoft.com", commercial),
        (Endpoint::AU, "https://au.api.security.microsoft.com", commercial),
        (Endpoint::SWA, "https://swa.api.security.microsoft.com", commercial),
        (Endpoint::INA, "https://ina.api.security.microsoft.com", commercial),
        (Endpoint::AEA, "https://aea.api.security.microsoft.com", commercial),
        (
            Endpoint::GCC,
            "https://api-gcc.securitycenter.microsoft.us",
            "https://api-gcc.securitycenter.microsoft.us",
        ),
        (
            Endpoint::GCC_HIGH,
            "https://api-gov.securitycenter.microsoft.us",
            "https://api-gov.securitycenter.microsoft.us",
        ),
    ];
    for (endpoint, base, audience) in cases {
        assert_eq!((endpoint.base(), endpoint.audience()), (base, audience));
    }
}

/// `{"aud": "https://api.securitycenter.microsoft.com", ...}` with the permission of an application, of a user, or none.
#[test]
fn p07_the_permission_of_an_application_or_a_user() {
    const AUDIENCE: &str = "eyJhdWQiOiJodHRwczovL2FwaS5zZWN1cml0eWNlbnRlci5taWNyb3NvZnQuY29tIiwi";
    let cases = [
        ("cm9sZXMiOlsiTGlicmFyeS5NYW5hZ2UiXX0", true),
        ("c2NwIjoiTGlicmFyeS5NYW5hZ2UifQ", true),
        ("cm9sZXMiOltdfQ", false),
    ];
    for (permission, is_accepted) in cases {
        let token = AccessToken::new(format!("e30.{AUDIENCE}{permission}.c2ln")).unwrap();
        let mock = MockTransport::from_fn(|_| Reply::stored());
        let client = Client::builder(Endpoint::COMMERCIAL, token, mock.clone()).clock(mock.clock());
        let result = client.check_tokens(true).build().upload(&upload());
        let kind = result.map(drop).map_err(|error| error.kind().clone());
        assert_eq!(kind, if is_accepted { Ok(()) } else { Err(NoToken) }, "{permission}");
    }
}

#[test]
fn p15_a_file_has_20_mb_at_most() {
    let size = usize::try_from(MAX_FILE_BYTES).unwrap();
    assert_eq!(size, 20 * 1024 * 1024);
    for (size, is_accepted) in [(size, true), (size + 1, false)] {
        let mock = MockTransport::from_fn(|_| Reply::stored());
        let upload = Upload::new("a.bin".parse().unwrap(), vec![7; size]);
        let result = mock.client().upload(&upload);
        let is_input = matches!(&result, Err(error) if matches!(error.kind(), ErrorKind::Input(_)));
        assert_eq!((result.is_ok(), is_input), (is_accepted, !is_accepted), "{result:?}");
        if !is_accepted {
            let [] = mock.requests();
        }

        let library = FakeLibrary::new();
        let token = AccessToken::new("a-token").unwrap();
        let client = Client::builder(Endpoint::COMMERCIAL, token, library.clone());
        let result = client.max_file_bytes(u64::MAX).build().upload(&upload);
        assert_eq!(result.is_ok(), is_accepted, "{result:?}");
    }
}

#[test]
fn p16_p17_the_client_keeps_both_rates() {
    let mock = MockTransport::from_fn(|_| Reply::json(200, r#"{"value": []}"#));
    let client = mock.client_builder().deadline(Duration::from_secs(3600)).build();
    let minute = 60;
    for call in 1..=1501 {
        client.list().for_each(|file| drop(file.unwrap()));
        let expected = if call == 1501 { 60 * minute } else { (call - 1) / 100 * minute };
        assert_eq!(mock.clock().now(), Duration::from_secs(expected), "call {call}");
    }
}

#[test]
fn p18_p26_p27_the_documented_entity_is_read() {
    let mock = MockTransport::new().reply(Reply::json(200, ENTITY));
    let stored = mock.client().upload(&upload()).unwrap();
    let texts = [
        Some(stored.file_name()),
        stored.description(),
        stored.creation_time().map(Timestamp::as_str),
        stored.last_updated_time().map(Timestamp::as_str),
        stored.created_by(),
        stored.parameters_description(),
    ];
    let expected = [
        "a.ps1",
        "what for",
        "2018-08-30T08:22:33.1234567Z",
        "2018-08-30T08:22:34.1234567Z",
        "admin@contoso.com",
        "-Name",
    ];
    assert_eq!(texts, expected.map(Some));
    assert_eq!((stored.has_parameters(), stored.sha256().is_some()), (Some(true), true));
}

#[test]
fn p21_p26_the_documented_collection_is_read() {
    let without = ENTITY.replace(",\n    \"parametersDescription\": \"-Name\"", "");
    let list = format!(
        r#"{{"@odata.context": "https://api.securitycenter.microsoft.com/api/$metadata#LibraryFiles", "value": [{ENTITY}, {without}]}}"#
    );
    let mock = MockTransport::new().reply(Reply::json(200, list));
    let files: Result<Vec<_>, _> = mock.client().list().collect();
    let parameters = files
        .unwrap()
        .iter()
        .map(|it| it.parameters_description().map(str::to_owned))
        .collect::<Vec<_>>();
    assert_eq!(parameters, [Some("-Name".to_owned()), None]);
}

#[test]
fn p23_p24_answers_to_a_delete() {
    let absent = Reply::error(404, "ResourceNotFound");
    let cases = [(Reply::status(204), Deleted::Removed), (absent, Deleted::WasAbsent)];
    for (reply, expected) in cases {
        let client = MockTransport::new().reply(reply).client();
        assert_eq!(client.delete(&"a.ps1".parse().unwrap()).unwrap(), expected);
    }
}

#[test]
fn p28_the_documented_error_is_read() {
    let id = "43f4cb08-8fac-4b65-9db1-745c2ae65f3a";
    let body = format!(
        r#"{{"error": {{"code": "ResourceNotFound", "message": "no such file", "target": "{id}"}}}}"#
    );
    let error = MockTransport::new().reply(Reply::json(400, body)).client().upload(&upload());
    let error = error.unwrap_err();
    assert_eq!((error.code(), error.correlation_id()), (Some("ResourceNotFound"), Some(id)));
    assert!(error.to_string().contains("no such file"), "{error}");
}

#[test]
fn p19_p29_p30_p31_p32_p33_p34_p35_p36_documented_codes_decide() {
    use Effect::{NotApplied, Unknown};
    let cases = [
        (400, "BadRequest", Rejected, NotApplied),
        (400, "InvalidRequestBody", Rejected, NotApplied),
        (400, "MissingRequiredParameter", Rejected, NotApplied),
        (400, "InvalidInput", Rejected, NotApplied),
        (401, "Unauthorized", Unauthorized, NotApplied),
        (403, "Forbidden", Forbidden, NotApplied),
        (403, "DisabledFeature", Forbidden, NotApplied),
        (403, "DisallowedOperation", Forbidden, NotApplied),
        (404, "NotFound", Rejected, NotApplied),
        (404, "ResourceNotFound", Rejected, NotApplied),
        (409, "Conflict", NameTaken, NotApplied),
        (400, "Conflict", NameTaken, NotApplied),
        (429, "TooManyRequests", Throttled { local: false }, NotApplied),
        (500, "InternalServerError", ServerFailed, Unknown),
    ];
    for (status, code, kind, effect) in cases {
        // Whatever the message says, the code decides.
        for message in ["", "Conflict: a file with this name already exists"] {
            let body = format!(r#"{{"error": {{"code": "{code}", "message": "{message}"}}}}"#);
            let reply = Reply::json(status, body).header("retry-after", "30");
            let mock = MockTransport::new().reply(reply);
            let client = mock.client_builder().retry(RetryPolicy::NONE).build();
            let error = client.upload(&upload()).unwrap_err();
            let found = (error.kind(), error.effect(), error.code());
            assert_eq!(found, (&kind, effect, Some(code)), "{status}");
            assert_eq!(error.retry_after(), Some(Duration::from_secs(30)), "{status}");
        }
    }
}
