//! Measures uploads: ours, the raw limit, and what others offer, each round all of them.
//!
//! See README.md beside this. Every figure is a ratio to a rival of the same round; machines are noisy.

#![forbid(unsafe_code)]

mod cost;
mod encoder;
mod form;
mod repeat;
mod rivals;
mod rounds;
mod sink;
mod table;

use std::alloc::System;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use rivals::Target;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What goes wrong here ends the run.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Uploads by all rivals, as a table of ratios.
    Upload {
        /// A tenth of the rounds.
        #[arg(long)]
        quick: bool,
        /// Only the size of so many bytes: 1024, 1048576 or 20000000.
        #[arg(long, value_name = "BYTES")]
        only: Option<u64>,
        /// Prints JSON in place of the table.
        #[arg(long)]
        json: bool,
    },
    /// The encoder alone, against a bare read loop into the same buffer.
    Encoder,
    /// Receives uploads until standard input ends; for the other commands.
    #[command(hide = true)]
    Sink {
        /// What to answer.
        entity: String,
        #[arg(long)]
        tls: bool,
    },
    /// Uploads this many times in this process and prints the cost. The other commands use it.
    #[command(hide = true)]
    Cost { rival: String, url: String, certificate: String, file: PathBuf, times: u32 },
    /// Does the same work this many times for a profiler. tests/guard uses it.
    #[command(hide = true)]
    Repeat { work: String, url: String, certificate: String, file: PathBuf, times: u32 },
}

fn main() -> ExitCode {
    let command = Arguments::parse().command.unwrap_or(Command::Upload {
        quick: false,
        only: None,
        json: false,
    });
    let outcome = match command {
        Command::Upload { quick, only, json } => sink::on_a_processor_of_its_own()
            .and_then(|done| if done { Ok(()) } else { rounds::run(quick, only, json) }),
        Command::Encoder => encoder::run(),
        Command::Sink { entity, tls } => sink::run(&entity, tls),
        Command::Cost { rival, url, certificate, file, times } => {
            cost::run(&rival, &url, &certificate, &file, times)
        }
        Command::Repeat { work, url, certificate, file, times } => {
            repeat::run(&work, Target { url, certificate, file }, times)
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
