//! Instructions of six scenarios, held against a table of earlier counts.
//!
//! The table `instructions.json` names the versions that it was made with. With the same versions, a scenario may take
//! 2 % more; with others, the counts are only printed. `INSTRUCTIONS_UPDATE=1` writes the table anew.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::callgrind::count;
use crate::scene::Scene;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.json");

/// Name in the table, the bench's name of the work, size of the file, TLS, repetitions.
const SCENARIOS: [(&str, &str, usize, bool, u32); 7] = [
    ("upload of 1 KiB, plain", "ours", 1024, false, 200),
    ("upload of 1 KiB, TLS", "ours", 1024, true, 200),
    ("upload of 1 MiB, plain", "ours", 1024 * 1024, false, 10),
    ("upload of 1 MiB, TLS", "ours", 1024 * 1024, true, 10),
    ("list of 1,000 files", "list", 0, false, 10),
    ("plan of 1,000 files", "plan", 0, false, 10),
    (BARE_UREQ, "bare ureq", 1024, false, 200),
];

/// For comparison only.
const BARE_UREQ: &str = "upload of 1 KiB, plain, bare ureq";

#[test]
fn no_scenario_takes_more_instructions_than_it_did() {
    if cfg!(debug_assertions) {
        say("skipped: instructions are counted with --release only");
        return;
    }
    let mut counts = json!({});
    for (name, work, size, tls, times) in SCENARIOS {
        let Some(count) = count(&Scene::new(size, tls), work, times) else {
            assert!(std::env::var_os("CI_REQUIRE_TOOLS").is_none(), "there is no valgrind");
            say("skipped: instructions are not counted: valgrind is not installed");
            return;
        };
        counts[name] = count.other.into();
        if count.sha256 > 0 {
            counts[format!("{name}, SHA-256")] = count.sha256.into();
        }
    }
    let now = json!({ "madeWith": versions(), "instructions": counts });
    if std::env::var_os("INSTRUCTIONS_UPDATE").is_some() {
        std::fs::write(TABLE, format!("{now:#}\n")).unwrap();
    }
    let kept = serde_json::from_slice(&std::fs::read(TABLE).unwrap()).unwrap();
    let (report, dearer) = compare(&kept, &now);
    say(&report);
    assert!(
        dearer.is_empty(),
        "over 2 % more instructions; INSTRUCTIONS_UPDATE=1 takes them over: {dearer:?}{report}"
    );
}

/// The versions and the processor, on which the counts depend.
fn versions() -> Value {
    json!({
        "rustc": first_line("rustc", "--version"),
        "target": host(),
        "libc": first_line("ldd", "--version"),
        "valgrind": first_line("valgrind", "--version"),
        "processor": processor(),
    })
}

/// Valgrind plays another processor on one without AVX2.
fn processor() -> &'static str {
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    if about.split_whitespace().any(|flag| flag == "avx2") { "with AVX2" } else { "without AVX2" }
}

/// Of the program's output; empty if it does not run.
fn first_line(program: &str, argument: &str) -> String {
    output(program, argument).lines().next().unwrap_or_default().to_owned()
}

fn host() -> String {
    let said = output("rustc", "-vV");
    said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned()
}

fn output(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// Returns both tables side by side, and the scenarios that are dearer, if the tables are comparable.
fn compare(kept: &Value, now: &Value) -> (String, Vec<String>) {
    let is_comparable = kept["madeWith"] == now["madeWith"];
    let mut report =
        format!("\n{:44}{:>12}{:>12}{:>13}\n", "instructions", "kept", "now", "now/kept");
    let mut dearer = Vec::new();
    for name in now["instructions"].as_object().unwrap().keys() {
        let count = |of: &Value| of["instructions"][name].as_u64();
        let after = count(now).unwrap();
        let before = count(kept).unwrap_or_else(|| panic!("{TABLE} lacks {name}"));
        // In hundredths of a percent.
        let change = 10_000 * after / before;
        let _ = writeln!(
            report,
            "{name:44}{before:12}{after:12}{:8}.{:02} %",
            change / 100,
            change % 100
        );
        if is_comparable && name != BARE_UREQ && 100 * after > 102 * before {
            dearer.push(name.clone());
        }
    }
    if !is_comparable {
        let (kept, now) = (&kept["madeWith"], &now["madeWith"]);
        let _ = writeln!(report, "not compared: kept with {kept}\nnow with {now}");
    }
    (report, dearer)
}

/// Prints, although the test passes.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "\n{text}");
}

#[test]
fn only_counts_with_the_same_versions_are_compared() {
    let table = |valgrind: &str, list: u64, bare: u64| {
        let mut counts: Value = SCENARIOS.iter().map(|(name, ..)| (*name, 1000)).collect();
        counts["list of 1,000 files"] = list.into();
        counts[BARE_UREQ] = bare.into();
        json!({ "madeWith": { "valgrind": valgrind }, "instructions": counts })
    };
    let kept = table("3.19", 1000, 1000);
    for (now, dearer) in [
        (table("3.19", 1020, 2000), &[][..]),
        (table("3.19", 1021, 1000), &["list of 1,000 files"]),
        (table("3.20", 2000, 1000), &[]),
    ] {
        let (report, found) = compare(&kept, &now);
        assert_eq!(found, dearer, "{report}");
    }
}
