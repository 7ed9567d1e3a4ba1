//! What a state directory holds when a write did not come to its end: what it held before.
//!
//! A kill within a write cannot be placed from outside. A write that fails at the same place leaves the same behind.

use std::fs;

use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::{Effect, IfExists};
use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;

use super::{OLD, client, content, held, store_old, upload};

fn start(dir: &TempDir) -> Emulator {
    store_old(dir);
    Emulator::builder().state_dir(dir.path()).start().unwrap()
}

/// A replacement of which a write fails.
fn fail(emulator: &Emulator) {
    let replacement = upload(content()).with_if_exists(IfExists::Override);
    let outcome = client(emulator.base_url(), RetryPolicy::NONE).upload(&replacement);
    assert_eq!(outcome.unwrap_err().effect(), Effect::Unknown);
}

#[test]
fn bytes_that_are_not_all_written_have_no_name_yet() {
    let dir = TempDir::new();
    let emulator = start(&dir);
    let unfinished = dir.path().join("unfinished");
    fs::create_dir(&unfinished).unwrap();
    fail(&emulator);
    fs::remove_dir(&unfinished).unwrap();
    drop(emulator);
    assert_eq!(held(&dir).as_deref(), Some(OLD));
}

#[test]
fn the_index_names_no_content_that_is_still_to_be_written() {
    let dir = TempDir::new();
    let emulator = start(&dir);
    let (contents, aside) = (dir.path().join("contents"), dir.path().join("aside"));
    fs::rename(&contents, &aside).unwrap();
    fs::write(&contents, "in the way").unwrap();
    fail(&emulator);
    fs::remove_file(&contents).unwrap();
    fs::rename(&aside, &contents).unwrap();
    drop(emulator);
    assert_eq!(held(&dir).as_deref(), Some(OLD));
}
