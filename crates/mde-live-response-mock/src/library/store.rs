//! The files, and the rules for uploads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use http::{Response, StatusCode};
use mde_live_response_core::FileName;

use super::answer;
use super::settings::{ExistsAnswer, Settings};
use super::stored::StoredFile;
use crate::form::{Form, Part};
use crate::shown::{near_miss, text};

/// Stored name of a file part without a name, as observed.
const NAMELESS: &str = "file";

/// Fields of an upload beside its file.
const TEXTS: [&str; 4] =
    ["Description", "ParametersDescription", "HasParameters", "OverrideIfExists"];

type Kept = (StoredFile, Arc<[u8]>);

/// Files by name.
#[derive(Debug, Default)]
pub(super) struct Store {
    files: BTreeMap<String, Kept>,
    ignores_letter_case: bool,
}

/// An upload, as its form says.
#[derive(Debug)]
pub(super) struct Upload<'a> {
    name: &'a str,
    content: &'a [u8],
    description: Option<&'a str>,
    parameters_description: Option<&'a str>,
    has_parameters: bool,
    replaces: bool,
}

impl<'a> Upload<'a> {
    /// Reads a form by the service's rules. A missing file is reported first.
    pub(super) fn read(form: &Form<'a>) -> Result<Self, Refusal> {
        let is_file = |part: &&Part<'a>| matches!(part.name(), "file" | "File"); // P8
        let mut files = form.parts().iter().filter(is_file);
        let file = files.next().ok_or_else(|| Refusal::MissingFile(missing_file(form)))?;
        if files.next().is_some() {
            return Err(Refusal::Body("there are two file parts".to_owned()));
        }
        for part in form.parts().iter().filter(|part| !is_file(part)) {
            let name = text(part.name());
            return Err(Refusal::Body(match part.text() {
                _ if !TEXTS.contains(&part.name()) => unknown_field(part.name()), // P13
                _ if part.filename().is_some() => {
                    format!("field `{name}` is a text, but its part has a filename")
                }
                None => format!("field `{name}` is not UTF-8"),
                Some(_) => continue,
            }));
        }
        let text = |field| form.part(field).and_then(Part::text);
        let flag = |field| match text(field) {
            Some("true" | "True") => Ok(true),
            // The vendor's page gives an empty text as the default of `OverrideIfExists`.
            None | Some("" | "false" | "False") => Ok(false),
            Some(_) => Err(Refusal::Flag { field }),
        };
        let upload = Self {
            name: file.filename().unwrap_or(NAMELESS),
            content: file.bytes(),
            description: text("Description"),
            parameters_description: text("ParametersDescription"),
            has_parameters: flag("HasParameters")?, // P14
            replaces: flag("OverrideIfExists")?,    // P12
        };
        check_name(upload.name)?;
        Ok(upload)
    }

    /// Refuses what only some clients send, or what is only our guess of the service's leniency.
    pub(super) fn check_strictly(form: &Form<'_>) -> Result<(), Refusal> {
        let refuse = |why: &str| Err(Refusal::Strict(format!("strict: {why}")));
        let value = |field| form.part(field).and_then(Part::text);
        let Some(file) = form.part("file") else {
            let why = "strict: the file part must be named `file`, not `File`";
            return Err(Refusal::MissingFile(why.to_owned()));
        };
        let Some(name) = file.filename() else {
            return refuse("part `file` has no filename, which is the file's name in the library");
        };
        if let Err(error) = FileName::permitting_separators(name) {
            return refuse(&error.to_string());
        }
        for flag in ["HasParameters", "OverrideIfExists"] {
            if value(flag).is_some_and(|value| !matches!(value, "true" | "false")) {
                return refuse(&format!("field `{flag}` must be `true` or `false`, in lower case"));
            }
        }
        let has_parameters = value("HasParameters") == Some("true");
        if value("ParametersDescription").is_some_and(|it| !it.is_empty()) && !has_parameters {
            return refuse(
                "`ParametersDescription` needs `HasParameters=true`: the service does not derive it",
            );
        }
        Ok(())
    }
}

