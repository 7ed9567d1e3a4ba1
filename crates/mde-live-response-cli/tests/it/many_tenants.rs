//! Many tenants side by side: none is affected by another's failure.

use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;
use serde_json::json;

use crate::support::Lrlib;

#[test]
fn twenty_tenants_over_sockets_and_one_that_fails() {
    let (dir, files) = (TempDir::new(), TempDir::with([("a.ps1", "1")]));
    let emulators: Vec<_> = (0..20)
        .map(|n| Emulator::builder().token(format!("canary-token-{n}")).start().unwrap())
        .collect();
    let tenants: Vec<_> = emulators
        .iter()
        .enumerate()
        .map(|(n, emulator)| {
            let variable = format!("TOKEN_{}", if n == 7 { 8 } else { n });
            json!({ "name": format!("tenant-{n}"), "baseUrl": emulator.base_url(), "tokenEnv": variable })
        })
        .collect();
    let path = dir.write_arg("tenants.json", json!(tenants).to_string());
    let variables: Vec<_> = (0..20).map(|n| format!("TOKEN_{n}")).collect();
    let environment: Vec<_> =
        variables.iter().map(String::as_str).zip(emulators.iter().map(Emulator::token)).collect();
    let lrlib = Lrlib::alone().with(&environment);
    let more = ["--tenants", &path, "--format", "json"];
    let run = |command: &str| lrlib.ends(&[&[command, files.arg()], &more[..]].concat(), 3, "");
    run("plan");
    let json = run("sync").json();
    let all = json["tenants"].as_array().unwrap();
    assert_eq!(all.len(), 20);
    for (n, (tenant, emulator)) in all.iter().zip(&emulators).enumerate() {
        assert_eq!(tenant["name"], format!("tenant-{n}"));
        if n == 7 {
            assert_eq!(tenant["error"]["status"], 401);
            assert!(emulator.library().names().is_empty());
        } else {
            assert_eq!(tenant["steps"][0]["outcome"], "created");
            assert_eq!(emulator.library().names(), ["a.ps1"]);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_audit_log_that_cannot_be_written_ends_the_run_for_every_tenant() {
    let (dir, files) = (TempDir::new(), TempDir::with([("a.ps1", "1"), ("b.ps1", "2")]));
    let emulators = [Emulator::start().unwrap(), Emulator::start().unwrap()];
    let tenant = |name, of: &Emulator| json!({ "name": name, "baseUrl": of.base_url(), "tokenEnv": "TOKEN" });
    let tenants = json!([tenant("first", &emulators[0]), tenant("second", &emulators[1])]);
    let path = dir.write_arg("tenants.json", tenants.to_string());
    let lrlib = Lrlib::alone().with(&[("TOKEN", Emulator::DEFAULT_TOKEN)]);
    let one_by_one =
        ["--tenants", &path, "--tenant-jobs", "1", "--jobs", "1", "--audit", "/dev/full"];
    lrlib.ends(&[&["sync", files.arg()], &one_by_one[..]].concat(), 3, "/dev/full: ");
    let stored = emulators.map(|emulator| emulator.library().names());
    assert_eq!(stored, [vec!["a.ps1".to_owned()], vec![]]);
}

#[test]
fn a_wrong_tenant_is_found_before_anything_is_done() {
    let (dir, files) = (TempDir::new(), TempDir::with([("a.ps1", "1")]));
    let emulator = Emulator::start().unwrap();
    let good = json!({ "name": "good", "baseUrl": emulator.base_url(), "tokenEnv": "GOOD" });
    let own = |more: serde_json::Value| {
        let mut bad = json!({ "name": "bad", "tokenEnv": "GOOD" });
        bad.as_object_mut().unwrap().append(more.clone().as_object_mut().unwrap());
        bad
    };
    for (bad, expected) in [
        (json!({ "name": "bad" }), "tenant `bad`: no token. Set tokenEnv, or"),
        (json!({ "name": "bad", "tenantId": "t", "clientId": "c" }), "clientSecretEnv or"),
        (own(json!({ "tokenEnv": "NOT_SET" })), "variable NOT_SET is not set"),
        (own(json!({ "tokenEnv": "canary.se~cret" })), "letters, digits and underscores"),
        (own(json!({ "cloud": "moon" })), "cloud `moon`"),
        (own(json!({ "baseUrl": "http://x" })), "tenant `bad`: service URL uses plain http"),
        (own(json!({ "baseUrl": "https://x", "region": "eu" })), "with a cloud or a region"),
        (own(json!({ "secret": "canary" })), "unknown field `secret`"),
        (own(json!({ "name": "good" })), "`good` is listed twice"),
        (own(json!({ "name": "../x" })), "tenant 2: name must be"),
    ] {
        let path = dir.write_arg("tenants.json", format!("\u{feff}{}", json!([good, bad])));
        let lrlib = Lrlib::alone().with(&[("GOOD", emulator.token())]);
        lrlib.ends(&["sync", files.arg(), "--tenants", &path], 2, expected);
        assert!(emulator.library().names().is_empty());
    }
}
