//! The encoder alone: a form read to its end, against a bare read loop into the same buffer.

use std::fs::File;
use std::io::Read;
use std::time::Instant;

use mde_live_response_core::operation::{Operation, UploadRequest};
use mde_live_response_core::{AccessToken, Endpoint};
use sha2::{Digest, Sha256};

use crate::Failure;
use crate::form::{self, SEED, TOKEN};

const SIZE: usize = 20_000_000;
const ROUNDS: usize = 40;

pub(crate) fn run() -> Result<(), Failure> {
    let path = std::env::temp_dir().join(format!("mde-bench-encoder-{}", std::process::id()));
    std::fs::write(&path, vec![0xa5; SIZE])?;
    let mut buffer = vec![0; 256 * 1024];
    let (upload, token) = (form::upload(&path)?, AccessToken::new(TOKEN)?);
    let request = UploadRequest::new(&upload, SEED)?;
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut file = File::open(&path)?;
        let mut hash = Sha256::new();
        loop {
            let n = file.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            hash.update(&buffer[..n]);
        }
        std::hint::black_box(hash.finalize());
        let bare = start.elapsed().as_secs_f64();

        let start = Instant::now();
        let mut exchange = request.exchange(&Endpoint::COMMERCIAL).with_token(&token);
        while exchange.read(&mut buffer)? > 0 {}
        std::hint::black_box(exchange.sent_sha256());
        ratios.push(bare / start.elapsed().as_secs_f64());
    }
    std::fs::remove_file(&path)?;
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ROUNDS / 2];
    let met = if median >= 0.97 { "met" } else { "NOT MET" };
    println!(
        "encoder, speed of a bare read loop with the same hashing: {median:.3} ({:.3}-{:.3}), at least 0.97: {met}",
        ratios[ROUNDS / 4],
        ratios[ROUNDS * 3 / 4]
    );
    Ok(())
}
