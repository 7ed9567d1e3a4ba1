//! The commands plan, sync and adopt: what they plan, and with which consent.

use std::collections::HashSet;
use std::sync::Arc;

use mde_live_response_core::FileName;
use mde_live_response_sync::{Desired, Jobs, Owner, Rules, Unmanaged};

use crate::folder::content;
use crate::folder::job::{Expected, Job, Mode};
use crate::folder::saved::Saved;
use crate::line::args::{Adopt, Plan, Sync};
use crate::line::options::{self, Common, Deleted, Folder};
use crate::output::audit::Audit;
use crate::output::exit::{Exit, Failure};
use crate::output::text::{command_word, shown};
use crate::output::ui::Ui;
use crate::service::connect::Library;
use crate::service::tenants::{self, Tenant};

pub(crate) fn plan(arguments: &Plan, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let Plan { folder, rules, common, out, exit_code, .. } = arguments;
    if let Some(path) = out {
        Saved::check_path(path, &folder.dir)?;
    }
    let job = Job {
        owner: or_default(rules.owner.as_ref())?,
        rules: planning(folder, rules)?,
        desired: desired(folder, rules, ui)?,
        folder: again(folder),
        max_delete: rules.max_delete,
        mode: Mode::Plan { has_exit_code: *exit_code },
        jobs: Jobs::default(),
        expected: Expected::Any,
        shows_all: rules.all,
        ui,
        audit: &Audit::default(),
    };
    let libraries = open(rules, common, ui)?;
    let planned = job.plan(&libraries, rules.tenant_jobs);
    if let Some(path) = out {
        let plans = libraries.iter().zip(&planned);
        let plans: Vec<_> =
            plans.filter_map(|(it, plan)| Some((it, plan.as_ref().ok()?))).collect();
        // An incomplete plan could be taken for a whole one.
        let is_refused = plans.iter().any(|(_, synced)| synced.failure.is_some());
        if plans.len() < planned.len() || is_refused {
            ui.say(format_args!("the plan was not saved, because of the following error"));
        } else {
            Saved::new(folder, rules, &plans).write(path)?;
            ui.note(format_args!("the plan was saved in {}", path.display()));
        }
    }
    job.finish(&libraries, planned, rules.tenant_jobs)
}

pub(crate) fn sync(arguments: &Sync, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let Sync { common, running, consent, .. } = arguments;
    let saved = arguments.saved.as_deref().map(Saved::read).transpose()?;
    let (mut folder, mut rules) = (arguments.folder.clone(), arguments.rules.clone());
    if let Some(saved) = &saved {
        saved.restore(&mut folder, &mut rules)?;
    }
    let libraries = open(&rules, common, ui)?;
    if let Some(saved) = &saved {
        saved.check_libraries(&libraries)?;
    }
    let is_confirmed = consent.yes || saved.is_some();
    let job = Job {
        owner: or_default(rules.owner.as_ref())?,
        rules: planning(&folder, &rules)?,
        desired: desired(&folder, &rules, ui)?,
        folder: again(&folder),
        max_delete: rules.max_delete,
        mode: if running.dry_run { Mode::DRY } else { Mode::Apply { is_confirmed } },
        jobs: running.jobs(),
        expected: saved.map_or(Expected::Any, Expected::Saved),
        shows_all: rules.all,
        ui,
        audit: &Audit::open(running.audit.as_deref())?,
    };
    job.run(&libraries, rules.tenant_jobs)
}

