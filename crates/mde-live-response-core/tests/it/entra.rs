//! Tokens from Microsoft Entra: what is sent, what comes of it, and what is said when nothing does.

use std::ffi::OsString;
use std::fmt::Write;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::{
    AuthErrorKind, Body, CancelToken, Client, ClientBuilder, ClientSecret, Clock, Delivery,
    Endpoint, EntraCredential, Error, IfExists, InvalidApplication, InvalidSecret, Transport,
    TransportError, TransportErrorKind, Upload, http,
};
use mde_live_response_mock::{Application, FakeLibrary, ManualClock, MockTransport, Reply};

use crate::support::{Drawn, causes, expect_error, upload};

/// Holds every character that a form, JSON or a URL may spell in another way.
const SECRET: &str = "canary~Se8Q/ret+&=%?é-._\"\\x";

fn credential() -> EntraCredential {
    EntraCredential::with_secret("a-tenant", "a-client", ClientSecret::new(SECRET).unwrap())
        .unwrap()
}

fn builder(transport: impl Transport + 'static, clock: &ManualClock) -> ClientBuilder {
    Client::builder(Endpoint::COMMERCIAL, credential(), transport)
        .clock(clock.clone())
        .random(Drawn::same(0xff))
}

fn library(clock: &ManualClock) -> FakeLibrary {
    let application = Application::new("a-tenant", "a-client").with_secret(SECRET);
    let clock = clock.clone();
    FakeLibrary::builder().application(application).now(move || clock.time_of_day()).build()
}

fn overriding() -> Upload {
    upload().if_exists(IfExists::Override)
}

