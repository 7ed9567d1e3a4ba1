//! The form on the wire, byte for byte, with its texts and its boundary, and the request around it.

use std::io::{self, Read};

use mde_live_response_core::error::{InvalidInput, Problem};
use mde_live_response_core::library::{Description, ParametersDescription};
use mde_live_response_core::operation::{Operation, UploadRequest};
use mde_live_response_core::transport::{Exchange, TransportErrorKind};
use mde_live_response_core::{Effect, Endpoint, ErrorKind, IfExists, Upload};
use mde_live_response_testkit::TempDir;

use crate::support::{AAAA, Canned, NAME, SHA256, drawn, sha256, shown_causes, stored, upload};

/// What closes every form with the boundary [`AAAA`].
pub(crate) const TAIL: &str = "\r\n--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa--\r\n";

/// The form with the boundary [`AAAA`].
fn request_of(upload: &Upload) -> UploadRequest<'_> {
    UploadRequest::new(upload, [0xaa; 20]).unwrap()
}

/// Reads the form in pieces of this size. Each read fills its buffer, and the length must be as announced.
fn read_in(exchange: &mut Exchange<'_>, step: usize) -> Vec<u8> {
    let (len, mut body) = (usize::try_from(exchange.body_len()).unwrap(), Vec::new());
    while body.len() != len {
        assert_eq!(exchange.read(&mut []).unwrap(), 0, "an empty buffer is not an end");
        let mut piece = vec![0; step];
        let n = exchange.read(&mut piece).unwrap();
        assert_eq!(n, step.min(len - body.len()), "a read fills the buffer");
        body.extend_from_slice(&piece[..n]);
    }
    assert_eq!(exchange.read(&mut [0; 8]).unwrap(), 0);
    body
}

/// The form as text, with the boundary `0b` for short.
fn form_of(upload: &Upload) -> String {
    let request = request_of(upload);
    let body = read_in(&mut request.exchange(&Endpoint::COMMERCIAL), 8192);
    String::from_utf8(body).unwrap().replace(AAAA, "0b")
}

const FULL: &str = "--0b\r\n\
    Content-Disposition: form-data; name=\"Description\"\r\n\
    \r\n\
    Collects the DNS client cache\r\n\
    --0b\r\n\
    Content-Disposition: form-data; name=\"ParametersDescription\"\r\n\
    \r\n\
    -Hours <n>\r\n\
    --0b\r\n\
    Content-Disposition: form-data; name=\"HasParameters\"\r\n\
    \r\n\
    true\r\n\
    --0b\r\n\
    Content-Disposition: form-data; name=\"OverrideIfExists\"\r\n\
    \r\n\
    true\r\n\
    --0b\r\n\
    Content-Disposition: form-data; name=\"file\"; filename=\"collect-dns.txt\"\r\n\
    Content-Type: text/plain\r\n\
    \r\n\
    Get-DnsClientCache\n\r\n\
    --0b--\r\n";

fn part(name: &str, text: &str) -> String {
    format!("--0b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
}

/// [`FULL`] without texts: its file, stored only if it is new.
fn plain() -> Upload {
    Upload::new("collect-dns.txt".parse().unwrap(), b"Get-DnsClientCache\n")
}

/// The form of [`plain`].
fn plain_form() -> String {
    let start = FULL.find(&part("HasParameters", "true")).unwrap();
    FULL[start..].replace("true", "false")
}

#[test]
fn the_whole_form_however_it_is_read() {
    let upload = plain()
        .with_description("Collects the DNS client cache".parse().unwrap())
        .with_parameters("-Hours <n>".parse().unwrap())
        .with_if_exists(IfExists::Override);
    let request = request_of(&upload);
    let expected = FULL.replace("0b", AAAA);
    for step in (1..=expected.len() + 1).chain([8192]) {
        let mut exchange = request.exchange(&Endpoint::COMMERCIAL);
        assert_eq!(read_in(&mut exchange, step), expected.as_bytes(), "{step} bytes at a time");
        assert_eq!(exchange.sent_sha256().unwrap().to_string(), SHA256, "{step} bytes at a time");
        assert!(exchange.take_source_error().is_none());
    }
}

#[test]
fn ten_threads_send_one_upload_of_one_open_file() {
    let bytes: Vec<u8> = (0..=255).chain(0..=7).cycle().take(200_000).collect();
    let upload = Upload::from_path(TempDir::new().write("a.bin", &bytes)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                let request = request_of(&upload);
                let mut exchange = request.exchange(&Endpoint::COMMERCIAL);
                read_in(&mut exchange, 1_000);
                assert_eq!(exchange.sent_sha256().unwrap().to_string(), sha256(&bytes));
            });
        }
    });
}

#[test]
fn the_request_line_and_headers() {
    let transport = Canned::new(stored());
    transport.builder().random(drawn(&[0xaa])).build().upload(&upload()).unwrap();
    let sent = transport.only();
    assert_eq!(sent.method(), "POST");
    assert_eq!(sent.uri(), "https://api.security.microsoft.com/api/libraryfiles");
    let headers = sent.headers().iter().map(|(name, it)| (name.as_str(), it.to_str().unwrap()));
    let mut headers: Vec<_> = headers.collect();
    headers.sort_unstable();
    let length = sent.body().len().to_string();
    let content_type = format!("multipart/form-data; boundary={AAAA}");
    let expected = [
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("authorization", "Bearer an-access-token"),
        ("content-length", &length),
        ("content-type", &content_type),
        ("user-agent", concat!("mde-live-response/", env!("CARGO_PKG_VERSION"))),
    ];
    assert_eq!(headers, expected);
    assert!(sent.headers()["authorization"].is_sensitive());
}

