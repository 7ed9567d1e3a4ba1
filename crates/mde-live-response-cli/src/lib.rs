//! The command `lrlib`, as the function [`run`].
//!
//! Programs use the crate `mde-live-response` instead. `lrlib --help` and the README describe the command.
//!
//! `line` is the command line, `service` opens libraries, `output` prints. The commands are in `folder`, `files`, `lint` and
//! `probe`.

#![forbid(unsafe_code)]

mod files;
mod folder;
mod line;
mod lint;
mod output;
mod probe;
mod service;
mod signals;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use mde_live_response_core::{Effect, Error};
use serde_json::json;

use files::{changes, library};
use folder::sync;
use line::args::{self, Command};
use line::options::Connection;
use line::settings;
use output::exit::{Exit, Failure};
use output::fields;
use output::ui::Ui;
use service::connect::{Service, is_set};
use signals::Signal;

/// Runs `lrlib` and returns its exit code.
///
/// The first argument is the program's name. Exit codes:
///
/// * 0: done.
/// * 1: failed. No change was confirmed, a plan has conflicts or deletes too much, or `lint` found errors.
/// * 2: usage. The command line, the environment or the folder has an error, or `--yes` is missing; nothing was done.
/// * 3: partly failed, or the result of changes could not be written to standard output or the audit log.
/// * 4: there are changes (`plan --exit-code`) or differences (`verify`).
/// * 130, 143: interrupted by Ctrl-C or SIGTERM. The output tells what was done.
///
/// Handles these signals for the whole process from then on.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut command = match Command::parse(arguments) {
        Ok(command) => command,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let ui = Arc::new(Ui::new(command.name(), command.output()));
    if let Err(why) = signals::watch(&ui) {
        ui.say(format_args!(
            "a signal will end this run at once, because it cannot be handled: {why}"
        ));
    }
    let outcome = settings::complete(&mut command, &ui).and_then(|()| {
        if let Some(common) = command.common() {
            tell_ignored_variable(&common.connection, &ui);
        }
        execute(&command, &ui)
    });
    let code = match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            ui.fail(&failure);
            if ui.is_json() {
                // Standard output itself may have failed.
                let _ = ui.print_json(json!({ "error": fields::failure(&failure) }));
            }
            failure.code()
        }
    };
    ui.interrupt().signal().map_or(code, Signal::code)
}

fn execute(command: &Command, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    match command {
        Command::Plan(plan) => sync::plan(plan, ui),
        Command::Sync(it) => sync::sync(it, ui),
        Command::Verify(verify) => library::verify(verify, ui),
        Command::Lint(lint) => lint::run(lint, ui),
        Command::Adopt(adopt) => sync::adopt(adopt, ui),
        Command::Export(export) => library::export(export, ui),
        Command::Upload(upload) => changes::upload(upload, ui),
        Command::List(common) => library::list(common, ui),
        Command::Delete(delete) => changes::delete(delete, ui),
        Command::Check(common) => library::check(common, ui),
        Command::Probe(probe) => probe::run(probe, ui),
        Command::Completions { shell } => completions(*shell, ui),
        Command::Man { of } => man(of.as_deref(), ui),
    }
}

/// With `-v`, says that the command line or `LRLIB_CLOUD` overrules `MDE_BASE_URL`.
fn tell_ignored_variable(connection: &Connection, ui: &Ui) {
    if ui.is_verbose() && is_set("MDE_BASE_URL") && Service::of(connection).is_named() {
        ui.say(format_args!("MDE_BASE_URL is ignored, because another option names the service"));
    }
}

fn completions(shell: clap_complete::Shell, ui: &Ui) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::definition(), "lrlib", &mut script);
    ui.print(&String::from_utf8_lossy(&script)).map(|()| Exit::Done)
}

fn man(of: Option<&str>, ui: &Ui) -> Result<Exit, Failure> {
    let mut whole = args::definition();
    whole.build();
    let command = match of {
        Some(name) => whole.find_subcommand(name).cloned(),
        None => Some(whole),
    };
    let command = command.ok_or_else(|| {
        let message = format!("there is no command `{}`", of.unwrap_or_default());
        Failure::usage(message, "`lrlib --help` lists the commands.")
    })?;
    let mut page = Vec::new();
    let rendered: io::Result<()> = clap_mangen::Man::new(command).render(&mut page);
    rendered.map_err(|why| Failure::Failed(why.to_string()))?;
    ui.print(&String::from_utf8_lossy(&page)).map(|()| Exit::Done)
}

/// The outcome of a change, in a word.
fn outcome(error: Option<&Error>) -> &'static str {
    match error.map(Error::effect) {
        None => "done",
        Some(Effect::Unknown) => "unknown",
        Some(_) => "failed",
    }
}