/// Takes ownership of stored files that equal the local ones.
pub(crate) fn adopt(arguments: &Adopt, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let Adopt { names, dir, files, owner, common, running, consent } = arguments;
    let owner = or_default(owner.as_ref())?;
    let folder = Folder { dir: dir.clone(), files: files.clone() };
    let all = content::read_checked(&folder, ui)?;
    let mut adopted = HashSet::new();
    for name in names {
        let parsed = name.parse::<FileName>().ok();
        if !parsed.is_some_and(|name| all.files().any(|file| *file.name() == name)) {
            let problem =
                format!("{} has no file `{}` for the library", dir.display(), shown(name, 100));
            let help = "Give its folder with --dir; a file that is skipped also needs --recursive or --include.";
            return Err(Failure::usage(problem, help));
        }
        adopted.insert(name.as_str());
    }
    let files = all.files().filter(|file| adopted.contains(file.name().as_str())).cloned();
    let job = Job {
        desired: Desired::new(files)?,
        folder: again(&folder),
        rules: Rules::new(owner.clone()).with_take_over(true),
        owner,
        max_delete: Some(adopted.len()),
        mode: if running.dry_run { Mode::DRY } else { Mode::Apply { is_confirmed: consent.yes } },
        jobs: running.jobs(),
        expected: Expected::SameContent,
        shows_all: false,
        ui,
        audit: &Audit::open(running.audit.as_deref())?,
    };
    job.run(&[Library::open(&common.connection, ui)?], 1)
}

/// The options with which `adopt` reads the same folder.
fn again(folder: &Folder) -> String {
    let mut options = format!("--dir {}", command_word(&folder.dir.display().to_string()));
    if folder.files.recursive {
        options += " --recursive";
    }
    for (option, globs) in
        [("--include", &folder.files.include), ("--exclude", &folder.files.exclude)]
    {
        for glob in globs {
            options += " ";
            options += option;
            options += " ";
            options += &command_word(glob);
        }
    }
    options
}

fn or_default(owner: Option<&Owner>) -> Result<Owner, Failure> {
    Ok(owner.cloned().map_or_else(|| "lrlib".parse(), Ok)?)
}

fn desired(folder: &Folder, rules: &options::Rules, ui: &Ui) -> Result<Desired, Failure> {
    let desired = content::read_checked(folder, ui)?;
    if desired.files().len() == 0 && !rules.allow_empty {
        let problem = format!("{} has no files for the library", folder.dir.display());
        let help = "Check the path. Hidden files, subfolders, side files and what globs exclude do not count. If it is right, give --allow-empty.";
        return Err(Failure::usage(problem, help));
    }
    Ok(desired)
}

fn planning(folder: &Folder, rules: &options::Rules) -> Result<Rules, Failure> {
    let unmanaged = match rules.delete {
        Some(Deleted::All) => Unmanaged::DeleteAll,
        Some(Deleted::Owned) if rules.owner.is_none() => {
            let problem = "--delete needs an owner, because other folders may use the default one";
            return Err(Failure::usage(
                problem,
                "Give --owner NAME; --owner lrlib is the default one.",
            ));
        }
        Some(Deleted::Owned) => Unmanaged::DeleteOwned,
        None => Unmanaged::Keep,
    };
    let owner = or_default(rules.owner.as_ref())?;
    let skipped = match rules.delete {
        Some(_) => content::all_names(folder)?,
        None => Vec::new(),
    };
    Ok(Rules::new(owner)
        .with_unmanaged(unmanaged)
        .with_skipped(skipped)
        .with_take_over(rules.take_over))
}

/// Opens the library, or those of all tenants. All settings are checked before anything is done.
fn open(rules: &options::Rules, common: &Common, ui: &Arc<Ui>) -> Result<Vec<Library>, Failure> {
    let connection = &common.connection;
    let Some(path) = &rules.tenants else { return Ok(vec![Library::open(connection, ui)?]) };
    let of_all = [
        ("--base-url", connection.base_url.is_some()),
        ("--credential", connection.credential.is_some()),
        ("--token-file", connection.token_file.is_some()),
        ("--token-command", connection.token_command.is_some()),
    ];
    if let Some((option, _)) = of_all.iter().find(|(_, is_given)| *is_given) {
        return Err(Failure::usage(
            format!("--tenants cannot be combined with {option}"),
            "Set this in the tenants file for each tenant.",
        ));
    }
    let open = |tenant: &Tenant| Library::of_tenant(tenant, connection, ui);
    tenants::read(path)?.iter().map(open).collect()
}