#[test]
fn the_media_type_is_guessed_from_the_name() {
    let unknown = "application/octet-stream";
    for (name, expected) in [
        ("A.TXT", "text/plain"),
        ("a.zip", "application/zip"),
        ("a.unheard-of", unknown),
        ("a", unknown),
        (".txt", unknown),
    ] {
        let form = form_of(&Upload::new(name.parse().unwrap(), b"x"));
        let part = format!("filename=\"{name}\"\r\nContent-Type: {expected}\r\n\r\nx");
        assert!(form.contains(&part), "case: {name}: {form}");
    }
}

#[test]
fn an_absent_text_has_no_part_and_an_empty_one_has() {
    assert_eq!(form_of(&plain()), plain_form());
    let empty = plain().with_parameters("".parse().unwrap());
    let expected = part("ParametersDescription", "") + &plain_form().replacen("false", "true", 1);
    assert_eq!(form_of(&empty), expected, "the script has parameters");
}

#[test]
fn texts_are_sent_as_they_are() {
    for text in [
        "",
        "two\nlines",
        "two\r\nlines",
        "\r\n",
        "lone \r and \t",
        "say \"hello\" \\ it's %22 100% & ;",
        "\u{1f9f0} na\u{ef}ve \u{53ce}",
        "--leading dashes",
        "--0c--",
        "\u{2028}\u{202e}",
    ] {
        let upload = plain().with_description(text.parse().expect(text));
        assert_eq!(form_of(&upload), part("Description", text) + &plain_form(), "case: {text:?}");
    }
}

/// Every conversion to either text refuses it for this reason.
#[track_caller]
fn assert_refused(text: &str, problem: &Problem, at: Option<usize>) {
    let error = |field| {
        let error = InvalidInput::new(field, problem.clone());
        at.map_or(error.clone(), |at| error.with_position(at))
    };
    let expected = error("description");
    assert!(!expected.to_string().chars().any(char::is_control), "{expected:?}");
    assert_eq!(Description::try_from(text).as_ref(), Err(&expected));
    assert_eq!(Description::try_from(text.to_owned()), Err(expected));
    assert_eq!(text.parse::<ParametersDescription>(), Err(error("parameters description")));
}

#[test]
fn texts_that_are_refused() {
    let max = 4 * 1024 * 1024;
    let longest = "x".repeat(max);
    assert_eq!(longest.parse::<Description>().unwrap().as_str(), longest);
    let over = longest + "x";
    let problem = |len: usize, max: usize| Problem::TooLong { len: len as u64, max: max as u64 };
    assert_refused(&over, &problem(max + 1, max), None);
    let ours = Description::with_max_bytes("\u{e9}\u{e9}", 3).unwrap_err();
    assert_eq!(ours.problem(), &problem(4, 3), "bytes, not characters");
    assert!(Description::with_max_bytes(over, max + 1).is_ok());

    let controls = (0..0x20).chain(0x7f..0xa0).filter_map(char::from_u32);
    for found in controls.filter(|c| !matches!(c, '\t' | '\n' | '\r')) {
        assert_refused(&format!("\u{e9}{found}"), &Problem::Character(found), Some(2));
    }
}

/// The boundary of the last request, and its body.
fn sent_by(transport: &Canned) -> (String, String) {
    let sent = transport.sent().pop().unwrap();
    let content_type = sent.headers()["content-type"].to_str().unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    (boundary.to_owned(), String::from_utf8(sent.into_body()).unwrap())
}

#[test]
fn each_call_has_a_boundary_that_no_text_can_guess() {
    let text = "x\r\n--guessed\r\n\r\ntrue";
    let (transport, mut boundaries) = (Canned::new(stored()), std::collections::BTreeSet::new());
    for _ in 0..3 {
        let upload = upload().with_description(text.parse().unwrap());
        transport.client().upload(&upload).unwrap();
        let (boundary, body) = sent_by(&transport);
        assert!(boundary.len() == 40 && boundary.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(body.matches(&boundary).count(), 5, "once a part, and once at the end");
        assert!(body.starts_with(&part("Description", text).replace("0b", &boundary)), "{body}");
        boundaries.insert(boundary);
    }
    assert_eq!(boundaries.len(), 3);
}

/// A boundary that stands in a text or in the name is drawn again; without another one nothing is sent.
#[test]
fn the_client_draws_four_boundaries_at_most() {
    let (text, plain) = (format!("x{AAAA}x"), || Upload::new(NAME.parse().unwrap(), b"x"));
    for (case, upload) in [
        ("description", plain().with_description(text.parse().unwrap())),
        ("parameters", plain().with_parameters(text.parse().unwrap())),
        ("name", Upload::new(text.parse().unwrap(), b"x")),
    ] {
        let transport = Canned::new(stored());
        let send = |blocks| transport.builder().random(drawn(blocks)).build().upload(&upload);
        // The answer is for another content; only what was sent matters here.
        send(&[0xaa, 0xaa, 0xaa, 0xbb]).expect_err(case);
        assert_eq!(sent_by(&transport).0, "b".repeat(40), "case: {case}");

        let error = send(&[0xaa, 0xaa, 0xaa, 0xaa, 0xbb]).expect_err(case);
        let local = ErrorKind::Transport(TransportErrorKind::Local);
        assert_eq!((error.kind(), error.effect()), (&local, Effect::NotApplied), "case: {case}");
        let dry = transport.builder().random(|_| Err(io::Error::other("dry"))).build();
        let error = dry.upload(&upload).expect_err(case);
        assert_eq!((error.kind(), error.effect()), (&local, Effect::NotApplied), "case: {case}");
        assert_eq!(shown_causes(&error).last().unwrap(), "dry");
        assert_eq!(transport.sent().len(), 1, "case: {case}");
    }
}
