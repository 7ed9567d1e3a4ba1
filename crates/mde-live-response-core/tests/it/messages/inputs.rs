//! Inputs and files that cannot be used.

use std::path::Path;

use mde_live_response_core::auth::Secret;
use mde_live_response_core::error::{InvalidInput, Problem, SourceError};
use mde_live_response_core::library::{
    Description, FileContent, ParametersDescription, Sha256Digest,
};
use mde_live_response_core::{AccessToken, Endpoint, FileName, Upload};
use mde_live_response_mock::{MockTransport, Reply};

use super::{Messages, name, once};
use crate::support::{EMPTY_SHA256, upload};

pub(super) fn inputs(messages: &mut Messages) {
    let long = "x".repeat(300);
    for text in ["", "a/b.ps1", "a;b.ps1", "a\tb.ps1", "a%41.ps1", " a.ps1", "NUL.txt", "..", &long]
    {
        let error = text.parse::<FileName>().unwrap_err().into();
        messages.add(&format!("file name {:?}", &text[..text.len().min(10)]), &error);
    }
    let mut add = |case: &str, error: InvalidInput| messages.add(case, &error.into());
    add("description with a control character", "a\u{7}".parse::<Description>().unwrap_err());
    add("parameters too long", ParametersDescription::with_max_bytes("long text", 4).unwrap_err());
    add("token with a line end", AccessToken::new("token\n").unwrap_err());
    add("token with a space", AccessToken::new("a token").unwrap_err());
    add("endpoint over http", Endpoint::parse("http://api.example.com").unwrap_err());
    add("endpoint without a scheme", Endpoint::parse("api.example.com").unwrap_err());
    add("endpoint with a user", Endpoint::parse("https://user@api.example.com").unwrap_err());
    add("no hash", "zz".parse::<Sha256Digest>().unwrap_err());
    add("token with its scheme", AccessToken::new("Bearer x").unwrap_err());
    add("no secret", Secret::new("").unwrap_err());
    let no_proof =
        "AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE";
    for (field, problem) in [
        ("MDE_BASE_URL", Problem::NotUtf8),
        ("login URL", Problem::NotHttps),
        ("AZURE_AUTHORITY_HOST", Problem::NotUtf8),
        ("AZURE_TENANT_ID", Problem::Missing),
        ("AZURE_CLIENT_ID", Problem::Missing),
        (no_proof, Problem::Missing),
        ("AZURE_CLIENT_SECRET", Problem::Missing),
        ("AZURE_CLIENT_CERTIFICATE_PATH", Problem::Missing),
        ("AZURE_FEDERATED_TOKEN_FILE", Problem::Missing),
        ("IDENTITY_HEADER", Problem::Missing),
        ("client ID", Problem::Form("1 to 255 letters, digits, dots and hyphens")),
        ("owner", Problem::Empty),
        ("certificate", Problem::Form("an X.509 certificate")),
        ("HTTPS_PROXY", Problem::Form("the http:// URL of an HTTP proxy: SOCKS is not supported")),
        ("file", Problem::TooLong { len: 24_536_678, max: 20 << 20 }),
        ("file", Problem::TooLong { len: (20 << 20) + 1, max: 20 << 20 }),
        ("file name", Problem::Edge('.')),
        ("file name", Problem::NotUtf8),
        ("request URL", Problem::NotHttps),
        ("token", Problem::Empty),
        ("secret", Problem::Edge('\n')),
        ("secret", Problem::SecretCharacter),
        ("tenant", Problem::Form("an ID or a domain")),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", Problem::Missing),
        ("SYSTEM_OIDCREQUESTURI", Problem::Missing),
        ("SYSTEM_ACCESSTOKEN", Problem::Missing),
        ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", Problem::Missing),
        ("boundary seed", Problem::Form("one whose boundary the file does not contain")),
        ("MY_VARIABLE", Problem::Missing),
        ("MY_VARIABLE", Problem::PercentEscape),
        ("MY_VARIABLE", Problem::SecretCharacter),
        ("MY_VARIABLE", Problem::Edge(' ')),
        ("MY_VARIABLE", Problem::Reserved("NUL".to_owned())),
        ("MY_VARIABLE", Problem::NotUtf8),
        ("MY_VARIABLE", Problem::Form("a number")),
        ("MY_VARIABLE", Problem::NotHttps),
        ("MY_VARIABLE", Problem::NotLoopback),
    ] {
        add(&format!("{field}, {problem:?}"), InvalidInput::new(field, problem));
    }
    let twice = |first: &str, second: &str| {
        let (first, second) = (first.to_owned(), second.to_owned());
        InvalidInput::new("file name", Problem::Duplicate { first, second })
    };
    add("the same name twice", twice("a.ps1", "a.ps1"));
    add("names that differ in letter case", twice("a.ps1", "A.ps1"));

    let unused = || MockTransport::new().client_builder();
    let empty = Upload::new(name(), b"");
    messages.add("empty file", &unused().build().upload(&empty).unwrap_err());
    let error = unused().max_file_bytes(10).build().upload(&upload()).unwrap_err();
    messages.add("file too large", &error);
}

pub(super) fn files(messages: &mut Messages) {
    let mut add = |case, error: SourceError| messages.add(case, &error.into());
    add("no such file", Upload::from_path("no-such-folder/a.ps1").unwrap_err());
    add("a directory", FileContent::open(Path::new("src")).unwrap_err());
    add("a path without a file name", Upload::from_path("src/..").unwrap_err());

    let expecting = upload().expect_sha256(EMPTY_SHA256.parse().unwrap());
    let error = once([Reply::stored()]).upload(&expecting).unwrap_err();
    messages.add("bytes other than expected", &error);
}
