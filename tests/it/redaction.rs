//! Secrets: everything that can be formatted is, down to the socket, and no canary is found.

use std::error::Error as StdError;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use log::LevelFilter;
use mde_live_response::auth::{
    CredentialError, IssuedToken, Secret, TokenExchange, TokenRequest, credential_fn,
};
use mde_live_response::http::Request;
use mde_live_response::library::FileContent;
use mde_live_response::operation::{DeleteRequest, Operation, UploadRequest};
use mde_live_response::policy::{Call, CancelToken, Event, Observer};
use mde_live_response::transport::{Exchange, Proxy};
use mde_live_response::{AccessToken, Client, Endpoint, Error, Upload, UreqTransport};
use mde_live_response_emulator::Emulator;
use mde_live_response_mock::{Application, FakeLibrary, MockTransport, Reply};

use crate::child;

const TOKEN: &str = "canary-token-eyJhbGciOiJub25lIn0";
const SECRET: &str = "canary-secret-of-an-application";
const CONTENT: &str = "canary-content-Get-Secret";

/// All that was formatted.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<String>>);

impl Shown {
    fn add(&self, value: &(impl Debug + ?Sized)) {
        writeln!(self.0.lock().unwrap(), "{value:?}\n{value:#?}").unwrap();
    }

    /// An error with its help and all its causes.
    fn add_error(&self, error: &Error) {
        self.add(error);
        self.add(&(error.to_string(), error.help(), error.message().map(str::to_owned)));
        let mut cause = error.source();
        while let Some(error) = cause {
            self.add(&error.to_string());
            self.add(error);
            cause = error.source();
        }
    }

    #[track_caller]
    fn assert_clean(&self) {
        let text = self.0.lock().unwrap();
        assert!(text.len() > 200, "too little was shown: {text}");
        assert!(!text.contains("canary"), "{text}");
    }
}

impl Observer for Shown {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        self.add(call);
        self.add(event);
    }
}

fn token() -> AccessToken {
    AccessToken::new(TOKEN).unwrap()
}

fn upload() -> Upload {
    Upload::new("a.ps1".parse().unwrap(), CONTENT.as_bytes())
}

#[test]
fn a13_no_value_shows_a_secret() {
    let shown = Shown::default();
    let secret = Secret::new(SECRET).unwrap();
    shown.add(&(token(), IssuedToken::from(token()), &secret));
    shown.add(&AccessToken::new(format!("{TOKEN} ")).unwrap_err());
    shown.add(&Secret::new(format!("{SECRET}\n")).unwrap_err());
    shown.add(&Endpoint::parse(&format!("https://me:{SECRET}@host")).unwrap_err());
    shown.add(&(upload(), FileContent::from(CONTENT.as_bytes())));

    let (upload, name) = (upload(), "a.ps1".parse().unwrap());
    let request = UploadRequest::new(&upload, [7; 20]).unwrap();
    let mut exchange = request.exchange(&Endpoint::COMMERCIAL).with_token(&token());
    shown.add(&(&request, &exchange, exchange.head(), exchange.limits()));
    shown.add(&exchange.take_head());
    shown.add(&DeleteRequest::new(&name));
    let body = format!("client_secret={SECRET}");
    let request = || Request::post("https://login.example/token").body(body.as_bytes()).unwrap();
    shown.add(&(
        Exchange::new(request()).unwrap(),
        TokenExchange::new(request()).with_secret(&secret),
    ));

    #[cfg(feature = "entra")]
    {
        use mde_live_response::auth::EntraCredential;
        shown.add(
            &EntraCredential::with_secret("contoso.example", "an-id", secret.clone()).unwrap(),
        );
    }

    let proxy = Proxy::new("http://me:canary-password@127.0.0.1:9").unwrap();
    let transport = UreqTransport::builder().proxy(Some(proxy.clone()));
    shown.add(&(&proxy, &transport, transport.clone().build()));
    shown.add(&Proxy::new("ftp://me:canary-password@proxy").unwrap_err());
    let builder = Client::builder(Endpoint::COMMERCIAL, token(), transport.build());
    shown.add(&builder);
    shown.add(&(builder.build(), CancelToken::new()));
    let application = Application::new("a-tenant", "a-client").with_secret(SECRET);
    let application = application.with_assertion(SECRET);
    let library = FakeLibrary::builder().token(TOKEN).forbidden_token("canary-too");
    let library = library.application(application.clone());
    shown.add(&(&application, &library));
    shown.add(&Emulator::builder().token(TOKEN).application(application));
    let library = library.build();
    let call =
        Request::post("/api/libraryfiles").header("authorization", format!("Bearer {TOKEN}"));
    shown.add(&library.begin(&call.body(()).unwrap().into_parts().0).unwrap());
    shown.add(&library);
    shown.assert_clean();
}

/// Each server quotes the secret that it was sent.
#[test]
fn a16_no_error_and_no_event_shows_what_a_server_echoes() {
    let shown = Shown::default();
    let secret = Secret::new(SECRET).unwrap();
    let seen = shown.clone();
    let credential = credential_fn(move |request: &TokenRequest<'_>| {
        let body = format!("client_secret={SECRET}");
        let ask = Request::post("https://login.example/token").body(body.as_bytes()).unwrap();
        let ask = TokenExchange::new(ask).with_secret(&secret);
        seen.add(&(request, &ask));
        let answer = request.send(&ask)?;
        seen.add(&answer);
        let error = request.refusal("login.example", &answer);
        seen.add(&(error.to_string(), &error));
        if request.is_refused() { Err(error) } else { Ok(token().into()) }
    });
    let mock = MockTransport::from_fn(|request| {
        let is_login = request.uri().host() == Some("login.example");
        let (status, sent) = if is_login { (400, SECRET) } else { (401, TOKEN) };
        let echo = format!(r#"{{"error": {{"code": "{sent}", "message": "{sent}"}}}}"#);
        Reply::json(status, echo).header("www-authenticate", sent)
    });
    let client = Client::builder(Endpoint::COMMERCIAL, credential, mock.clone())
        .clock(mock.clock())
        .observer(shown.clone())
        .build();
    // The mock shows what the request contains.
    let harmless = Upload::new("a.ps1".parse().unwrap(), b"Get-Date");
    shown.add_error(&client.upload(&harmless).unwrap_err());
    shown.add_error(&Error::from(CredentialError::new("no token")));
    let [_login, upload, _login_again] = mock.requests();
    shown.add(&(upload, mock));
    shown.assert_clean();
}

#[test]
fn a14_no_log_of_ours_holds_token_or_content() {
    if !child::is_child() {
        child::run("redaction::a14_no_log_of_ours_holds_token_or_content", &[]);
        return;
    }
    let emulator = Emulator::builder().token(TOKEN).start().unwrap();
    let client = mde_live_response::client(Endpoint::parse(emulator.base_url()).unwrap(), token());
    for level in [LevelFilter::Debug, LevelFilter::Trace] {
        let records = child::records(level, || drop(client.upload(&upload())));
        assert!(!records.is_empty(), "nothing recorded at {level}");
        for (_, target, text) in records {
            // At trace, ureq writes hex dumps, as the documentation says.
            if target.starts_with("mde_live_response") || level == LevelFilter::Debug {
                assert!(!text.contains("canary"), "{target} at {level}: {text}");
            }
        }
    }
}
