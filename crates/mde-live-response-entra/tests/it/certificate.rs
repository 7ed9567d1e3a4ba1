//! An application with a certificate: what its key signs, judged by openssl, and files that cannot sign.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mde_live_response_core::policy::Clock;
use mde_live_response_core::{Effect, ErrorKind};
use mde_live_response_entra::EntraCredential;
use mde_live_response_mock::{Application, FakeLibrary, ManualClock, MockTransport};
use mde_live_response_testkit::TempDir;
use serde_json::{Value, json};

use crate::{builder, successful, upload};

/// SHA-256 of the certificate in `chain.pem` and `pkcs1.pem`, by openssl.
const THUMBPRINT: &str = "4NChGP_vgTnSJ_V1hYwmvlOhvQYlofF5rKG7Afk63QE";

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "it", "fixtures", name].iter().collect()
}

fn credential(file: impl Into<PathBuf>) -> EntraCredential {
    EntraCredential::with_certificate_file("a-tenant", "a-client", file).unwrap()
}

/// The assertion of a token request with this file.
fn assertion(name: &str) -> (String, SystemTime) {
    let mock = successful();
    let now = mock.clock().time_of_day();
    builder(credential(fixture(name)), mock.clone(), &mock.clock())
        .build()
        .upload(&upload())
        .unwrap();
    let [request, _] = mock.requests();
    let body = str::from_utf8(request.body()).unwrap();
    let (_, assertion) = body.split_once("&client_assertion=").unwrap();
    (assertion.to_owned(), now)
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn the_assertion_is_the_documented_one_and_openssl_verifies_it() {
    for name in ["chain.pem", "pkcs1.pem"] {
        let (assertion, now) = assertion(name);
        let parts: Vec<_> = assertion.split('.').collect();
        let &[head, claims, signature] = parts.as_slice() else { panic!("{assertion}") };
        assert_eq!(decoded(head), json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": THUMBPRINT }));
        let mut claims_read = decoded(claims);
        let id = claims_read.as_object_mut().unwrap().remove("jti").unwrap();
        assert_eq!(id.as_str().unwrap().len(), 22, "16 random bytes");
        let now = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert_eq!(
            claims_read,
            json!({
                "aud": "https://login.microsoftonline.com/a-tenant/oauth2/v2.0/token",
                "iss": "a-client",
                "sub": "a-client",
                "nbf": now,
                "iat": now,
                "exp": now + 600,
            })
        );
        let dir = TempDir::new();
        let data = dir.write("data", format!("{head}.{claims}"));
        let signature = dir.write("signature", URL_SAFE_NO_PAD.decode(signature).unwrap());
        let mut openssl = Command::new("openssl");
        openssl.args(["dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss"]);
        openssl.args(["-sigopt", "rsa_pss_saltlen:digest", "-verify"]).arg(fixture("public.pem"));
        match openssl.arg("-signature").args([signature, data]).output() {
            Ok(judged) => assert_eq!(
                (judged.status.success(), String::from_utf8_lossy(&judged.stdout).trim()),
                (true, "Verified OK")
            ),
            Err(_) if std::env::var_os("CI_REQUIRE_TOOLS").is_none() => {
                eprintln!("skipped: openssl is not installed");
            }
            Err(error) => panic!("openssl: {error}"),
        }
    }
}

#[test]
fn two_assertions_differ() {
    assert_ne!(assertion("chain.pem").0, assertion("chain.pem").0);
}

#[test]
fn the_service_accepts_the_certificate_and_the_file_is_read_for_each_token() {
    let dir = TempDir::new();
    let file = dir.write("key.pem", fs::read(fixture("chain.pem")).unwrap());
    let clock = ManualClock::new();
    let application = Application::new("a-tenant", "a-client").with_certificate(THUMBPRINT);
    let time = clock.clone();
    let library = FakeLibrary::builder().application(application).now(move || time.time_of_day());
    let library = library.build();
    let client = builder(credential(&file), library.clone(), &clock).build();
    client.upload(&upload()).unwrap();
    library.revoke_tokens();
    fs::write(&file, fs::read(fixture("pkcs1.pem")).unwrap()).unwrap();
    client.upload(&upload()).unwrap();
    library.revoke_tokens();
    fs::write(&file, "").unwrap();
    assert_eq!(client.upload(&upload()).unwrap_err().kind(), &ErrorKind::NoToken);
    assert_eq!(library.token_calls(), 2);
    // Another certificate is refused.
    let other = Application::new("a-tenant", "a-client").with_certificate("another");
    let library = FakeLibrary::builder().application(other).build();
    let error = builder(credential(fixture("chain.pem")), library, &ManualClock::new()).build();
    let error = error.upload(&upload()).unwrap_err();
    assert_eq!(error.code(), Some("AADSTS700213"));
}

#[test]
fn a_file_that_cannot_sign_is_named_with_the_reason() {
    let dir = TempDir::new();
    let chain = fs::read_to_string(fixture("chain.pem")).unwrap();
    let key_alone = dir.write(
        "alone.pem",
        &chain[chain.find("-----BEGIN PRIVATE").unwrap()..chain.rfind("-----BEGIN CERT").unwrap()],
    );
    for (file, expected) in [
        (fixture("ec.pem"), "has a key that is not RSA"),
        (fixture("sec1.pem"), "has a key that is not RSA"),
        (fixture("encrypted.pem"), "has an encrypted key"),
        (fixture("short.pem"), "has an RSA key that is too short"),
        (fixture("long.pem"), "has an RSA key that is too long"),
        (fixture("mismatch.pem"), "has no certificate for its key"),
        (fixture("public.pem"), "has no private key"),
        (key_alone, "has no certificate"),
        (dir.write("empty.pem", ""), "has no private key"),
        (dir.path().join("none.pem"), "does not exist"),
    ] {
        let mock = MockTransport::new();
        let client = builder(credential(&file), mock.clone(), &mock.clock()).build();
        let error = client.upload(&upload()).unwrap_err();
        mock.assert_unused();
        assert_eq!((error.kind(), error.effect()), (&ErrorKind::NoToken, Effect::NotApplied));
        assert!(error.help().is_some_and(|help| help.contains("openssl pkcs12")));
        let shown = error.to_string();
        assert!(shown.contains(&format!("{} {expected}", file.display())), "{shown}");
    }
}
