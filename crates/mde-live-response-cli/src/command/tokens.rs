//! Tokens that other programs keep: in a file, or on the output of a command.

use std::error::Error as StdError;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use mde_live_response_core::{
    AccessToken, Credential, CredentialError, IssuedToken, TokenClaims, TokenRequest,
};
use zeroize::Zeroizing;

/// A token in a file, read anew for every request.
#[derive(Debug)]
pub(super) struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }
}

impl Credential for TokenFile {
    fn token(&self, _: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        let about = |why: &dyn fmt::Display| format!("{}: {why}", self.path.display());
        let text = File::open(&self.path).and_then(read);
        let text = text.map_err(|why| CredentialError::new(about(&why)))?;
        issued(&text).map_err(|why| CredentialError::new(about(&why)))
    }
}

/// A command of the shell that prints a token, run anew for every request.
pub(super) struct TokenCommand {
    command: String,
}

impl TokenCommand {
    pub(super) fn new(command: &str) -> Self {
        Self { command: command.to_owned() }
    }
}

/// The command may hold what its author did not think of as a secret.
impl fmt::Debug for TokenCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCommand").finish_non_exhaustive()
    }
}

impl Credential for TokenCommand {
    fn token(&self, _: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        let about = |why: &dyn fmt::Display| format!("the token command {why}");
        let (printed, status) = printed_by(shell(&self.command))
            .map_err(|why| CredentialError::new(about(&format_args!("cannot be run: {why}"))))?;
        match printed {
            Ok(_) if !status.success() => {
                return Err(CredentialError::new(about(&format_args!("ended with {status}"))));
            }
            Ok(text) => issued(&text),
            Err(why) => Err(why.into()),
        }
        .map_err(|why| CredentialError::new(about(&format_args!("printed no token: {why}"))))
    }
}

/// What a command prints, if it is not too much, and how it ends.
fn printed_by(mut command: Command) -> io::Result<(io::Result<Zeroizing<Vec<u8>>>, ExitStatus)> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let printed = child.stdout.take().map_or_else(|| Ok(Zeroizing::default()), read);
    if printed.is_err() {
        // There is nothing to wait for. Where it has ended by itself there is nothing to end.
        let _ = child.kill();
    }
    Ok((printed, child.wait()?))
}

fn shell(command: &str) -> Command {
    #[cfg(windows)]
    {
        // As it stands: the shell's rules for quotes are not those of other programs.
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

/// Longest text that is read for a token, in bytes: ours, far more than one needs.
const MAX_BYTES: usize = 64 * 1024;

/// All of it, into one place, which is wiped.
fn read(source: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 1));
    source.take(MAX_BYTES as u64 + 1).read_to_end(&mut text)?;
    if text.len() > MAX_BYTES {
        return Err(io::Error::other("longer than 64 KiB, as no token is"));
    }
    Ok(text)
}

/// A text with at most one line end at its end, as a token that is good for as long as it says.
fn issued(text: &[u8]) -> Result<IssuedToken, Box<dyn StdError + Send + Sync>> {
    // The error would hold the text.
    let text = str::from_utf8(text).map_err(|_| "it is not UTF-8")?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let token = AccessToken::new(line.strip_suffix('\r').unwrap_or(line))?;
    let expires_at = token.claims().and_then(|claims| claims.expires_at());
    Ok(match expires_at {
        Some(at) => {
            let left = at.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO);
            IssuedToken::expiring(token, left)
        }
        None => token.into(),
    })
}

/// A credential that remembers what its last token says of itself.
#[derive(Debug)]
pub(super) struct Watched {
    inner: Box<dyn Credential>,
    seen: Seen,
}

/// What the last token says of itself; `None`: there was none yet, or it cannot be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Option<TokenClaims>>>);

impl Seen {
    pub(super) fn claims(&self) -> Option<TokenClaims> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Watched {
    pub(super) fn new(inner: Box<dyn Credential>) -> (Self, Seen) {
        let seen = Seen::default();
        (Self { inner, seen: seen.clone() }, seen)
    }
}

impl Credential for Watched {
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        let issued = self.inner.token(request)?;
        *self.seen.0.lock().unwrap_or_else(PoisonError::into_inner) = issued.token().claims();
        Ok(issued)
    }
}
