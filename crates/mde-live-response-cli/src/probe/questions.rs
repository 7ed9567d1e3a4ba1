//! The questions of a probe. Each has an answer, or the reason why it is unknown.

use mde_live_response_core::library::{Deleted, Timestamp};
use mde_live_response_core::{FileName, LibraryFile, Upload};

use super::calls::{Asked, Calls, Sent, parse};
use super::texts::{self, Text};

/// Sizes in doubt, in bytes: 20 MB and 20 MiB.
const MB: usize = 20_000_000;
const MIB: usize = 20 * 1024 * 1024;

/// Calls that the search for the first text leaves for the second.
const FOR_SECOND_TEXT: usize = 6;

/// A question and its answer.
pub(super) struct Answer {
    /// Name in JSON.
    pub(super) id: &'static str,
    pub(super) question: &'static str,
    pub(super) told: Asked<String>,
}

/// Asks everything, in an order in which cheap questions come first.
pub(super) fn ask(calls: &mut Calls, with_size_limit: bool) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut add = |id, question, told| answers.push(Answer { id, question, told });

    let case = Case::ask(calls);
    add("existingName", "upload of a name that exists", case.existing_name());
    add("otherCase", "the same name in upper case", case.other_case());
    add("deleteOtherCase", "delete in another letter case", case.deleted.clone());
    add("deleteAbsent", "delete of an absent name", delete_absent(calls));
    add("newFileListed", "a new file in the next listing", case.listed());
    add("pages", "pages of that listing", case.pages());
    add("sha256", "SHA-256 in the answer", case.sha256());
    add("creationTime", "form of creationTime", case.time(LibraryFile::creation_time));
    add("lastUpdatedTime", "form of lastUpdatedTime", case.time(LibraryFile::last_updated_time));
    add("emptyFile", "a file without bytes", empty_file(calls));
    add("longName", "a name of 255 bytes", long_name(calls));
    add("symbols", "a name with space, é, ()+#,=@~[]", symbols(calls));
    if with_size_limit {
        add("fileSize", "largest file", file_size(|size| send_size(calls, size)));
    }

    let (found, told) = texts::ask(calls, Text::Description, &[], FOR_SECOND_TEXT);
    add("description", "longest description", told);
    let (_, told) = texts::ask(calls, Text::Parameters, &found.guesses(), 0);
    add("parametersDescription", "longest parameters description", told);
    answers
}

pub(super) fn upload(name: FileName, text: &str) -> Upload {
    Upload::new(name, text.as_bytes().to_vec())
}

fn verdict(sent: Asked<Sent>) -> Asked<String> {
    Ok(match sent? {
        Sent::Stored(_) => "accepted".to_owned(),
        Sent::Refused(why) => format!("refused: {why}"),
    })
}

/// Uploads of one name, in several letter cases.
struct Case {
    first: Asked<LibraryFile>,
    again: Asked<Sent>,
    upper: Asked<Sent>,
    /// The listing after these uploads, and its pages.
    listing: Asked<(Vec<LibraryFile>, u32)>,
    deleted: Asked<String>,
}

impl Case {
    fn ask(calls: &mut Calls) -> Self {
        let name = calls.name("-a.txt");
        let first = name.clone().and_then(|name| {
            match calls.upload(&upload(name, "lrlib probe: the first file\n"))? {
                Sent::Stored(stored) => Ok(stored),
                Sent::Refused(why) => Err(format!("the first upload was refused: {why}")),
            }
        });
        // Without the first file the others say nothing.
        let needs_first = || first.as_ref().map(drop).map_err(Clone::clone);
        let mut send = |change: fn(&str) -> String, text| {
            needs_first()?;
            calls.upload(&upload(parse(&change(known(&name)?.as_str()))?, text))
        };
        let again = send(str::to_owned, "lrlib probe: the same name\n");
        let upper = send(str::to_uppercase, "lrlib probe: in upper case\n");
        let listing = needs_first().and_then(|()| calls.list());
        let deleted = needs_first().and_then(|()| {
            let mixed = known(&name)?.as_str().replacen("lrlib", "LrLib", 1);
            Ok(match calls.delete(&parse(&mixed)?)? {
                Deleted::WasAbsent => "404: letter case counts".to_owned(),
                _ => "deletes the file".to_owned(),
            })
        });
        Self { first, again, upper, listing, deleted }
    }

    fn existing_name(&self) -> Asked<String> {
        match known(&self.again)? {
            Sent::Stored(_) => Ok("accepted".to_owned()),
            Sent::Refused(why) => Ok(format!("refused: {why}")),
        }
    }

    /// Files of the listing with the first file's name, in any letter case.
    fn found(&self) -> Asked<Vec<&LibraryFile>> {
        let (first, (files, _)) = (known(&self.first)?, known(&self.listing)?);
        let wanted = FileName::folded(first.file_name());
        let is_wanted = |file: &&LibraryFile| FileName::folded(file.file_name()) == wanted;
        Ok(files.iter().filter(is_wanted).collect())
    }

    fn other_case(&self) -> Asked<String> {
        let upper = match known(&self.upper)? {
            Sent::Stored(stored) => stored,
            Sent::Refused(why) => return Ok(format!("refused: {why}")),
        };
        match self.found()?.as_slice() {
            [_, _] => Ok("another file".to_owned()),
            [one] if one.sha256() == upper.sha256() => Ok("replaces the file".to_owned()),
            _ => Err("accepted, but not listed".to_owned()),
        }
    }

    fn listed(&self) -> Asked<String> {
        let is_listed = !self.found()?.is_empty();
        Ok(if is_listed { "present" } else { "absent" }.to_owned())
    }

