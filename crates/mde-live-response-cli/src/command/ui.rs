//! What is told while a command runs: bars on a terminal, plain lines elsewhere, always on standard error.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use mde_live_response_core::{Call, CallKind, Event, Observer};

use super::exit::{Exit, Failure};
use super::json::visible;
use super::text::{has_colours, shown};

/// Longest line of somebody else's text, in columns.
const COLUMNS: usize = 400;

/// Standard output and standard error of a run.
pub(super) struct Ui {
    json: bool,
    verbose: bool,
    colours: bool,
    bars: Option<MultiProgress>,
}

impl Ui {
    pub(super) fn new(json: bool, verbose: bool) -> Self {
        let bars = io::stderr().is_terminal().then(MultiProgress::new);
        Self { json, verbose, colours: !json && has_colours(), bars }
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// A line on standard error, whatever is in it. Nobody may be reading it, which is no reason to stop.
    pub(super) fn say(&self, line: fmt::Arguments<'_>) {
        let line = shown(&line.to_string(), usize::MAX);
        let write = || {
            let _ = writeln!(io::stderr(), "{line}");
        };
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }

    /// What the command is for, on standard output. A reader that has gone, such as `head`, has seen enough.
    pub(super) fn print(&self, text: &str) -> Result<(), Failure> {
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
                Err(Failure::Failed(format!("standard output takes no more: {why}")))
            }
            _ => Ok(()),
        }
    }

    /// How a run ends that did this, when telling of it went so.
    pub(super) fn end(&self, exit: Exit, told: Result<(), Failure>) -> Exit {
        match told {
            Ok(()) => exit,
            Err(failure) => {
                self.fail(&failure);
                exit.untold()
            }
        }
    }

    pub(super) fn fail(&self, failure: &Failure) {
        self.say(format_args!("error: {}", failure.message()));
    }

    pub(super) fn print_json(&self, value: &serde_json::Value) -> Result<(), Failure> {
        self.print(&visible(&format!("{value:#}\n")))
    }

    /// A word for what was done, or will be, in the colour of how much attention it wants.
    pub(super) fn word(&self, word: &str) -> String {
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

/// Tells what a client does.
#[derive(Clone)]
pub(super) struct Teller {
    ui: Arc<Ui>,
    tenant: Option<String>,
    bars: Arc<Mutex<HashMap<u64, ProgressBar>>>,
}

impl Teller {
    pub(super) fn new(ui: &Arc<Ui>, tenant: Option<&str>) -> Self {
        Self { ui: Arc::clone(ui), tenant: tenant.map(str::to_owned), bars: Arc::default() }
    }

    fn about(&self, call: &Call<'_>) -> String {
        let tenant = self.tenant.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
        match call.file() {
            Some(file) => format!("{tenant}{file}"),
            None => format!("{tenant}{}", call.kind()),
        }
    }

    fn wait(&self, call: &Call<'_>, reason: impl fmt::Display, seconds: Option<u128>) {
        let what = match seconds {
            Some(seconds) => format!("waiting {seconds} s: {reason}"),
            None => format!("waiting: {reason}"),
        };
        match self.bars().get(&call.id()) {
            Some(bar) => bar.set_message(what),
            None => self.ui.say(format_args!("{}: {what}", self.about(call))),
        }
    }

    fn begin_bar(&self, call: &Call<'_>) {
        let Some(all) = &self.ui.bars else { return };
        let style = "{prefix} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {msg}";
        self.bars().entry(call.id()).or_insert_with(|| {
            let bar = all.add(ProgressBar::no_length());
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar.with_prefix(self.about(call))
        });
    }

    fn bars(&self) -> MutexGuard<'_, HashMap<u64, ProgressBar>> {
        self.bars.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Teller {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        match event {
            Event::Attempt { .. } if call.kind() == CallKind::Upload => self.begin_bar(call),
            Event::Sent { bytes, of } => {
                if let Some(bar) = self.bars().get(&call.id()) {
                    bar.set_length(*of);
                    bar.set_position(*bytes);
                    bar.set_message("");
                }
            }
            Event::Waiting { reason, time } => {
                let seconds = time.map(|time| time.as_millis().div_ceil(1000));
                // Shorter ones are over before they are read.
                if seconds.is_none_or(|seconds| seconds > 1) {
                    self.wait(call, reason, seconds);
                }
            }
            Event::Failed { number, error } if self.ui.verbose => {
                let (about, error) = (self.about(call), shown(&error.to_string(), COLUMNS));
                self.ui.say(format_args!("{about}: attempt {number} failed: {error}"));
            }
            Event::PaceStoreFailed { error } => {
                self.ui.say(format_args!("{}: the pace is not shared: {error}", self.about(call)));
            }
            Event::Succeeded | Event::Ended { .. } if call.kind() == CallKind::Upload => {
                if let Some(bar) = self.bars().remove(&call.id()) {
                    bar.finish_and_clear();
                }
            }
            _ => {}
        }
    }
}
