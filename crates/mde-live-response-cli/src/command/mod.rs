//! The command `lrlib`.
//!
//! `args` is the command line, `connect` creates clients from it, `library`, `changes` and `sync` do the work, `ui`
//! writes progress and results, `json` and `text` format them. `guard` limits and confirms deletions, `signals` ends a
//! run early. Secrets come from files, environment variables and commands.

mod args;
mod audit;
mod changes;
mod connect;
mod credential;
mod exit;
mod guard;
mod json;
mod library;
mod network;
mod side_by_side;
mod signals;
mod sync;
mod tenants;
mod text;
mod ui;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser};
use mde_live_response_core::{Effect, Error};
use mde_live_response_sync::Jobs;
use serde_json::json;

use args::{Arguments, Command, Common};
use audit::Audit;
use connect::Service;
use exit::{Exit, Failure};
use json::VERSION;
use signals::Signal;
use sync::Mode;
use ui::Ui;

/// Runs `lrlib` and returns its exit code.
///
/// The first argument is the program's name. Exit codes:
///
/// * 0: done.
/// * 1: failed. No change was confirmed, or a plan has conflicts or deletes too much.
/// * 2: usage. The command line, the environment or the folder has an error, or `--yes` is missing; nothing was done.
/// * 3: partly failed, or standard output or the audit log could not be written.
/// * 4: a plan has changes (`plan`, `sync --dry-run`).
/// * 130, 143: interrupted by Ctrl-C or SIGTERM. The output tells what was done.
///
/// Handles these signals for the whole process from then on.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let Arguments { command, common } = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let ui = Arc::new(Ui::new(common.json, common.verbose));
    if let Err(why) = signals::watch(&ui) {
        ui.say(format_args!(
            "a signal will end this run at once, because it cannot be handled: {why}"
        ));
    }
    tell_ignored_variable(&common, &ui);
    let outcome = Audit::open(common.audit.as_deref()).and_then(|audit| match &command {
        Command::Upload(upload) => changes::upload(upload, &common, &ui, &audit),
        Command::List => library::list(&common, &ui),
        Command::Delete(delete) => changes::delete(delete, &common, &ui, &audit),
        Command::Sync(sync) => {
            let mode =
                if sync.dry_run { Mode::DryRun } else { Mode::Apply { is_confirmed: sync.yes } };
            sync::run(&sync.plan, mode, sync.side_by_side.jobs(), &common, &ui, &audit)
        }
        Command::Plan(plan) => sync::run(plan, Mode::DryRun, Jobs::default(), &common, &ui, &audit),
        Command::Check => library::check(&common, &ui),
        Command::Completions { shell } => completions(*shell, &ui),
        Command::Man { of } => man(of.as_deref(), &ui),
    });
    let code = match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            ui.fail(&failure);
            if ui.is_json() {
                let error = json::failure(&failure);
                let value =
                    json!({ "version": VERSION, "command": command.name(), "error": error });
                // Standard output itself may have failed.
                let _ = ui.print_json(value);
            }
            failure.code()
        }
    };
    ui.interrupt().signal().map_or(code, Signal::code)
}

/// With `-v`, says that the command line overrules `MDE_BASE_URL`.
fn tell_ignored_variable(common: &Common, ui: &Ui) {
    let is_set = std::env::var_os("MDE_BASE_URL").is_some_and(|value| !value.is_empty());
    if ui.is_verbose() && is_set && Service::of(common).is_named() {
        ui.say(format_args!("MDE_BASE_URL is ignored, because the command line names the service"));
    }
}

fn completions(shell: clap_complete::Shell, ui: &Ui) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "lrlib", &mut script);
    ui.print(&String::from_utf8_lossy(&script)).map(|()| Exit::Done)
}

fn man(of: Option<&str>, ui: &Ui) -> Result<Exit, Failure> {
    let mut whole = Arguments::command();
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
