//! Output: results on standard output, progress and errors on standard error.
//!
//! Progress is a bar on a terminal, and lines elsewhere.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use mde_live_response_core::error;
use mde_live_response_core::policy::{Call, CallKind, Event, Observer};

use super::exit::{Exit, Failure};
use super::json::visible;
use super::signals::Interrupt;
use super::text::{has_colours, shown};

/// Time between two pictures of a bar. Ours.
const TICK: Duration = Duration::from_millis(200);

/// Longest error of an attempt, in columns.
const COLUMNS: usize = 400;

/// Standard output and standard error of a run.
pub(super) struct Ui {
    json: bool,
    verbose: bool,
    colours: bool,
    bars: Option<MultiProgress>,
    interrupt: Interrupt,
}

impl Ui {
    pub(super) fn new(json: bool, verbose: bool) -> Self {
        let bars = io::stderr().is_terminal().then(MultiProgress::new);
        Self {
            json,
            verbose,
            colours: !json && has_colours(),
            bars,
            interrupt: Interrupt::default(),
        }
    }

    /// The signals of this run.
    pub(super) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Writes a line to standard error, escaped. A closed pipe does not end the run.
    pub(super) fn say(&self, line: fmt::Arguments<'_>) {
        self.tell(line, "\n");
    }

    /// Writes a question to standard error, escaped. The answer follows on the same line.
    pub(super) fn ask(&self, question: fmt::Arguments<'_>) {
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
                Err(Failure::Failed(format!("cannot write to standard output: {why}")))
            }
            _ => Ok(()),
        }
    }

    /// Ends a run, whose result may not have been written.
    pub(super) fn end(&self, exit: Exit, written: Result<(), Failure>) -> Exit {
        match written {
            Ok(()) => exit,
            Err(failure) => {
                self.fail(&failure);
                exit.unwritten()
            }
        }
    }

    pub(super) fn fail(&self, failure: &Failure) {
        self.say(format_args!("error: {}", failure.message()));
    }

    /// Prints the result. After a signal it also has `interrupted`, the signal's name.
    pub(super) fn print_json(&self, mut value: serde_json::Value) -> Result<(), Failure> {
        if let (Some(signal), Some(fields)) = (self.interrupt.signal(), value.as_object_mut()) {
            fields.insert("interrupted".to_owned(), signal.name().into());
        }
        self.print(&visible(&format!("{value:#}\n")))
    }

    /// Colours the word for an outcome or an action.
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

/// Reports a client's events.
#[derive(Clone)]
pub(super) struct Reporter {
    ui: Arc<Ui>,
    tenant: Option<String>,
    bars: Arc<Mutex<HashMap<u64, ProgressBar>>>,
}

impl Reporter {
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

    fn wait(&self, call: &Call<'_>, reason: impl fmt::Display, time: Option<Duration>) {
        let what = match time {
            Some(time) => format!("waiting {}: {reason}", error::span(time)),
            None => format!("waiting: {reason}"),
        };
        match self.bars().get(&call.id()) {
            Some(bar) => bar.set_message(what),
            None => self.ui.say(format_args!("{}: {what}", self.about(call))),
        }
    }

    fn begin_bar(&self, call: &Call<'_>) {
        let Some(all) = &self.ui.bars else { return };
        let style = "{spinner} {prefix} {bar:20} {bytes}/{total_bytes} {msg}";
        self.bars().entry(call.id()).or_insert_with(|| {
            let bar = all.add(ProgressBar::no_length());
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            // A sign of life while the service thinks.
            bar.enable_steady_tick(TICK);
            bar.with_prefix(self.about(call))
        });
    }

    fn bars(&self) -> MutexGuard<'_, HashMap<u64, ProgressBar>> {
        self.bars.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Reporter {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        match event {
            Event::Attempt { .. } if call.kind() == CallKind::Upload => self.begin_bar(call),
            Event::Sent { bytes, of } => {
                if let Some(bar) = self.bars().get(&call.id()) {
                    bar.set_length(*of);
                    bar.set_position(*bytes);
                    bar.set_message(if bytes == of { "waiting for the answer" } else { "" });
                }
            }
            // A shorter wait is over before the line is read.
            Event::Waiting { reason, time }
                if time.is_none_or(|it| it > Duration::from_secs(1)) =>
            {
                self.wait(call, reason, *time);
            }
            Event::Failed { number, error } if self.ui.verbose => {
                let (about, error) = (self.about(call), shown(&error.to_string(), COLUMNS));
                self.ui.say(format_args!("{about}: attempt {number} failed: {error}"));
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
