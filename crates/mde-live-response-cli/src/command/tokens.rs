//! Tokens of other programs: from a file or a command's output.

use std::error::Error as StdError;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use mde_live_response_core::AccessToken;
use mde_live_response_core::auth::{
    Credential, CredentialError, IssuedToken, TokenClaims, credential_fn,
};
use zeroize::Zeroizing;

/// A credential with a token file, read for every token request.
pub(super) fn from_file(path: &Path) -> impl Credential + use<> {
    let path = path.to_owned();
    credential_fn(move |request| {
        let about = |why: &dyn fmt::Display| {
            CredentialError::message(format!("the token file {}: {why}", path.display()))
                .with_help("Check the path, and the program that writes the token to it.")
        };
        let text = File::open(&path).and_then(read).map_err(|why| about(&why))?;
        issued(&text, request.time_of_day()).map_err(|why| about(&why))
    })
}

/// A credential with a shell command, run for every token request.
pub(super) fn from_command(command: &str) -> impl Credential + use<> {
    let command = command.to_owned();
    credential_fn(move |request| {
        let about = |why: &dyn fmt::Display| {
            // Never the command itself: it may contain a secret.
            CredentialError::message(format!("the token command {why}"))
                .with_help("Run the command by itself: it must print a token and nothing else.")
        };
        let (printed, status) = printed_by(shell(&command))
            .map_err(|why| about(&format_args!("cannot be run: {why}")))?;
        match printed {
            Ok(_) if !status.success() => return Err(about(&format_args!("ended with {status}"))),
            Ok(text) => issued(&text, request.time_of_day()),
            Err(why) => Err(why.into()),
        }
        .map_err(|why| about(&format_args!("printed no token: {why}")))
    })
}

/// Runs a command, and returns its output and status. Fails if the output is too long.
fn printed_by(mut command: Command) -> io::Result<(io::Result<Zeroizing<Vec<u8>>>, ExitStatus)> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let printed = child.stdout.take().map_or_else(|| Ok(Zeroizing::default()), read);
    if printed.is_err() {
        // The command may still be running. If it has ended, killing it has no effect.
        let _ = child.kill();
    }
    Ok((printed, child.wait()?))
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

/// Longest text that is read for a token, in bytes. Our choice, far more than a token needs.
const MAX_BYTES: usize = 64 * 1024;

/// Reads everything into one buffer, which is wiped.
fn read(source: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 1));
    source.take(MAX_BYTES as u64 + 1).read_to_end(&mut text)?;
    if text.len() > MAX_BYTES {
        return Err(io::Error::other("longer than 64 KiB, too long for a token"));
    }
    Ok(text)
}

/// Creates a token from a text, without one line end. It expires when its claims say so.
fn issued(text: &[u8], now: SystemTime) -> Result<IssuedToken, Box<dyn StdError + Send + Sync>> {
    // Hides the error of `from_utf8`, which contains the text.
    let text = str::from_utf8(text).map_err(|_| "it is not UTF-8")?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let token = AccessToken::new(line.strip_suffix('\r').unwrap_or(line))?;
    let expires_at = token.claims().and_then(|claims| claims.expires_at());
    Ok(match expires_at {
        Some(at) => IssuedToken::expiring(token, at.duration_since(now).unwrap_or(Duration::ZERO)),
        None => token.into(),
    })
}

/// The claims of a credential's last token, if they can be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Option<TokenClaims>>>);

impl Seen {
    pub(super) fn claims(&self) -> Option<TokenClaims> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Watches the tokens of a credential.
    pub(super) fn watch(&self, credential: Box<dyn Credential>) -> impl Credential + use<> {
        let seen = self.clone();
        credential_fn(move |request| {
            let issued = credential.token(request)?;
            let claims = issued.token().claims();
            *seen.0.lock().unwrap_or_else(PoisonError::into_inner) = claims;
            Ok(issued)
        })
    }
}
