//! What describes an application, and where it is read from.

use std::ffi::OsString;

use mde_live_response_core::auth::Secret;
use mde_live_response_core::error::InvalidInput;
use mde_live_response_entra::EntraCredential;

use crate::secret;

/// Compares the field and the kind of problem.
#[track_caller]
fn assert_invalid(case: &str, error: &InvalidInput, field: &str, problem: &str) {
    let found = format!("{:?}", error.problem());
    let found = found.split(['(', ' ']).next().unwrap();
    assert_eq!((error.field(), found), (field, problem), "case: {case}");
}

#[test]
fn a03_a_secret_of_other_text_is_refused() {
    for (text, problem) in [
        ("", "Empty"),
        (" \n", "Empty"),
        ("canary\n", "Edge"),
        ("\u{a0}canary", "Edge"),
        ("canary\0x", "SecretCharacter"),
        ("canary\r\nx", "SecretCharacter"),
        ("canary\u{85}x", "SecretCharacter"),
    ] {
        let error = Secret::new(text).unwrap_err();
        assert_invalid(text, &error, "secret", problem);
        assert_eq!(text.parse::<Secret>().unwrap_err(), error);
    }
}

#[test]
fn tenant_and_client_are_ids() {
    let long = "x".repeat(256);
    for text in [
        "", ".", "..", "-", "a/b", "a\\b", "a b", "a?b", "a#b", "a%2F", "a@b", "a:b", "é", "a\n",
        "a_b", &long,
    ] {
        let proof = || secret("a-secret");
        for (error, field) in [
            (EntraCredential::with_secret(text, "a-client", proof()), "tenant"),
            (EntraCredential::with_secret("a-tenant", text, proof()), "client ID"),
            (EntraCredential::with_token_file(text, "a-client", "f"), "tenant"),
            (EntraCredential::with_token_file("a-tenant", text, "f"), "client ID"),
        ] {
            assert_invalid(text, &error.unwrap_err(), field, "Form");
        }
    }
    for text in ["a", "A-1.b", &long[1..]] {
        EntraCredential::with_secret(text, text, secret("a-secret")).unwrap();
    }
}

type Variable = (&'static str, &'static str);

const TENANT: Variable = ("AZURE_TENANT_ID", "t");
const CLIENT: Variable = ("AZURE_CLIENT_ID", "c");
const SECRET: Variable = ("AZURE_CLIENT_SECRET", "canary");
const CERTIFICATE: Variable = ("AZURE_CLIENT_CERTIFICATE_PATH", "/c");
const FILE: Variable = ("AZURE_FEDERATED_TOKEN_FILE", "/f");

fn from(table: &[Variable]) -> Result<EntraCredential, InvalidInput> {
    from_raw(&table.iter().map(|(key, value)| (*key, (*value).into())).collect::<Vec<_>>())
}

fn from_raw(table: &[(&str, OsString)]) -> Result<EntraCredential, InvalidInput> {
    EntraCredential::from_lookup(|name| {
        table.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
    })
}

#[test]
fn the_environment_describes_the_application_or_a_variable_is_named() {
    // A full table with one variable replaced.
    let with = |key: &'static str, value: &'static str| -> Vec<Variable> {
        let others = [TENANT, CLIENT, SECRET].into_iter().filter(|(other, _)| *other != key);
        others.chain([(key, value)]).collect()
    };
    let either = "AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE";
    for (table, field, problem) in [
        (vec![], TENANT.0, "Missing"),
        (vec![CLIENT, SECRET], TENANT.0, "Missing"),
        (with(TENANT.0, ""), TENANT.0, "Missing"),
        (vec![TENANT, SECRET], CLIENT.0, "Missing"),
        (with(CLIENT.0, ""), CLIENT.0, "Missing"),
        (vec![TENANT, CLIENT], either, "Missing"),
        (with(SECRET.0, ""), either, "Missing"),
        (vec![TENANT, CLIENT, (FILE.0, "")], either, "Missing"),
        (with(TENANT.0, "a/b"), TENANT.0, "Form"),
        (with(TENANT.0, " "), TENANT.0, "Form"),
        (with(CLIENT.0, "a/b"), CLIENT.0, "Form"),
        (with(SECRET.0, "s\n"), SECRET.0, "Edge"),
        (with(SECRET.0, " "), SECRET.0, "Empty"),
        (with("AZURE_AUTHORITY_HOST", "http://l.example"), "AZURE_AUTHORITY_HOST", "NotLoopback"),
        (
            with("AZURE_AUTHORITY_HOST", "https://a:canary@l.example"),
            "AZURE_AUTHORITY_HOST",
            "Form",
        ),
    ] {
        let error = from(&table).unwrap_err();
        assert_invalid(&format!("{table:?}"), &error, field, problem);
        assert!(!format!("{error} {error:?}").contains("canary"), "case: {table:?}");
    }
    let secret = from(&with(SECRET.0, "can\0ary")).unwrap_err();
    assert_eq!(secret.at(), None, "a secret's length is not shown");
}

#[test]
fn the_secret_precedes_the_files_and_an_empty_variable_counts_as_not_set() {
    let means = |more: &[Variable]| {
        let shown = format!("{:?}", from(&[&[TENANT, CLIENT], more].concat()).unwrap());
        let (_, means) = shown.split_once("means: ").unwrap();
        means.split_once(", login").unwrap().0.to_owned()
    };
    assert_eq!(means(&[SECRET, CERTIFICATE, FILE]), "Secret");
    assert_eq!(means(&[CERTIFICATE, FILE]), "Certificate(\"/c\")");
    assert_eq!(means(&[(SECRET.0, ""), (CERTIFICATE.0, ""), FILE]), "TokenFile(\"/f\")");

    for (host, login) in [
        ("", None),
        ("https://l.example", Some("https://l.example")),
        ("https://l.example/", Some("https://l.example")),
        ("l.example/", Some("https://l.example")),
        ("HTTPS://l.example", Some("https://l.example")),
    ] {
        let credential = from(&[TENANT, CLIENT, FILE, ("AZURE_AUTHORITY_HOST", host)]).unwrap();
        assert_eq!(credential.login(), login, "case: {host}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_named_but_a_path_need_not_be() {
    use std::os::unix::ffi::OsStringExt;

    let raw = || OsString::from_vec(b"canary\xff".to_vec());
    for name in [TENANT.0, CLIENT.0, SECRET.0, "AZURE_AUTHORITY_HOST"] {
        let others = [TENANT, CLIENT, SECRET].into_iter().filter(|(other, _)| *other != name);
        let mut table: Vec<_> = others.map(|(key, value)| (key, value.into())).collect();
        table.push((name, raw()));
        let error = from_raw(&table).unwrap_err();
        assert_invalid(name, &error, name, "NotUtf8");
    }
    from_raw(&[(TENANT.0, "t".into()), (CLIENT.0, "c".into()), (FILE.0, raw())]).unwrap();
}
