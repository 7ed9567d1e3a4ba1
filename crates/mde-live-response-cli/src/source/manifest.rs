//! What is said of files in JSON: the manifest for all, and the file beside a file for one.
//!
//! Objects have the field names of the library's own entity, so that what a library says of itself can be kept as it is.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

use mde_live_response_core::Sha256Digest;
use serde::Deserialize;
use serde_json::Value;

use super::{FolderError, without_control, without_mark};

/// What is said of one file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Entry {
    file_name: Option<String>,
    pub(super) description: Option<String>,
    parameters_description: Option<String>,
    has_parameters: Option<bool>,
    sha256: Option<String>,
    // What a library tells of itself, and nobody can ask for.
    #[serde(rename = "creationTime")]
    _creation_time: Option<Value>,
    #[serde(rename = "lastUpdatedTime")]
    _last_updated_time: Option<Value>,
    #[serde(rename = "createdBy")]
    _created_by: Option<Value>,
}

/// What is said of a file's parameters.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parameters {
    Described(String),
    /// That there are none.
    None,
    Unsaid,
}

impl Entry {
    /// Name of the file; of an entry of a manifest it is there.
    pub(super) fn name(&self) -> &str {
        self.file_name.as_deref().unwrap_or_default()
    }

    pub(super) fn parameters(&self) -> Parameters {
        match (&self.parameters_description, self.has_parameters) {
            // Where it has any text, that is a contradiction.
            (_, Some(false)) => Parameters::None,
            (Some(text), _) => Parameters::Described(text.clone()),
            (None, Some(true)) => Parameters::Described(String::new()),
            (None, None) => Parameters::Unsaid,
        }
    }

    /// What contradicts itself, or the file with these bytes.
    pub(super) fn problem(&self, sha256: &Sha256Digest) -> Option<String> {
        let described = self.parameters_description.as_ref().is_some_and(|text| !text.is_empty());
        if self.has_parameters == Some(false) && described {
            return Some("hasParameters is false, and there is a parametersDescription".to_owned());
        }
        let said = self.sha256.as_deref()?;
        let is_same = said.parse() == Ok(*sha256);
        (!is_same)
            .then(|| format!("its sha256 is said to be {}, and is {sha256}", said.escape_debug()))
    }
}

/// The manifest, if there is one.
pub(super) fn read(path: &Path) -> Result<Option<Vec<Entry>>, FolderError> {
    let Some(entries) = read_json::<Vec<Entry>>(path)? else { return Ok(None) };
    let mut names = HashSet::new();
    for (n, entry) in entries.iter().enumerate() {
        let problem = match &entry.file_name {
            None => format!("entry {} has no fileName", n + 1),
            Some(name) if !names.insert(name) => format!("{name:?} is listed twice"),
            Some(_) => continue,
        };
        return Err(FolderError::Malformed { path: path.to_owned(), problem });
    }
    Ok(Some(entries))
}

/// What is said beside a file of this name, if anything.
pub(super) fn read_beside(path: &Path, name: &str) -> Result<Option<Entry>, FolderError> {
    let entry = read_json::<Entry>(path)?;
    match entry.as_ref().and_then(|entry| entry.file_name.as_deref()) {
        Some(other) if other != name => {
            let problem = format!("it speaks of {other:?}");
            Err(FolderError::Malformed { path: path.to_owned(), problem })
        }
        _ => Ok(entry),
    }
}

fn read_json<T: for<'d> Deserialize<'d>>(path: &Path) -> Result<Option<T>, FolderError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(FolderError::Unreadable { path: path.to_owned(), cause }),
    };
    serde_json::from_slice(without_mark(&bytes)).map(Some).map_err(|fault| {
        // It quotes what the file holds.
        let problem = without_control(&fault.to_string());
        FolderError::Malformed { path: path.to_owned(), problem }
    })
}
