//! Instructions as valgrind's callgrind counts them.

use std::process::Command;

use crate::scene::{BENCH, Scene};

/// The bench's function inside which instructions count, however its name is written.
const COUNTED: &str = "--toggle-collect=*mde_live_response_bench*repeat*counted*";

/// Instructions for doing the work once.
pub(crate) struct Count {
    pub(crate) sha256: u64,
    pub(crate) other: u64,
}

/// `None` without valgrind.
pub(crate) fn count(scene: &Scene, work: &str, times: u32) -> Option<Count> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--compress-strings=no", "--compress-pos=no", COUNTED])
        .args(["--callgrind-out-file=profile", BENCH])
        .args(scene.arguments("repeat", work, times))
        .current_dir(&scene.folder)
        .output()
        .ok()?;
    assert!(output.status.success(), "{output:?}");
    let profile = std::fs::read_to_string(scene.folder.join("profile")).unwrap();
    let (all, sha256, times) = (total(&profile), sha256(&profile), u64::from(times));
    assert!(all > 0, "the function {COUNTED} does not occur");
    Some(Count { sha256: sha256 / times, other: (all - sha256) / times })
}

fn total(profile: &str) -> u64 {
    let total = profile.lines().find_map(|line| line.strip_prefix("totals: "));
    total.unwrap().trim().parse().unwrap()
}

/// Instructions inside the functions of the crate sha2.
///
/// Valgrind plays a processor without instructions for SHA-256, so they would hide all others.
fn sha256(profile: &str) -> u64 {
    let (mut sum, mut counts) = (0, false);
    let mut lines = profile.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("fn=") {
            counts = name.starts_with("sha2::");
        } else if line.starts_with("calls=") {
            // The next line has the cost of the called function, which has lines of its own.
            lines.next();
        } else if counts && line.starts_with(|c: char| c.is_ascii_digit()) {
            let cost = line.split(' ').next_back().unwrap();
            sum += cost.parse::<u64>().unwrap();
        }
    }
    sum
}

#[test]
fn costs_of_sha_256_are_found_in_a_profile() {
    let profile = "\
events: Ir
fn=sha2::sha256::compress256
12 5
calls=3 40
13 9000
14 6
fn=other
15 700
calls=1 12
16 9011
fl=soft.rs
fn=sha2::sha256::soft::compress
fi=mod.rs
40 8000
fe=soft.rs
41 1000
totals: 9711
";
    assert_eq!((total(profile), sha256(profile)), (9711, 9011));
}
