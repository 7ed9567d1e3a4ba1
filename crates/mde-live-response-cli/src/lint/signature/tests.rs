//! No mutated script makes the parser panic, and none with other content passes for the signed one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mde_live_response_testkit::{Rng, rng};

use super::block::Block;
use super::cms::Signed;
use super::text::Reading;
use super::{Signature, check};

const SCRIPTS: [&[u8]; 4] = [
    include_bytes!("../../../tests/signed/ascii-crlf-sha256.ps1"),
    include_bytes!("../../../tests/signed/bom-crlf-sha384.psd1"),
    include_bytes!("../../../tests/signed/utf16-lf-sha1.ps1"),
    include_bytes!("../../../tests/signed/utf8-crlf-sha256.ps1"),
];

const NAMES: [&str; 4] = ["ascii", "bom", "utf16", "utf8"];

const SEED: u64 = 15;

/// Changes, removes, repeats or inserts some bytes.
fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(0..=bytes.len());
        let until = (at + rng.usize(0..40)).min(bytes.len());
        let old = bytes[at..until].to_vec();
        let (until, new) = match rng.u8(0..6) {
            0 => (until, Vec::new()),
            1 => (at, vec![rng.u8(..)]),
            2 => (at, old),
            3 => (bytes.len(), Vec::new()),
            4 => (until, [b"\r\n".as_slice(), b"\n", b"\r"][rng.usize(0..3)].to_vec()),
            _ => {
                let values = [0, 0x30, 0x80, 0x84, 0xFF, old.first().map_or(0, |it| it ^ 1)];
                ((at + 1).min(bytes.len()), vec![values[rng.usize(0..6)]])
            }
        };
        bytes.splice(at..until, new);
    }
}

fn content(bytes: &[u8]) -> Option<Vec<u16>> {
    let text = Reading::of(bytes).first()?.decode(bytes);
    Some(Block::find(&text).ok()??.content().to_vec())
}

#[test]
fn a_mutated_script_never_panics_and_passes_only_with_its_content() {
    for (script, bytes) in SCRIPTS.iter().enumerate() {
        let whole = content(bytes);
        let mut intact = 0;
        for round in 0..2000 {
            let mut mutated = bytes.to_vec();
            mutate(&mut rng(SEED, NAMES[script], round), &mut mutated);
            if check(&mutated) == Signature::Intact {
                assert_eq!(content(&mutated), whole, "seed {SEED}, script {script}, round {round}");
                intact += 1;
            }
        }
        // Some changes are in certificates, which are not checked; more would be a check that checks nothing.
        assert!(intact < 1000, "script {script}: {intact} of 2000");
    }
}

#[test]
fn a_mutated_signature_never_panics() {
    for (script, bytes) in SCRIPTS.iter().enumerate() {
        let text = Reading::of(bytes)[0].decode(bytes);
        let der = Block::find(&text).unwrap().unwrap().decode().unwrap();
        assert!(Signed::parse(&der).is_ok(), "script {script}");
        let mut parsed = 0;
        for round in 0..5_000 {
            let mut mutated = der.clone();
            mutate(&mut rng(SEED, NAMES[script], round), &mut mutated);
            parsed += u32::from(Signed::parse(&mutated).is_ok());
        }
        assert!(parsed > 0 && parsed < 4_000, "script {script}: {parsed} of 5000");
    }
}