    fn pages(&self) -> Asked<String> {
        let (files, pages) = known(&self.listing)?;
        // Only the order of magnitude: the number itself is the tenant's.
        let bound = [10, 100, 1_000, 10_000].into_iter().find(|bound| files.len() <= *bound);
        let bound = bound.map_or("more files".to_owned(), |bound| format!("at most {bound} files"));
        Ok(format!("{pages} for {bound}"))
    }

    fn sha256(&self) -> Asked<String> {
        let has_one = known(&self.first)?.sha256().is_some();
        Ok(if has_one { "present" } else { "absent" }.to_owned())
    }

    fn time(&self, of: impl Fn(&LibraryFile) -> Option<&Timestamp>) -> Asked<String> {
        of(known(&self.first)?).map(|time| form(time.as_str())).ok_or("absent".to_owned())
    }
}

fn known<T>(asked: &Asked<T>) -> Result<&T, String> {
    asked.as_ref().map_err(Clone::clone)
}

/// The form of a time: each digit as 0, and nothing else that could tell something.
fn form(time: &str) -> String {
    let shape = |c: char| match c {
        _ if c.is_ascii_digit() => '0',
        '-' | ':' | 'T' | '.' | '+' | 'Z' | ' ' => c,
        _ => '?',
    };
    time.chars().take(40).map(shape).collect()
}

fn delete_absent(calls: &Calls) -> Asked<String> {
    Ok(match calls.delete(&calls.name("-absent.txt")?)? {
        Deleted::WasAbsent => "404".to_owned(),
        _ => "succeeds".to_owned(),
    })
}

fn empty_file(calls: &mut Calls) -> Asked<String> {
    let upload = upload(calls.name("-empty.txt")?, "").allow_empty();
    Ok(match calls.try_upload(&upload)? {
        Sent::Stored(stored) if stored.sha256().is_none() => "accepted, without SHA-256".to_owned(),
        sent => verdict(Ok(sent))?,
    })
}

fn long_name(calls: &mut Calls) -> Asked<String> {
    let used = calls.name(".txt")?.as_str().len();
    let filler = "n".repeat(FileName::MAX_BYTES.saturating_sub(used + 1));
    let name = calls.name(&format!("-{filler}.txt"))?;
    verdict(calls.try_upload(&upload(name, "lrlib probe: a long name\n")))
}

fn symbols(calls: &mut Calls) -> Asked<String> {
    let mut send = |what: &str| {
        let name = calls.name(&format!("-{what}-.txt"))?;
        verdict(calls.try_upload(&upload(name, "lrlib probe: symbols\n")))
    };
    let all = send("a b é ()+#,=@~[]")?;
    if all == "accepted" {
        return Ok(all);
    }
    let apart = [("space", "a b"), ("é", "é"), ("()+#,=@~[]", "()+#,=@~[]")].map(|(word, what)| {
        format!("{word} {}", send(what).unwrap_or_else(|why| format!("unknown: {why}")))
    });
    Ok(apart.join("; "))
}

/// Uploads a file of this size. Returns why the service refuses it, if it does.
fn send_size(calls: &mut Calls, size: usize) -> Asked<Option<String>> {
    let text = b"lrlib probe: this file can be deleted.\n";
    let content: Vec<u8> = text.iter().copied().cycle().take(size).collect();
    let upload = Upload::new(calls.name(&format!("-{size}.txt"))?, content);
    Ok(match calls.try_upload(&upload)? {
        Sent::Stored(_) => None,
        Sent::Refused(why) => Some(why),
    })
}

/// Finds out with up to three files which megabyte the limit counts.
fn file_size(mut refusal: impl FnMut(usize) -> Asked<Option<String>>) -> Asked<String> {
    let Some(why) = refusal(MIB)? else {
        return Ok(match refusal(MIB + 1)? {
            None => format!("over {MIB} bytes"),
            Some(why) => format!("{MIB} bytes (20 MiB); larger: {why}"),
        });
    };
    if refusal(MB)?.is_some() {
        return Ok(format!("under {MB} bytes; larger: {why}"));
    }
    Ok(match refusal(MB + 1)? {
        None => format!("from {} to {} bytes; larger: {why}", MB + 1, MIB - 1),
        Some(why) => format!("{MB} bytes (20 MB); larger: {why}"),
    })
}

#[cfg(test)]
mod tests {
    use super::{file_size, form};

    #[test]
    fn the_megabyte_of_the_limit_is_found_with_three_files() {
        for (limit, expected, files) in [
            (19_999_999, "under 20000000 bytes; larger: 413", 2),
            (20_000_000, "20000000 bytes (20 MB); larger: 413", 3),
            (20_000_001, "from 20000001 to 20971519 bytes; larger: 413", 3),
            (20_971_519, "from 20000001 to 20971519 bytes; larger: 413", 3),
            (20_971_520, "20971520 bytes (20 MiB); larger: 413", 2),
            (20_971_521, "over 20971520 bytes", 2),
        ] {
            let mut sent = 0;
            let told = file_size(|size| {
                sent += 1;
                Ok((size > limit).then(|| "413".to_owned()))
            });
            assert_eq!((told.as_deref(), sent), (Ok(expected), files), "{limit}");
        }
        assert_eq!(file_size(|_| Err("503".to_owned())), Err("503".to_owned()));
    }

    #[test]
    fn the_form_of_a_time_has_none_of_its_digits() {
        for (time, expected) in [
            ("2026-01-31T09:30:00.1234567Z", "0000-00-00T00:00:00.0000000Z"),
            ("2026-01-31T09:30:00+01:00", "0000-00-00T00:00:00+00:00"),
            ("contoso \u{1b}", "??????? ?"),
        ] {
            assert_eq!(form(time), expected);
        }
    }
}
