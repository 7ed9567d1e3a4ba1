//! The public API of every published crate, item by item, is what its listing says: no item comes, goes or changes
//! unseen.
//!
//! Needs a nightly toolchain, named by `API_TOOLCHAIN` or `nightly`, that writes rustdoc's JSON in the format that is
//! read here; with any other it says so and holds nothing against anything. `API_UPDATE=1` writes the listings anew.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use public_api::Builder;

const FORMAT: u64 = 57;

const CRATES: [&str; 8] = [
    "mde-live-response",
    "mde-live-response-cli",
    "mde-live-response-core",
    "mde-live-response-emulator",
    "mde-live-response-entra",
    "mde-live-response-mock",
    "mde-live-response-sync",
    "mde-live-response-ureq",
];

#[test]
fn every_crate_has_the_api_of_its_listing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let toolchain = env::var("API_TOOLCHAIN").unwrap_or_else(|_| "nightly".to_owned());
    if let Err(why) = can_read(&toolchain) {
        assert!(env::var_os("API_REQUIRED").is_none(), "{why}");
        eprintln!("skipped: the listings of the API: {why}");
        return;
    }
    let mut changed = String::new();
    for name in CRATES {
        let listing = listing(&described(&root, &toolchain, name));
        let path = root.join("tests/api/listings").join(format!("{name}.txt"));
        if env::var_os("API_UPDATE").is_some() {
            fs::write(&path, &listing).expect("the listing is written");
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        tell_differences(&mut changed, name, &kept, &listing);
    }
    assert!(
        changed.is_empty(),
        "the public API has changed; API_UPDATE=1 takes it over:\n{changed}"
    );
}

/// Whether the toolchain is there and writes the format that is read here.
fn can_read(toolchain: &str) -> Result<(), String> {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let source = dir.join("probe.rs");
    fs::write(&source, "//! A probe.\n").map_err(|error| error.to_string())?;
    let output = Command::new("rustup")
        .args(["run", toolchain, "rustdoc", "--crate-type", "lib", "-Zunstable-options"])
        .args(["--output-format", "json", "-o"])
        .args([&dir, &source])
        .output()
        .map_err(|error| format!("rustup: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("toolchain {toolchain}: {}", said.lines().next().unwrap_or_default()));
    }
    let json = fs::read(dir.join("probe.json")).map_err(|error| error.to_string())?;
    let json: serde_json::Value =
        serde_json::from_slice(&json).map_err(|error| error.to_string())?;
    match json["format_version"].as_u64() {
        Some(FORMAT) => Ok(()),
        other => Err(format!("toolchain {toolchain} writes format {other:?}, {FORMAT} is read")),
    }
}

/// The crate's API as rustdoc describes it, with all features.
fn described(root: &Path, toolchain: &str, name: &str) -> PathBuf {
    let target = root.join("target/api");
    let status = Command::new("rustup")
        .args([
            "run",
            toolchain,
            "cargo",
            "rustdoc",
            "--quiet",
            "--all-features",
            "--lib",
            "-p",
            name,
        ])
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-Zunstable-options", "--output-format", "json", "--cap-lints", "allow"])
        .current_dir(root)
        // This toolchain's, where a test has them, are not that one's.
        .env_remove("RUSTC")
        .env_remove("RUSTDOC")
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN")
        .status()
        .expect("rustup runs");
    assert!(status.success(), "{name}: no description");
    target.join("doc").join(format!("{}.json", name.replace('-', "_")))
}

/// One line for each item, derived implementations included; not those for every type, nor `Send` and its like, which
/// `public_api` asserts.
fn listing(json: &Path) -> String {
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .expect("it reads what rustdoc wrote");
    api.items().fold(String::new(), |mut listing, item| {
        let _ = writeln!(listing, "{item}");
        listing
    })
}

fn tell_differences(told: &mut String, name: &str, kept: &str, now: &str) {
    for gone in kept.lines().filter(|line| !now.lines().any(|it| it == *line)) {
        let _ = writeln!(told, "{name}: - {gone}");
    }
    for new in now.lines().filter(|line| !kept.lines().any(|it| it == *line)) {
        let _ = writeln!(told, "{name}: + {new}");
    }
}
