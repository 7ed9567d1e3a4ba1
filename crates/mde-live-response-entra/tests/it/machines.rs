//! Tokens that a machine or a job gets: managed identities and CI systems.

use std::ffi::OsString;
use std::time::{Duration, SystemTime};

use mde_live_response_core::auth::{Credential, CredentialError, credential_fn};
use mde_live_response_core::error::{InvalidInput, Problem};
use mde_live_response_core::policy::{CancelToken, Clock};
use mde_live_response_core::{Client, Effect, Endpoint, Error, ErrorKind};
use mde_live_response_entra::{
    AzureCli, AzurePipelines, ChainedCredential, EntraCredential, GitHubActions, ManagedIdentity,
    TokenCommand,
};
use mde_live_response_mock::{Application, FakeLibrary, ManualClock, MockTransport, Reply};

use crate::{issued, upload};

type Variables = &'static [(&'static str, &'static str)];

fn lookup(variables: Variables) -> impl Fn(&'static str) -> Option<OsString> {
    move |name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).into())
    }
}

const APP_SERVICE: Variables = &[
    ("IDENTITY_ENDPOINT", "http://localhost:42356/msi/token"),
    ("IDENTITY_HEADER", "canary-header"),
];
const GITHUB: Variables = &[
    ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://dev.example/_apis/job/idtoken?api-version=2.0"),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "canary-job"),
];
const PIPELINES: Variables = &[
    ("SYSTEM_OIDCREQUESTURI", "https://dev.example/_apis/job/oidctoken"),
    ("SYSTEM_ACCESSTOKEN", "canary-job"),
    ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "a connection"),
];

fn identity(variables: Variables) -> ManagedIdentity {
    ManagedIdentity::from_lookup(lookup(variables)).unwrap()
}

fn github() -> EntraCredential {
    let job = GitHubActions::from_lookup(lookup(GITHUB)).unwrap();
    EntraCredential::with_assertion("a-tenant", "a-client", move |it| job.assertion(it)).unwrap()
}

fn pipelines() -> EntraCredential {
    let job = AzurePipelines::from_lookup(lookup(PIPELINES)).unwrap();
    EntraCredential::with_assertion("a-tenant", "a-client", move |it| job.assertion(it)).unwrap()
}

/// A managed identity whose token is the assertion of an application of another tenant.
fn across_tenants() -> EntraCredential {
    let identity = identity(APP_SERVICE);
    EntraCredential::with_assertion("a-tenant", "a-client", move |it| identity.assertion(it))
        .unwrap()
}

fn upload_with(credential: impl Credential + 'static, mock: &MockTransport) -> Result<(), Error> {
    let builder = Client::builder(Endpoint::COMMERCIAL, credential, mock.clone());
    builder.clock(mock.clock()).build().upload(&upload()).map(drop)
}

/// Method, URL and these headers of the first request.
fn first_request<const N: usize>(
    credential: impl Credential + 'static,
    replies: [Reply; N],
) -> Vec<String> {
    let mock = replies.into_iter().fold(MockTransport::new(), MockTransport::reply);
    upload_with(credential, &mock).unwrap();
    mock.assert_done();
    let request = &mock.requests::<N>()[0];
    let mut told = vec![format!("{} {}", request.method(), request.uri())];
    for name in ["authorization", "metadata", "x-identity-header", "x-tfs-fedauthredirect", "host"]
    {
        let value = request.headers().get(name).map(|value| value.to_str().unwrap());
        told.extend(value.map(|value| format!("{name}: {value}")));
    }
    assert_eq!(request.body(), b"");
    told
}

