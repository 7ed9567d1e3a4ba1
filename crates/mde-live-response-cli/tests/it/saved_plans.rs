//! `plan --out` and `sync --plan`: exactly what was reviewed, or nothing.

use std::fs;

use mde_live_response_emulator::{Application, Emulator};
use mde_live_response_testkit::TempDir;
use serde_json::{Value, json};

use crate::support::Lrlib;

/// A change after the plan was saved.
type Since = fn(&Emulator, &TempDir);

/// Changes after the plan was saved, and the reason why it is refused then, if it is.
const CASES: [(&str, Since, Option<&str>); 15] = [
    ("nothing", |_, _| {}, None),
    ("a file of others", |it, _| it.library().insert("z.ps1", b"z"), None),
    (
        "done before",
        |it, dir| {
            fs::remove_file(dir.path().join("new.ps1")).unwrap();
            let owned = Lrlib::of(it);
            owned.ends(&["sync", dir.arg(), "--owner", "team"], 0, "");
            dir.write("new.ps1", "new");
        },
        None,
    ),
    (
        "other bytes",
        |_, dir| drop(dir.write("new.ps1", "NEW")),
        Some("`new.ps1` changed in the folder"),
    ),
    (
        "another text",
        |_, dir| drop(dir.write("new.ps1.json", r#"{"description": "x"}"#)),
        Some("`new.ps1` changed in the folder"),
    ),
    ("another file", |_, dir| drop(dir.write("newer.ps1", "1")), Some("`newer.ps1` is not in it")),
    (
        "a missing file",
        |_, dir| fs::remove_file(dir.path().join("new.ps1")).unwrap(),
        Some("`new.ps1` is no longer in the folder"),
    ),
    ("stored by others", |it, _| it.library().insert("new.ps1", b"hers"), Some("`new.ps1`")),
    (
        "reverted",
        |_, dir| drop(dir.write("changed.ps1", "old")),
        Some("`changed.ps1` changed in the folder"),
    ),
    (
        "stored by hand",
        |it, _| it.library().insert("new.ps1", b"new"),
        Some("`new.ps1` changed in the library"),
    ),
    (
        "deleted and stored by others",
        |it, _| it.library().insert("gone.ps1", b"hers"),
        Some("`gone.ps1` changed in the library"),
    ),
    (
        "stored bytes",
        |it, _| it.library().insert("changed.ps1", b"hers"),
        Some("`changed.ps1` changed in the library"),
    ),
    (
        "stored text",
        |it, _| {
            let mut entry = it.library().entry("changed.ps1").unwrap();
            entry.description = Some("other\nmanaged-by: team".to_owned());
            it.library().insert_entry(entry, b"old");
        },
        Some("`changed.ps1` changed in the library"),
    ),
    (
        "no more to delete",
        |it, _| drop(Lrlib::of(it).ends(&["delete", "gone.ps1", "--yes"], 0, "")),
        None,
    ),
    ("kept again", |_, dir| drop(dir.write("gone.ps1", "gone")), Some("`gone.ps1` changed")),
];

#[test]
fn a_saved_plan_is_applied_exactly_or_not_at_all() {
    for (case, since, refused) in CASES {
        println!("case: {case}");
        let emulator = Emulator::start().unwrap();
        let lrlib = Lrlib::of(&emulator);
        let dir =
            TempDir::with([("changed.ps1", "old"), ("gone.ps1", "gone"), ("same.ps1", "same")]);
        lrlib.ends(&["sync", dir.arg(), "--owner", "team"], 0, "3 created");
        dir.write("changed.ps1", "changed");
        dir.write("new.ps1", "new");
        fs::remove_file(dir.path().join("gone.ps1")).unwrap();
        let folder = TempDir::new();
        let plan = folder.path().join("plan.json").display().to_string();
        let out = ["plan", dir.arg(), "--owner", "team", "--delete", "--out", &plan];
        lrlib.ends(&out, 0, "Plan: 1 to create, 1 to update, 1 to delete (1 unchanged)\n");
        since(&emulator, &dir);
        let before = emulator.library().entries();
        // It needs no --yes, and has its own rules.
        let sync = ["sync", dir.arg(), "--plan", &plan];
        match refused {
            None => {
                lrlib.ends(&sync, 0, "Done: ");
                let mut names = emulator.library().names();
                names.retain(|name| name != "z.ps1");
                assert_eq!(names, ["changed.ps1", "new.ps1", "same.ps1"]);
                assert_eq!(emulator.library().content("changed.ps1").unwrap(), b"changed");
                // Again, as after an interruption.
                lrlib.ends(&sync, 0, "Done: nothing to do");
            }
            Some(why) => {
                let ran = lrlib.ends(&sync, 1, why);
                assert!(ran.stderr.contains("nothing was changed. Plan again."), "{ran:?}");
                assert_eq!(emulator.library().entries(), before);
            }
        }
    }
}

#[test]
fn a_saved_plan_holds_for_its_tenant_and_its_service_only() {
    let start = |tenant: &str| {
        let application = Application::new(tenant, "client").with_secret("canary-secret");
        Emulator::builder().application(application).start().unwrap()
    };
    let (emulator, dir) = (start("one"), TempDir::with([("a.ps1", "1")]));
    let plan = dir.path().join(".plan.json").display().to_string();
    let of = |emulator: &'_ Emulator, tenant: &str| {
        let variables = [
            ("AZURE_TENANT_ID", tenant),
            ("AZURE_CLIENT_ID", "client"),
            ("AZURE_CLIENT_SECRET", "canary-secret"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let base = emulator.base_url().to_owned();
        move |arguments: &[&str]| {
            let set: Vec<_> = variables.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let url = ["--base-url", base.as_str(), "--login-host", &base];
            Lrlib::alone().with(&set).run(&[arguments, &url].concat())
        }
    };
    let saved = of(&emulator, "one")(&["plan", dir.arg(), "--out", &plan]);
    assert_eq!(saved.code, 0, "{saved:?}");
    let mut value: Value = serde_json::from_str(&fs::read_to_string(&plan).unwrap()).unwrap();
    assert_eq!(value["libraries"][0]["tenant"], "one");
    let elsewhere = start("one");
    let ran = of(&elsewhere, "one")(&["sync", dir.arg(), "--plan", &plan]);
    assert!(ran.code == 1 && ran.stderr.contains("it is for http://127.0.0.1:"), "{ran:?}");

    value["libraries"][0]["tenant"] = json!("two");
    fs::write(&plan, value.to_string()).unwrap();
    let ran = of(&emulator, "one")(&["sync", dir.arg(), "--plan", &plan]);
    assert!(ran.code == 1 && ran.stderr.contains("the token is for another tenant"), "{ran:?}");
    assert!(emulator.library().names().is_empty() && elsewhere.library().names().is_empty());
}

#[test]
fn a_saved_plan_is_read_strictly_and_does_not_raise_limits() {
    let (emulator, dir) = (Emulator::start().unwrap(), TempDir::with([("a.ps1", "1")]));
    let lrlib = Lrlib::of(&emulator);
    let folder = TempDir::new();
    for n in 0..6 {
        emulator.library().insert(format!("{n}.ps1"), b"hers");
    }
    let plan = folder.path().join("plan.json").display().to_string();
    let sync = ["sync", dir.arg(), "--plan", &plan];
    let out = ["plan", dir.arg(), "--delete=all", "--out", &plan];
    let refused = lrlib.ends(&out, 1, "the limit is 5");
    assert!(refused.stderr.contains("the plan was not saved"), "{refused:?}");
    lrlib.ends(&sync, 2, "there is no such file");
    lrlib.ends(&[&out[..], &["--max-delete", "6"]].concat(), 0, "6 to delete");
    lrlib.ends(&sync, 1, "the limit is 5");
    assert_eq!(emulator.library().names().len(), 6);
    lrlib.ends(
        &[&sync[..], &["--owner", "x"]].concat(),
        2,
        "--plan fixes --owner; give it to `lrlib plan` instead",
    );
    lrlib.ends(&[&sync[..], &["--max-delete", "6"]].concat(), 0, "1 created, 6 removed");

    let text = fs::read_to_string(&plan).unwrap();
    for (text, why) in [
        ("{}".to_owned(), "this is not a saved plan"),
        ("[".to_owned(), "EOF"),
        (text.replacen("\"version\": 1", "\"version\": 2", 1), "format 2 is not known, only 1"),
        (text.replacen("\"recursive\"", "\"recursivee\"", 1), "unknown field"),
    ] {
        fs::write(&plan, text).unwrap();
        lrlib.ends(&sync, 2, why);
    }
    let inside = dir.path().join("plan.json").display().to_string();
    lrlib.ends(&["plan", dir.arg(), "--out", &inside], 2, "is in the folder that is planned");
    fs::write(&plan, text).unwrap();
    // Of lrlib.toml, only the service counts.
    dir.write("lrlib.toml", "owner = \"x\"\nexclude = [\"*\"]\ncloud = \"gcc\"\nregion = \"eu\"\n");
    lrlib.ends(&sync, 0, "Done: nothing to do");
    let alone = Lrlib::alone().with(&[("MDE_TOKEN", "a-token")]);
    alone.ends(&sync, 2, "only the commercial cloud has regions");
    fs::remove_file(dir.path().join("lrlib.toml")).unwrap();
    lrlib.ends(&["plan", dir.arg(), "--out", "/nonexistent/plan"], 2, "--out: cannot write");
}

#[test]
fn a_saved_plan_for_many_tenants_holds_for_all_or_none() {
    let emulators = [Emulator::start().unwrap(), Emulator::start().unwrap()];
    let (dir, folder) = (TempDir::with([("a.ps1", "1")]), TempDir::new());
    let tenant = |n: usize| json!({ "name": format!("t{n}"), "baseUrl": emulators[n].base_url(), "tokenEnv": "TOKEN" });
    let both = folder.write_arg("both", json!([tenant(0), tenant(1)]).to_string());
    let one = folder.write_arg("one", json!([tenant(0)]).to_string());
    let plan = folder.path().join("plan.json").display().to_string();
    let lrlib = Lrlib::alone().with(&[("TOKEN", Emulator::DEFAULT_TOKEN)]);
    lrlib.ends(
        &["plan", dir.arg(), "--tenants", &both, "--out", &plan],
        0,
        "t1: Plan: 1 to create",
    );
    let sync = |tenants| ["sync", dir.arg(), "--tenants", tenants, "--plan", &plan];
    lrlib.ends(&sync(&one), 2, "the saved plan is for other tenants");
    emulators[1].library().insert("a.ps1", b"hers");
    let json = lrlib.ends(&[&sync(&both)[..], &["--format", "json"]].concat(), 1, "").json();
    assert_eq!(json["tenants"][0]["steps"][0]["outcome"], json!(null));
    let message = |n: usize| json["tenants"][n]["error"]["message"].as_str().unwrap();
    assert!(message(1).starts_with("the saved plan does not hold: `a.ps1` "), "{}", message(1));
    lrlib.ends(
        &sync(&both),
        1,
        "the saved plan does not hold for every tenant; nothing was changed",
    );
    assert!(emulators[0].library().names().is_empty());
    Lrlib::of(&emulators[1]).ends(&["delete", "a.ps1", "--yes"], 0, "");
    lrlib.ends(&sync(&both), 0, "t0: created a.ps1\n");
    assert_eq!(emulators[1].library().names(), ["a.ps1"]);
}
