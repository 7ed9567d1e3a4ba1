//! The library as the transport of a real client, and of requests that no client would make.

use std::time::Duration;

use http::{Request, Response};
use mde_live_response_core::transport::{
    Exchange, Limits, Transport, TransportError, TransportErrorKind,
};
use mde_live_response_core::{AccessToken, Client, Effect, Endpoint, ErrorKind, IfExists, Upload};
use mde_live_response_mock::{ExistsAnswer, FakeLibrary};
use mde_live_response_testkit::TempDir;

use crate::common::{CANARY, client, judged, name, send, upload};

const BEARER: (&str, &str) = ("authorization", "Bearer t");

#[test]
fn an_upload_is_stored_and_verified() {
    let library = FakeLibrary::builder().token(CANARY).build();
    let upload = upload().with_parameters("-Hours <n>".parse().unwrap());
    let stored = client(library.clone()).upload(&upload).unwrap();
    assert_eq!(stored.file_name(), "collect-dns.ps1");
    let entry = library.entry("collect-dns.ps1").unwrap();
    assert_eq!(entry.description.as_deref(), Some("Collects the DNS client cache"));
    assert_eq!(entry.parameters_description.as_deref(), Some("-Hours <n>"));
    assert!(entry.has_parameters);
    assert_eq!(library.content("collect-dns.ps1").unwrap(), b"Get-DnsClientCache");
}

#[test]
fn an_existing_file_is_a_conflict_until_overridden() {
    let library = FakeLibrary::builder().exists_answer(ExistsAnswer::Conflict409).build();
    let client = client(library.clone());
    client.upload(&upload()).unwrap();
    let refused = client.upload(&upload()).unwrap_err();
    assert!(*refused.kind() == ErrorKind::NameTaken);
    assert_eq!(refused.effect(), Effect::NotApplied);
    client.upload(&upload().with_if_exists(IfExists::Override)).unwrap();
    assert_eq!(library.calls(), 3);
}

#[test]
fn r09_of_overriding_uploads_at_once_each_sees_its_own_bytes() {
    let library = FakeLibrary::new();
    let client = client(library.clone());
    let uploads = [1_u8, 2].map(|byte| {
        let upload = Upload::new(name(), vec![byte; 100_000]).with_if_exists(IfExists::Override);
        (byte, upload)
    });
    let stored = std::thread::scope(|scope| {
        let client = &client;
        let threads = uploads.each_ref().map(|(byte, upload)| {
            scope.spawn(move || (*byte, *client.upload(upload).unwrap().sha256().unwrap()))
        });
        threads.map(|thread| thread.join().unwrap())
    });
    let last = library.content("collect-dns.ps1").unwrap()[0];
    let entry = library.entry("collect-dns.ps1").unwrap();
    let of_last = stored.iter().find(|(byte, _)| *byte == last).unwrap().1;
    assert_eq!(entry.sha256, Some(of_last.to_string()));
    assert_ne!(stored[0].1, stored[1].1, "each is told the hash of its own bytes");
}

#[test]
fn r10_of_uploads_of_one_name_at_once_one_succeeds() {
    let library = FakeLibrary::new();
    let client = client(library.clone());
    let outcomes = std::thread::scope(|scope| {
        let threads = [(); 8].map(|()| scope.spawn(|| client.upload(&upload())));
        threads.map(|thread| thread.join().unwrap())
    });
    assert_eq!(outcomes.iter().filter(|it| it.is_ok()).count(), 1);
    assert!(
        outcomes.iter().filter_map(|it| it.as_ref().err()).all(|it| it.status().unwrap() == 400)
    );
    assert_eq!(library.names(), ["collect-dns.ps1"]);
}

#[test]
fn v12_names_beyond_ascii_come_through() {
    for name in ["é.ps1", "e\u{301}.ps1", "日本語.ps1", "🦀 a.ps1", "100%.ps1"] {
        let library = FakeLibrary::new();
        let upload = Upload::new(name.parse().unwrap(), b"x");
        assert_eq!(client(library.clone()).upload(&upload).unwrap().file_name(), name);
        assert_eq!(library.names(), [name]);
    }
}

#[test]
fn v24_a_file_of_the_largest_size_is_stored() {
    let library = FakeLibrary::new();
    let upload = Upload::new(name(), vec![b'-'; 20 * 1024 * 1024]);
    client(library.clone()).upload(&upload).unwrap();
    assert_eq!(library.content("collect-dns.ps1").unwrap().len(), 20 * 1024 * 1024);
}