/// Says what may have been meant as the file part.
fn missing_file(form: &Form<'_>) -> String {
    let unknown = || form.parts().iter().filter(|part| !TEXTS.contains(&part.name()));
    let near = |part: &&Part<'_>| near_miss(part.name(), ["file"]).is_some();
    let meant = unknown().find(|part| part.filename().is_some()).or_else(|| unknown().find(near));
    match meant.map(Part::name) {
        Some(name) => {
            format!("part `file` is missing; did you mean `file` instead of `{}`?", text(name))
        }
        None => "part `file` is missing".to_owned(),
    }
}

fn unknown_field(name: &str) -> String {
    let hint = match near_miss(name, TEXTS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known fields: file, {}", TEXTS.join(", ")),
    };
    format!("unknown field `{}`; {hint}", text(name))
}

/// Reason why an upload is refused.
#[derive(Debug)]
pub(super) enum Refusal {
    MissingFile(String),
    Body(String),
    /// By the rules of strict mode.
    Strict(String),
    Flag {
        field: &'static str,
    },
    Name,
    TooLarge,
    LongText {
        field: &'static str,
    },
    Exists,
}

impl Store {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { files: BTreeMap::new(), ignores_letter_case: settings.ignores_letter_case }
    }

    fn key(&self, name: &str) -> String {
        if self.ignores_letter_case { FileName::folded(name) } else { name.to_owned() }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.files.values()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Kept> {
        self.files.get(&self.key(name))
    }

    pub(super) fn put(&mut self, entry: StoredFile, content: Arc<[u8]>) {
        self.files.insert(self.key(&entry.file_name), (entry, content));
    }

    /// Removes a file, and returns whether it existed.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.files.remove(&self.key(name)).is_some()
    }

    /// Stores a file and returns its entry.
    pub(super) fn upload(
        &mut self,
        upload: &Upload<'_>,
        settings: &Settings,
        now: SystemTime,
    ) -> Result<StoredFile, Refusal> {
        if upload.content.len() as u64 > settings.max_file_bytes {
            return Err(Refusal::TooLarge);
        }
        for (field, text) in [
            ("Description", upload.description),
            ("ParametersDescription", upload.parameters_description),
        ] {
            if text.is_some_and(|text| text.chars().count() > settings.max_text_chars) {
                return Err(Refusal::LongText { field });
            }
        }
        let mut entry = StoredFile::new(upload.name, upload.content, now);
        if let Some((old, _)) = self.get(upload.name) {
            if !upload.replaces {
                return Err(Refusal::Exists);
            }
            entry.creation_time.clone_from(&old.creation_time);
        }
        entry.description = upload.description.map(str::to_owned);
        entry.created_by.clone_from(&settings.created_by);
        // As sent: the service does not derive it from the parameters description.
        entry.has_parameters = upload.has_parameters;
        entry.parameters_description = upload.parameters_description.map(str::to_owned);
        self.put(entry.clone(), upload.content.into());
        Ok(entry)
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
            Self::MissingFile(why) => bad("MissingRequiredParameter", &why),
            Self::Strict(why) => bad("InvalidInput", &why),
            Self::Body(why) => bad("InvalidRequestBody", &why), // P19
            Self::Flag { field } => {
                bad("InvalidInput", &format!("field `{field}` is neither true nor false"))
            }
            Self::Name => bad("InvalidInput", "the file's name cannot be used"),
            Self::TooLarge => settings.too_large(target),
            Self::LongText { field } => {
                bad("InvalidInput", &format!("field `{field}` is too long"))
            }
            Self::Exists => {
                let message = "a file of this name exists";
                match settings.exists_answer {
                    ExistsAnswer::BadRequest400 => bad("BadRequest", message),
                    ExistsAnswer::Conflict409 => {
                        answer::error(StatusCode::CONFLICT, "Conflict", message, target) // P34
                    }
                }
            }
        }
    }
}
