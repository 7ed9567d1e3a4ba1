//! Ctrl-C and SIGTERM: the first ends the running calls, a second one ends the process.

use std::io;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use mde_live_response_core::policy::CancelToken;

use crate::output::ui::Ui;

/// A signal that asks the process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C, or SIGINT. On Windows, any event that ends a console program.
    Interrupt,
    /// SIGTERM.
    #[cfg_attr(not(unix), expect(dead_code, reason = "Windows has no SIGTERM"))]
    Terminate,
}

impl Signal {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// Exit code of a process that the signal ended: 128 and the signal's number, as shells report it.
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        })
    }
}

/// The first signal, and what to do when it arrives.
#[derive(Default)]
pub(crate) struct Interrupt {
    state: Mutex<State>,
    cancel: CancelToken,
}

#[derive(Default)]
struct State {
    signal: Option<Signal>,
    actions: Vec<Box<dyn FnOnce() + Send>>,
}

impl Interrupt {
    /// The signal that has arrived.
    pub(crate) fn signal(&self) -> Option<Signal> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).signal
    }

    /// Runs the action when a signal arrives, or at once if one has arrived.
    pub(crate) fn then(&self, action: impl FnOnce() + Send + 'static) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.signal.is_none() {
            state.actions.push(Box::new(action));
            return;
        }
        drop(state);
        action();
    }

    /// The token of every call of the run, which a signal cancels.
    pub(crate) fn token(&self) -> &CancelToken {
        &self.cancel
    }

    fn raise(&self, signal: Signal) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.signal.get_or_insert(signal);
        let actions = std::mem::take(&mut state.actions);
        drop(state);
        self.cancel.cancel();
        for action in actions {
            action();
        }
    }
}

/// Handles signals from now on.
pub(crate) fn watch(ui: &Arc<Ui>) -> io::Result<()> {
    let ui = Arc::clone(ui);
    on_first(move |signal| {
        ui.interrupt().raise(signal);
        ui.say(format_args!(
            "interrupted by {}: ending the running calls. A second signal ends lrlib at once.",
            signal.name()
        ));
    })
}

/// Calls `first` for the first signal, on a thread of its own. The second signal ends the process as if it were not handled.
#[cfg(unix)]
fn on_first(first: impl FnOnce(Signal) + Send + 'static) -> io::Result<()> {
    use std::sync::atomic::{AtomicBool, Ordering};

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;
    use signal_hook::iterator::Signals;

    let has_arrived = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal must not see the flag that it sets.
        flag::register_conditional_default(signal, Arc::clone(&has_arrived))?;
        flag::register(signal, Arc::clone(&has_arrived))?;
    }
    // After the flags, so that they are set before the thread learns of the signal. If this fails, every signal ends the process.
    let signals = Signals::new([SIGINT, SIGTERM]);
    let mut signals = signals.inspect_err(|_| has_arrived.store(true, Ordering::SeqCst))?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            first(if signal == SIGTERM { Signal::Terminate } else { Signal::Interrupt });
        }
    })?;
    Ok(())
}

/// Calls `first` for the first event, on a thread of its own. The second event ends the process.
#[cfg(windows)]
fn on_first(first: impl FnOnce(Signal) + Send + 'static) -> io::Result<()> {
    let mut first = Some(first);
    let handle = move || match first.take() {
        // Not here, because it may wait for the terminal, and a second event must end the process even then.
        Some(first) => drop(thread::spawn(move || first(Signal::Interrupt))),
        None => std::process::exit(130),
    };
    ctrlc::set_handler(handle).map_err(io::Error::other)
}
