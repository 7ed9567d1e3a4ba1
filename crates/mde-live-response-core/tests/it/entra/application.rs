//! Who asks: what names an application, and where it is read from.

use std::ffi::OsString;

use mde_live_response_core::{
    ClientSecret, EntraCredential, Error, InvalidApplication, InvalidEndpoint, InvalidSecret,
};

use crate::support::causes;

use InvalidApplication::{ClientId, Login, NoProof, NotSet, Secret, Tenant};

#[test]
fn a_secret_that_cannot_be_one_is_refused() {
    for (text, expected, shown) in [
        ("", InvalidSecret::Empty, "secret is empty"),
        (" \n", InvalidSecret::Empty, "secret is empty"),
        (
            "canary\n",
            InvalidSecret::Whitespace,
            "secret starts or ends with white space; trim what was read from a file",
        ),
        (
            "\u{a0}canary",
            InvalidSecret::Whitespace,
            "secret starts or ends with white space; trim what was read from a file",
        ),
        ("canary\0x", InvalidSecret::Control, "secret contains a control character"),
        ("canary\r\nx", InvalidSecret::Control, "secret contains a control character"),
        ("canary\u{85}x", InvalidSecret::Control, "secret contains a control character"),
    ] {
        assert_eq!(text.parse::<ClientSecret>().unwrap_err(), expected, "case: {text:?}");
        let refused = ClientSecret::new(text).unwrap_err();
        assert_eq!((refused, refused.to_string().as_str()), (expected, shown), "case: {text:?}");
    }
}

#[test]
fn tenant_and_client_are_identifiers_or_nothing() {
    let long = "x".repeat(256);
    let secret = || ClientSecret::new("a-secret").unwrap();
    for text in [
        "", ".", "..", "-", "a/b", "a\\b", "a b", "a?b", "a#b", "a%2F", "a@b", "a:b", "é", "a\n",
        "a_b", &long,
    ] {
        let tenant = EntraCredential::with_secret(text, "a-client", secret()).unwrap_err();
        let client = EntraCredential::with_secret("a-tenant", text, secret()).unwrap_err();
        assert_eq!((tenant, client), (Tenant, ClientId), "case: {text:?}");
        let tenant = EntraCredential::with_token_file(text, "a-client", "f").unwrap_err();
        let client = EntraCredential::with_token_file("a-tenant", text, "f").unwrap_err();
        assert_eq!((tenant, client), (Tenant, ClientId), "case: {text:?}");
    }
    for text in ["a", "A-1.b", &long[1..]] {
        EntraCredential::with_secret(text, text, secret()).unwrap();
    }
}

/// Looks variables up in a table.
fn from(table: &[(&str, &str)]) -> Result<EntraCredential, InvalidApplication> {
    from_raw(&table.iter().map(|(key, value)| (*key, (*value).into())).collect::<Vec<_>>())
}

fn from_raw(table: &[(&str, OsString)]) -> Result<EntraCredential, InvalidApplication> {
    EntraCredential::from_lookup(|name| {
        table.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
    })
}

const TENANT: (&str, &str) = ("AZURE_TENANT_ID", "t");
const CLIENT: (&str, &str) = ("AZURE_CLIENT_ID", "c");
const SECRET: (&str, &str) = ("AZURE_CLIENT_SECRET", "canary");
const FILE: (&str, &str) = ("AZURE_FEDERATED_TOKEN_FILE", "/f");

