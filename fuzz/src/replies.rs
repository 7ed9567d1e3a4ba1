//! What a server answers: to uploads, lists, deletions and requests for tokens, through the whole client.

use std::time::Duration;

use mde_live_response_core::auth::Secret;
use mde_live_response_core::http::{HeaderName, HeaderValue, Response, StatusCode};
use mde_live_response_core::transport::{Exchange, Transport, TransportError};
use mde_live_response_core::{AccessToken, Client, Endpoint, Error, IfExists, Upload};
use mde_live_response_entra::EntraCredential;
use mde_live_response_mock::ManualClock;
use percent_encoding::percent_decode;

use crate::pieces::{Pieces, replaced};
use crate::shown::shown;

/// Holds every character that JSON or a URL may spell in another way.
const SECRET: &str = "eyJ0eXAiOiJKV1QifQ.Y2FuYXJ5+Zm9v/YmFy~cXV4_-YQ==";

/// SHA-256 of `Get-Date\n`.
const SHA256: &str = "51e2649fdc977f40c2d62cfe7b530411cbc0044d25192ae45f5a6818b8e2f9d8";

const CONTENT: &[u8] = b"Get-Date\n";
const DEADLINE: Duration = Duration::from_secs(300);

/// What is called, status, header lines, body. In headers and body, `@TOKEN@` is the secret that was sent, and
/// `@SHA256@` the hash of what was.
pub fn replies(input: &[u8]) {
    let mut pieces = Pieces::of(input);
    let Some(call) = pieces.text() else { return };
    let Some(reply) = Reply::read(call == "token", pieces) else { return };
    let clock = ManualClock::new();
    let builder = if call == "token" {
        let secret = Secret::new(SECRET).expect("a secret");
        let application = EntraCredential::with_secret("contoso.example", "an-id", secret);
        let credential = application.expect("an application");
        Client::builder(Endpoint::COMMERCIAL, credential, reply.clone())
    } else {
        let token = AccessToken::new(SECRET).expect("a token");
        Client::builder(Endpoint::COMMERCIAL, token, reply.clone())
    };
    let client = builder.clock(clock.clone()).deadline(DEADLINE).build();
    let error = match call {
        "upload" | "token" => upload(&client, IfExists::Fail, &reply),
        "override" => upload(&client, IfExists::Override, &reply),
        "list" => list(&client),
        "delete" => client.delete(&"a.ps1".parse().expect("a name")).err(),
        _ => return,
    };
    assert!(clock.now() <= DEADLINE, "waited until {:?}", clock.now());
    if let Some(error) = error {
        let said = format!(
            "{} {:?} {:?} {:?}",
            shown(&error),
            error.help(),
            error.code(),
            error.correlation_id()
        );
        for said in [said.as_bytes(), &percent_decode(said.as_bytes()).collect::<Vec<_>>()] {
            assert!(!String::from_utf8_lossy(said).contains(SECRET), "the secret is shown");
        }
    }
}

fn upload(client: &Client, if_exists: IfExists, reply: &Reply) -> Option<Error> {
    let name = "a.ps1".parse().expect("a name");
    match client.upload(&Upload::new(name, CONTENT).with_if_exists(if_exists)) {
        Ok(stored) => {
            let body = String::from_utf8_lossy(&reply.body).to_ascii_lowercase();
            let hash = stored.sha256().expect("a hash").to_string();
            assert_eq!(hash, SHA256);
            // Any of its characters may be written as JSON's escape.
            assert!(body.contains(&hash) || body.contains("\\u"), "success without the hash");
            assert!(stored.file_name().eq_ignore_ascii_case("a.ps1"));
            for time in [stored.creation_time(), stored.last_updated_time()].into_iter().flatten() {
                let _ = time.to_jiff();
            }
            None
        }
        Err(error) => Some(error),
    }
}

fn list(client: &Client) -> Option<Error> {
    // A page that leads to itself ends by itself, too.
    let mut files = 0;
    for file in client.list() {
        if let Err(error) = file {
            return Some(error);
        }
        files += 1;
        assert!(files < 10_000_000);
    }
    None
}

/// The same answer to everything, which must go to the service's hosts alone, and the secret to its own. Where a token is
/// asked for, the answer is to that, and the library's host is another server, which knows no secret.
#[derive(Debug, Clone)]
struct Reply {
    is_login: bool,
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
}

impl Transport for Reply {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let head = exchange.take_head();
        let has_token = head.headers.contains_key("authorization");
        let is_login = match head.uri.host().map(str::to_ascii_lowercase).as_deref() {
            Some("api.security.microsoft.com") => false,
            Some("login.microsoftonline.com") => true,
            other => panic!("a request to {other:?}"),
        };
        assert_eq!(has_token, !is_login);
        assert_eq!(head.uri.scheme_str(), Some("https"));
        std::io::copy(exchange, &mut std::io::sink()).expect("a body in memory");
        if is_login != self.is_login {
            let mut response = Response::new(Vec::new());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            return Ok(response);
        }
        let mut response = Response::new(self.body.clone());
        *response.status_mut() = self.status;
        for (name, value) in &self.headers {
            response.headers_mut().append(name, value.clone());
        }
        Ok(response)
    }
}

impl Reply {
    fn read(is_login: bool, mut pieces: Pieces<'_>) -> Option<Self> {
        let status = StatusCode::from_u16(pieces.text()?.parse().ok()?).ok()?;
        let filled = |text: &[u8]| {
            replaced(&replaced(text, "@TOKEN@", SECRET.as_bytes()), "@SHA256@", SHA256.as_bytes())
        };
        let lines = filled(pieces.next());
        let headers = lines.split(|byte| *byte == b'\n').filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
        });
        Some(Self { is_login, status, headers: headers.collect(), body: filled(pieces.rest()) })
    }
}
