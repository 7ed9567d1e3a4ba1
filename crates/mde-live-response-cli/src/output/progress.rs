//! Progress of calls: a bar for each on a terminal, and lines elsewhere.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressState, ProgressStyle};
use mde_live_response_core::error;
use mde_live_response_core::policy::{Call, CallKind, Event, Observer};

use crate::output::text::shown;
use crate::output::ui::Ui;

/// Time between two pictures of a bar. Ours.
const TICK: Duration = Duration::from_millis(200);

/// Longest error of an attempt, in columns.
const COLUMNS: usize = 400;

/// Widths of a call with a bar. Together with the rest of the line they fit 60 columns.
const WITH_BAR: (&str, usize) = ("{spinner} {prefix:20!} {bar:8} {state}", 28);

/// Widths of a call that waits.
const WITHOUT_BAR: (&str, usize) = ("{spinner} {prefix:20!} {state}", 37);

/// Reports a client's events.
#[derive(Clone)]
pub(crate) struct Reporter {
    ui: Arc<Ui>,
    tenant: Option<String>,
    bars: Arc<Mutex<HashMap<(u64, CallKind), Bar>>>,
}

/// A call on a terminal.
struct Bar {
    bar: ProgressBar,
    state: Arc<Mutex<State>>,
}

/// State of a call.
#[derive(Debug, Default)]
enum State {
    #[default]
    Connecting,
    Sending {
        bytes: u64,
        of: u64,
    },
    /// All bytes have left.
    Answer,
    Waiting {
        reason: String,
        until: Option<Instant>,
    },
}

impl Bar {
    fn set_style(&self, (template, columns): (&str, usize)) {
        let state = Arc::clone(&self.state);
        let text = move |_: &ProgressState, out: &mut dyn fmt::Write| {
            let text = state.lock().unwrap_or_else(PoisonError::into_inner).to_string();
            // A failed write shows less.
            let _ = out.write_str(&shown(&text, columns));
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.with_key("state", text));
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("connecting"),
            Self::Sending { bytes, of } => {
                write!(f, "{} of {}", HumanBytes(*bytes), HumanBytes(*of))
            }
            Self::Answer => f.write_str("waiting for the answer"),
            Self::Waiting { reason, until: None } => write!(f, "waiting: {reason}"),
            Self::Waiting { reason, until: Some(until) } => {
                let left = until.saturating_duration_since(Instant::now());
                // Whole seconds, and not 0 before the end.
                let left = Duration::from_secs(
                    left.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX),
                );
                write!(f, "waiting {}: {reason}", error::span(left))
            }
        }
    }
}

impl Reporter {
    pub(crate) fn new(ui: &Arc<Ui>, tenant: Option<&str>) -> Self {
        Self { ui: Arc::clone(ui), tenant: tenant.map(str::to_owned), bars: Arc::default() }
    }

    fn about(&self, call: &Call<'_>) -> String {
        let tenant = self.tenant.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
        match call.file() {
            Some(file) => format!("{tenant}{file}"),
            None => format!("{tenant}{}", call.kind()),
        }
    }

    /// Sets what the bar of a call says, if there are bars. A call gets its bar when it first says something.
    fn show(&self, call: &Call<'_>, state: State) -> bool {
        let Some(all) = self.ui.bars() else { return false };
        let mut bars = self.lock();
        let shown = bars.entry((call.id(), call.kind())).or_insert_with(|| {
            let bar = all.add(ProgressBar::no_length()).with_prefix(self.about(call));
            // A sign of life while the service thinks, and a clock while the client waits.
            bar.enable_steady_tick(TICK);
            Bar { bar, state: Arc::default() }
        });
        if let State::Sending { bytes, of } = state {
            shown.bar.set_length(of);
            shown.bar.set_position(bytes);
        }
        let is_waiting = matches!(state, State::Waiting { .. });
        *shown.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        shown.set_style(if is_waiting { WITHOUT_BAR } else { WITH_BAR });
        true
    }

    fn wait(&self, call: &Call<'_>, reason: impl fmt::Display, time: Option<Duration>) {
        let until = time.and_then(|time| Instant::now().checked_add(time));
        if self.show(call, State::Waiting { reason: reason.to_string(), until }) {
            return;
        }
        let about = self.about(call);
        match time {
            Some(time) => {
                self.ui.note(format_args!("{about}: waiting {}: {reason}", error::span(time)));
            }
            None => self.ui.note(format_args!("{about}: waiting: {reason}")),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(u64, CallKind), Bar>> {
        self.bars.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Reporter {
    fn event(&self, call: &Call<'_>, event: &Event<'_>) {
        match event {
            Event::Attempt { .. } if call.kind() == CallKind::Upload => {
                self.show(call, State::Connecting);
            }
            Event::Sent { bytes, of } if call.kind() == CallKind::Upload => {
                let state = if bytes == of {
                    State::Answer
                } else {
                    State::Sending { bytes: *bytes, of: *of }
                };
                self.show(call, state);
            }
            // A shorter wait is over before the line is read.
            Event::Waiting { reason, time }
                if time.is_none_or(|it| it > Duration::from_secs(1)) =>
            {
                self.wait(call, reason, *time);
            }
            Event::Failed { number, error } if self.ui.is_verbose() => {
                let (about, error) = (self.about(call), shown(&error.to_string(), COLUMNS));
                self.ui.say(format_args!("{about}: attempt {number} failed: {error}"));
            }
            Event::Succeeded | Event::Ended { .. } => {
                if let Some(shown) = self.lock().remove(&(call.id(), call.kind())) {
                    shown.bar.finish_and_clear();
                }
            }
            _ => {}
        }
    }
}
