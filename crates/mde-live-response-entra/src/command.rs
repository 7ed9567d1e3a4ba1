//! Programs that print a token, and work that may hang.

use std::fmt;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use mde_live_response_core::auth::{Credential, CredentialError, IssuedToken, TokenRequest};
use zeroize::Zeroizing;

use crate::token_text::{self, MAX_BYTES};

/// Longest time between two looks at the deadline and the cancel. Ours.
const POLL: Duration = Duration::from_millis(50);

/// A shell command that prints an access token.
///
/// The command runs for each token request, by `sh -c`, or by `cmd /S /C` on Windows. Its standard input is empty, and its
/// standard error is this program's. The client ends it at the call's deadline or when the call is cancelled.
///
/// The output is one token, at most 64 KiB, with at most one line end. The client renews the token by the expiry in its
/// claims; a token without claims is used until the service refuses it.
///
/// Neither errors nor `Debug` show the command, because it may contain a secret.
///
/// # Examples
///
/// ```no_run
/// use mde_live_response::Endpoint;
/// use mde_live_response::auth::TokenCommand;
///
/// let command = TokenCommand::new("vault kv get -field=token secret/mde");
/// let client = mde_live_response::client(Endpoint::COMMERCIAL, command);
/// ```
#[derive(Clone)]
pub struct TokenCommand(String);

impl TokenCommand {
    /// Creates the credential. The command runs when a token is needed.
    #[must_use]
    pub fn new(command: impl Into<String>) -> Self {
        Self(command.into())
    }
}

impl Credential for TokenCommand {
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        let error = |why: &dyn fmt::Display| {
            CredentialError::message(format!("the token command {why}"))
                .with_help("Run the command by hand: it must print one token and exit with code 0.")
        };
        let ended = run(request, shell(&self.0)).map_err(|failure| error(&failure))?;
        if !ended.status.success() {
            return Err(error(&format_args!("ended with {}", ended.status)));
        }
        token_text::issued(&ended.stdout, request.time_of_day())
            .map_err(|why| error(&format_args!("printed no token: {why}")))
    }
}

impl fmt::Debug for TokenCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCommand").finish_non_exhaustive()
    }
}

fn shell(command: &str) -> Command {
    #[cfg(windows)]
    {
        // Unchanged, because the shell's rules for quotes are not those of other programs.
        let mut shell = Command::new("cmd");
        shell.args(["/S", "/C"]);
        std::os::windows::process::CommandExt::raw_arg(&mut shell, format!("\"{command}\""));
        shell
    }
    #[cfg(not(windows))]
    {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]);
        shell
    }
}

/// The output of a program that ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Zeroizing<Vec<u8>>,
    /// Empty unless the command asked for a pipe.
    pub(crate) stderr: Zeroizing<Vec<u8>>,
}

/// Why a program has no output. Completes a sentence that starts with its name.
pub(crate) enum Failure {
    NotStarted(io::Error),
    TooLong,
    OutOfTime,
    Cancelled,
    Io(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(cause) => write!(f, "cannot be run: {cause}"),
            Self::TooLong => f.write_str("printed more than 64 KiB"),
            Self::OutOfTime => f.write_str("did not end before the call's deadline"),
            Self::Cancelled => f.write_str("was stopped, because the call was cancelled"),
            Self::Io(cause) => write!(f, "cannot be read: {cause}"),
        }
    }
}

/// Runs a program to its end. Kills it at the deadline of the call, or when the call is cancelled.
///
/// A child of that program may live on, and keeps a thread of ours until it closes its output.
pub(crate) fn run(request: &TokenRequest<'_>, mut command: Command) -> Result<Ended, Failure> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(Failure::NotStarted)?;
    let ended = output(request, &mut child);
    if ended.is_err() {
        // If it has ended by now, there is nothing to kill.
        let _ = child.kill();
        let _ = child.wait();
    }
    ended
}

fn output(request: &TokenRequest<'_>, child: &mut Child) -> Result<Ended, Failure> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let errors = thread::Builder::new()
        .spawn(move || stderr.map(read).and_then(Result::ok).unwrap_or_default())
        .map_err(Failure::Io)?;
    let stdout = within(request, move || stdout.map_or_else(|| Ok(Zeroizing::default()), read))?;
    let stdout = stdout.map_err(|cause| match cause.kind() {
        io::ErrorKind::FileTooLarge => Failure::TooLong,
        _ => Failure::Io(cause),
    })?;
    // Without a limit on it, a program that closes its output could still run for ever.
    let status = loop {
        if let Some(status) = child.try_wait().map_err(Failure::Io)? {
            break status;
        }
        check_time(request)?;
        thread::sleep(POLL / 10);
    };
    let stderr = within(request, move || errors.join().unwrap_or_default())?;
    Ok(Ended { status, stdout, stderr })
}

/// Does work on another thread, and waits for it until the deadline of the call or its cancel.
pub(crate) fn within<T: Send + 'static>(
    request: &TokenRequest<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let (done, result) = mpsc::sync_channel(1);
    let started = thread::Builder::new().spawn(move || done.send(work()));
    started.map_err(Failure::Io)?;
    loop {
        match result.recv_timeout(POLL.min(request.time_left())) {
            Ok(done) => return Ok(done),
            Err(RecvTimeoutError::Timeout) => check_time(request)?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::Io(io::Error::other("the reading thread panicked")));
            }
        }
    }
}

fn check_time(request: &TokenRequest<'_>) -> Result<(), Failure> {
    if request.is_cancelled() {
        return Err(Failure::Cancelled);
    }
    if request.time_left().is_zero() {
        return Err(Failure::OutOfTime);
    }
    Ok(())
}

/// Reads everything into one buffer, which is wiped.
pub(crate) fn read(source: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room for all of it, because a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 1));
    source.take(MAX_BYTES as u64 + 1).read_to_end(&mut text)?;
    if text.len() > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 64 KiB"));
    }
    Ok(text)
}
