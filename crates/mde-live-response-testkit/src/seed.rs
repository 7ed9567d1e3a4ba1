//! Randomness that a seed repeats.

use fastrand::Rng;

/// Randomness for one question of a seed: the same for the same arguments, and unlike that of any other question.
#[must_use]
pub fn rng(seed: u64, question: &str, number: u64) -> Rng {
    // FNV-1a, because the standard library's hashes differ between its versions.
    let parts = [&seed.to_le_bytes(), &number.to_le_bytes(), question.as_bytes()];
    let hash = parts.into_iter().flatten().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Rng::with_seed(hash)
}
