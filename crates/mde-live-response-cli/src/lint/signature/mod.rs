//! Signatures of PowerShell scripts: does a script still have the bytes that were signed?
//!
//! The digest in the signature block is compared with that of the script, as Windows computes it. This decides no trust:
//! certificates, chains, time stamps and the signature's own value are not checked.

mod block;
mod cms;
mod text;

use std::fmt;

use mde_live_response_sync::DesiredFile;
use ring::digest;

use crate::line::small_file;
use crate::output::exit::Failure;
use block::Block;
use cms::Signed;
use text::{LineEnds, Reading};

pub(super) use text::{has_mixed_ends, is_unmarked};

/// Names in an error message, at most.
const MAX_NAMED: usize = 5;

/// State of a script's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signature {
    /// There is no signature block.
    Missing,
    /// The block is at the end, and its digest is that of the script.
    Intact,
    /// The signature is misplaced, broken, or not one of these bytes.
    Wrong(Wrong),
}

/// Why a signature is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    NoBegin,
    Cut,
    NotLast,
    NotBase64,
    NotSigned,
    Algorithm,
    Attributes,
    LineEnds,
    Unmarked,
    Changed,
}

impl Wrong {
    /// Recommended next step.
    pub(super) fn help(self) -> &'static str {
        match self {
            Self::LineEnds => {
                "Set `*.ps1 -text` in .gitattributes, so that git keeps line ends; then restore the file or sign it again."
            }
            Self::Unmarked => {
                "Windows PowerShell 5.1 reads it as ANSI, and finds another digest. Save it with a BOM, then sign it again."
            }
            Self::Algorithm => "Sign the file again, with SHA-256.",
            _ => "Restore the file or sign it again.",
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoBegin => "signature block without beginning",
            Self::Cut => "signature block cut off",
            Self::NotLast => "text after the signature block",
            Self::NotBase64 => "signature block damaged",
            Self::NotSigned => "no script signature in the block",
            Self::Algorithm => "unknown digest algorithm",
            Self::Attributes => "signature damaged",
            Self::LineEnds => "line ends changed after signing",
            Self::Unmarked => "signed as UTF-8 without BOM",
            Self::Changed => "content changed after signing",
        })
    }
}

/// Returns whether a file of this name is PowerShell that can carry a signature block.
pub(super) fn is_powershell(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["ps1", "psm1", "psd1"].iter().any(|it| extension.eq_ignore_ascii_case(it))
}

/// Checks the signature of a PowerShell file.
pub(super) fn check(bytes: &[u8]) -> Signature {
    let readings = Reading::of(bytes);
    let Some(first) = readings.first() else { return Signature::Missing };
    let text = first.decode(bytes);
    let block = match Block::find(&text) {
        Ok(None) => return Signature::Missing,
        Ok(Some(block)) => block,
        Err(why) => return Signature::Wrong(why),
    };
    let signed = match block.decode().and_then(|der| Signed::parse(&der)) {
        Ok(signed) => signed,
        Err(why) => return Signature::Wrong(why),
    };
    let is_equal = |content: &[u16], ends| signed.is_of(text::units(content, ends));
    let content = block.content();
    let wrong = if is_equal(content, LineEnds::AsTheyAre) {
        match first {
            // Windows sees only a block that is preceded by CRLF.
            _ if !block.is_crlf() => Wrong::LineEnds,
            Reading::Utf8 => Wrong::Unmarked,
            _ => return Signature::Intact,
        }
    } else if readings.iter().skip(1).any(|reading| {
        let text = reading.decode(bytes);
        let block = Block::find(&text).ok().flatten();
        block.is_some_and(|it| it.is_crlf() && is_equal(it.content(), LineEnds::AsTheyAre))
    }) {
        return Signature::Intact;
    } else if [LineEnds::Lf, LineEnds::Crlf].into_iter().any(|ends| is_equal(content, ends)) {
        Wrong::LineEnds
    } else {
        Wrong::Changed
    };
    Signature::Wrong(wrong)
}

/// Reads the bytes that will be uploaded: those that were hashed when the folder was read.
pub(super) fn bytes(file: &DesiredFile) -> Result<Vec<u8>, Failure> {
    let failure = |why: &dyn fmt::Display| {
        Failure::usage(format!("`{}`: {why}", file.name()), "Check the file, then run lrlib again.")
    };
    let upload = file.to_upload().map_err(|why| failure(&why))?;
    let bytes = small_file::bytes(upload.content()).map_err(|why| failure(&why))?;
    let hash = digest::digest(&digest::SHA256, &bytes);
    if hash.as_ref() == file.sha256().as_bytes() {
        Ok(bytes)
    } else {
        Err(failure(&"the file changed while lrlib read it"))
    }
}

/// Refuses files unless each PowerShell file among them has an intact signature.
///
/// # Errors
///
/// [`Failure::Usage`] names the files, before anything is done.
pub(crate) fn require<'f>(files: impl IntoIterator<Item = &'f DesiredFile>) -> Result<(), Failure> {
    let mut refused = Vec::new();
    for file in files.into_iter().filter(|file| is_powershell(file.name().as_str())) {
        match check(&bytes(file)?) {
            Signature::Intact => {}
            Signature::Missing => refused.push(format!("`{}` is not signed", file.name())),
            Signature::Wrong(why) => refused.push(format!("`{}`: {why}", file.name())),
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    let more = refused.len().saturating_sub(MAX_NAMED);
    refused.truncate(MAX_NAMED);
    if more > 0 {
        refused.push(format!("and {more} more"));
    }
    let help = "Sign the files, or run without --require-signed. `lrlib lint` shows all findings.";
    Err(Failure::usage(refused.join("; "), help))
}

#[cfg(test)]
mod tests;
