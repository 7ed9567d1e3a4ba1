//! Many tenants side by side: each with its own pace, and none the worse for another's failure.

use std::time::Duration;

use mde_live_response_cli::side_by_side;
use mde_live_response_core::sync::{Desired, DesiredFile, Plan, Report, Rules, apply, plan};
use mde_live_response_core::{AccessToken, Client, Clock, Endpoint, Error, LibraryFile};
use mde_live_response_emulator::{Emulator, FakeLibrary};
use mde_live_response_mock::{ManualClock, StoredFile};
use serde_json::json;

use crate::support::{Lrlib, TempDir};

fn file(n: usize) -> DesiredFile {
    let name = format!("{n:03}.ps1").parse().unwrap();
    DesiredFile::new(name, format!("content {n}").into_bytes()).unwrap()
}

struct Tenant {
    library: FakeLibrary,
    clock: ManualClock,
    token: &'static str,
}

fn synced(tenant: &Tenant, desired: &Desired, rules: &Rules) -> Result<(Plan, Report), Error> {
    let token = AccessToken::new(tenant.token).unwrap();
    let client = Client::builder(Endpoint::COMMERCIAL, token, tenant.library.clone())
        .clock(tenant.clock.clone())
        .build();
    let remote: Vec<LibraryFile> = client.list().collect::<Result<_, _>>()?;
    let plan = plan(desired, &remote, rules);
    let report = apply(&client, &plan, &mut |_| {})?;
    Ok((plan, report))
}

/// 500 tenants with 110 files each, read and hashed once. Every 25th has none of them yet: 110 uploads and two listings
/// are more than a hundred calls, so that it has a minute of its own to wait for, and nobody else waits with it. Every
/// tenth of the others has no right to its library, and that is its affair.
#[test]
fn five_hundred_tenants_each_keep_their_own_pace() {
    let desired = Desired::new((0..110).map(file)).unwrap();
    let rules = Rules::new("our-repository".parse().unwrap());
    let new = |n: usize| n.is_multiple_of(25);
    let powerless = |n: usize| n.is_multiple_of(10) && !new(n);
    let tenants: Vec<_> = (0..500).map(|n| tenant(!new(n), powerless(n))).collect();
    let all = side_by_side(&tenants, 16, |tenant| synced(tenant, &desired, &rules));
    for (n, (tenant, outcome)) in tenants.iter().zip(&all).enumerate() {
        let (calls, time) = (tenant.library.calls(), tenant.clock.now());
        if powerless(n) {
            assert!(matches!(outcome, Err(Error::Auth(_))), "tenant {n}");
            assert_eq!((calls, time), (1, Duration::ZERO));
            continue;
        }
        let (_, report) = outcome.as_ref().unwrap();
        assert!(report.is_complete(), "tenant {n}");
        assert_eq!(tenant.library.names().len(), 110);
        // None refused for its rate.
        let expected = if new(n) { (112, Duration::from_secs(60)) } else { (1, Duration::ZERO) };
        assert_eq!((calls, time), expected, "tenant {n}");
    }
}

fn tenant(is_filled: bool, is_powerless: bool) -> Tenant {
    let clock = ManualClock::new();
    let now = clock.clone();
    let library = FakeLibrary::builder()
        .token("a-good-token")
        .forbidden_token("a-powerless-token")
        .now(move || now.time_of_day())
        .build();
    for n in (0..110).filter(|_| is_filled) {
        let content = format!("content {n}");
        let mut entry = StoredFile::new(format!("{n:03}.ps1"), content.as_bytes(), library.now());
        entry.description = Some("managed-by: our-repository".to_owned());
        library.insert_entry(entry, content.into_bytes());
    }
    let token = if is_powerless { "a-powerless-token" } else { "a-good-token" };
    Tenant { library, clock, token }
}

#[test]
fn results_stand_in_the_order_of_the_items_and_a_panic_passes_on() {
    let items: Vec<_> = (0..100).collect();
    assert_eq!(side_by_side(&items, 7, |n| n * 2), items.iter().map(|n| n * 2).collect::<Vec<_>>());
    assert!(side_by_side(&[0_u8; 0], 7, |n| *n).is_empty());
    assert_eq!(side_by_side(&[1], 0, |n| *n), [1]);
    let panicking = || side_by_side(&[1, 2, 3], 2, |n| assert_ne!(*n, 2));
    std::panic::catch_unwind(panicking).unwrap_err();
}

