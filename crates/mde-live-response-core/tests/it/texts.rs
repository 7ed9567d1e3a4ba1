//! V28-V34: descriptions, and the boundary between the parts.

use mde_live_response_core::http::Uri;
use mde_live_response_core::wire::UploadForm;
use mde_live_response_core::{
    AccessToken, Delivery, Description, Endpoint, FileName, InvalidText, ParametersDescription,
    Random, RandomError, SendRecord, TransportErrorKind, Upload,
};

use crate::support::{AAAA, Canned, Drawn, NAME, expect_error, shown_causes, stored, upload};

/// The form of an upload, with the boundary `0b`.
fn form_of(upload: &Upload) -> String {
    use std::io::Read;

    let form = UploadForm::render(upload, &"0b".parse().unwrap());
    let mut record = SendRecord::new();
    let token = AccessToken::new("t").unwrap();
    let mut body = String::new();
    let mut request = form.request(&Endpoint::COMMERCIAL, &token, &mut record);
    request.body_mut().read_to_string(&mut body).unwrap();
    body
}

fn tiny() -> Upload {
    Upload::new("a.txt".parse().unwrap(), b"x")
}

const NO_TEXTS: &str = "--0b\r\n\
    Content-Disposition: form-data; name=\"HasParameters\"\r\n\
    \r\n\
    false\r\n\
    --0b\r\n\
    Content-Disposition: form-data; name=\"OverrideIfExists\"\r\n\
    \r\n\
    false\r\n\
    --0b\r\n\
    Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\
    Content-Type: text/plain\r\n\
    \r\n\
    x\r\n\
    --0b--\r\n";

#[test]
fn v28_description_empty_or_absent() {
    assert_eq!(form_of(&tiny()), NO_TEXTS);
    let empty = tiny().description("".parse().unwrap());
    let expected = format!(
        "--0b\r\nContent-Disposition: form-data; name=\"Description\"\r\n\r\n\r\n{NO_TEXTS}"
    );
    assert_eq!(form_of(&empty), expected);

    let empty = tiny().parameters("".parse().unwrap());
    let expected = format!(
        "--0b\r\nContent-Disposition: form-data; name=\"ParametersDescription\"\r\n\r\n\r\n{}",
        NO_TEXTS.replacen("false", "true", 1)
    );
    assert_eq!(form_of(&empty), expected, "an empty text is a text: the script has parameters");
}

#[test]
fn v29_description_too_long() {
    let max = 4 * 1024 * 1024;
    let longest = "x".repeat(max);
    assert_eq!(longest.parse::<Description>().unwrap().as_str(), longest);
    let over = format!("{longest}x");
    let error = |field| InvalidText::TooLong { field, len: max + 1, max };
    assert_eq!(over.parse::<Description>(), Err(error("description")));
    assert_eq!(Description::try_from(over.clone()), Err(error("description")));
    assert_eq!(over.parse::<ParametersDescription>(), Err(error("parameters description")));

    let ours = InvalidText::TooLong { field: "description", len: 4, max: 3 };
    assert_eq!(Description::with_max_bytes("\u{e9}\u{e9}", 3), Err(ours), "bytes, not characters");
    assert!(Description::with_max_bytes(over, max + 1).is_ok(), "the limit is the caller's to set");
}

#[test]
fn v30_description_with_anything_visible() {
    for text in [
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
        let expected = format!(
            "--0b\r\nContent-Disposition: form-data; name=\"Description\"\r\n\r\n{text}\r\n{NO_TEXTS}"
        );
        assert_eq!(
            form_of(&tiny().description(text.parse().expect(text))),
            expected,
            "case: {text:?}"
        );
    }
}

