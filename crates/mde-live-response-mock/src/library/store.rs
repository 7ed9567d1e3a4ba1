//! The files, and the rules by which an upload becomes one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use http::{Response, StatusCode};

use super::answer;
use super::call::{FilePart, UploadCall};
use super::settings::{ExistsAnswer, Settings};
use super::stored::StoredFile;

/// Name of a file whose part has none, as seen from the service.
const NAMELESS: &str = "file";

type Kept = (StoredFile, Arc<[u8]>);

/// Files by name.
#[derive(Debug, Default)]
pub(super) struct Store {
    files: BTreeMap<String, Kept>,
}

/// Why an upload is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    MissingFile,
    Body(String),
    Flag { field: &'static str },
    Name,
    TooLarge,
    Exists,
}

impl Store {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.files.values()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Kept> {
        self.files.get(name)
    }

    pub(super) fn put(&mut self, entry: StoredFile, content: Arc<[u8]>) {
        self.files.insert(entry.file_name.clone(), (entry, content));
    }

    /// Whether there was such a file.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.files.remove(name).is_some()
    }

    /// Stores a file, and gives its entry back.
    pub(super) fn upload(
        &mut self,
        call: UploadCall,
        settings: &Settings,
        now: SystemTime,
    ) -> Result<StoredFile, Refusal> {
        let FilePart { filename, content } = call.file.ok_or(Refusal::MissingFile)?;
        if !call.faults.is_empty() {
            return Err(Refusal::Body(call.faults.join("; ")));
        }
        let has_parameters = flag(call.has_parameters.as_deref(), "HasParameters")?;
        let replace = flag(call.override_if_exists.as_deref(), "OverrideIfExists")?;
        let name = filename.unwrap_or_else(|| NAMELESS.to_owned());
        check_name(&name)?;
        if content.len() as u64 > settings.max_file_bytes {
            return Err(Refusal::TooLarge);
        }
        let mut entry = StoredFile::new(name, &content, now);
        if let Some((old, _)) = self.files.get(&entry.file_name) {
            if !replace {
                return Err(Refusal::Exists);
            }
            entry.creation_time.clone_from(&old.creation_time);
        }
        entry.description = call.description;
        entry.created_by.clone_from(&settings.created_by);
        // Taken as sent: the service does not conclude it from the parameters description.
        entry.has_parameters = has_parameters;
        entry.parameters_description = call.parameters_description;
        self.put(entry.clone(), content.into());
        Ok(entry)
    }
}

/// A flag in the two letter cases that the service is known to read; absent means no.
fn flag(text: Option<&str>, field: &'static str) -> Result<bool, Refusal> {
    match text {
        Some("true" | "True") => Ok(true),
        None | Some("false" | "False") => Ok(false),
        Some(_) => Err(Refusal::Flag { field }),
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let refused = name.is_empty() || name.contains(|c: char| c.is_control() || "/\\".contains(c));
    if refused { Err(Refusal::Name) } else { Ok(()) }
}

impl Refusal {
    pub(super) fn answer(self, settings: &Settings, target: &str) -> Response<Vec<u8>> {
        let bad =
            |code, message: &str| answer::error(StatusCode::BAD_REQUEST, code, message, target);
        match self {
            Self::MissingFile => bad("MissingRequiredParameter", "part `file` is missing"),
            Self::Body(why) => bad("InvalidRequestBody", &why),
            Self::Flag { field } => {
                bad("InvalidInput", &format!("field `{field}` is neither true nor false"))
            }
            Self::Name => bad("InvalidInput", "the file's name cannot be used"),
            Self::TooLarge => answer::too_large(settings, target),
            Self::Exists => {
                let message = "a file of this name exists";
                match settings.exists_answer {
                    ExistsAnswer::BadRequest400 => bad("BadRequest", message),
                    ExistsAnswer::Conflict409 => {
                        answer::error(StatusCode::CONFLICT, "Conflict", message, target)
                    }
                }
            }
        }
    }
}
