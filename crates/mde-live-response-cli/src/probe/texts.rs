//! The longest description and parameters description: the search of `longest`, with uploads.

use mde_live_response_core::library::{Description, ParametersDescription};
use mde_live_response_core::{LibraryFile, Upload};

use super::calls::{Asked, Calls, NO_ROOM, Sent};
use super::longest::{Fit, Longest, longest};
use super::questions::upload;

/// A text that accompanies a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Text {
    Description,
    Parameters,
}

impl Text {
    /// Adds this text to an upload, at any length.
    fn add(self, upload: Upload, text: &str) -> Asked<Upload> {
        let added = match self {
            Self::Description => Description::with_max_bytes(text, usize::MAX)
                .map(|text| upload.with_description(text)),
            Self::Parameters => ParametersDescription::with_max_bytes(text, usize::MAX)
                .map(|text| upload.with_parameters(text)),
        };
        added.map_err(|_| "not sent".to_owned())
    }

    fn of(self, file: &LibraryFile) -> Option<&str> {
        match self {
            Self::Description => file.description(),
            Self::Parameters => file.parameters_description(),
        }
    }

    /// In the names of the files.
    fn word(self) -> &'static str {
        match self {
            Self::Description => "d",
            Self::Parameters => "p",
        }
    }
}

/// Searches for the longest text that the service accepts, and leaves this many calls for other questions.
///
/// Returns what it found, and in words.
pub(super) fn ask(
    calls: &mut Calls,
    text: Text,
    guesses: &[usize],
    kept: usize,
) -> (Longest, Asked<String>) {
    let mut send = |letter: &str, length: usize| {
        // For the upload and its delete.
        if !calls.have_room_for(2 + kept) {
            return Err(NO_ROOM.to_owned());
        }
        send(calls, text, letter, length)
    };
    let found = longest(guesses, |length| send("x", length));
    // As many characters of two bytes each.
    let told = tell(&found, |length| send("\u{e9}", length));
    (found, told)
}

/// Uploads a file with a text of this length.
fn send(calls: &mut Calls, text: Text, letter: &str, length: usize) -> Asked<Fit> {
    let name = calls.name(&format!("-{}{length}{letter}.txt", text.word()))?;
    let sent = letter.repeat(length);
    let upload = text.add(upload(name, "lrlib probe: a long text\n"), &sent)?;
    let file = match calls.try_upload(&upload)? {
        Sent::Refused(why) => return Ok(Fit::Refused(why)),
        Sent::Stored(file) => file,
    };
    match text.of(&file) {
        Some(stored) if stored == sent => Ok(Fit::Whole),
        Some(stored) if sent.starts_with(stored) => Ok(Fit::Cut(stored.chars().count())),
        Some(_) => Err("stored another text".to_owned()),
        None => Err("the answer has no such text".to_owned()),
    }
}

/// Tells a result. `wide` sends a text of wider characters, to find out what the limit counts.
fn tell(found: &Longest, mut wide: impl FnMut(usize) -> Asked<Fit>) -> Asked<String> {
    let accepted = found.accepted;
    let stopped = found.stopped.as_ref().map(|why| format!("; then: {why}")).unwrap_or_default();
    if let Some(cut) = found.cut {
        return Ok(format!("{cut} characters; a longer one is cut"));
    }
    let Some((refused, why)) = &found.refused else {
        return match &found.stopped {
            Some(why) if accepted == 0 => Err(why.clone()),
            _ => Ok(format!("at least {accepted} characters{stopped}")),
        };
    };
    if found.limit().is_none() {
        let longest = refused - 1;
        return Ok(format!("from {accepted} to {longest} characters; longer: {why}{stopped}"));
    }
    let unit = match wide(accepted) {
        Ok(Fit::Whole) => "characters",
        Ok(Fit::Cut(_) | Fit::Refused(_)) => "bytes",
        Err(_) => "ASCII characters",
    };
    Ok(format!("{accepted} {unit}; longer: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_told_in_words() {
        let refused = |length| Some((length, "400 X".to_owned()));
        let (no, stopped) = (None, Some("500 X".to_owned()));
        let found = |accepted, refused, cut, stopped: &Option<String>| Longest {
            accepted,
            refused,
            cut,
            stopped: stopped.clone(),
        };
        let wide: [Asked<Fit>; 3] =
            [Ok(Fit::Whole), Ok(Fit::Refused("400 X".to_owned())), Err("503 X".to_owned())];
        let [whole, bytes, unclear] = &wide;
        for (found, wide, told) in [
            (found(9, refused(10), None, &no), whole, Ok("9 characters; longer: 400 X")),
            (found(9, refused(10), None, &no), bytes, Ok("9 bytes; longer: 400 X")),
            (found(9, refused(10), None, &no), unclear, Ok("9 ASCII characters; longer: 400 X")),
            (found(9, None, Some(8), &no), whole, Ok("8 characters; a longer one is cut")),
            (found(9, None, None, &no), whole, Ok("at least 9 characters")),
            (found(9, None, None, &stopped), whole, Ok("at least 9 characters; then: 500 X")),
            (found(0, None, None, &stopped), whole, Err("500 X")),
            (
                found(9, refused(12), None, &stopped),
                whole,
                Ok("from 9 to 11 characters; longer: 400 X; then: 500 X"),
            ),
        ] {
            let said = tell(&found, |_| wide.clone());
            assert_eq!(said.as_deref().map_err(String::as_str), told);
        }
    }
}