#[test]
fn each_source_is_asked_as_its_documentation_says() {
    let metadata =
        || Reply::json(200, r#"{"token_type":"Bearer","access_token":"t","expires_in":"9"}"#);
    let vm = "GET http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01\
              &resource=https%3A%2F%2Fapi.securitycenter.microsoft.com";
    let replies = || [metadata(), Reply::stored()];
    assert_eq!(first_request(identity(&[]), replies()), [vm, "metadata: true"]);
    let chosen = identity(&[]).with_client_id("an-id").unwrap();
    assert_eq!(
        first_request(chosen, replies()),
        [&format!("{vm}&client_id=an-id"), "metadata: true"]
    );
    // `localhost` is 127.0.0.1, with no name lookup.
    assert_eq!(
        first_request(identity(APP_SERVICE), replies()),
        [
            "GET http://127.0.0.1:42356/msi/token?api-version=2019-08-01\
             &resource=https%3A%2F%2Fapi.securitycenter.microsoft.com",
            "x-identity-header: canary-header",
            "host: localhost:42356",
        ]
    );
    let replies = [Reply::json(200, r#"{"value":"an.assertion"}"#), issued("t"), Reply::stored()];
    assert_eq!(
        first_request(github(), replies),
        [
            "GET https://dev.example/_apis/job/idtoken?api-version=2.0\
             &audience=api%3A%2F%2FAzureADTokenExchange",
            "authorization: Bearer canary-job",
        ]
    );
    let replies =
        [Reply::json(200, r#"{"oidcToken":"an.assertion"}"#), issued("t"), Reply::stored()];
    assert_eq!(
        first_request(pipelines(), replies),
        [
            "POST https://dev.example/_apis/job/oidctoken?api-version=7.1\
             &serviceConnectionId=a%20connection",
            "authorization: Bearer canary-job",
            "x-tfs-fedauthredirect: Suppress",
        ]
    );
}

/// A library that issues tokens to all of these.
fn library(clock: &ManualClock) -> FakeLibrary {
    let application = Application::new("a-tenant", "a-client")
        .with_ci_job("canary-job", "an.assertion")
        .trusting("an-identity");
    let identity =
        Application::new("home-tenant", "an-identity").as_managed_identity("canary-header");
    let clock = clock.clone();
    let library = FakeLibrary::builder().application(application).application(identity);
    library.now(move || clock.time_of_day()).build()
}

#[test]
fn each_source_gets_a_token_that_the_library_accepts_and_a_new_one_when_it_expires() {
    let user_assigned = || identity(APP_SERVICE).with_client_id("an-identity").unwrap();
    let sources: [(&str, Box<dyn Credential>, u64); 6] = [
        ("virtual machine", Box::new(identity(&[])), 1),
        ("App Service", Box::new(identity(APP_SERVICE)), 1),
        ("user-assigned", Box::new(user_assigned()), 1),
        ("across tenants", Box::new(across_tenants()), 2),
        ("GitHub", Box::new(github()), 2),
        ("Azure Pipelines", Box::new(pipelines()), 2),
    ];
    for (name, credential, requests) in sources {
        let clock = ManualClock::new();
        let library = library(&clock);
        let client = Client::builder(Endpoint::COMMERCIAL, credential, library.clone());
        let client = client.clock(clock.clone()).build();
        client.upload(&upload()).unwrap();
        assert_eq!(library.token_calls(), requests, "{name}");
        clock.advance(Duration::from_secs(3_598));
        client.upload(&upload()).unwrap();
        assert_eq!(library.token_calls(), 2 * requests, "{name}: renewed");
    }
}

/// Name, credential, answer, its status and a part of the help.
type Refused = (&'static str, Box<dyn Credential>, Reply, u16, &'static str);

#[test]
fn a_refusal_names_the_source_and_says_what_to_do() {
    // Echoes the secret of the request, which no error may show.
    let refused = |status, echo: &str| Reply::json(status, format!(r#"{{"message":"no {echo}"}}"#));
    let (vm, app) = (identity(&[]), identity(APP_SERVICE));
    let (header, job) = ("canary-header", "canary-job");
    let cases: [Refused; 6] = [
        ("virtual machine", Box::new(vm), refused(400, ""), 400, "managed identity"),
        ("App Service", Box::new(app), refused(400, header), 400, "managed identity"),
        ("no permission", Box::new(github()), refused(401, job), 401, "id-token: write"),
        ("no JSON", Box::new(github()), Reply::json(200, "<html>"), 200, "id-token: write"),
        ("no access", Box::new(pipelines()), refused(401, job), 401, "SYSTEM_ACCESSTOKEN"),
        ("across tenants", Box::new(across_tenants()), refused(400, header), 400, "identity"),
    ];
    for (name, credential, reply, status, help) in cases {
        let mock = MockTransport::new().reply(reply);
        let error = upload_with(credential, &mock).unwrap_err();
        mock.assert_done();
        let facts = (error.kind(), error.effect(), error.status().map(|it| it.as_u16()));
        assert_eq!(facts, (&ErrorKind::NoToken, Effect::NotApplied, Some(status)), "{name}");
        assert!(error.help().unwrap().contains(help), "{name}: {:?}", error.help());
        assert!(!format!("{error:?}").contains("canary"), "{name}");
    }
}

#[test]
fn a_metadata_service_that_is_not_ready_is_asked_again() {
    for status in [404, 410, 429, 500, 505] {
        let ready = Reply::json(200, r#"{"token_type":"Bearer","access_token":"t"}"#);
        let mock = MockTransport::new();
        let mock = mock.reply(Reply::json(status, "{}")).reply(ready).reply(Reply::stored());
        upload_with(identity(&[]), &mock).unwrap();
        mock.assert_done();
    }
}

#[test]
fn the_lifetime_of_app_service_is_the_time_until_its_end() {
    let clock = ManualClock::new();
    let now = clock.time_of_day().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let token = |name: &str, end: u64| {
        let body =
            format!(r#"{{"token_type":"Bearer","access_token":"{name}","expires_on":"{end}"}}"#);
        Reply::json(200, body)
    };
    let mock = MockTransport::new()
        .reply(token("first", now + 1_000))
        .reply(Reply::stored())
        .reply(Reply::stored())
        .reply(token("second", now + 2_000))
        .reply(Reply::stored());
    let client = Client::builder(Endpoint::COMMERCIAL, identity(APP_SERVICE), mock.clone());
    let client = client.clock(clock.clone()).build();
    client.upload(&upload()).unwrap();
    clock.advance(Duration::from_secs(699));
    client.upload(&upload()).unwrap();
    clock.advance(Duration::from_secs(1));
    client.upload(&upload()).unwrap();
    mock.assert_done();
}

#[test]
fn a_missing_or_bad_variable_is_named() {
    let missing = |made: Result<(), InvalidInput>| {
        let error = made.unwrap_err();
        (error.field().to_owned(), error.problem().clone())
    };
    let form = Problem::Form("a URL such as https://host/path");
    for (made, field, problem) in [
        (
            GitHubActions::from_lookup(lookup(&[])).map(drop),
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            Problem::Missing,
        ),
        (
            GitHubActions::from_lookup(lookup(&GITHUB[..1])).map(drop),
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            Problem::Missing,
        ),
        (
            AzurePipelines::from_lookup(lookup(&PIPELINES[..2])).map(drop),
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
            Problem::Missing,
        ),
        (
            ManagedIdentity::from_lookup(lookup(&APP_SERVICE[..1])).map(drop),
            "IDENTITY_HEADER",
            Problem::Missing,
        ),
        (
            ManagedIdentity::from_lookup(lookup(&[("IDENTITY_ENDPOINT", "/no/host")])).map(drop),
            "IDENTITY_ENDPOINT",
            form,
        ),
    ] {
        assert_eq!(missing(made), (field.to_owned(), problem));
    }
}

/// Other addresses must not get the header, or a request at all.
#[test]
fn a_metadata_service_elsewhere_is_refused() {
    for url in ["http://metadata.example/msi/token", "http://169.254.169.254/msi/token"] {
        let lookup = |name: &str| match name {
            "IDENTITY_ENDPOINT" => Some(OsString::from(url)),
            _ => Some(OsString::from("canary-header")),
        };
        let mock = MockTransport::new();
        let error = upload_with(ManagedIdentity::from_lookup(lookup).unwrap(), &mock).unwrap_err();
        mock.assert_unused();
        assert_eq!(error.kind(), &ErrorKind::NoToken, "{url}");
    }
}

#[test]
fn debug_shows_what_a_credential_is_and_no_secret() {
    let github = GitHubActions::from_lookup(lookup(GITHUB)).unwrap();
    let chain = ChainedCredential::new().then("github", self::github()).then("az", AzureCli::new());
    let shown = [
        format!("{github:?}"),
        format!("{:?}", AzurePipelines::from_lookup(lookup(PIPELINES)).unwrap()),
        format!("{:?}", identity(APP_SERVICE)),
        format!("{:?}", self::github()),
        format!("{:?}", TokenCommand::new("canary")),
        format!("{chain:?}"),
    ];
    assert_eq!(
        shown,
        [
            r#"GitHubActions(Runner { host: Some("dev.example"), .. })"#,
            r#"AzurePipelines(Runner { host: Some("dev.example"), .. })"#,
            "ManagedIdentity { place: AppService { \
            url: \"http://localhost:42356/msi/token?api-version=2019-08-01\", header: Secret(..) }, \
            client_id: None, probe: None }",
            "EntraCredential { tenant: \"a-tenant\", client_id: \"a-client\", means: Assertion, \
            login: None }",
            "TokenCommand { .. }",
            r#"["github", "az"]"#,
        ]
    );
    assert!(!format!("{:?}", library(&ManualClock::new())).contains("canary"));
}

/// The chain asks the metadata service for 1 s whether it is there, then the next member.
#[test]
fn a_chain_uses_the_first_member_that_gives_a_token_and_keeps_it() {
    let mock = MockTransport::new()
        .reply(Reply::refused_connection())
        .reply(Reply::refused_connection())
        .reply(Reply::refused_connection())
        .reply(Reply::json(200, r#"{"value":"an.assertion"}"#))
        .reply(issued("first"))
        .reply(Reply::stored())
        .reply(Reply::json(200, r#"{"value":"an.assertion"}"#))
        .reply(issued("second"))
        .reply(Reply::stored());
    let chain = ChainedCredential::new()
        .then_managed_identity(identity(&[]))
        .then("GitHub Actions", github());
    assert_eq!(chain.used(), None);
    let clock = mock.clock();
    let client = Client::builder(Endpoint::COMMERCIAL, chain.clone(), mock.clone());
    let client = client.clock(clock.clone()).build();
    client.upload(&upload()).unwrap();
    assert_eq!(chain.used().as_deref(), Some("GitHub Actions"));
    let report = chain.report();
    assert!(report.starts_with("GitHub Actions gave the token; managed-identity: "), "{report}");
    assert!(clock.now() <= Duration::from_secs(1), "the probe may last 1 s, not {:?}", clock.now());
    clock.advance(Duration::from_secs(3_599));
    client.upload(&upload()).unwrap();
    mock.assert_done();
}

/// A refusal of the question without a header shows that the service is there.
#[test]
fn a_chain_asks_whether_the_metadata_service_is_there_before_it_asks_for_a_token() {
    let mock = MockTransport::new()
        .reply(Reply::status(400))
        .reply(issued("a-token"))
        .reply(Reply::stored());
    let chain = ChainedCredential::new().then_managed_identity(identity(&[]));
    upload_with(chain, &mock).unwrap();
    let [question, token, stored] = mock.requests();
    assert_eq!(question.uri(), token.uri());
    let asked = [&question, &token].map(|it| it.headers().contains_key("metadata"));
    assert_eq!(asked, [false, true]);
    assert_eq!(question.limits().time_left(), Some(Duration::from_secs(1)));
    assert!(token.limits().time_left() > Some(Duration::from_secs(1)));
    stored.assert_bearer("a-token");
}

#[test]
fn a_member_that_cannot_be_reached_ends_the_chain() {
    let mock = (0..3).fold(MockTransport::new(), |mock, _| mock.reply(Reply::status(503)));
    let chain = ChainedCredential::new().then("github", github()).then("pipelines", pipelines());
    let error = upload_with(chain, &mock).unwrap_err();
    mock.assert_done();
    assert_eq!((error.kind(), error.is_retryable()), (&ErrorKind::NoToken, true));
    assert_eq!(error.status().map(|it| it.as_u16()), Some(503));
}

/// Its members may have had no time, so nothing is known of them.
#[test]
fn after_a_cancel_or_the_deadline_no_other_member_is_asked() {
    for is_cancelled in [true, false] {
        let (mock, cancel) = (MockTransport::new(), CancelToken::new());
        let (clock, from_credential) = (mock.clock(), cancel.clone());
        let slow = credential_fn(move |_| {
            if is_cancelled {
                from_credential.cancel();
            } else {
                clock.advance(Duration::from_secs(300));
            }
            Err(CredentialError::message("there was no time"))
        });
        let chain = ChainedCredential::new().then("slow", slow).then("github", github());
        let builder = Client::builder(Endpoint::COMMERCIAL, chain.clone(), mock.clone());
        let client = builder.clock(mock.clock()).build().cancelled_by(&cancel);
        let error = client.upload(&upload()).unwrap_err();
        mock.assert_unused();
        let kind = if is_cancelled { ErrorKind::Cancelled } else { ErrorKind::NoToken };
        assert_eq!((error.kind(), error.effect()), (&kind, Effect::NotApplied));
        assert_eq!(chain.report(), "no member of the chain gave a token");
        let shown = error.to_string();
        assert!(is_cancelled || shown.contains(": there was no time; "), "{shown}");
    }
}

#[test]
fn a_chain_without_a_token_says_why_for_each_member() {
    let mock = MockTransport::new().reply(Reply::json(401, "{}")).reply(Reply::json(403, "{}"));
    let chain = ChainedCredential::new()
        .then("GitHub Actions", github())
        .then("Azure Pipelines", pipelines());
    let builder = Client::builder(Endpoint::COMMERCIAL, chain.clone(), mock.clone());
    let error = builder.clock(mock.clock()).build().upload(&upload()).unwrap_err();
    mock.assert_done();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::NoToken, Effect::NotApplied));
    let (shown, help) = (error.to_string(), error.help().unwrap());
    for name in ["GitHub Actions: ", "Azure Pipelines: "] {
        assert!(shown.contains(name) && help.contains(name), "{shown} {help}");
    }
    assert_eq!(chain.used(), None);
}
