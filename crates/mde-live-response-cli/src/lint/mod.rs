//! The command lint: what would fail or surprise when a folder's files run in a live response session.

pub(crate) mod signature;

use std::collections::BTreeMap;
use std::sync::Arc;

use mde_live_response_sync::DesiredFile;
use serde_json::{Value, json};

use crate::folder::content;
use crate::line::args::Lint;
use crate::output::exit::{Exit, Failure};
use crate::output::table::Table;
use crate::output::text;
use crate::output::ui::Ui;
use signature::Signature;

/// Largest file that live response's `putfile` takes on macOS and Linux, in bytes.
///
/// The vendor says 10 MB and does not define the unit. This is the smaller reading.
const MAX_PUTFILE: u64 = 10_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something that a person should look at.
#[derive(Debug)]
struct Finding {
    level: Level,
    /// Name for programs.
    code: &'static str,
    message: String,
    help: &'static str,
}

/// The findings of one file.
struct Linted {
    name: String,
    /// For PowerShell only.
    signature: Option<Signature>,
    findings: Vec<Finding>,
}

pub(crate) fn run(arguments: &Lint, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let desired = content::read(&arguments.folder, ui)?;
    let files = desired.files().map(|file| lint(file, arguments.folder.files.require_signed));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let mut table = Table::new(["FILE", "LEVEL", "FINDING"]);
    for file in &files {
        for finding in &file.findings {
            table.row([
                file.name.clone(),
                finding.level.name().to_owned(),
                finding.message.clone(),
            ]);
        }
    }
    let count =
        |level| files.iter().flat_map(|file| &file.findings).filter(|it| it.level == level).count();
    let [errors, warnings] = [Level::Error, Level::Warning].map(count);
    let signed = files.iter().filter(|file| file.signature == Some(Signature::Intact)).count();
    let summary = format!(
        "{}: {}, {}; {signed} with an intact signature (certificates are not checked)",
        text::files(files.len()),
        plural(errors, Level::Error),
        plural(warnings, Level::Warning),
    );
    let json: Vec<_> = files.iter().map(Linted::json).collect();
    ui.result(json!({ "files": json }), &table, Some(&summary))?;
    ui.summarise(&table, &summary);
    let findings = files.iter().flat_map(|file| &file.findings);
    let helps: BTreeMap<_, _> = findings.map(|it| (&it.message, it.help)).collect();
    for (message, help) in helps {
        ui.note(format_args!("{message}: {help}"));
    }
    Ok(if errors == 0 { Exit::Done } else { Exit::Failed })
}

fn plural(count: usize, level: Level) -> String {
    format!("{count} {}{}", level.name(), if count == 1 { "" } else { "s" })
}

impl Linted {
    fn json(&self) -> Value {
        let signature = self.signature.map(|it| match it {
            Signature::Missing => "missing",
            Signature::Intact => "intact",
            Signature::Wrong(_) => "wrong",
        });
        let findings = self.findings.iter().map(
            |it| json!({ "level": it.level.name(), "finding": it.code, "message": it.message, "help": it.help }),
        );
        let findings: Vec<_> = findings.collect();
        json!({ "name": self.name, "signature": signature, "findings": findings })
    }
}

fn lint(file: &DesiredFile, requires_signed: bool) -> Result<Linted, Failure> {
    let bytes = signature::bytes(file)?;
    let name = file.name().as_str();
    let is_powershell = signature::is_powershell(name);
    let mut findings = Vec::new();
    let mut find = |level, code, message: &str, help| {
        findings.push(Finding { level, code, message: message.to_owned(), help });
    };
    let signature = is_powershell.then(|| signature::check(&bytes));
    match signature {
        Some(Signature::Wrong(why)) => {
            find(Level::Error, "wrong-signature", &why.to_string(), why.help());
        }
        Some(Signature::Missing) if requires_signed => {
            find(
                Level::Error,
                "unsigned",
                "not signed",
                "Sessions run unsigned PowerShell only if the tenant allows it.",
            );
        }
        _ => {}
    }
    if is_powershell && signature::is_unmarked(&bytes) {
        let help = "Windows PowerShell 5.1 reads it as ANSI. Save it as UTF-8 with a BOM.";
        find(Level::Warning, "no-bom", "non-ASCII text without BOM", help);
    }
    if signature::has_mixed_ends(&bytes) {
        let help = "Use one kind; before signing, CRLF: Windows PowerShell may refuse a signed script with LF.";
        find(Level::Warning, "mixed-line-ends", "LF and CRLF line ends", help);
    }
    if file.size() > MAX_PUTFILE {
        let help = "`putfile` in a session on macOS or Linux refuses it.";
        find(Level::Warning, "over-10-mb", "over 10 MB", help);
    }
    if file.description().is_none() {
        let help = "Add a .SYNOPSIS to the script, or a side file NAME.json.";
        find(Level::Warning, "no-description", "no description", help);
    }
    Ok(Linted { name: name.to_owned(), signature, findings })
}
