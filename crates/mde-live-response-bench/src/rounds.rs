//! Rounds: in each, every rival uploads once, so that what the machine does beside that hits all alike.

use std::path::PathBuf;
use std::time::Instant;

use mde_live_response_core::library::Sha256Digest;
use sha2::{Digest, Sha256};

use crate::Failure;
use crate::cost::{self, Cost};
use crate::form::NAME;
use crate::rivals::{Rival, Target, names, rival};
use crate::sink::Sink;
use crate::table::{self, Row, Section};

/// Sizes in bytes, how many rounds make the figures steady, and how many uploads in a row each gets in a round: with small
/// ones, cold caches after another rival would be what is measured.
const SIZES: [(u64, usize, u32); 3] = [(1024, 100, 30), (1024 * 1024, 60, 3), (20_000_000, 60, 1)];
const WARM_UP: usize = 3;

pub(crate) fn run(quick: bool, only: Option<u64>, json: bool) -> Result<(), Failure> {
    let mut sections = Vec::new();
    for (size, rounds, in_a_row) in
        SIZES.into_iter().filter(|(size, ..)| only.is_none_or(|it| it == *size))
    {
        let rounds = if quick { (rounds / 10).max(4) } else { rounds };
        for tls in [false, true] {
            eprintln!("{size} bytes, {}, {rounds} rounds", if tls { "TLS" } else { "plain" });
            sections.push(section(size, tls, rounds, in_a_row)?);
        }
    }
    if json {
        table::print_json(&sections);
    } else {
        table::print(&sections);
    }
    Ok(())
}

fn section(size: u64, tls: bool, rounds: usize, in_a_row: u32) -> Result<Section, Failure> {
    let file = File::new(size)?;
    let sink = Sink::start(&file.entity, tls)?;
    let target = || Target {
        url: sink.url.clone(),
        certificate: sink.certificate.clone(),
        file: file.path.clone(),
    };
    let names = names();
    let mut rivals = names
        .iter()
        .map(|name| rival(name, target()))
        .collect::<Result<Vec<Box<dyn Rival>>, Failure>>()?;
    let mut times = vec![Vec::with_capacity(rounds); rivals.len()];
    let mut order: Vec<usize> = (0..rivals.len()).collect();
    let mut dice = Dice(1);
    for round in 0..rounds + WARM_UP {
        // In another order each time: what one leaves behind (a started process, cold caches) hits all alike.
        dice.shuffle(&mut order);
        for n in order.iter().copied() {
            // A process for each is slow enough.
            let times_in_a_row = if names[n] == "curl" { 1 } else { in_a_row };
            let start = Instant::now();
            for _ in 0..times_in_a_row {
                rivals[n].upload().map_err(|error| format!("{}: {error}", names[n]))?;
            }
            let took = start.elapsed().as_secs_f64() / f64::from(times_in_a_row);
            if round >= WARM_UP {
                times[n].push(took);
            }
        }
    }
    drop(rivals);
    let costs: Vec<Cost> = names
        .iter()
        .map(|name| cost::measure(name, &target(), if size > 1_000_000 { 20 } else { 200 }))
        .collect::<Result<_, _>>()?;
    let rows = names.iter().zip(times).zip(costs);
    let rows = rows.map(|((name, times), cost)| Row { name, times, cost }).collect();
    Ok(Section { size, tls, rows })
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 32) as u32
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for last in (1..order.len()).rev() {
            order.swap(last, self.next() as usize % (last + 1));
        }
    }
}

/// A file of random-looking bytes, and what a library would say of it.
struct File {
    path: PathBuf,
    entity: String,
}

impl File {
    fn new(size: u64) -> Result<Self, Failure> {
        let mut dice = Dice(2);
        let bytes: Vec<u8> = (0..size).map(|_| (dice.next() >> 24) as u8).collect();
        let path = std::env::temp_dir().join(format!("mde-bench-{}-{size}", std::process::id()));
        std::fs::write(&path, &bytes)?;
        let digest = <[u8; 32]>::from(Sha256::digest(&bytes));
        let hex = Sha256Digest::from(digest).to_string();
        Ok(Self { path, entity: format!(r#"{{"fileName":"{NAME}","sha256":"{hex}"}}"#) })
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        let _ = std::fs::remove_file(self.path.with_extension("pem"));
    }
}
