//! H1-H15, H25, H27-H30, H36: what each status means, in one attempt.

use mde_live_response_core::{
    Delivery, Error, IfExists, Phase, ResponseErrorKind, ServiceErrorKind, TransportError,
    TransportErrorKind,
};

use crate::support::{
    Canned, NAME, SHA256, answer, expect_error, failure, json, shown_causes, stored, upload,
};

const DOCUMENTED: &str = r#"{"error":{"code":"InvalidRequestBody","message":"Request body is incorrect","target":"b6e1f7a2-0000-4000-8000-000000000000"}}"#;

#[test]
fn h01_200_with_entity() {
    let stored = Canned::new(stored()).client().upload(&upload()).unwrap();
    assert_eq!(
        (stored.file_name(), stored.sha256().unwrap().to_string()),
        (NAME, SHA256.to_owned())
    );
}

#[test]
fn h02_success_without_entity() {
    for (status, body) in [(200, ""), (204, ""), (201, "")] {
        let error = failure(answer(status, &[], body));
        assert_eq!(error.delivery(), Delivery::Delivered, "case: {status}");
        assert_eq!(error.status().map(|it| it.as_u16()), Some(status));
        assert_eq!(
            error.to_string(),
            format!(
                "`collect-dns.ps1`: status {status} without the stored entity; the library now holds a \
                 file under this name"
            )
        );
        assert_eq!(expect_error!(error, Response, status).kind(), &ResponseErrorKind::Missing);
    }
}

#[test]
fn h03_201_with_entity() {
    let mut reply = stored();
    *reply.status_mut() = 201.try_into().unwrap();
    assert_eq!(Canned::new(reply).client().upload(&upload()).unwrap().file_name(), NAME);
}

#[test]
fn h04_other_success() {
    for status in [202, 203, 205, 206, 299] {
        let mut reply = stored();
        *reply.status_mut() = status.try_into().unwrap();
        let error = failure(reply);
        assert_eq!(error.delivery(), Delivery::Unknown, "case: {status}");
        assert_eq!(error.status().map(|it| it.as_u16()), Some(status));
        assert_eq!(
            expect_error!(error, Response, status).kind(),
            &ResponseErrorKind::UnexpectedStatus
        );
    }
}

#[test]
fn h05_200_with_a_login_page() {
    let page = format!(
        "<html>\r\n<title>Sign\u{1b}[31m in</title>{}",
        "<p>\u{202e}\u{e9}</p>".repeat(10_000)
    );
    let error = failure(answer(200, &[("content-type", "text/html; charset=utf-8")], page));
    assert_eq!(error.delivery(), Delivery::Unknown);
    let shown = error.to_string();
    assert_eq!(
        shown,
        "`collect-dns.ps1`: status 200, but the answer is not JSON, text/html; charset=utf-8, starts with \
         \"<html>  <title>Sign [31m in</title><p>\\u{202e}\u{e9}</p><p>\\u{202e}\u{e9}</p><p>\\u{202e}\u{e9}</p><p>\\u{202e}\u{e9}</p><p>\\u{202e}\u{e9}</p>…\"; \
         it is unknown whether the file was stored"
    );
    let error = expect_error!(error, Response, "");
    assert_eq!(error.kind(), &ResponseErrorKind::NotJson);
    assert_eq!(error.content_type(), Some("text/html; charset=utf-8"));
    assert_eq!(error.excerpt().chars().count(), 300);
}

#[test]
fn h06_400_as_documented() {
    let error = failure(json(400, DOCUMENTED));
    assert_eq!(
        (error.delivery(), error.is_retryable(), error.is_conflict()),
        (Delivery::NotDelivered, false, false)
    );
    assert_eq!(error.service_code(), Some("InvalidRequestBody"));
    let error = expect_error!(error, Service, 400);
    assert_eq!(error.kind(), ServiceErrorKind::Rejected);
    assert_eq!(error.status(), 400);
    assert_eq!(error.code(), Some("InvalidRequestBody"));
    assert_eq!(error.message(), Some("Request body is incorrect"));
    assert_eq!(error.target(), Some("b6e1f7a2-0000-4000-8000-000000000000"));
    assert_eq!(error.excerpt(), "");
    assert_eq!(
        error.to_string(),
        "`collect-dns.ps1`: the service rejects the request (400 InvalidRequestBody: Request body is \
         incorrect (support id b6e1f7a2-0000-4000-8000-000000000000)); nothing was stored"
    );
}

