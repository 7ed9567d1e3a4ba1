//! Interrupts of a running process: signals on Unix, events of its console on Windows.

use std::process::ExitStatus;

pub(crate) use system::{Interrupt, has_own_console, is_killed, send};

/// The interrupts, with the name that `lrlib` gives each, and the exit code.
#[cfg(unix)]
pub(crate) const ALL: [(Interrupt, &str, i32); 2] =
    [(Interrupt::INT, "SIGINT", 130), (Interrupt::TERM, "SIGTERM", 143)];
/// Without Ctrl-Break, which Wine does not deliver. `lrlib` has the same handler for it.
#[cfg(windows)]
pub(crate) const ALL: [(Interrupt, &str, i32); 1] = [(Interrupt::CtrlC, "SIGINT", 130)];

/// One that no process handles.
#[cfg(unix)]
pub(crate) const KILL: Option<Interrupt> = Some(Interrupt::KILL);
#[cfg(windows)]
pub(crate) const KILL: Option<Interrupt> = None;

#[cfg(unix)]
mod system {
    use std::os::unix::process::ExitStatusExt;

    use rustix::process::{Pid, kill_process};

    use super::ExitStatus;

    pub(crate) use rustix::process::Signal as Interrupt;

    /// Signals have one process as their target, so a test needs no console.
    pub(crate) fn has_own_console(_test: &str) -> bool {
        true
    }

    pub(crate) fn send(pid: u32, signal: Interrupt) {
        let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Returns whether a process that does not handle the interrupt would end so.
    pub(crate) fn is_killed(status: ExitStatus, signal: Interrupt) -> bool {
        status.signal() == Some(signal.as_raw())
    }
}

#[cfg(windows)]
mod system {
    use std::fs::{self, File};
    use std::os::windows::process::CommandExt;
    use std::process::Command;
    use std::{env, io};

    use mde_live_response_testkit::TempDir;
    use send_ctrlc::Interruptible;

    use super::ExitStatus;

    /// Gives a process a console without a window. Its children get the same one.
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;

    const OWN: &str = "LRLIB_TEST_HAS_OWN_CONSOLE";

    #[derive(Debug, Clone, Copy)]
    pub(crate) enum Interrupt {
        CtrlC,
    }

    /// Returns whether this process has a console of its own. If not, runs the test in a process that has one, and
    /// asserts that it passes there.
    ///
    /// An event reaches all processes of a console, so no other test may have the same one.
    #[track_caller]
    pub(crate) fn has_own_console(test: &str) -> bool {
        if env::var_os(OWN).is_some() {
            // Events are for the child.
            ctrlc::set_handler(|| ()).unwrap();
            return true;
        }
        // Not through a pipe: Wine's console may keep it open when the process has ended.
        let dir = TempDir::new();
        let path = dir.write("output", "");
        let output = File::options().append(true).open(&path).unwrap();
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "--nocapture", test]).env(OWN, "1").creation_flags(CREATE_NO_WINDOW);
        let status = child.stdout(output.try_clone().unwrap()).stderr(output).status().unwrap();
        let output = fs::read_to_string(&path).unwrap();
        let has_passed = status.success() && output.contains("test result: ok. 1 passed");
        assert!(has_passed, "{status}\n{output}");
        false
    }

    /// Every process of this console.
    struct Console;

    impl Interruptible for Console {
        fn pid(&mut self) -> io::Result<Option<u32>> {
            Ok(Some(0))
        }
    }

    pub(crate) fn send(_pid: u32, event: Interrupt) {
        match event {
            Interrupt::CtrlC => Console.interrupt().unwrap(),
        }
    }

    /// `lrlib` ends with this code itself.
    pub(crate) fn is_killed(status: ExitStatus, _: Interrupt) -> bool {
        status.code() == Some(130)
    }
}
