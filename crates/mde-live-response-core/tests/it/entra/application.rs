//! Who asks: what names an application, and where it is read from.

use std::ffi::OsString;

use mde_live_response_core::{
    ClientSecret, EntraCredential, Error, InvalidApplication, InvalidEndpoint, InvalidSecret,
};

use crate::support::causes;

#[test]
fn a_secret_that_cannot_be_one_is_refused() {
    for (text, expected) in [
        ("", InvalidSecret::Empty),
        (" ", InvalidSecret::Empty),
        ("secret\n", InvalidSecret::Whitespace),
        (" secret", InvalidSecret::Whitespace),
        ("sec\0ret", InvalidSecret::Control),
    ] {
        assert_eq!(ClientSecret::new(text).unwrap_err(), expected, "case: {text:?}");
    }
}

#[test]
fn tenant_and_client_are_identifiers_or_nothing() {
    let long = "x".repeat(256);
    for text in ["", "a/b", "..", "a b", "a?b", "é", "a%2F", long.as_str()] {
        let secret = || ClientSecret::new("a-secret").unwrap();
        let tenant = EntraCredential::with_secret(text, "a-client", secret()).unwrap_err();
        let client = EntraCredential::with_secret("a-tenant", text, secret()).unwrap_err();
        assert_eq!((tenant, client), (InvalidApplication::Tenant, InvalidApplication::ClientId));
    }
}

/// Looks variables up in a table.
fn from(table: &[(&str, &str)]) -> Result<EntraCredential, InvalidApplication> {
    EntraCredential::from_lookup(|name| {
        table.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
    })
}

#[test]
fn the_environment_names_the_application_or_what_is_missing() {
    use InvalidApplication::{Login, NoProof, NotSet, Secret, Tenant};
    let (tenant, client) = (("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"));
    let (secret, file) = (("AZURE_CLIENT_SECRET", "s"), ("AZURE_FEDERATED_TOKEN_FILE", "/f"));
    let cases = [
        (vec![], NotSet { variable: "AZURE_TENANT_ID" }),
        (vec![("AZURE_TENANT_ID", ""), client, secret], NotSet { variable: "AZURE_TENANT_ID" }),
        (vec![tenant, secret], NotSet { variable: "AZURE_CLIENT_ID" }),
        (vec![tenant, client], NoProof),
        (vec![tenant, client, ("AZURE_CLIENT_SECRET", "")], NoProof),
        (vec![("AZURE_TENANT_ID", "a/b"), client, secret], Tenant),
        (vec![tenant, client, ("AZURE_CLIENT_SECRET", "s\n")], Secret(InvalidSecret::Whitespace)),
    ];
    for (table, expected) in cases {
        assert_eq!(from(&table).unwrap_err(), expected, "case: {table:?}");
    }
    let elsewhere = ("AZURE_AUTHORITY_HOST", "http://login.example");
    assert!(matches!(from(&[tenant, client, secret, elsewhere]), Err(Login(_))));
    let shown = |table: &[_]| format!("{:?}", from(table).unwrap());
    assert!(shown(&[tenant, client, file, secret]).contains("Secret(ClientSecret(..))"));
    assert!(shown(&[tenant, client, file]).contains("TokenFile(\"/f\")"));
    let host = ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/");
    assert!(shown(&[tenant, client, file, host]).contains("\"https://login.microsoftonline.us\""));
}
