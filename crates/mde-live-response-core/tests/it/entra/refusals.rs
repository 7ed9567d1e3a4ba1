//! A login host that says no, and what is made of its words.

use mde_live_response_core::{AuthErrorKind, Delivery};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};

use super::{builder, refusal};
use crate::support::{expect_error, upload};

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