/// A code is a field, never a word of the message.
#[test]
fn h06_400_code_is_never_guessed() {
    for (case, body, code, message) in [
        (
            "message only",
            r#"{"error":{"message":"Conflict: exists"}}"#,
            None,
            Some("Conflict: exists"),
        ),
        ("nulls", r#"{"error":{"code":null,"message":null,"target":null}}"#, None, None),
        (
            "new fields",
            r#"{"error":{"code":"X","innerError":{"a":[1]},"details":[]},"x":1}"#,
            Some("X"),
            None,
        ),
        ("BOM", "\u{feff}{\"error\":{\"code\":\"X\"}}", Some("X"), None),
    ] {
        let error = failure(json(400, body));
        assert!(!error.is_conflict(), "case: {case}");
        let error = expect_error!(error, Service, case);
        assert_eq!((error.code(), error.message()), (code, message), "case: {case}");
    }
}

#[test]
fn h07_400_with_anything_else() {
    let deep = "[".repeat(100_000);
    let cut = &DOCUMENTED[..40];
    for (case, body, excerpt) in [
        ("nothing", "", ""),
        ("HTML", "<h1>Bad Request</h1>", "<h1>Bad Request</h1>"),
        ("cut JSON", cut, cut),
        ("other JSON", r#"{"message":"no"}"#, r#"{"message":"no"}"#),
        ("error is a text", r#"{"error":"invalid"}"#, r#"{"error":"invalid"}"#),
        ("error is null", r#"{"error":null}"#, r#"{"error":null}"#),
        ("code is a number", r#"{"error":{"code":5}}"#, r#"{"error":{"code":5}}"#),
        ("array", r#"[["Conflict","m","t"]]"#, r#"[["Conflict","m","t"]]"#),
        (
            "error is an array",
            r#"{"error":["Conflict","m","t"]}"#,
            r#"{"error":["Conflict","m","t"]}"#,
        ),
        ("deep", &deep, &deep[..300]),
        ("control characters", "a\r\n\u{1b}[2Jb", "a   [2Jb"),
    ] {
        let error = failure(answer(400, &[], body));
        assert_eq!(error.delivery(), Delivery::NotDelivered, "case: {case}");
        assert!(!error.to_string().chars().any(char::is_control), "case: {case}");
        let error = expect_error!(error, Service, case);
        assert_eq!(error.kind(), ServiceErrorKind::Rejected, "case: {case}");
        assert_eq!(
            (error.code(), error.message(), error.target()),
            (None, None, None),
            "case: {case}"
        );
        assert_eq!(error.excerpt(), excerpt, "case: {case}");
    }
    let error =
        expect_error!(failure(answer(400, &[], b"\xff\xfe".to_vec())), Service, "not UTF-8");
    assert_eq!(error.excerpt(), "\u{fffd}\u{fffd}");
}

#[test]
fn h08_400_already_exists() {
    let by_code = failure(json(400, r#"{"error":{"code":"Conflict","message":"schon da"}}"#));
    assert_eq!((by_code.is_conflict(), by_code.delivery()), (true, Delivery::NotDelivered));
    assert!(by_code.help().unwrap().starts_with("the name is taken"));
    assert_eq!(expect_error!(by_code, Service, "").kind(), ServiceErrorKind::Rejected);
    let by_words =
        failure(json(400, r#"{"error":{"code":"BadRequest","message":"File already exists"}}"#));
    assert!(!by_words.is_conflict(), "English text says nothing");
    assert_eq!(by_words.service_code(), Some("BadRequest"), "the code is there to decide on");
}

#[test]
fn h10_404() {
    let error = failure(json(404, r#"{"error":{"code":"NotFound","message":"x"}}"#));
    assert_eq!((error.delivery(), error.is_retryable()), (Delivery::NotDelivered, false));
    assert_eq!(
        error.help().unwrap(),
        "check the base URL: neither its host nor its path should give 404"
    );
    assert_eq!(expect_error!(error, Service, 404).kind(), ServiceErrorKind::Rejected);
}

#[test]
fn h11_other_refusals() {
    for status in
        [402, 405, 406, 410, 411, 412, 415, 417, 418, 421, 422, 425, 426, 428, 431, 451, 499]
    {
        let error = failure(json(status, DOCUMENTED));
        assert_eq!(
            (error.delivery(), error.is_retryable()),
            (Delivery::NotDelivered, false),
            "case: {status}"
        );
        assert_eq!(error.status().map(|it| it.as_u16()), Some(status));
        assert_eq!(
            expect_error!(error, Service, status).kind(),
            ServiceErrorKind::Rejected,
            "case: {status}"
        );
    }
}

#[test]
fn h13_408() {
    let error = failure(answer(408, &[], ""));
    assert_eq!((error.delivery(), error.is_retryable()), (Delivery::NotDelivered, true));
    assert_eq!(expect_error!(error, Service, 408).kind(), ServiceErrorKind::Server);
}

/// A wait is told beside any refusal, for whoever decides on a repeat.
#[test]
fn h13_408_with_a_wait() {
    for (status, delivery) in
        [(408, Delivery::NotDelivered), (413, Delivery::NotDelivered), (500, Delivery::Unknown)]
    {
        let error = failure(answer(status, &[("retry-after", "5")], ""));
        let wait = error.retry_after().map(|it| it.as_secs());
        assert_eq!((error.delivery(), wait), (delivery, Some(5)), "case: {status}");
        assert!(matches!(error, Error::Service(_)), "case: {status}: {error:?}");
        assert_eq!(failure(answer(status, &[], "")).retry_after(), None, "case: {status}");
    }
}

#[test]
fn h14_409() {
    let error = failure(answer(409, &[], ""));
    assert_eq!(
        (error.delivery(), error.is_retryable(), error.is_conflict()),
        (Delivery::NotDelivered, false, true)
    );
    assert_eq!(expect_error!(error, Service, 409).kind(), ServiceErrorKind::Rejected);
}

#[test]
fn h15_413_after_the_body() {
    let error = failure(answer(413, &[], "<html>Request Entity Too Large</html>"));
    assert_eq!((error.delivery(), error.is_retryable()), (Delivery::NotDelivered, false));
    assert_eq!(expect_error!(error, Service, 413).kind(), ServiceErrorKind::TooLarge);
}

/// The proxy's answer is no answer of the service: nothing of it is read as one.
#[test]
fn h12_407_from_a_proxy() {
    let error = failure(json(407, DOCUMENTED));
    assert_eq!((error.delivery(), error.service_code()), (Delivery::NotDelivered, None));
    assert_eq!(expect_error!(error, Transport, 407).kind(), TransportErrorKind::Proxy);
}

#[test]
fn h27_server_failed() {
    for status in [500, 502, 504, 503] {
        let error =
            failure(json(status, r#"{"error":{"code":"InternalServerError","message":"x"}}"#));
        assert_eq!(
            (error.delivery(), error.is_retryable()),
            (Delivery::Unknown, true),
            "case: {status}"
        );
        assert!(
            error.help().unwrap().starts_with("look into the library before another try"),
            "case: {status}"
        );
        let error = expect_error!(error, Service, status);
        assert_eq!(error.kind(), ServiceErrorKind::Server, "case: {status}");
        assert_eq!(error.code(), Some("InternalServerError"), "case: {status}");
    }
}

/// One attempt means the same, whatever a repeat may do.
#[test]
fn h28_server_failed_while_overriding() {
    for status in [500, 502, 504] {
        let transport = Canned::new(answer(status, &[], ""));
        let upload = upload().if_exists(IfExists::Override);
        let error = transport.client().upload(&upload).unwrap_err();
        assert_eq!(
            (error.delivery(), error.is_retryable()),
            (Delivery::Unknown, true),
            "case: {status}"
        );
        assert_eq!(expect_error!(error, Service, status).kind(), ServiceErrorKind::Server);
        transport.only();
    }
}

#[test]
fn h30_server_cannot() {
    for status in [501, 505, 506, 507, 508, 510, 511, 599] {
        let error = failure(answer(status, &[], ""));
        assert_eq!(
            (error.delivery(), error.is_retryable()),
            (Delivery::Unknown, false),
            "case: {status}"
        );
        assert_eq!(
            expect_error!(error, Service, status).kind(),
            ServiceErrorKind::Server,
            "case: {status}"
        );
    }
}

/// H35's 101 and a lone 100 too, should a transport let one through. 099 and a broken status line are no
/// `http::StatusCode`: they end in the transport.
#[test]
fn h36_no_status_of_http() {
    for status in [999, 600, 100, 101, 102, 103] {
        let error = failure(json(status, DOCUMENTED));
        assert_eq!(
            (error.delivery(), error.is_retryable()),
            (Delivery::Unknown, true),
            "case: {status}"
        );
        assert_eq!(shown_causes(&error), [format!("status {status}")]);
        assert_eq!(
            expect_error!(error, Transport, status).kind(),
            TransportErrorKind::Protocol,
            "case: {status}"
        );
    }
}

#[test]
fn every_status_gives_a_verdict_and_no_panic() {
    for status in 100..=999 {
        for reply in [
            answer(status, &[], ""),
            json(status, DOCUMENTED),
            answer(status, &[("retry-after", "1")], "x"),
        ] {
            let error = failure(reply);
            let expected = match status {
                200 | 201 | 204 | 503 => None,
                300..=499 => Some(Delivery::NotDelivered),
                _ => Some(Delivery::Unknown),
            };
            assert!(expected.is_none_or(|it| it == error.delivery()), "{status}: {error}");
            let retry = matches!(status, 408 | 429 | 500 | 502 | 503 | 504);
            assert_eq!(
                error.is_retryable() && matches!(error, Error::Service(_) | Error::Throttled(_)),
                retry,
                "{status}"
            );
        }
    }
}

/// The hash in the answer cannot have been computed from bytes that were not read.
#[test]
fn t33_success_before_the_body_was_read() {
    for read in [0, 10, 200] {
        let transport = Canned::with(move |request, body| {
            body.resize(read, 0);
            std::io::Read::read_exact(request.body_mut(), body).unwrap();
            Ok(stored())
        });
        let error = transport.client().upload(&upload()).unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown, "case: {read} bytes");
        assert_eq!(
            shown_causes(&error),
            ["status 200 came before the request was complete"],
            "case: {read} bytes"
        );
        let error = expect_error!(error, Transport, read);
        assert_eq!(error.kind(), TransportErrorKind::Protocol, "case: {read} bytes");
    }
}

#[test]
fn faults_that_may_pass_and_faults_that_stay() {
    use TransportErrorKind::{
        Certificate, Connect, Local, Protocol, Proxy, Receive, Refused, Resolve, ResponseTooLarge,
        Send, Timeout, Tls,
    };
    let passing = [Resolve, Connect, Tls, Timeout(Phase::Connect), Send, Receive, Protocol, Local]
        .map(|it| (it, true));
    let staying = [Certificate, Proxy, ResponseTooLarge, Refused].map(|it| (it, false));
    for (kind, expected) in passing.into_iter().chain(staying) {
        let error = Error::from(TransportError::new(kind, Delivery::Unknown));
        assert_eq!(error.is_retryable(), expected, "case: {kind:?}");
    }
}
