//! What a state directory holds when a write did not come to its end: what it held before.
//!
//! A kill within a write cannot be placed from outside. A write that fails at the same place leaves the same behind.

use std::fs;

use mde_live_response_core::policy::RetryPolicy;
use mde_live_response_core::{Effect, IfExists};
use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;

use super::{OLD, client, content, held, store_old, upload};

/// `unfinished` is written first and has no name yet; the index names no content before it is in `contents`.
#[test]
fn a_write_that_fails_leaves_what_was_there() {
    for in_the_way in ["unfinished", "contents"] {
        let dir = TempDir::new();
        store_old(&dir);
        let emulator = Emulator::builder().state_dir(dir.path()).start().unwrap();
        let (path, aside) = (dir.path().join(in_the_way), dir.path().join("aside"));
        let is_there = path.exists();
        if is_there {
            fs::rename(&path, &aside).unwrap();
            fs::write(&path, "in the way").unwrap();
        } else {
            fs::create_dir(&path).unwrap();
        }
        let replacement = upload(content()).with_if_exists(IfExists::Override);
        let outcome = client(emulator.base_url(), RetryPolicy::NONE).upload(&replacement);
        assert_eq!(outcome.unwrap_err().effect(), Effect::Unknown, "case: {in_the_way}");
        if is_there {
            fs::remove_file(&path).unwrap();
            fs::rename(&aside, &path).unwrap();
        } else {
            fs::remove_dir(&path).unwrap();
        }
        drop(emulator);
        assert_eq!(held(&dir).as_deref(), Some(OLD), "case: {in_the_way}");
    }
}
