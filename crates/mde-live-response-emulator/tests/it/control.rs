//! The control path: faults, journal, reset, and who may use it.

use std::fs;
use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use mde_live_response_emulator::{Application, Call, Emulator, FakeLibrary, Fault};
use mde_live_response_testkit::TempDir;
use serde_json::{Value, json};

use crate::support::{
    Answer, connect, delete, exchange, file, file_form, form, list, post, request, text, upload,
};

/// Sends a control request without the emulator's token, with these headers.
fn ask(emulator: &Emulator, line: &str, headers: &str, body: &str) -> Answer {
    let (method, action) = line.split_once(' ').unwrap();
    let length = body.len();
    let head = format!(
        "{method} /_emulator/{action} HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    exchange(emulator, &[head.as_bytes(), body.as_bytes()].concat())
}

fn control(emulator: &Emulator, line: &str, body: &str) -> Answer {
    ask(emulator, line, "Host: localhost\r\nX-Emulator: 1\r\n", body)
}

#[track_caller]
fn order(emulator: &Emulator, fault: &Value) {
    let answer = control(emulator, "POST faults", &fault.to_string());
    assert_eq!(answer.status, 204, "{fault}: {answer:?}");
}

/// Sends an upload of `a.ps1` and returns all that the server sends until it closes.
fn upload_to_the_end(emulator: &Emulator) -> Vec<u8> {
    let mut stream = connect(emulator);
    stream.write_all(&post(emulator, &file_form("a.ps1", b"x"))).unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).unwrap();
    heard
}

#[test]
fn faults_hit_the_calls_that_they_name_as_often_as_they_say_in_their_order() {
    let emulator = Emulator::start().unwrap();
    order(&emulator, &json!({ "status": 503, "times": 2, "headers": { "Retry-After": "7" } }));
    order(&emulator, &json!({ "on": "upload", "status": 429 }));
    order(&emulator, &json!({ "on": "token", "status": 400 }));
    let first = list(&emulator);
    assert_eq!((first.status, first.code().as_str()), (503, "ServiceUnavailable"));
    assert_eq!(first.headers["retry-after"], "7");
    let token = || exchange(&emulator, &request(&emulator, "POST /t/oauth2/v2.0/token", "", b""));
    let errors = [token(), token()].map(|answer| answer.json()["error"].clone());
    assert_eq!(errors, ["temporarily_unavailable", "invalid_request"], "each in Entra's form");
    let upload = || upload(&emulator, &file_form("a.ps1", b"x"));
    let outcomes = [upload().status, list(&emulator).status, upload().status];
    assert_eq!(outcomes, [503, 200, 429]);
    assert!(emulator.library().names().is_empty(), "a call with a fault's status has no effect");
    assert_eq!(upload().status, 200);
    order(&emulator, &json!({ "on": "delete", "status": 500 }));
    order(&emulator, &json!({ "status": 502 }));
    assert_eq!([list(&emulator).status, delete(&emulator, "a.ps1").status], [502, 500]);
    assert_eq!(delete(&emulator, "a.ps1").status, 204);
}

#[test]
fn a_dropped_answer_leaves_the_file_stored() {
    let emulator = Emulator::start().unwrap();
    order(&emulator, &json!({ "on": "upload", "dropAnswer": true }));
    assert_eq!(upload_to_the_end(&emulator), b"");
    assert_eq!(emulator.library().names(), ["a.ps1"]);
    let [seen] = emulator.journal().try_into().unwrap();
    assert_eq!((seen.status, seen.fault, seen.error), (None, true, None));
    assert_eq!(upload(&emulator, &file_form("a.ps1", b"y")).status, 200);
}