#[test]
fn twenty_tenants_over_sockets_and_one_that_fails() {
    let (dir, files) = (TempDir::new(), TempDir::new());
    files.write("a.ps1", "1");
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
    let path = dir.write("tenants.json", json!(tenants).to_string());
    let environment: Vec<_> =
        (0..20).map(|n| (format!("TOKEN_{n}"), format!("canary-token-{n}"))).collect();
    let environment: Vec<_> =
        environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let lrlib = Lrlib::alone().with(&environment);
    let pace = dir.path().join("pace").display().to_string();
    let more = ["--tenants", &path, "--json", "--pace-file", &pace];
    let run = |command: &str| lrlib.run(&[&[command, files.text()], &more[..]].concat());

    assert_eq!(run("plan").code, 3);
    let ran = run("sync");
    assert_eq!(ran.code, 3);
    assert!(!format!("{ran:?}").contains("canary"), "{ran:?}");
    let json = ran.json();
    let all = json["tenants"].as_array().unwrap();
    assert_eq!(all.len(), 20);
    for (n, (tenant, emulator)) in all.iter().zip(&emulators).enumerate() {
        assert_eq!(tenant["name"], format!("tenant-{n}"));
        assert!(std::path::Path::new(&format!("{pace}.tenant-{n}")).is_file());
        if n == 7 {
            let error = tenant["error"]["message"].as_str().unwrap();
            assert_eq!(tenant["error"]["status"], 401);
            assert!(error.contains("the service refuses the token (401"), "{error}");
            assert!(emulator.library().names().is_empty());
        } else {
            assert_eq!(tenant["steps"][0]["fate"], "created");
            assert_eq!(emulator.library().names(), ["a.ps1"]);
        }
    }
}

#[test]
fn what_is_wrong_with_a_tenant_shows_before_anything_is_done() {
    let (dir, files) = (TempDir::new(), TempDir::new());
    files.write("a.ps1", "1");
    let emulator = Emulator::start().unwrap();
    let good = json!({ "name": "good", "baseUrl": emulator.base_url(), "tokenEnv": "GOOD" });
    for (bad, expected) in [
        (
            json!({ "name": "bad" }),
            "tenant `bad`: neither tokenEnv nor tenantId and clientId are given",
        ),
        (
            json!({ "name": "bad", "tokenEnv": "NOT_SET" }),
            "the environment variable NOT_SET is not set",
        ),
        (json!({ "name": "bad", "tenantId": "t", "clientId": "c" }), "neither clientSecretEnv nor"),
        (
            json!({ "name": "bad", "tokenEnv": "GOOD", "cloud": "moon" }),
            "cloud `moon` is not known",
        ),
        (
            json!({ "name": "bad", "tokenEnv": "GOOD", "baseUrl": "http://x" }),
            "tenant `bad`: base URL: plain",
        ),
        (
            json!({ "name": "bad", "tokenEnv": "canary.se~cret" }),
            "tenant `bad`: an environment variable's name is letters, digits and underscores",
        ),
        (
            json!({ "name": "bad", "tokenEnv": "GOOD", "baseUrl": "https://x", "region": "eu" }),
            "tenant `bad`: a base URL goes with neither a cloud nor a region",
        ),
        (json!({ "name": "bad", "secret": "canary" }), "unknown field `secret`"),
        (json!({ "name": "good", "tokenEnv": "GOOD" }), "tenant `good` is listed twice"),
        (json!({ "name": "../x", "tokenEnv": "GOOD" }), "tenant 2: a name is letters, digits"),
    ] {
        let path = dir.write("tenants.json", format!("\u{feff}{}", json!([good, bad])));
        let lrlib = Lrlib::alone().with(&[("GOOD", emulator.token())]);
        let ran = lrlib.run(&["sync", files.text(), "--tenants", &path]);
        assert_eq!(ran.code, 2, "case: {bad}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "case: {bad}: {}", ran.stderr);
        assert!(!ran.stderr.contains("canary"), "case: {bad}: {}", ran.stderr);
        assert!(emulator.library().names().is_empty());
    }
}
