//! Saved plans: what `plan --out` writes, and `sync --plan` applies exactly or not at all.

use std::fs;
use std::io;
use std::path::Path;

use mde_live_response_core::auth::TokenClaims;
use mde_live_response_core::library::Sha256Digest;
use mde_live_response_sync::{Action, Owner, Plan, Step};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::folder::synced::Synced;
use crate::line::options::{Deleted, Folder, Rules};
use crate::line::settings::choice;
use crate::line::small_file;
use crate::output::exit::Failure;
use crate::output::fields;
use crate::service::connect::Library;

/// Version of the format. Another one is refused.
const VERSION: u32 = 1;

/// Largest file that is read, in bytes. Ours.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// A plan for one library or for those of all tenants, with the rules by which it was made.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Saved {
    version: u32,
    files: Files,
    rules: Allowed,
    libraries: Vec<Changes>,
}

/// The options that chose the files of the folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Files {
    recursive: bool,
    include: Vec<String>,
    exclude: Vec<String>,
    require_signed: bool,
}

/// The options that chose the changes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Allowed {
    owner: Option<String>,
    /// `owned` or `all`.
    delete: Option<String>,
    take_over: bool,
    allow_empty: bool,
}

/// The changes in one library.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Changes {
    /// Name in the tenants file.
    name: Option<String>,
    /// Base URL of the service.
    service: String,
    /// ID of the tenant, if the token named it.
    tenant: Option<String>,
    steps: Vec<Change>,
}

/// A change, with everything that it depends on.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    action: String,
    name: String,
    reasons: Vec<String>,
    /// The library's entity before the change. `None` if there is none.
    before: Option<Value>,
    /// The file after the change. `None` for a deletion.
    after: Option<After>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct After {
    sha256: String,
    description: Option<String>,
    parameters_description: Option<String>,
}

impl Saved {
    pub(crate) fn new(folder: &Folder, rules: &Rules, plans: &[(&Library, &Synced)]) -> Self {
        let changes = |(library, synced): &(&Library, &Synced)| Changes {
            name: library.tenant.clone(),
            service: library.client.endpoint().base().to_owned(),
            tenant: tenant_of(library),
            steps: changes(&synced.plan),
        };
        Self {
            version: VERSION,
            files: Files {
                recursive: folder.files.recursive,
                include: folder.files.include.clone(),
                exclude: folder.files.exclude.clone(),
                require_signed: folder.files.require_signed,
            },
            rules: Allowed {
                owner: rules.owner.as_ref().map(ToString::to_string),
                delete: rules.delete.map(|delete| delete.name().to_owned()),
                take_over: rules.take_over,
                allow_empty: rules.allow_empty,
            },
            libraries: plans.iter().map(changes).collect(),
        }
    }

