//! Every seed and every finding, as an ordinary test: run by any toolchain, without a fuzzer.

use std::fs;
use std::path::Path;

use mde_live_response_fuzz::TARGETS;

#[test]
fn what_must_hold_holds_for_every_seed() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for (name, target) in TARGETS {
        let mut files: Vec<_> = fs::read_dir(seeds.join(name))
            .unwrap_or_else(|error| panic!("seeds/{name}: {error}"))
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{name} has no seeds");
        for file in &files {
            let input = fs::read(file).expect("a seed");
            // Named before it is tried: a target fails by panicking.
            println!("{name}: {}", file.display());
            target(&input);
        }
    }
}

/// A folder of seeds that no target knows would be run by nobody.
#[test]
fn every_folder_of_seeds_has_its_target() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for entry in fs::read_dir(seeds).expect("seeds") {
        let name = entry.expect("an entry").file_name();
        assert!(TARGETS.iter().any(|(target, _)| name == *target), "{}", name.display());
    }
}
