//! Every error as a person sees it: one snapshot, `messages.txt`. No other test depends on a sentence.
//!
//! Change the file with `MESSAGES_WRITE=1`, and read the difference: could you act on it at night?

mod inputs;

use std::io;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mde_live_response_core::auth::{
    Credential, CredentialError, IssuedToken, Secret, TokenExchange, TokenRequest, credential_fn,
};
use mde_live_response_core::http::{Request, StatusCode};
use mde_live_response_core::library::Description;
use mde_live_response_core::policy::{CancelToken, ClientBuilder, Clock as _, Pacing, RetryPolicy};
use mde_live_response_core::transport::{Phase, TransportError, TransportErrorKind};
use mde_live_response_core::{
    AccessToken, Client, Effect, Endpoint, Error, FileName, IfExists, LibraryFile,
};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use crate::support::{Canned, EMPTY_SHA256, assert_snapshot, json, upload};

/// The name of a case, and its reply.
type Scripted = (&'static str, fn() -> Reply);

/// Text of the snapshot so far.
#[derive(Default)]
struct Messages(String);

impl Messages {
    fn add(&mut self, case: &str, error: &Error) {
        let help = error.help().unwrap_or_else(|| "-".to_owned());
        // The system's own words differ between systems.
        let shown = format!("{error:?}");
        let shown = shown.find("(os error").map_or(&*shown, |_| shown.rsplit_once(": ").unwrap().0);
        let line = format!("== {case}\n{error}\nhelp: {help}\n{shown}\n\n");
        assert_eq!(line.trim_end().lines().count(), 4, "{case}: a message is one line:\n{line}");
        self.0.push_str(&line);
    }
}

#[test]
fn messages_are_as_in_the_snapshot() {
    let mut messages = Messages::default();
    inputs::inputs(&mut messages);
    inputs::files(&mut messages);
    tokens(&mut messages);
    statuses(&mut messages);
    faults(&mut messages);
    unusable_answers(&mut messages);
    unknown_outcomes(&mut messages);
    limits(&mut messages);

    assert_snapshot("messages.txt", "MESSAGES_WRITE", &messages.0, |text| {
        let cases = text.split("\n\n").map(|case| case.trim_end().to_owned());
        cases.filter(|case| !case.is_empty()).collect()
    });
}

fn name() -> FileName {
    upload().name().clone()
}

/// A client of this script that tries once, waits for nothing and resolves nothing.
fn once(replies: impl IntoIterator<Item = Reply>) -> Client {
    builder(replies).retry(RetryPolicy::NONE).build()
}

fn builder(replies: impl IntoIterator<Item = Reply>) -> ClientBuilder {
    replies.into_iter().fold(MockTransport::new(), MockTransport::reply).client_builder()
}

fn uploading(reply: Reply) -> Error {
    once([reply]).upload(&upload()).unwrap_err()
}

fn deleting(reply: Reply) -> Error {
    once([reply]).delete(&name()).unwrap_err()
}

fn listing(reply: Reply) -> Error {
    listed(&once([reply]))
}

fn listed(client: &Client) -> Error {
    client.list().collect::<Result<Vec<LibraryFile>, Error>>().unwrap_err()
}

/// A token of this audience and permission that expires this many seconds from now.
fn token(audience: &str, permission: &str, expires_in: i64) -> AccessToken {
    let now = MockTransport::new().clock().time_of_day();
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let payload = format!(
        r#"{{"aud":"{audience}","roles":["{permission}"],"exp":{}}}"#,
        now.saturating_add_signed(expires_in)
    );
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    AccessToken::new(format!("{}.{}.c2ln", encode("{}"), encode(&payload))).unwrap()
}

fn with_credential(
    credential: impl Credential + 'static,
    replies: impl IntoIterator<Item = Reply>,
) -> ClientBuilder {
    let mock = replies.into_iter().fold(MockTransport::new(), MockTransport::reply);
    let clock = mock.clock();
    Client::builder(Endpoint::COMMERCIAL, credential, mock).clock(clock).retry(RetryPolicy::NONE)
}

/// Asks a login host for a token, as a credential of a company may.
fn from_login_host(request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
    let url = "https://login.example.com/token";
    let secret =
        Secret::new("hunter2").map_err(|invalid| CredentialError::message(invalid.to_string()))?;
    let form = Request::post(url).body(b"grant".as_slice()).map_err(CredentialError::new)?;
    let answer = request.send(&TokenExchange::new(form).with_secret(&secret))?;
    Err(request.refusal("login.example.com", &answer))
}

fn tokens(messages: &mut Messages) {
    let says = |error: fn() -> CredentialError| {
        let client = with_credential(credential_fn(move |_| Err(error())), []).build();
        client.upload(&upload()).unwrap_err()
    };
    let error = says(|| CredentialError::message("az: run az login first"));
    messages.add("credential: message", &error);
    let error = says(|| CredentialError::new(io::Error::from(io::ErrorKind::NotFound)));
    messages.add("credential: cause", &error);
    let error = says(|| {
        CredentialError::message("login.example.com issued no token")
            .with_status(StatusCode::UNAUTHORIZED)
            .with_code("AADSTS7000222")
            .with_description("The provided client secret keys are expired.")
            .with_help("Create a new client secret.")
    });
    messages.add("credential: refusal with help", &error);
    for (case, reply) in [
        ("lost", Reply::lost()),
        ("no connection", Reply::refused_connection()),
        ("400", Reply::json(400, r#"{"error":"invalid_grant"}"#)),
        ("503", Reply::status(503)),
        ("429", Reply::error(429, "slow_down")),
        ("429 with a wait", Reply::status(429).header("retry-after", "600")),
        ("302", Reply::status(302).header("location", "https://portal.example.com/?secret")),
        ("200", Reply::status(200)),
    ] {
        let client = with_credential(credential_fn(from_login_host), [reply]).build();
        let error = client.delete(&name()).unwrap_err();
        messages.add(&format!("credential: login host, {case}"), &error);
    }

    let endpoint = Endpoint::COMMERCIAL;
    let ours = endpoint.audience();
    for (case, token) in [
        ("other audience", token("https://graph.microsoft.com", "Library.Manage", 3_600)),
        ("no permission", token(ours, "Machine.Read.All", 3_600)),
        ("expired", token(ours, "Library.Manage", -720)),
    ] {
        let client = |replies: Vec<Reply>, check| {
            with_credential(token.clone(), replies).check_tokens(check).build()
        };
        let error = client(Vec::new(), true).upload(&upload()).unwrap_err();
        messages.add(&format!("token checked first: {case}"), &error);
        for status in [401, 403] {
            let error = client(vec![Reply::error(status, "Denied")], false).upload(&upload());
            messages.add(&format!("token explains {status}: {case}"), &error.unwrap_err());
        }
    }
}

fn statuses(messages: &mut Messages) {
    let html = "<html>\n<h1>Blocked by policy</h1>";
    let html = |status| Reply::status(status).header("content-type", "text/html").body(html);
    let replies: [Scripted; 23] = [
        ("302 to another host", || {
            Reply::status(302).header("location", "https://portal.example.com/login?secret")
        }),
        ("307 to a path", || Reply::status(307).header("location", "/elsewhere")),
        ("400", || Reply::error(400, "InvalidRequestBody")),
        ("400 Conflict", || Reply::error(400, "Conflict")),
        ("401", || Reply::error(401, "Unauthorized")),
        ("401 without a body", || Reply::status(401)),
        ("403", || Reply::error(403, "Forbidden")),
        ("404", || Reply::json(404, "no such page")),
        ("407", || Reply::status(407)),
        ("408", || Reply::status(408)),
        ("409", || Reply::error(409, "Conflict")),
        ("410", || Reply::status(410)),
        ("413", || Reply::status(413)),
        ("422", || Reply::error(422, "Other")),
        ("429", || Reply::status(429)),
        ("429 with a wait", || Reply::error(429, "TooMany").header("retry-after", "90")),
        ("429 with a wait of a minute", || Reply::status(429).header("retry-after", "60")),
        ("429 with a wait of a day", || Reply::status(429).header("retry-after", "86400")),
        ("500", || Reply::error(500, "InternalError")),
        ("501", || Reply::status(501)),
        ("503", || Reply::status(503)),
        ("503 with a wait", || Reply::status(503).header("retry-after", "7")),
        ("504", || Reply::status(504)),
    ];
    for (status, reply) in replies {
        messages.add(&format!("upload: {status}"), &uploading(reply()));
        messages.add(&format!("delete: {status}"), &deleting(reply()));
        messages.add(&format!("list: {status}"), &listing(reply()));
    }
    messages.add("upload: 403 from a gateway", &uploading(html(403)));
    messages.add("upload: 502 from a gateway", &uploading(html(502)));
    messages.add("upload: 503 before the body was sent", &uploading(Reply::status(503).early()));
    messages.add("upload: 401 before the body was sent", &uploading(Reply::status(401).early()));
}

fn faults(messages: &mut Messages) {
    use TransportErrorKind::{
        AnswerTooLarge, Cancelled, Certificate, ClientCertificate, Connect, Local, Protocol, Proxy,
        ProxyRefused, Receive, Resolve, Send, Timeout, Tls, Unsupported,
    };
    let fault = |kind| {
        let cause = match kind {
            Resolve => "no address for this name",
            Connect => "connection refused",
            Tls => "the peer closed the connection in the handshake",
            Certificate => "unknown issuer",
            Proxy => "the proxy answered 502",
            ProxyRefused => "the proxy answered 403",
            ClientCertificate => "received fatal alert: CertificateRequired",
            Receive | Send => "connection reset by peer",
            Local => "too many open files",
            _ => return TransportError::new(kind),
        };
        let error = TransportError::new(kind).with_source(cause);
        match kind {
            Proxy | ProxyRefused => error.with_proxy("proxy.example:3128"),
            _ => error,
        }
    };
    for kind in [
        Resolve,
        Connect,
        Tls,
        Certificate,
        ClientCertificate,
        Proxy,
        ProxyRefused,
        Timeout(Phase::Resolve),
        Timeout(Phase::Connect),
        Timeout(Phase::Send),
        Local,
        Unsupported,
        Send,
        Cancelled,
    ] {
        let early = || Reply::fault(fault(kind).with_effect(Effect::NotApplied));
        messages.add(&format!("upload: {kind:?}, not applied"), &uploading(early()));
        messages.add(&format!("delete: {kind:?}, not applied"), &deleting(early()));
    }
    for kind in [
        Send,
        Receive,
        Timeout(Phase::Send),
        Timeout(Phase::Receive),
        Protocol,
        AnswerTooLarge,
        ClientCertificate,
        Cancelled,
    ] {
        let late = || Reply::fault(fault(kind));
        messages.add(&format!("upload: {kind:?}"), &uploading(late()));
        messages.add(&format!("delete: {kind:?}"), &deleting(late()));
        messages.add(&format!("list: {kind:?}"), &listing(late()));
    }
    messages
        .add("upload: success before the body was sent", &uploading(Reply::status(200).early()));
    messages.add("upload: status 100", &uploading(Reply::status(100)));

    let client = |failing: bool| {
        let draw = move |_: &mut [u8]| {
            if failing { Err(io::Error::other("no randomness")) } else { Ok(()) }
        };
        MockTransport::new().client_builder().random(draw).build()
    };
    messages.add("no randomness", &client(true).upload(&upload()).unwrap_err());
    let text = "0".repeat(40).parse::<Description>().unwrap();
    let stuck = client(false).upload(&upload().with_description(text)).unwrap_err();
    messages.add("randomness that repeats", &stuck);
}

fn unusable_answers(messages: &mut Messages) {
    let replies: [Scripted; 10] = [
        ("unexpected status", || Reply::json(202, r#"{"status":"queued"}"#)),
        ("no body", || Reply::status(200)),
        ("compressed", || Reply::json(200, "\u{1f}zz").header("content-encoding", "gzip")),
        ("other character set", || {
            Reply::status(200).header("content-type", "text/html; charset=utf-16").body("<html>")
        }),
        ("page of a gateway", || {
            Reply::status(200)
                .header("content-type", "text/html")
                .body("<html>Please log in</html>")
        }),
        ("JSON of another kind", || Reply::json(200, r#"{"ok":true}"#)),
        ("error with a status of success", || Reply::error(200, "InternalError")),
        ("unreadable sha256", || {
            Reply::json(200, r#"{"fileName":"collect-dns.ps1","sha256":"zz"}"#)
        }),
        ("unreadable sha256 in a list", || {
            Reply::json(200, r#"{"value":[{"fileName":"a.ps1","sha256":"zz"}]}"#)
        }),
        ("link to another host", || {
            Reply::json(200, r#"{"value":[],"@odata.nextLink":"https://example.com/?page=2"}"#)
        }),
    ];
    for (case, reply) in replies {
        messages.add(&format!("upload: {case}"), &uploading(reply()));
        messages.add(&format!("list: {case}"), &listing(reply()));
    }
    let circle = MockTransport::from_fn(|request| {
        let link = format!("{}/api/libraryfiles?again", Endpoint::COMMERCIAL.base());
        assert!(request.number() <= 100);
        Reply::json(200, format!(r#"{{"value":[],"@odata.nextLink":"{link}"}}"#))
    });
    messages.add("list: more than 100 pages", &listed(&circle.client()));
    let page = Reply::status(200).header("content-type", "text/html").body("<html>Please log in");
    messages.add("delete: page of a gateway", &deleting(page));
    messages.add("delete: unexpected status", &deleting(Reply::status(202)));
    messages.add("upload: no sha256", &uploading(Reply::stored().without("sha256")));
    messages.add("upload: other name", &uploading(Reply::library_file("collect.ps1")));
    let other = Reply::stored().with_sha256(EMPTY_SHA256);
    messages.add("upload: other bytes", &uploading(other));
}

fn unknown_outcomes(messages: &mut Messages) {
    let mut add = |case: &str, replies: Vec<Reply>| {
        let error = builder(replies).build().upload(&upload()).unwrap_err();
        messages.add(case, &error);
    };
    let lists = |entity: &str| Reply::json(200, format!(r#"{{"value":[{entity}]}}"#));
    let other = format!(r#"{{"fileName":"collect-dns.ps1","sha256":"{EMPTY_SHA256}"}}"#);
    let unverified = r#"{"fileName":"collect-dns.ps1"}"#;
    add("lost, then listed with other bytes", vec![Reply::lost(), lists(&other)]);
    add("500, then listed with other bytes", vec![Reply::error(500, "Oops"), lists(&other)]);
    add("lost, then listed without sha256", vec![Reply::lost(), lists(unverified)]);
    add("lost, then the listing is refused", vec![Reply::lost(), Reply::error(403, "Forbidden")]);
    let again = |last| vec![Reply::timeout(), lists(""), last];
    add(
        "lost, not listed, then 401",
        again(Reply::status(401)).into_iter().chain([Reply::status(401)]).collect(),
    );
    add("lost, not listed, then 409", again(Reply::error(409, "Conflict")));
    add("lost, not listed, then lost", again(Reply::lost()));
    add("lost, not listed, then other bytes", again(Reply::stored().with_sha256(EMPTY_SHA256)));

    let replacing = upload().with_if_exists(IfExists::Override);
    let replies = [Reply::lost(), Reply::error(500, "Oops"), Reply::lost()];
    let error = builder(replies).build().upload(&replacing).unwrap_err();
    messages.add("replacing, lost three times", &error);
    let error = builder([Reply::lost(), Reply::error(403, "Forbidden")]).build().upload(&replacing);
    messages.add("replacing, lost, then 403", &error.unwrap_err());
    let error = builder([Reply::lost(), Reply::error(403, "Forbidden")]).build().delete(&name());
    messages.add("delete, lost, then 403", &error.unwrap_err());
    let refused = (0..3).map(|_| Reply::refused_connection());
    messages
        .add("no connection three times", &builder(refused).build().upload(&upload()).unwrap_err());
}

fn limits(messages: &mut Messages) {
    let asked = Reply::status(429).header("retry-after", "90");
    let client = builder([asked]).retry(RetryPolicy::NONE).pacing(Pacing::FailFast).build();
    listed(&client);
    messages.add("upload: own rate limit", &client.upload(&upload()).unwrap_err());
    messages.add("list: own rate limit", &listed(&client));
    messages.add("list: own rate limit while all calls run", &listed_while_calls_run());

    let asked = Reply::status(429).header("retry-after", "7200");
    let client = builder([asked]).deadline(Duration::from_secs(60)).build();
    messages.add("upload: asked to wait past the deadline", &client.upload(&upload()).unwrap_err());

    let cancel = CancelToken::new();
    cancel.cancel();
    let client = once([]).cancelled_by(&cancel);
    messages.add("upload: cancelled before it began", &client.upload(&upload()).unwrap_err());
    messages.add("delete: cancelled before it began", &client.delete(&name()).unwrap_err());
    messages.add("list: cancelled before it began", &listed(&client));
}

/// All calls of a minute are running, so no time to wait is known.
fn listed_while_calls_run() -> Error {
    let barriers = Arc::new([Barrier::new(101), Barrier::new(101)]);
    let inside = Arc::clone(&barriers);
    let transport = Canned::with(move |_, _| {
        inside.iter().for_each(|barrier| _ = barrier.wait());
        Ok(json(200, r#"{"value":[]}"#))
    });
    let builder = transport.builder().clock(ManualClock::new());
    let client = builder.pacing(Pacing::FailFast).build();
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| assert!(client.list().next().is_none()));
        }
        barriers[0].wait();
        let error = listed(&client);
        barriers[1].wait();
        error
    })
}
