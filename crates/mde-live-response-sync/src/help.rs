//! Comment-based help of PowerShell scripts: `.SYNOPSIS` and `.PARAMETER` sections.
//!
//! They are read from the first block comment (`<# ... #>`) that has either, or else from the first such run of comment
//! lines. A file that cannot be read or is not text has no help.

use std::path::Path;

use mde_live_response_core::library::FileContent;

use crate::beside;
use crate::described::without_mark;

/// Bytes that are read, because help stands at the start of a script.
const MAX_BYTES: u64 = 64 * 1024;

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Help {
    /// `.SYNOPSIS`, on one line.
    pub(crate) synopsis: Option<String>,
    /// `.PARAMETER`, a line each: `-Name: its text`.
    pub(crate) parameters: Option<String>,
}

pub(crate) fn read(name: &str, content: &FileContent) -> Help {
    let extension = Path::new(name).extension().and_then(|it| it.to_str()).unwrap_or_default();
    if !matches!(extension.to_ascii_lowercase().as_str(), "ps1" | "psm1") {
        return Help::default();
    }
    let bytes = beside::start(content, MAX_BYTES).ok();
    bytes.and_then(|bytes| text(&bytes)).map_or_else(Help::default, |text| parse(&text))
}

/// Decodes UTF-8, or UTF-16 as Windows writes it. The end may be cut within a character.
fn text(bytes: &[u8]) -> Option<String> {
    if let Some(units) = bytes.strip_prefix(b"\xFF\xFE") {
        let (pairs, _) = units.as_chunks::<2>();
        let units: Vec<_> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        return Some(String::from_utf16_lossy(&units));
    }
    let bytes = without_mark(bytes);
    match str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(error) if error.error_len().is_none() => {
            let whole = bytes.get(..error.valid_up_to())?;
            str::from_utf8(whole).ok().map(str::to_owned)
        }
        Err(_) => None,
    }
}

fn parse(text: &str) -> Help {
    // A carriage return alone also ends a line in PowerShell.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let comments = blocks(&text).into_iter().chain(runs(&text));
    comments.map(|lines| sections(&lines)).find(|help| *help != Help::default()).unwrap_or_default()
}

/// Returns the lines of each block comment.
fn blocks(text: &str) -> Vec<Vec<&str>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("<#") {
        let Some((block, after)) = after.split_once("#>") else { break };
        blocks.push(block.lines().collect());
        rest = after;
    }
    blocks
}

/// Returns each run of comment lines, without their `#`.
fn runs(text: &str) -> Vec<Vec<&str>> {
    let mut runs = vec![Vec::new()];
    for line in text.lines() {
        match (line.trim_start().strip_prefix('#'), runs.last_mut()) {
            (Some(comment), Some(run)) => run.push(comment),
            _ => runs.push(Vec::new()),
        }
    }
    runs
}

fn sections(lines: &[&str]) -> Help {
    let mut synopsis = None;
    let mut parameters: Vec<(String, String)> = Vec::new();
    // The text that a line continues; `None` in other sections.
    let mut current: Option<&mut String> = None;
    for line in lines.iter().map(|line| line.trim()) {
        if let Some((keyword, argument)) = keyword(line) {
            current = match keyword.as_str() {
                "SYNOPSIS" => Some(synopsis.insert(String::new())),
                "PARAMETER" if !argument.is_empty() => {
                    parameters.push((argument.to_owned(), String::new()));
                    parameters.last_mut().map(|(_, text)| text)
                }
                _ => None,
            };
        } else if let Some(text) = current.as_deref_mut().filter(|_| !line.is_empty()) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    let parameters = parameters.iter().map(|(name, text)| match text.as_str() {
        "" => format!("-{name}"),
        text => format!("-{name}: {text}"),
    });
    let parameters: Vec<_> = parameters.collect();
    Help {
        synopsis: synopsis.filter(|text| !text.is_empty()),
        parameters: (!parameters.is_empty()).then(|| parameters.join("\n")),
    }
}

/// Splits a line `.KEYWORD` or `.KEYWORD argument`, with the keyword in upper case.
fn keyword(line: &str) -> Option<(String, &str)> {
    let rest = line.strip_prefix('.')?;
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (word, argument) = rest.split_at_checked(end)?;
    let is_alone = argument.is_empty() || argument.starts_with(char::is_whitespace);
    (!word.is_empty() && is_alone).then(|| (word.to_ascii_uppercase(), argument.trim()))
}
