//! Texts about files, in JSON: a folder's manifest, and the side file of one file.
//!
//! Objects have the field names of the library's own entity, so that the output of a listing can be kept as it is.

use std::collections::HashSet;
use std::path::Path;

use mde_live_response_core::library::Sha256Digest;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::beside::{self, Kind};
use crate::folder_error::Problem;
use crate::{FolderError, MANIFEST};

/// Room for more entries than any library has.
const OF_A_FOLDER: Kind = Kind { name: "manifest", max: 64 * 1024 * 1024 };
const OF_A_FILE: Kind = Kind { name: "side file", max: 1024 * 1024 };

/// The texts about one file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Entry {
    file_name: Option<String>,
    pub(crate) description: Option<String>,
    parameters_description: Option<String>,
    has_parameters: Option<bool>,
    sha256: Option<String>,
    // Only the service sets these.
    #[serde(rename = "creationTime")]
    _creation_time: Option<IgnoredAny>,
    #[serde(rename = "lastUpdatedTime")]
    _last_updated_time: Option<IgnoredAny>,
    #[serde(rename = "createdBy")]
    _created_by: Option<IgnoredAny>,
}

impl Entry {
    /// Name of the file. An entry of a manifest always has it.
    pub(crate) fn name(&self) -> &str {
        self.file_name.as_deref().unwrap_or_default()
    }

    /// Returns whether the entry says which parameters there are, or that there are none.
    pub(crate) fn mentions_parameters(&self) -> bool {
        self.parameters_description.is_some() || self.has_parameters.is_some()
    }

    /// The parameters description, if there are parameters. A library has an empty text for a file without parameters.
    pub(crate) fn parameters(&self) -> Option<&str> {
        let has_parameters = self.has_parameters.unwrap_or(self.parameters_description.is_some());
        has_parameters.then(|| self.parameters_description.as_deref().unwrap_or_default())
    }

    /// Checks that the entry contradicts neither itself nor the file.
    pub(crate) fn check(
        &self,
        path: &Path,
        name: &str,
        sha256: &Sha256Digest,
    ) -> Result<(), FolderError> {
        let is_described = self.parameters_description.as_ref().is_some_and(|it| !it.is_empty());
        let problem = if self.has_parameters == Some(false) && is_described {
            "hasParameters is false, but parametersDescription is not empty".to_owned()
        } else if let Some(said) = self.sha256.as_ref().filter(|it| it.parse() != Ok(*sha256)) {
            format!("sha256 is {said:?}, but the file has {sha256}: one of the two is wrong")
        } else {
            return Ok(());
        };
        Err(FolderError::new(path, Problem::Entry(format!("`{name}`: {problem}"))))
    }
}

/// Reads the manifest, if there is one.
pub(crate) fn read_manifest(folder: &Path) -> Result<Option<Vec<Entry>>, FolderError> {
    let path = folder.join(MANIFEST);
    let entries = read_json::<Vec<Entry>>(folder, &path, &OF_A_FOLDER)?;
    let Some(entries) = entries else { return Ok(None) };
    let mut names = HashSet::new();
    for (n, entry) in entries.iter().enumerate() {
        let problem = match &entry.file_name {
            None => format!("entry {} has no fileName", n + 1),
            Some(name) if !names.insert(name) => format!("{name:?} occurs twice"),
            Some(_) => continue,
        };
        return Err(FolderError::new(path, Problem::Entry(problem)));
    }
    Ok(Some(entries))
}

/// Reads the side file of a file of this name, if there is one.
pub(crate) fn read_side_file(
    root: &Path,
    folder: &Path,
    name: &str,
) -> Result<Option<Entry>, FolderError> {
    let path = folder.join(format!("{name}.json"));
    let entry = read_json::<Entry>(root, &path, &OF_A_FILE)?;
    match entry.as_ref().and_then(|entry| entry.file_name.as_deref()) {
        Some(other) if other != name => {
            let problem = format!("fileName is {other:?}, but this file describes {name:?}");
            Err(FolderError::new(path, Problem::Entry(problem)))
        }
        _ => Ok(entry),
    }
}

fn read_json<T: for<'d> Deserialize<'d>>(
    root: &Path,
    path: &Path,
    kind: &Kind,
) -> Result<Option<T>, FolderError> {
    let Some(bytes) = beside::read(root, path, kind)? else { return Ok(None) };
    let json = serde_json::from_slice(without_mark(&bytes));
    json.map(Some).map_err(|fault| FolderError::new(path, Problem::Entry(fault.to_string())))
}

/// Removes the byte order mark that some editors write before UTF-8.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}