#[test]
fn the_environment_names_the_application_or_what_is_missing() {
    let with = |key, value| -> Vec<(&str, &str)> {
        let others = [TENANT, CLIENT, SECRET].into_iter().filter(|(other, _)| *other != key);
        others.chain([(key, value)]).collect()
    };
    let cases = [
        (vec![], NotSet { variable: "AZURE_TENANT_ID" }),
        (vec![CLIENT, SECRET], NotSet { variable: "AZURE_TENANT_ID" }),
        (with("AZURE_TENANT_ID", ""), NotSet { variable: "AZURE_TENANT_ID" }),
        (vec![TENANT, SECRET], NotSet { variable: "AZURE_CLIENT_ID" }),
        (with("AZURE_CLIENT_ID", ""), NotSet { variable: "AZURE_CLIENT_ID" }),
        (vec![TENANT, CLIENT], NoProof),
        (with("AZURE_CLIENT_SECRET", ""), NoProof),
        (vec![TENANT, CLIENT, ("AZURE_FEDERATED_TOKEN_FILE", "")], NoProof),
        (with("AZURE_TENANT_ID", "a/b"), Tenant),
        (with("AZURE_TENANT_ID", " "), Tenant),
        (with("AZURE_CLIENT_ID", "a/b"), ClientId),
        (with("AZURE_CLIENT_SECRET", "s\n"), Secret(InvalidSecret::Whitespace)),
        (with("AZURE_CLIENT_SECRET", " "), Secret(InvalidSecret::Empty)),
        (with("AZURE_AUTHORITY_HOST", "http://l.example"), Login(InvalidEndpoint::NotLoopback)),
        (
            with("AZURE_AUTHORITY_HOST", "https://a:canary@l.example"),
            Login(InvalidEndpoint::UserInfo),
        ),
    ];
    for (table, expected) in cases {
        assert_eq!(from(&table).unwrap_err(), expected, "case: {table:?}");
    }
}

#[test]
fn the_secret_goes_before_the_file_and_an_empty_variable_counts_as_none() {
    let shown = |more: &[(&'static str, &'static str)]| {
        let table = [&[TENANT, CLIENT], more].concat();
        format!("{:?}", from(&table).unwrap())
    };
    let by = |means: &str, login: &str| {
        format!(
            "EntraCredential {{ tenant: \"t\", client_id: \"c\", means: {means}, login: {login} }}"
        )
    };
    let (secret, file) = ("Secret(ClientSecret(..))", "TokenFile(\"/f\")");
    let none = ("AZURE_AUTHORITY_HOST", "");
    assert_eq!(shown(&[SECRET, FILE]), by(secret, "None"));
    assert_eq!(shown(&[SECRET, none]), by(secret, "None"));
    assert_eq!(shown(&[FILE]), by(file, "None"));
    assert_eq!(shown(&[("AZURE_CLIENT_SECRET", ""), FILE]), by(file, "None"));
    for host in
        ["https://l.example", "https://l.example/", "l.example", "l.example/", "HTTPS://l.example"]
    {
        let expected = by(file, "Some(\"https://l.example\")");
        assert_eq!(shown(&[FILE, ("AZURE_AUTHORITY_HOST", host)]), expected, "case: {host}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_named_and_a_path_need_not_be_one() {
    use std::os::unix::ffi::OsStringExt;

    let no_text = || OsString::from_vec(b"canary\xff".to_vec());
    let names =
        ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_AUTHORITY_HOST"];
    for name in names {
        let others = [TENANT, CLIENT, SECRET].into_iter().filter(|(other, _)| *other != name);
        let mut table: Vec<_> = others.map(|(key, value)| (key, value.into())).collect();
        table.push((name, no_text()));
        let refused = from_raw(&table).unwrap_err();
        assert_eq!(refused, InvalidApplication::NotUtf8 { variable: name });
        assert_eq!(refused.to_string(), format!("the environment variable {name} is not UTF-8"));
    }
    let table = [(TENANT.0, TENANT.1.into()), (CLIENT.0, CLIENT.1.into()), (FILE.0, no_text())];
    from_raw(&table).unwrap();
}

/// Each stands alone, names what it is about, and says nothing twice.
#[test]
fn what_is_wrong_is_said_once() {
    for (error, shown) in [
        (Tenant, "tenant must be an ID or a domain: 1 to 255 letters, digits, dots and hyphens"),
        (ClientId, "client ID must be 1 to 255 letters, digits, dots and hyphens"),
        (Secret(InvalidSecret::Empty), "client secret is empty"),
        (
            Login(InvalidEndpoint::NotLoopback),
            "login host cannot be used: plain http is only for the addresses 127.0.0.0/8 and [::1], written as \
             numbers",
        ),
        (
            NotSet { variable: "AZURE_TENANT_ID" },
            "the environment variable AZURE_TENANT_ID is not set",
        ),
        (NoProof, "neither AZURE_CLIENT_SECRET nor AZURE_FEDERATED_TOKEN_FILE is set"),
    ] {
        let error = Error::from(error);
        assert_eq!(error.to_string(), shown);
        assert!(causes(&error).is_empty(), "case: {shown}");
    }
}