#[test]
fn tokens_and_rates_are_judged() {
    let wrong = FakeLibrary::builder().token("another").build();
    assert_eq!(client(wrong).upload(&upload()).unwrap_err().status().unwrap(), 401);
    let forbidden = FakeLibrary::builder().forbidden_token(CANARY).build();
    assert_eq!(client(forbidden).upload(&upload()).unwrap_err().status().unwrap(), 403);

    let library = FakeLibrary::new();
    let client = client(library.clone());
    let upload = upload().with_if_exists(IfExists::Override);
    for _ in 0..100 {
        client.upload(&upload).unwrap();
    }
    let throttled = client.upload(&upload).unwrap_err();
    assert_eq!(throttled.retry_after(), Some(Duration::from_secs(60)));
    library.advance(Duration::from_secs(60));
    client.upload(&upload).unwrap();
}

#[test]
fn a_base_url_may_have_a_path() {
    let library = FakeLibrary::new();
    let endpoint = Endpoint::parse("https://gateway.example/defender").unwrap();
    let token = AccessToken::new("t").unwrap();
    Client::builder(endpoint, token, library.clone()).build().upload(&upload()).unwrap();
    assert_eq!(library.names(), ["collect-dns.ps1"]);
}

#[test]
fn other_methods_and_paths_lead_nowhere() {
    let library = FakeLibrary::new();
    let cases = [
        ("PUT", "/api/libraryfiles", 405, Some("GET, POST")),
        ("DELETE", "/api/libraryfiles", 405, Some("GET, POST")),
        ("GET", "/api/libraryfiles/a", 405, Some("DELETE")),
        ("GET", "/api/files", 404, None),
        ("POST", "/api/libraryfiles/", 404, None),
        ("DELETE", "/api/libraryfiles/%zz", 404, None),
    ];
    for (method, path, status, allow) in cases {
        let answer = send(&library, method, path, &[BEARER], b"").unwrap();
        assert_eq!(answer.status(), status, "case: {method} {path}");
        let allowed = answer.headers().get("allow").map(|it| it.to_str().unwrap());
        assert_eq!(allowed, allow, "case: {method} {path}");
        let code = if status == 404 { "NotFound" } else { "" };
        assert_eq!(judged(&answer).1, code, "case: {method} {path}");
    }
    assert_eq!(library.calls(), 0);
}

#[test]
fn authorization_must_be_one_bearer_token() {
    let list = |headers: &[(&'static str, &str)]| {
        send(&FakeLibrary::new(), "GET", "/api/libraryfiles", headers, b"").unwrap().status()
    };
    let cases = [
        ("Bearer t", 200),
        ("bearer t", 200),
        ("Basic t", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("t", 401),
        ("", 401),
    ];
    for (value, status) in cases {
        assert_eq!(list(&[("authorization", value)]), status, "case: {value}");
    }
    assert_eq!(list(&[]), 401);
    assert_eq!(list(&[BEARER, BEARER]), 401);
}

#[test]
fn v41_a_file_that_shrinks_is_not_stored() {
    let dir = TempDir::new();
    let path = dir.write("shrinks", "0123456789");
    let upload = Upload::from_path(&path).unwrap();
    let library = FakeLibrary::new();
    let token = AccessToken::new("t").unwrap();
    let transport = Shrinking(library.clone(), path.clone());
    let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();
    let error = client.upload(&upload).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Source(_)), "{error}");
    assert_eq!((library.calls(), library.names().len()), (0, 0));
}

#[derive(Debug)]
struct Shrinking(FakeLibrary, std::path::PathBuf);

impl Transport for Shrinking {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        std::fs::write(&self.1, "0").unwrap();
        let error = self.0.send(exchange).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Send);
        assert_eq!(error.effect(), Some(Effect::NotApplied));
        Err(error)
    }
}

#[test]
fn the_answer_s_limit_is_kept() {
    let library = FakeLibrary::new();
    for n in 0..100 {
        library.insert(format!("{n}"), "");
    }
    let request = Request::get("https://host/api/libraryfiles").header(BEARER.0, BEARER.1);
    let exchange = Exchange::new(request.body(&[][..]).unwrap()).unwrap();
    let mut exchange = exchange.with_limits(Limits::new().with_max_answer(1_000));
    let error = library.send(&mut exchange).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::AnswerTooLarge);
}