#[test]
fn a_wrong_hash_is_in_the_answer_only() {
    let emulator = Emulator::start().unwrap();
    let zeros = "0".repeat(64);
    emulator.fail_next(Fault::new().wrong_sha256().times(2));
    assert_eq!(upload(&emulator, &file_form("a.ps1", b"x")).json()["sha256"], zeros);
    assert_eq!(list(&emulator).json()["value"][0]["sha256"], zeros);
    let right = emulator.library().entry("a.ps1").unwrap().sha256.unwrap();
    assert_eq!(list(&emulator).json()["value"][0]["sha256"], right);
}

/// The delay is longer than any test waits, so the emulator ends it.
#[test]
fn a_delayed_answer_comes_after_the_effect_and_keeps_no_other_connection_waiting() {
    let emulator = Emulator::start().unwrap();
    emulator.fail_next(Fault::new().delay(Duration::from_secs(3600)).on(Call::Upload));
    let mut delayed = connect(&emulator);
    delayed.write_all(&post(&emulator, &file_form("a.ps1", b"x"))).unwrap();
    while emulator.journal().is_empty() {
        thread::yield_now();
    }
    assert_eq!(list(&emulator).json()["value"][0]["fileName"], "a.ps1");
    delayed.set_nonblocking(true).unwrap();
    let nothing = delayed.read(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    delayed.set_nonblocking(false).unwrap();
    drop(emulator);
    assert_eq!(delayed.read(&mut [0]).unwrap_or(0), 0);
}

#[test]
fn a_fault_that_makes_no_sense_is_refused_and_not_ordered() {
    let emulator = Emulator::start().unwrap();
    for fault in [
        "",
        "[]",
        "{}",
        r#"{"times":2}"#,
        r#"{"status":503,"times":0}"#,
        r#"{"status":200}"#,
        r#"{"status":600}"#,
        r#"{"status":"503"}"#,
        r#"{"status":503,"wrongSha256":true}"#,
        r#"{"delay":5}"#,
        r#"{"delayMs":-1}"#,
        r#"{"on":"uploads","status":503}"#,
        r#"{"headers":{"a b":"c"}}"#,
        r#"{"headers":{"a":"b\nc"}}"#,
        r#"{"status":503,"headers":{"Content-Length":"5"}}"#,
        r#"{"status":503,"headers":{"transfer-encoding":"chunked"}}"#,
    ] {
        let answer = control(&emulator, "POST faults", fault);
        let outcome = (answer.status, answer.code());
        assert_eq!(outcome, (400, "InvalidRequestBody".to_owned()), "case: {fault}");
        assert_eq!(list(&emulator).status, 200, "case: {fault}");
    }
    let refused = thread::scope(|it| it.spawn(|| emulator.fail_next(Fault::new())).join());
    assert!(refused.is_err());
}

/// A web page of another origin cannot set the header; one whose name leads to this machine shows that name.
#[test]
fn the_control_path_is_closed_to_web_pages_and_without_its_token() {
    let open = Emulator::start().unwrap();
    let closed = Emulator::builder().control_token("the-token").start().unwrap();
    let cases = [
        (&open, "Host: localhost\r\nX-Emulator: 1\r\n", 200),
        (&open, "Host: LOCALHOST:80\r\nX-Emulator: 1\r\n", 200),
        (&open, "Host: 127.0.0.1:8080\r\nx-emulator: 1\r\n", 200),
        (&open, "Host: [::1]:8080\r\nX-Emulator: 1\r\n", 200),
        (&open, "Host: localhost\r\n", 403),
        (&open, "Host: localhost\r\nX-Emulator: 2\r\n", 403),
        (&open, "Host: localhost\r\nX-Emulator: 1\r\nX-Emulator: 1\r\n", 403),
        (&open, "Host: localhost.example\r\nX-Emulator: 1\r\n", 403),
        (&open, "Host: 127.0.0.1.example\r\nX-Emulator: 1\r\n", 403),
        (&open, "Host: 192.0.2.1\r\nX-Emulator: 1\r\n", 403),
        (&open, "Host: localhost\r\nHost: page.example\r\nX-Emulator: 1\r\n", 403),
        (&open, "X-Emulator: 1\r\n", 403),
        (&closed, "Host: localhost\r\nX-Emulator: 1\r\n", 403),
        (&closed, "Host: localhost\r\nX-Emulator: the-token\r\n", 200),
        (&closed, "Host: page.example\r\nX-Emulator: the-token\r\n", 403),
    ];
    for (emulator, headers, status) in cases {
        let answer = ask(emulator, "GET journal", headers, "");
        assert_eq!(answer.status, status, "case: {headers:?}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("the-token"), "case: {headers:?}");
    }
    let asking = "Host: localhost\r\nOrigin: https://page.example\r\n\
                  Access-Control-Request-Headers: x-emulator\r\n";
    let preflight = ask(&open, "OPTIONS faults", asking, "");
    assert_eq!(preflight.status, 403);
    assert!(!preflight.headers.keys().any(|name| name.starts_with("access-control")));
    assert!(open.journal().is_empty(), "control requests are not calls");
    for token in ["", "two words"] {
        assert!(Emulator::builder().control_token(token).start().is_err(), "case: {token:?}");
    }
}

#[test]
fn each_control_request_has_its_method_and_a_largest_body() {
    let emulator = Emulator::start().unwrap();
    for (line, body, status, allow) in [
        ("GET health", String::new(), 200, ""),
        ("POST reset", String::new(), 204, ""),
        ("POST health", String::new(), 405, "GET"),
        ("POST journal", String::new(), 405, "GET"),
        ("GET faults", String::new(), 405, "POST"),
        ("GET reset", String::new(), 405, "POST"),
        ("GET expire-tokens", String::new(), 405, "POST"),
        ("GET ", String::new(), 404, ""),
        ("GET api/libraryfiles", String::new(), 404, ""),
        ("POST faults", " ".repeat(65_536), 400, ""),
        ("POST faults", " ".repeat(1_000_000), 413, ""),
    ] {
        let answer = control(&emulator, line, &body);
        let allowed = answer.headers.get("allow").map_or("", String::as_str);
        assert_eq!((answer.status, allowed), (status, allow), "case: {line}, {} bytes", body.len());
    }
    assert_eq!(control(&emulator, "GET health", "").json()["status"], "ok");
}

#[test]
fn the_journal_has_every_call_without_token_secret_query_and_content() {
    let emulator = Emulator::start().unwrap();
    let parts = [text("Description", "canary-text"), file("a.ps1", b"canary-content")];
    assert_eq!(upload(&emulator, &form(&parts)).status, 200);
    assert_eq!(upload(&emulator, &form(&parts)).status, 400);
    let asking = b"grant_type=client_credentials&client_id=a&client_secret=canary-secret";
    let headers = format!(
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
        asking.len()
    );
    exchange(
        &emulator,
        &request(&emulator, "POST /t/oauth2/v2.0/token?q=canary", &headers, asking),
    );
    let seen = control(&emulator, "GET journal", "").json();
    let field = |name, filename, size, sha256| json!({ "name": name, "filename": filename, "size": size, "sha256": sha256 });
    let fields = json!([
        field(
            "Description",
            json!(null),
            11,
            "a7dce7ebc5c54069976a7ce8664102476907543fffd16dc7a47733ac4973a1a0"
        ),
        field(
            "file",
            json!("a.ps1"),
            14,
            "9a1e39cda564a96f937b7ef3d1dcb61b6badb7974c5608a8c4bb59e412330617"
        ),
    ]);
    let call = |path, status, bytes, error, fields| {
        json!({ "method": "POST", "path": path, "status": status, "bytes": bytes, "fault": false,
                "error": error, "fields": fields })
    };
    let (files, bytes) = ("/api/libraryfiles", form(&parts).len());
    assert_eq!(
        seen,
        json!([
            call(files, 200, bytes, json!(null), fields.clone()),
            call(files, 400, bytes, json!("a file of this name exists"), fields),
            call("/t/oauth2/v2.0/token", 400, asking.len(), json!("invalid_request"), json!([])),
        ])
    );
    for secret in ["canary", emulator.token()] {
        assert!(!format!("{seen} {:?}", emulator.journal()).contains(secret), "{seen}");
    }
    for _ in 0..1_000 {
        list(&emulator);
    }
    assert_eq!(emulator.journal().len(), 1_000);
    assert!(emulator.journal().iter().all(|seen| seen.method == "GET"), "the oldest are gone");
}

#[test]
fn expired_tokens_are_refused_until_the_next_one_is_issued() {
    let application = Application::new("t", "a").with_secret("s");
    let library = FakeLibrary::builder().application(application).build();
    let emulator = Emulator::builder().library(library).start().unwrap();
    let form = "grant_type=client_credentials&client_id=a&client_secret=s&\
                scope=https://api.securitycenter.microsoft.com/.default";
    let headers = format!(
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
        form.len()
    );
    let token = || {
        let request = request(&emulator, "POST /t/oauth2/v2.0/token", &headers, form.as_bytes());
        exchange(&emulator, &request).json()["access_token"].as_str().unwrap().to_owned()
    };
    let list = |token: &str| {
        let head = format!(
            "GET /api/libraryfiles HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        exchange(&emulator, head.as_bytes()).status
    };
    let first = token();
    assert_eq!(list(&first), 200);
    assert_eq!(control(&emulator, "POST expire-tokens", "").status, 204);
    assert_eq!([list(&first), list(&token())], [401, 200]);
}

#[test]
fn a_reset_returns_to_the_files_at_start_also_on_disk() {
    let (state, seed) = (TempDir::new(), TempDir::with([("a.ps1", "one"), ("b.txt", "two")]));
    fs::create_dir(seed.path().join("folder")).unwrap();
    let start = || Emulator::builder().state_dir(state.path()).seed_dir(seed.path()).start();
    let emulator = start().unwrap();
    assert_eq!(emulator.library().names(), ["a.ps1", "b.txt"]);
    for _ in 0..2 {
        assert_eq!(upload(&emulator, &file_form("a.ps1", b"changed")).status, 200);
        assert_eq!(upload(&emulator, &file_form("c.ps1", b"new")).status, 200);
        assert_eq!(delete(&emulator, "b.txt").status, 204);
        while list(&emulator).status != 429 {}
        order(&emulator, &json!({ "status": 503 }));
        assert_eq!(control(&emulator, "POST reset", "").status, 204);
        assert!(emulator.journal().is_empty());
        assert_eq!(list(&emulator).status, 200, "neither fault nor rate limit");
        assert_eq!(emulator.library().content("a.ps1").unwrap(), b"one");
        assert_eq!(emulator.library().names(), ["a.ps1", "b.txt"]);
    }
    assert_eq!(delete(&emulator, "b.txt").status, 204);
    drop(emulator);
    assert_eq!(start().unwrap().library().names(), ["a.ps1"], "what was kept wins over the seed");
}

#[test]
fn a_seed_that_the_library_cannot_hold_is_an_error_at_start_that_names_it() {
    let dir = TempDir::new();
    let large = dir.path().join("large");
    fs::File::create(&large).unwrap().set_len(20 * 1024 * 1024 + 1).unwrap();
    let error = Emulator::builder().seed_dir(dir.path()).start().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    assert!(error.to_string().contains(large.to_str().unwrap()), "{error}");
    let bad = TempDir::with([("a;b", "x")]);
    let error = Emulator::builder().seed_dir(bad.path()).start().unwrap_err().to_string();
    assert!(error.contains("a;b"), "{error}");
    let absent = dir.path().join("absent");
    let error = Emulator::builder().seed_dir(&absent).start().unwrap_err().to_string();
    assert!(error.contains(absent.to_str().unwrap()), "{error}");
}