    /// Refuses a file that would itself be a file for the library.
    pub(crate) fn check_path(path: &Path, folder: &Path) -> Result<(), Failure> {
        let parent =
            path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let is_hidden = path.file_name().is_some_and(|it| it.as_encoded_bytes().starts_with(b"."));
        // A missing path is reported when it is read or written.
        let real = |path| fs::canonicalize(path).ok();
        let is_inside = real(parent).zip(real(folder)).is_some_and(|(it, of)| it.starts_with(of));
        if is_inside && !is_hidden {
            let problem = format!("--out: {} is in the folder that is planned", path.display());
            return Err(Failure::usage(problem, "Give a path outside, or a hidden file."));
        }
        Ok(())
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::from);
        text.and_then(|text| fs::write(path, text + "\n")).map_err(|why| {
            let message = format!("--out: cannot write {}: {why}", path.display());
            Failure::usage(message, "Give the path of a file that this user may write.")
        })
    }

    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let about = |why: &dyn std::fmt::Display| {
            let help = "Give a file that `lrlib plan --out` of this version wrote.";
            Failure::usage(format!("{}: {why}", path.display()), help)
        };
        let text = small_file::named(path, MAX_BYTES).map_err(|why| about(&why))?;
        let value: Value = serde_json::from_str(&text).map_err(|why| about(&why))?;
        match value.get("version").and_then(Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) => {
                return Err(about(&format_args!("format {version} is not known, only {VERSION}")));
            }
            None => return Err(about(&"this is not a saved plan")),
        }
        serde_json::from_value(value).map_err(|why| about(&why))
    }

    /// Sets the options with which the plan was made.
    pub(crate) fn restore(&self, folder: &mut Folder, rules: &mut Rules) -> Result<(), Failure> {
        let (files, saved) = (&self.files, &self.rules);
        let delete = saved.delete.as_deref().map(|name| choice::<Deleted>("delete", name));
        (rules.take_over, rules.allow_empty) = (saved.take_over, saved.allow_empty);
        rules.owner = saved.owner.as_deref().map(str::parse).transpose()?;
        rules.delete = delete.transpose()?;
        folder.files.recursive = files.recursive;
        folder.files.require_signed |= files.require_signed;
        (folder.files.include, folder.files.exclude) =
            (files.include.clone(), files.exclude.clone());
        Ok(())
    }

    /// Checks that the plan is for these libraries, and no other.
    pub(crate) fn check_libraries(&self, libraries: &[Library]) -> Result<(), Failure> {
        let is_open = |saved: &&Changes| libraries.iter().any(|it| it.tenant == saved.name);
        if self.libraries.iter().all(|saved| is_open(&saved)) {
            return Ok(());
        }
        let problem = "the saved plan is for other tenants; nothing was changed";
        Err(Failure::usage(problem, "Give the tenants file with which the plan was made."))
    }

    /// Checks that the plan for a library has only saved changes, and that the missing ones were made.
    pub(crate) fn check(
        &self,
        library: &Library,
        plan: &Plan,
        owner: &Owner,
    ) -> Result<(), Failure> {
        let name = library.tenant.as_deref();
        let refused = |why: &str| {
            Failure::Failed(format!(
                "the saved plan does not hold: {why}; nothing was changed. Plan again."
            ))
        };
        let Some(saved) = self.libraries.iter().find(|saved| saved.name.as_deref() == name) else {
            return Err(refused("it is for other tenants"));
        };
        if saved.service != library.client.endpoint().base() {
            return Err(refused(&format!("it is for {}", saved.service)));
        }
        if saved.tenant != tenant_of(library) {
            return Err(refused("the token is for another tenant"));
        }
        let now = changes(plan);
        if let Some(change) = now.iter().find(|change| !saved.steps.contains(change)) {
            let before = saved.steps.iter().find(|saved| saved.name == change.name);
            let why = match before {
                None => "is not in it",
                Some(saved) if saved.after != change.after => "changed in the folder",
                Some(_) => "changed in the library",
            };
            return Err(refused(&format!("`{}` {why}", change.name)));
        }
        let is_made = |change: &&Change| {
            let step = plan.steps().find(|step| step.name() == change.name);
            match (&change.after, step) {
                (Some(after), Some(step)) => {
                    matches!(step.action(), Action::Unchanged)
                        && fields::owner(step).as_ref() == Some(owner)
                        && after_of(step).as_ref() == Some(after)
                }
                (None, step) => step.is_none(),
                (Some(_), None) => false,
            }
        };
        let missing = saved.steps.iter().filter(|change| !now.contains(change));
        match missing.into_iter().find(|change| !is_made(change)) {
            Some(Change { name, after, .. }) => {
                let step = plan.steps().find(|step| step.name() == name);
                let why = match step.and_then(after_of) {
                    None if after.is_none() => "changed in the library",
                    None => "is no longer in the folder",
                    now if now == *after => "changed in the library",
                    Some(_) => "changed in the folder",
                };
                Err(refused(&format!("`{name}` {why}")))
            }
            None => Ok(()),
        }
    }
}

/// The tenant that the library's token names.
fn tenant_of(library: &Library) -> Option<String> {
    library.claims().as_ref().and_then(TokenClaims::tenant).map(str::to_owned)
}

fn changes(plan: &Plan) -> Vec<Change> {
    let change = |step: &Step| Change {
        action: fields::action(step.action()).to_owned(),
        name: step.name().to_owned(),
        reasons: fields::reasons(step).into_iter().map(str::to_owned).collect(),
        before: step.found().map(|found| serde_json::json!(found)),
        after: after_of(step),
    };
    plan.steps().filter(|step| step.is_change()).map(change).collect()
}

fn after_of(step: &Step) -> Option<After> {
    step.file().map(|file| After {
        sha256: Sha256Digest::to_string(file.sha256()),
        description: file.description().map(ToString::to_string),
        parameters_description: file.parameters().map(ToString::to_string),
    })
}