#[test]
fn v31_description_with_a_guessed_boundary() {
    let text =
        "x\r\n--guessed\r\nContent-Disposition: form-data; name=\"OverrideIfExists\"\r\n\r\ntrue";
    let transport = Canned::new(stored());
    let upload = upload().description(text.parse().unwrap());
    let mut drawn = Vec::new();
    for _ in 0..3 {
        transport.client().upload(&upload).unwrap();
        let sent = transport.sent().pop().unwrap();
        let content_type = sent.headers["content-type"].to_str().unwrap();
        let boundary =
            content_type.strip_prefix("multipart/form-data; boundary=").unwrap().to_owned();
        assert!(
            boundary.len() == 40 && boundary.bytes().all(|b| b.is_ascii_hexdigit()),
            "{boundary}"
        );
        let body = String::from_utf8(sent.body).unwrap();
        assert_eq!(body.matches(&boundary).count(), 5, "once a part, and once at the end");
        assert_eq!(
            body.split(&format!("--{boundary}")).nth(1).unwrap(),
            format!("\r\nContent-Disposition: form-data; name=\"Description\"\r\n\r\n{text}\r\n")
        );
        drawn.push(boundary);
    }
    drawn.sort();
    drawn.dedup();
    assert_eq!(drawn.len(), 3, "a new one for each call");
}

#[test]
fn v32_description_with_control_character() {
    let allowed = ['\t', '\n', '\r'];
    let controls = (0..0x20).chain(0x7f..0xa0).filter_map(char::from_u32);
    for found in controls.filter(|c| !allowed.contains(c)) {
        let text = format!("\u{e9}{found}");
        let error = |field| InvalidText::Control { field, found, at: 2 };
        assert_eq!(text.parse::<Description>(), Err(error("description")));
        assert_eq!(text.parse::<ParametersDescription>(), Err(error("parameters description")));
        assert!(!error("description").to_string().chars().any(char::is_control), "{found:?}");
    }
}

#[test]
fn v33_boundary_found_in_a_value() {
    let name = || NAME.parse::<FileName>().unwrap();
    let text = format!("x{AAAA}x");
    let cases = [
        ("description", Upload::new(name(), b"x").description(text.parse().unwrap())),
        ("parameters", Upload::new(name(), b"x").parameters(text.parse().unwrap())),
        ("name", Upload::new(text.parse().unwrap(), b"x")),
        (
            "media type",
            Upload::new(name(), b"x").content_type(format!("a/{text}").parse().unwrap()),
        ),
    ];
    for (case, upload) in cases {
        let random = Drawn::each(&[0xaa, 0xaa, 0xbb]);
        let draws = random.count();
        let transport = Canned::new(stored());
        // The answer is for another content; only what was sent matters here.
        transport.builder().random(random).build().upload(&upload).unwrap_err();
        let content_type = transport.only().headers["content-type"].clone();
        assert_eq!(
            content_type,
            format!("multipart/form-data; boundary={}", "b".repeat(40)),
            "case: {case}"
        );
        assert_eq!(*draws.lock().unwrap(), 3, "case: {case}");
    }
}

#[test]
fn v33_boundary_found_whatever_is_drawn() {
    let upload = upload().description(AAAA.parse().unwrap());
    let transport = Canned::new(stored());
    let client = transport.builder().random(Drawn::same(0xaa)).build();
    let error = client.upload(&upload).unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert_eq!(expect_error!(error, Transport, "").kind(), TransportErrorKind::Local);
    assert_eq!(transport.sent().len(), 0);
}

#[test]
fn v34_random_source_fails() {
    #[derive(Debug)]
    struct Dry;

    impl Random for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError::new(std::io::Error::other("dry")))
        }
    }

    let transport = Canned::new(stored());
    let error = transport.builder().random(Dry).build().upload(&upload()).unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    let shown = error.to_string();
    let error = expect_error!(error, Transport, "");
    assert_eq!(error.kind(), TransportErrorKind::Local);
    assert_eq!(
        shown,
        "`collect-dns.ps1`: this machine lacks what the exchange needs; nothing was stored"
    );
    assert_eq!(shown_causes(&error), ["no random bytes to be had", "dry"]);
    assert_eq!(transport.sent().len(), 0);
}

#[test]
fn a_base_url_with_a_path_keeps_it() {
    let endpoint = Endpoint::custom("https://proxy.example:8443/mde/").unwrap();
    let form_upload = tiny();
    let form = UploadForm::render(&form_upload, &"0b".parse().unwrap());
    let token = AccessToken::new("t").unwrap();
    let mut record = SendRecord::new();
    let request = form.request(&endpoint, &token, &mut record);
    assert_eq!(request.uri(), &Uri::from_static("https://proxy.example:8443/mde/api/libraryfiles"));
}
