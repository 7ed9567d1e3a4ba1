//! Output: results on standard output, progress and errors on standard error.
//!
//! Progress is a bar on a terminal, and lines elsewhere.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::MultiProgress;
use mde_live_response_core::error;
use serde_json::Value;

use crate::line::options::{Format, Output};
use crate::output::exit::{Exit, Failure};
use crate::output::fields::{VERSION, visible};
use crate::output::table::{self, Table};
use crate::output::text::{columns, has_colours, is_dumb};
use crate::signals::Interrupt;

/// Variable of GitHub Actions: the file for the job's summary.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Standard output and standard error of a run.
pub(crate) struct Ui {
    command: &'static str,
    output: Output,
    colours: bool,
    bars: Option<MultiProgress>,
    interrupt: Interrupt,
    /// First failure to print a change.
    unprinted: Mutex<Option<Failure>>,
}

impl Ui {
    pub(crate) fn new(command: &'static str, output: Output) -> Self {
        let has_bars = !output.quiet && io::stderr().is_terminal() && !is_dumb();
        Self {
            command,
            output,
            colours: output.format == Format::Table && has_colours(),
            bars: has_bars.then(MultiProgress::new),
            interrupt: Interrupt::default(),
            unprinted: Mutex::default(),
        }
    }

    /// The signals of this run.
    pub(crate) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    pub(crate) fn is_json(&self) -> bool {
        self.output.format == Format::Json
    }

    pub(crate) fn is_verbose(&self) -> bool {
        self.output.verbose
    }

    /// Writes progress or a summary to standard error, unless `--quiet` is given.
    pub(crate) fn note(&self, line: fmt::Arguments<'_>) {
        if !self.output.quiet {
            self.say(line);
        }
    }

    /// Reports a change when it has ended: on standard output if the result is a table, else as progress.
    ///
    /// So each change is printed once. `tenant` is the start of the line. [`rest`](Self::rest) reports if it could not be
    /// written.
    pub(crate) fn change(&self, tenant: &str, word: &str, name: &str) {
        if self.output.format != Format::Table {
            return self.note(format_args!("{tenant}{word} {name}"));
        }
        let line = format!("{tenant}{} {}\n", self.word(word), error::shown(name));
        if let Err(failure) = self.print(&line) {
            self.lock_unprinted().get_or_insert(failure);
        }
    }

    fn lock_unprinted(&self) -> MutexGuard<'_, Option<Failure>> {
        self.unprinted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the result to standard output, in the chosen format, and its summary to standard error.
    ///
    /// JSON gets the fields `version` and `command`.
    pub(crate) fn result(
        &self,
        json: Value,
        table: &Table,
        summary: Option<&str>,
    ) -> Result<(), Failure> {
        let text = table.for_terminal(columns(), |word| self.word(word));
        let written = self.write_result(json, table, &text, summary);
        if let Some(summary) = summary {
            self.note(format_args!("{summary}"));
        }
        written
    }

    /// As [`result`](Self::result), after [`change`](Self::change) has reported the changes, if there were any.
    ///
    /// Then only the rows of `rest` are left to be printed as a table. Summaries of libraries are separate lines, which
    /// standard error has already.
    pub(crate) fn rest(
        &self,
        json: Value,
        table: &Table,
        rest: Option<&Table>,
        summaries: &str,
    ) -> Result<(), Failure> {
        if let Some(failure) = self.lock_unprinted().take() {
            return Err(failure);
        }
        let text = match rest {
            Some(rest) => rest.lines(|word| self.word(word)),
            None => table.for_terminal(columns(), |word| self.word(word)),
        };
        self.write_result(json, table, &text, Some(summaries))
    }

    fn write_result(
        &self,
        json: Value,
        table: &Table,
        text: &str,
        summary: Option<&str>,
    ) -> Result<(), Failure> {
        match self.output.format {
            Format::Table => self.print(text),
            Format::Json => self.print_json(json),
            Format::Markdown => self.print(&markdown(self.command, table, summary)),
            Format::Tsv => self.print(&table.tsv()),
        }
    }

    /// Appends the result to the summary of a job on GitHub Actions.
    pub(crate) fn summarise(&self, table: &Table, summary: &str) {
        let Some(path) = std::env::var_os(STEP_SUMMARY).filter(|path| !path.is_empty()) else {
            return;
        };
        let text = markdown(self.command, table, Some(summary)) + "\n";
        let file = OpenOptions::new().create(true).append(true).open(path);
        if let Err(why) = file.and_then(|mut file| file.write_all(text.as_bytes())) {
            self.say(format_args!("cannot write to the file that {STEP_SUMMARY} names: {why}"));
        }
    }

    /// Writes a line to standard error, escaped. A closed pipe does not end the run.
    pub(crate) fn say(&self, line: fmt::Arguments<'_>) {
        self.tell(line, "\n");
    }

    /// Writes a question to standard error, escaped. The answer follows on the same line.
    pub(crate) fn ask(&self, question: fmt::Arguments<'_>) {
        self.tell(question, "");
    }

    fn tell(&self, text: fmt::Arguments<'_>, end: &str) {
        let text = text.to_string();
        let text = error::shown(&text);
        let write = || {
            let _ = write!(io::stderr(), "{text}{end}");
        };
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }

    /// Writes the result to standard output. A pipe closed by its reader, such as `head`, is not an error.
    pub(crate) fn print(&self, text: &str) -> Result<(), Failure> {
        let write = || {
            let mut stdout = io::stdout().lock();
            stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
        };
        let written = match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        };
        match written {
            Err(why) if why.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::Failed(format!("cannot write to standard output: {why}")))
            }
            _ => Ok(()),
        }
    }

    /// Ends a run, whose result may not have been written.
    pub(crate) fn end(&self, exit: Exit, written: Result<(), Failure>) -> Exit {
        match written {
            Ok(()) => exit,
            Err(failure) => {
                self.fail(&failure);
                exit.unwritten()
            }
        }
    }

    pub(crate) fn fail(&self, failure: &Failure) {
        self.say(format_args!("error: {}", failure.message()));
    }

    /// Prints the fields of a result. After a signal they have `interrupted`, the signal's name.
    pub(crate) fn print_json(&self, mut value: Value) -> Result<(), Failure> {
        if let Some(fields) = value.as_object_mut() {
            fields.insert("version".to_owned(), VERSION.into());
            fields.insert("command".to_owned(), self.command.into());
            if let Some(signal) = self.interrupt.signal() {
                fields.insert("interrupted".to_owned(), signal.name().into());
            }
        }
        self.print(&visible(&format!("{value:#}\n")))
    }

    /// The bars of calls, if standard error is a terminal.
    pub(crate) fn bars(&self) -> Option<&MultiProgress> {
        self.bars.as_ref()
    }

    /// Colours the word for an outcome or an action.
    pub(crate) fn word(&self, word: &str) -> String {
        let colour = match word {
            _ if !self.colours => return word.to_owned(),
            "create" | "created" | "stored" | "ok" => 32,
            "update" | "updated" | "removed" | "delete" => 33,
            "failed" | "conflict" | "changed" | "not tried" | "unknown" => 31,
            _ => return word.to_owned(),
        };
        format!("\x1b[{colour}m{word}\x1b[0m")
    }
}

/// A result in Markdown, below a heading.
fn markdown(command: &str, table: &Table, summary: Option<&str>) -> String {
    let mut text = format!("### lrlib {command}\n\n");
    for line in summary.into_iter().flat_map(str::lines) {
        text += &(table::markdown(line) + "\n\n");
    }
    if !table.is_empty() {
        text += &table.markdown();
    }
    text
}