fn issued(token: &str) -> Reply {
    let body = format!(r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{token}"}}"#);
    Reply::json(200, body)
}

fn refusal(status: u16, code: u32, text: &str) -> Reply {
    Reply::json(
        status,
        format!(
            r#"{{"error":"invalid_client","error_description":"AADSTS{code}: {text} Trace ID: t
Correlation ID: c","error_codes":[{code}],"correlation_id":"the-correlation-id"}}"#
        )
        .replace('\n', "\\r\\n"),
    )
}

#[test]
fn the_request_is_a_form_to_the_login_host_for_the_audience() {
    let mock = MockTransport::new().reply(issued("an-issued-token")).reply(Reply::stored());
    builder(mock.clone(), &ManualClock::new()).build().upload(&upload()).unwrap();
    let [asking, uploading] = mock.requests();
    assert_eq!(asking.method(), "POST");
    assert_eq!(asking.uri(), "https://login.microsoftonline.com/a-tenant/oauth2/v2.0/token");
    let header = |name: &str| asking.headers().get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(header("accept"), Some("application/json"));
    assert_eq!(header("authorization"), None);
    assert_eq!(header("content-length"), Some(asking.body().len().to_string().as_str()));
    assert_eq!(
        str::from_utf8(asking.body()).unwrap(),
        "client_id=a-client&grant_type=client_credentials\
         &scope=https%3A%2F%2Fapi.securitycenter.microsoft.com%2F.default\
         &client_secret=canary~Se8Q%2Fret%2B%26%3D%25%3F%C3%A9-._%22%5Cx"
    );
    assert_eq!(uploading.headers()["authorization"], "Bearer an-issued-token");
}

/// The scope and the host that are asked, for an endpoint and perhaps a login host of the credential's own.
fn asked(endpoint: Endpoint, login: Option<&str>) -> (String, String) {
    let mock = MockTransport::new().reply(issued("an-issued-token")).reply(Reply::stored());
    let credential = match login {
        Some(login) => credential().with_login(login).unwrap(),
        None => credential(),
    };
    let client = Client::builder(endpoint, credential, mock.clone()).clock(ManualClock::new());
    client.build().upload(&upload()).unwrap();
    let [asking, _] = mock.requests();
    let body = str::from_utf8(asking.body()).unwrap().to_owned();
    let scope = body.split('&').find_map(|field| field.strip_prefix("scope=")).unwrap();
    let scope = scope.replace("%3A", ":").replace("%2F", "/");
    (asking.uri().to_string().replace("/a-tenant/oauth2/v2.0/token", ""), scope)
}

#[test]
fn login_host_and_audience_are_those_of_the_cloud() {
    let (com, us) = ("https://login.microsoftonline.com", "https://login.microsoftonline.us");
    let custom = || Endpoint::custom("https://api.example").unwrap();
    let own = custom()
        .with_audience("https://aud.example/")
        .with_login("https://login.example/")
        .unwrap();
    let loopback = custom().with_login("http://127.0.0.1:8080").unwrap();
    let commercial = "https://api.securitycenter.microsoft.com/.default";
    for (endpoint, login, host, scope) in [
        (Endpoint::EU, None, com, commercial),
        (Endpoint::GCC, None, com, "https://api-gcc.securitycenter.microsoft.us/.default"),
        (Endpoint::GCC_HIGH, None, us, "https://api-gov.securitycenter.microsoft.us/.default"),
        (custom(), None, com, commercial),
        (own, None, "https://login.example", "https://aud.example/.default"),
        (loopback, None, "http://127.0.0.1:8080", commercial),
        (Endpoint::EU, Some("https://l.example/"), "https://l.example", commercial),
        (Endpoint::EU, Some("l.example"), "https://l.example", commercial),
    ] {
        let case = endpoint.to_string();
        assert_eq!(asked(endpoint, login), (host.to_owned(), scope.to_owned()), "case: {case}");
    }
    for refused in ["http://login.example", "https://a@login.example", "ftp://x", ""] {
        assert!(custom().with_login(refused).is_err(), "case: {refused}");
        assert!(credential().with_login(refused).is_err(), "case: {refused}");
    }
}

#[test]
fn a_token_is_shared_by_clones_and_renewed_before_it_ends() {
    let clock = ManualClock::new();
    let library = library(&clock);
    let client = builder(library.clone(), &clock).build();
    for _ in 0..3 {
        client.clone().upload(&overriding()).unwrap();
    }
    assert_eq!(library.token_calls(), 1);
    clock.advance(Duration::from_secs(3_599 - 301));
    client.upload(&overriding()).unwrap();
    assert_eq!(library.token_calls(), 1);
    clock.advance(Duration::from_secs(1));
    client.upload(&overriding()).unwrap();
    assert_eq!(library.token_calls(), 2, "five minutes before its end");
    assert_eq!(library.calls(), 5, "no call with an expired token");
}

#[test]
fn a07_a_refused_token_is_replaced_once() {
    let clock = ManualClock::new();
    let library = library(&clock);
    let client = builder(library.clone(), &clock).build();
    client.upload(&overriding()).unwrap();
    library.revoke_tokens();
    client.upload(&overriding()).unwrap();
    assert_eq!((library.token_calls(), library.calls()), (2, 3));
}

#[test]
fn a10_ten_threads_ask_once() {
    let clock = ManualClock::new();
    let library = library(&clock);
    let client = builder(library.clone(), &clock).build();
    let registrations: Vec<_> = (0..10).map(|_| clock.register()).collect();
    std::thread::scope(|scope| {
        for (n, registration) in registrations.into_iter().enumerate() {
            let client = client.clone();
            scope.spawn(move || {
                let _registration = registration;
                let name = format!("{n}.ps1").parse().unwrap();
                client.upload(&Upload::new(name, b"x")).unwrap();
            });
        }
    });
    assert_eq!((library.token_calls(), library.names().len()), (1, 10));
}

#[test]
fn a05_a_refusal_says_who_refused_why_and_what_to_do() {
    let mock =
        MockTransport::new().reply(refusal(401, 7_000_215, "Invalid client secret provided."));
    let error = builder(mock.clone(), &ManualClock::new()).build().upload(&upload()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: login.microsoftonline.com issues no token to the application (401 \
         AADSTS7000215: Invalid client secret provided. (support id the-correlation-id)); nothing was stored"
    );
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert_eq!(
        (error.service_code(), error.status().unwrap().as_u16()),
        (Some("AADSTS7000215"), 401)
    );
    let error = expect_error!(error, Auth, "");
    assert_eq!((error.kind(), error.target()), (AuthErrorKind::Login, Some("the-correlation-id")));
    mock.assert_done();

    for (code, help) in [
        (7_000_215, "check the client secret"),
        (7_000_222, "the client secret has expired"),
        (700_016, "check the client ID"),
        (90_002, "check the tenant ID"),
        (500_011, "check the audience"),
        (700_213, "check issuer, subject and audience"),
        (700_024, "the federated token is expired"),
        (50_000, "check tenant, client ID and secret"),
    ] {
        let mock = MockTransport::new().reply(refusal(400, code, "No."));
        let error = builder(mock, &ManualClock::new()).build().upload(&upload()).unwrap_err();
        let said = error.help().unwrap();
        assert!(said.starts_with(help), "case: {code}: {said}");
    }
}

#[test]
fn a_refusal_without_a_description_is_told_as_far_as_it_goes() {
    for (reply, shown) in [
        (Reply::json(400, r#"{"error":"invalid_request"}"#), "(400 invalid_request)"),
        (
            Reply::json(400, r#"{"error":"x","error_description":"AADSTS: no"}"#),
            "(400 x: AADSTS: no)",
        ),
        (Reply::json(403, "<html>no</html>"), "(403: <html>no</html>)"),
        (Reply::status(404), "(404)"),
    ] {
        let mock = MockTransport::new().reply(reply);
        let error = builder(mock, &ManualClock::new()).build().upload(&upload()).unwrap_err();
        let expected = format!(
            "`collect-dns.ps1`: login.microsoftonline.com issues no token to the application {shown}; \
             nothing was stored"
        );
        assert_eq!(error.to_string(), expected);
    }
}

/// The same rule as for any call that may be done twice, on the same deadline, and beside the API's pace.
#[test]
fn a_request_that_fails_in_passing_is_repeated() {
    let lost = || TransportError::new(TransportErrorKind::Receive, Delivery::Unknown);
    let clock = ManualClock::new();
    let mock = MockTransport::new()
        .reply(Reply::status(503))
        .fail(lost())
        .reply(issued("an-issued-token"))
        .reply(Reply::stored());
    builder(mock.clone(), &clock).build().upload(&upload()).unwrap();
    assert_eq!(clock.now(), Duration::from_millis(1_500), "backoff of 0.5 s and of 1 s");
    mock.assert_done();

    let clock = ManualClock::new();
    let busy = || Reply::status(429).header("retry-after", "7");
    let mock = MockTransport::new().reply(busy()).reply(busy()).reply(busy());
    let error = builder(mock.clone(), &clock).build().upload(&upload()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: getting a token: the service asks for a pause of 7 s (429); 3 attempts; nothing \
         was stored"
    );
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert!(error.is_retryable());
    assert_eq!(clock.now(), Duration::from_secs(14));
    assert_eq!(expect_error!(error, Auth, "").kind(), AuthErrorKind::Credential);

    // A token's lost answer leaves nothing open about the library.
    let mock = MockTransport::new().fail(lost()).fail(lost()).fail(lost());
    let error = builder(mock, &ManualClock::new()).build().upload(&upload()).unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: getting a token: the connection broke before the answer was complete; 3 attempts; \
         nothing was stored"
    );
}

#[test]
fn an_answer_that_is_no_token_is_an_error_that_quotes_nothing() {
    let token = |value: &str| format!(r#"{{"token_type":"Bearer","access_token":{value}}}"#);
    for body in [
        "canary-token".to_owned(),
        r#"["canary-token"]"#.to_owned(),
        r#"{"token_type":"Bearer"}"#.to_owned(),
        r#"{"token_type":"mac","access_token":"canary-token"}"#.to_owned(),
        token(r#""canary token""#),
        token(r#""""#),
        token("17"),
    ] {
        let mock = MockTransport::new().reply(Reply::json(200, body.clone()));
        let error = builder(mock, &ManualClock::new()).build().upload(&upload()).unwrap_err();
        let mut shown = format!("{error} {error:?}");
        for cause in causes(&error) {
            write!(shown, "{cause} {cause:?}").unwrap();
        }
        assert!(!shown.contains("canary"), "case: {body}: {shown}");
        assert!(shown.starts_with("`collect-dns.ps1`: getting a token: status 200"), "{shown}");
        assert_eq!(error.delivery(), Delivery::NotDelivered);
    }
}

/// Seconds, as a number or as a text; what is neither counts as not said.
#[test]
fn how_long_a_token_is_good_may_be_said_in_several_ways() {
    for (expires_in, requests) in
        [("3599", 2), (r#""3599""#, 2), ("3599.0", 1), ("-5", 1), (r#""soon""#, 1), ("null", 1)]
    {
        let clock = ManualClock::new();
        let asked = Arc::new(Mutex::new(0));
        let mock = MockTransport::from_fn({
            let asked = Arc::clone(&asked);
            move |request| {
                if request.uri().path().ends_with("/token") {
                    *asked.lock().unwrap() += 1;
                    let body = format!(
                        r#"{{"token_type":"bearer","expires_in":{expires_in},"access_token":"a-token"}}"#
                    );
                    return Ok(Reply::json(200, body));
                }
                Ok(Reply::stored())
            }
        });
        let client = builder(mock, &clock).build();
        client.upload(&upload()).unwrap();
        clock.advance(Duration::from_secs(3_600));
        client.upload(&upload()).unwrap();
        assert_eq!(*asked.lock().unwrap(), requests, "case: {expires_in}");
    }
}

#[test]
fn a16_an_echo_of_the_secret_is_shown_nowhere() {
    let json = SECRET.replace('\\', "\\\\").replace('"', "\\\"");
    let encoded = "canary~Se8Q%2Fret%2B%26%3D%25%3F%C3%A9-._%22%5Cx";
    for echo in [json.as_str(), encoded] {
        let mock = MockTransport::new().reply(refusal(401, 1, echo));
        let error = builder(mock, &ManualClock::new()).build().upload(&upload()).unwrap_err();
        let shown = format!("{error} {error:?} {error:#?} {:?}", error.help());
        assert!(!shown.contains("canary") && shown.contains("[redacted]"), "{shown}");
    }
    let client = builder(MockTransport::new(), &ManualClock::new());
    let shown = format!("{:?} {client:?} {:?}", credential(), ClientSecret::new(SECRET));
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn a_secret_that_cannot_be_one_is_refused() {
    for (text, expected) in [
        ("", InvalidSecret::Empty),
        (" ", InvalidSecret::Empty),
        ("secret\n", InvalidSecret::Whitespace),
        (" secret", InvalidSecret::Whitespace),
        ("sec\0ret", InvalidSecret::Control),
    ] {
        assert_eq!(ClientSecret::new(text).unwrap_err(), expected, "case: {text:?}");
    }
}

#[test]
fn tenant_and_client_are_identifiers_or_nothing() {
    let long = "x".repeat(256);
    for text in ["", "a/b", "..", "a b", "a?b", "é", "a%2F", long.as_str()] {
        let secret = || ClientSecret::new("a-secret").unwrap();
        let tenant = EntraCredential::with_secret(text, "a-client", secret()).unwrap_err();
        let client = EntraCredential::with_secret("a-tenant", text, secret()).unwrap_err();
        assert_eq!((tenant, client), (InvalidApplication::Tenant, InvalidApplication::ClientId));
    }
}

/// Looks variables up in a table.
fn from(table: &[(&str, &str)]) -> Result<EntraCredential, InvalidApplication> {
    EntraCredential::from_lookup(|name| {
        table.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
    })
}

#[test]
fn the_environment_names_the_application_or_what_is_missing() {
    use InvalidApplication::{Login, NoProof, NotSet, Secret, Tenant};
    let (tenant, client) = (("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"));
    let (secret, file) = (("AZURE_CLIENT_SECRET", "s"), ("AZURE_FEDERATED_TOKEN_FILE", "/f"));
    let cases = [
        (vec![], NotSet { variable: "AZURE_TENANT_ID" }),
        (vec![("AZURE_TENANT_ID", ""), client, secret], NotSet { variable: "AZURE_TENANT_ID" }),
        (vec![tenant, secret], NotSet { variable: "AZURE_CLIENT_ID" }),
        (vec![tenant, client], NoProof),
        (vec![tenant, client, ("AZURE_CLIENT_SECRET", "")], NoProof),
        (vec![("AZURE_TENANT_ID", "a/b"), client, secret], Tenant),
        (vec![tenant, client, ("AZURE_CLIENT_SECRET", "s\n")], Secret(InvalidSecret::Whitespace)),
    ];
    for (table, expected) in cases {
        assert_eq!(from(&table).unwrap_err(), expected, "case: {table:?}");
    }
    let elsewhere = ("AZURE_AUTHORITY_HOST", "http://login.example");
    assert!(matches!(from(&[tenant, client, secret, elsewhere]), Err(Login(_))));
    let shown = |table: &[_]| format!("{:?}", from(table).unwrap());
    assert!(shown(&[tenant, client, file, secret]).contains("Secret(ClientSecret(..))"));
    assert!(shown(&[tenant, client, file]).contains("TokenFile(\"/f\")"));
    let host = ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/");
    assert!(shown(&[tenant, client, file, host]).contains("\"https://login.microsoftonline.us\""));
}

/// Cancels while the login host is asked.
#[derive(Debug)]
struct Cancelling(CancelToken);

impl Transport for Cancelling {
    fn send(
        &self,
        mut request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let mut body = Vec::new();
        request.body_mut().read_to_end(&mut body).unwrap();
        assert!(request.uri().path().ends_with("/token"), "nothing else is sent");
        self.0.cancel();
        Err(TransportError::new(TransportErrorKind::Cancelled, Delivery::Unknown))
    }
}

#[test]
fn r13_a_cancel_while_a_token_is_asked_for() {
    let cancel = CancelToken::new();
    let client = builder(Cancelling(cancel.clone()), &ManualClock::new()).build();
    let error = client.cancelled_by(&cancel).upload(&upload()).unwrap_err();
    assert!(matches!(error, Error::Cancelled(_)), "{error:?}");
    assert_eq!(error.to_string(), "`collect-dns.ps1`: cancelled; nothing was stored");
    assert_eq!(error.delivery(), Delivery::NotDelivered);
}
