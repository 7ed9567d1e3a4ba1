//! Tokens that other programs keep: in a file, or on the output of a command.

use std::error::Error as StdError;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use mde_live_response_core::{
    AccessToken, Credential, CredentialError, IssuedToken, TokenClaims, TokenRequest,
};

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
        let text = fs::read(&self.path).map_err(|why| CredentialError::new(about(&why)))?;
        issued(text).map_err(|why| CredentialError::new(about(&why)))
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
        let output =
            shell(&self.command).stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(
                |why| CredentialError::new(about(&format_args!("cannot be run: {why}"))),
            )?;
        if !output.status.success() {
            return Err(CredentialError::new(about(&format_args!("ended with {}", output.status))));
        }
        issued(output.stdout)
            .map_err(|why| CredentialError::new(about(&format_args!("printed no token: {why}"))))
    }
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

/// A text with at most one line end at its end, as a token that is good for as long as it says.
fn issued(text: Vec<u8>) -> Result<IssuedToken, Box<dyn StdError + Send + Sync>> {
    // The error would hold the text.
    let mut text = String::from_utf8(text).map_err(|_| "it is not UTF-8")?;
    for end in ['\n', '\r'] {
        if text.ends_with(end) {
            text.pop();
        }
    }
    let token = AccessToken::new(text)?;
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
