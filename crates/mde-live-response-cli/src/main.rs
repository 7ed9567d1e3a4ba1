//! The command `lrlib`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    mde_live_response_cli::run(std::env::args_os())
}
