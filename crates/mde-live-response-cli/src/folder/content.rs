//! The files of a folder, by the options of the command line.

use std::collections::BTreeMap;
use std::fs;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use mde_live_response_core::error::{InvalidInput, Problem};
use mde_live_response_core::library::MAX_FILE_BYTES;
use mde_live_response_sync::{self as sync, Choice, Desired, DesiredFile, MANIFEST, SkipReason};

use crate::line::options::Folder;
use crate::line::small_file;
use crate::lint::signature;
use crate::output::exit::Failure;
use crate::output::ui::Ui;

/// Name of the file with more globs to skip, at the top of the folder.
const IGNORE: &str = ".lrlibignore";

/// Largest such file, in bytes. Ours.
const MAX_IGNORE: u64 = 1024 * 1024;

/// Reads a folder. Says which files it skipped, and which have the same content.
pub(crate) fn read(folder: &Folder, ui: &Ui) -> Result<Desired, Failure> {
    let filter = filter(folder)?;
    let contents = sync::Folder::new(&folder.dir)
        .with_subfolders(folder.files.recursive)
        .with_filter(filter)
        .read()?;
    for skipped in contents.skipped() {
        let (path, reason) = (skipped.path(), skipped.reason());
        let by_name = [SkipReason::Document, SkipReason::Backup, SkipReason::Test];
        let help = if by_name.contains(&reason) {
            format!(" (to include it, add !{path} to {IGNORE})")
        } else {
            String::new()
        };
        ui.note(format_args!("skipped {path}: {}{help}", describe(reason)));
    }
    let has_rules = folder.files.recursive
        || !folder.files.include.is_empty()
        || !folder.files.exclude.is_empty();
    if has_rules && folder.dir.join(MANIFEST).exists() {
        ui.say(format_args!(
            "warning: {MANIFEST} lists the files, so recursive, include and exclude have no effect"
        ));
    }
    let desired = contents.into_desired();
    check_sizes(desired.files())?;
    let mut same: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for file in desired.files() {
        same.entry(file.sha256().to_string()).or_default().push(file.name().as_str());
    }
    for names in same.values().filter(|names| names.len() > 1) {
        ui.say(format_args!("warning: same content: {}", names.join(", ")));
    }
    Ok(desired)
}

/// Reads a folder as [`read`] does. With `--require-signed`, refuses scripts without an intact signature.
pub(crate) fn read_checked(folder: &Folder, ui: &Ui) -> Result<Desired, Failure> {
    let desired = read(folder, ui)?;
    if folder.files.require_signed {
        signature::require(desired.files())?;
    }
    Ok(desired)
}

/// Names of all files that the folder has, also of those that are not for the library.
///
/// A deletion must not hit one of them: it would be a surprise that `--exclude`, or a forgotten `--recursive`, deletes files.
pub(crate) fn all_names(folder: &Folder) -> Result<Vec<String>, Failure> {
    if folder.dir.join(MANIFEST).exists() {
        return Ok(Vec::new()); // it alone decides what is missing
    }
    let dir = folder.dir.clone();
    let list = move |path: &str| {
        let is_link = || fs::symlink_metadata(dir.join(path.trim_end_matches('/')));
        // Files are not read; their paths are enough. Links to folders are not followed.
        if path.ends_with('/') && !is_link().is_ok_and(|it| it.is_symlink()) {
            Choice::Default
        } else {
            Choice::Exclude
        }
    };
    let contents = sync::Folder::new(&folder.dir).with_subfolders(true).with_filter(list).read()?;
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(contents.skipped().map(|skipped| name(skipped.path())).collect())
}

/// Chooses files by the globs of the command line and of `.lrlibignore`, with the rules of `.gitignore`.
///
/// Letter case does not count, because it may not count in the library. `!GLOB` in `.lrlibignore` takes a file that is
/// skipped by default.
fn filter(folder: &Folder) -> Result<impl Fn(&str) -> Choice + Send + Sync + use<>, Failure> {
    let included = globs("--include", &folder.files.include)?;
    let file = folder.dir.join(IGNORE);
    let text = small_file::in_repository(&file, MAX_IGNORE).map_err(|why| {
        let message = format!("cannot read {}: {why}", file.display());
        Failure::usage(message, "Correct the file, or move it away.")
    })?;
    let lines: Vec<_> = text.iter().flat_map(|text| text.lines().map(str::to_owned)).collect();
    let ignored = globs(IGNORE, &lines)?;
    let excluded = globs("--exclude", &folder.files.exclude)?;
    let has_include = !folder.files.include.is_empty();
    Ok(move |path: &str| {
        let (path, is_folder) = path.strip_suffix('/').map_or((path, false), |path| (path, true));
        let matched =
            |globs: &Gitignore| globs.matched_path_or_any_parents(path, is_folder).map(|_| ());
        let listed = matched(&ignored);
        let is_included = matched(&included).is_ignore();
        // A folder that does not match may have files that do.
        let is_missing = has_include && !is_included && !is_folder;
        if matched(&excluded).is_ignore() || listed.is_ignore() || is_missing {
            Choice::Exclude
        } else if is_included || listed.is_whitelist() {
            Choice::Include
        } else {
            Choice::Default
        }
    })
}

/// Why a file is skipped.
fn describe(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::Excluded => "excluded by a glob",
        SkipReason::Subfolder => "a subfolder; --recursive reads it",
        SkipReason::LinkToFolder => "a link to a folder",
        SkipReason::Document => "about the repository",
        SkipReason::Backup => "a backup",
        SkipReason::Test => "a test",
        SkipReason::Settings => "settings in a subfolder, or in another letter case",
        SkipReason::NotRegular => "not a regular file",
        _ => "not for the library",
    }
}

fn globs(origin: &str, lines: &[String]) -> Result<Gitignore, Failure> {
    let error =
        |why: ignore::Error| Failure::usage(format!("{origin}: {why}"), "Correct the glob.");
    // Paths are relative to the folder.
    let mut globs = GitignoreBuilder::new("");
    globs.case_insensitive(true).map_err(error)?;
    for line in lines {
        if !line.starts_with('#') && has_backslash_between_folders(line) {
            let problem = format!("{origin}: in `{line}`, \\ does not separate folders");
            return Err(Failure::usage(problem, "Write / between folders, on Windows too."));
        }
        globs.add_line(None, line).map_err(error)?;
    }
    globs.build().map_err(error)
}

/// Returns whether a glob has a `\` that is not before a character with a special meaning.
///
/// On Windows, people write it between folders. As an escape it would match nothing there, and `tools\*` would not exclude
/// a single file.
fn has_backslash_between_folders(glob: &str) -> bool {
    let mut rest = glob.chars();
    while let Some(c) = rest.next() {
        if c == '\\' && !rest.next().is_some_and(|c| "!#[]{} ".contains(c)) {
            return true;
        }
    }
    false
}

/// Refuses empty and too large files before any change.
///
/// A dry run checks this, too.
pub(crate) fn check_sizes<'f>(
    files: impl IntoIterator<Item = &'f DesiredFile>,
) -> Result<(), Failure> {
    for file in files {
        let problem = match file.size() {
            0 => Problem::Empty,
            len if len > MAX_FILE_BYTES => Problem::TooLong { len, max: MAX_FILE_BYTES },
            _ => continue,
        };
        let why = InvalidInput::new("file", problem);
        return Err(Failure::usage(format!("`{}`: {why}", file.name()), why.help()));
    }
    Ok(())
}
