//! `--credential`: each identity gets a token from the emulator, and `check` and `-v` name it.

use std::env;

use mde_live_response_emulator::{Application, Emulator};

use crate::support::Lrlib;

/// Files of the tests of the Entra crate: a key with its certificate, and a stand-in for the Azure CLI.
const FIXTURES: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../mde-live-response-entra/tests/it/fixtures");

const THUMBPRINT: &str = "4NChGP_vgTnSJ_V1hYwmvlOhvQYlofF5rKG7Afk63QE";

/// Accepts every identity. The fixed token is that of the stand-in for the Azure CLI.
pub(crate) fn emulator() -> Emulator {
    let application = Application::new("a-tenant", "a-client")
        .with_secret("canary-secret")
        .with_assertion("canary.assertion")
        .with_certificate(THUMBPRINT)
        .with_ci_job("canary-job", "canary.assertion.of.a.job");
    let identity = Application::new("a-tenant", "an-identity").as_managed_identity("canary-header");
    let builder = Emulator::builder().token("of-the-login").application(application);
    builder.application(identity).start().unwrap()
}

/// Variables of each identity.
pub(crate) fn variables(kind: &str, base: &str) -> Vec<(&'static str, String)> {
    let application = [("AZURE_TENANT_ID", "a-tenant"), ("AZURE_CLIENT_ID", "a-client")];
    let application = application.map(|(name, value)| (name, value.to_owned())).to_vec();
    let with = |more: &[(&'static str, String)]| [application.as_slice(), more].concat();
    match kind {
        "token" => vec![("MDE_TOKEN", "of-the-login".to_owned())],
        "secret" => with(&[("AZURE_CLIENT_SECRET", "canary-secret".to_owned())]),
        "certificate" => {
            with(&[("AZURE_CLIENT_CERTIFICATE_PATH", format!("{FIXTURES}/chain.pem"))])
        }
        "federated" => with(&[("AZURE_FEDERATED_TOKEN_FILE", format!("{FIXTURES}/assertion"))]),
        "github" => with(&[
            ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{base}/job/idtoken?api-version=2.0")),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "canary-job".to_owned()),
        ]),
        "pipelines" => vec![
            ("AZURESUBSCRIPTION_TENANT_ID", "a-tenant".to_owned()),
            ("AZURESUBSCRIPTION_CLIENT_ID", "a-client".to_owned()),
            ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "a-connection".to_owned()),
            ("SYSTEM_OIDCREQUESTURI", format!("{base}/job/oidctoken")),
            ("SYSTEM_ACCESSTOKEN", "canary-job".to_owned()),
        ],
        "virtual machine" => vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", base.to_owned())],
        "app service" => vec![
            ("AZURE_CLIENT_ID", "an-identity".to_owned()),
            ("IDENTITY_ENDPOINT", format!("{base}/msi/token")),
            ("IDENTITY_HEADER", "canary-header".to_owned()),
        ],
        "az" => {
            let folders = [&format!("{FIXTURES}/Azure CLI"), "/usr/bin", "/bin"];
            let path = env::join_paths(folders).unwrap().into_string().unwrap();
            // `auto` asks it first. Nothing listens there.
            let nowhere = "http://127.0.0.1:1".to_owned();
            vec![("PATH", path), ("AZURE_POD_IDENTITY_AUTHORITY_HOST", nowhere)]
        }
        other => panic!("{other}"),
    }
}

/// Runs `lrlib check` with these variables.
fn check(emulator: &Emulator, variables: &[(&str, String)], more: &[&str]) -> crate::support::Ran {
    let borrowed: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Lrlib::of(emulator).with(&borrowed).run(&[&["check", "--format", "json"], more].concat())
}

#[test]
fn each_identity_gets_a_token_and_is_named() {
    let emulator = emulator();
    for (kind, place) in [
        ("token", "token"),
        ("secret", "secret"),
        ("certificate", "certificate"),
        ("federated", "federated"),
        ("github", "github"),
        ("pipelines", "pipelines"),
        ("managed-identity", "virtual machine"),
        ("managed-identity", "app service"),
        ("az", "az"),
    ] {
        let variables = variables(place, emulator.base_url());
        let ran = check(&emulator, &variables, &["--credential", kind]);
        assert_eq!((ran.code, &ran.json()["credential"]), (0, &kind.into()), "{place}: {ran:?}");
        let auto = check(&emulator, &variables, &["--credential", "auto", "-v"]);
        assert_eq!((auto.code, &auto.json()["credential"]), (0, &kind.into()), "{place}: {auto:?}");
    }
}

#[test]
fn without_the_option_an_application_may_have_a_certificate() {
    let emulator = emulator();
    let ran = check(&emulator, &variables("certificate", ""), &[]);
    assert_eq!((ran.code, &ran.json()["credential"]), (0, &"certificate".into()), "{ran:?}");
}

/// A job of Azure Pipelines has one of the variables in any case.
#[test]
fn auto_passes_over_an_identity_that_is_described_in_part() {
    let emulator = emulator();
    let mut variables = variables("virtual machine", emulator.base_url());
    variables.push(("SYSTEM_OIDCREQUESTURI", format!("{}/job/oidctoken", emulator.base_url())));
    let ran = check(&emulator, &variables, &["--credential", "auto"]);
    assert_eq!((ran.code, &ran.json()["credential"]), (0, &"managed-identity".into()), "{ran:?}");
    // A chain says without `-v` which identity acts, and why the earlier ones do not.
    let borrowed: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let why = "pipelines: AZURESUBSCRIPTION_SERVICE_CONNECTION_ID is not set";
    Lrlib::of(&emulator).with(&borrowed).ends(&["list", "--credential", "auto"], 0, why);
}

/// Other identities of the environment are not used in place of the chosen one.
#[test]
fn the_chosen_identity_is_used_and_no_other() {
    let emulator = emulator();
    let mut both = variables("secret", "");
    both.push(("MDE_TOKEN", "canary-wrong".to_owned()));
    assert_eq!(check(&emulator, &both, &["--credential", "secret"]).code, 0);
    for (kind, missing) in [
        ("token", "MDE_TOKEN"),
        ("secret", "AZURE_CLIENT_SECRET"),
        ("certificate", "AZURE_CLIENT_CERTIFICATE_PATH"),
        ("federated", "AZURE_FEDERATED_TOKEN_FILE"),
        ("github", "ACTIONS_ID_TOKEN_REQUEST_URL"),
        ("pipelines", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"),
    ] {
        let lrlib = Lrlib::of(&emulator).with(&[]);
        lrlib.ends(&["list", "--credential", kind], 2, missing);
    }
}

/// The report of a chain: which member gave the token, and why the earlier ones did not.
#[test]
fn verbose_says_why_earlier_identities_gave_no_token() {
    let emulator = emulator();
    let mut variables = variables("virtual machine", emulator.base_url());
    variables.extend([
        ("AZURE_TENANT_ID", "a-tenant".to_owned()),
        ("AZURE_CLIENT_ID", "an-identity".to_owned()),
        ("AZURE_CLIENT_SECRET", "canary-wrong".to_owned()),
    ]);
    let borrowed: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let lrlib = Lrlib::of(&emulator).with(&borrowed);
    let ran = lrlib.ends(
        &["list", "-v", "--credential", "auto"],
        0,
        "credential: managed-identity gave the token; secret: ",
    );
    assert!(ran.stderr.contains("AADSTS7000215"), "{ran:?}");
}
