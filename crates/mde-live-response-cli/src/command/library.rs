//! The commands that change nothing: list and check.

use std::sync::Arc;

use mde_live_response_core::auth::TokenClaims;
use mde_live_response_core::policy::CancelToken;
use mde_live_response_core::{Client, LibraryFile};
use serde_json::json;

use super::args::Common;
use super::connect::{self, Service};
use super::credential::{self, Seen, Used};
use super::exit::{Exit, Failure};
use super::json::{self, VERSION};
use super::text::{self, first_line, shown, table};
use super::ui::{Reporter, Ui};

/// Makes the client that the command line describes. Also returns the identity that it uses.
pub(super) fn client(
    common: &Common,
    ui: &Arc<Ui>,
    cancel: &CancelToken,
) -> Result<(Client, Used), Failure> {
    let endpoint = Service::of(common).endpoint()?;
    let tokens = credential::tokens(common, &endpoint)?;
    let used = tokens.used.clone();
    let client = connect::client(common, endpoint, tokens.telling(ui), Reporter::new(ui, None))?;
    Ok((client.cancelled_by(cancel), used))
}

pub(super) fn list(common: &Common, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let (client, _) = client(common, ui, &ui.interrupt().token())?;
    let files = client.list().collect::<Result<Vec<_>, _>>()?;
    if ui.is_json() {
        ui.print_json(json!({ "version": VERSION, "command": "list", "files": files }))?;
    } else {
        let rows: Vec<_> = files.iter().map(row).collect();
        ui.print(&table(["NAME", "SHA256", "UPDATED", "BY", "DESCRIPTION"], &rows))?;
        ui.say(format_args!("{}", text::files(files.len())));
    }
    Ok(Exit::Done)
}

/// A row of the table. It has the start of the hash; JSON has all of it.
fn row(file: &LibraryFile) -> [String; 5] {
    let hash = file.sha256().map(ToString::to_string).unwrap_or_default();
    let updated = file.last_updated_time().map(ToString::to_string).unwrap_or_default();
    [
        shown(file.file_name(), 60),
        hash.chars().take(12).collect(),
        shown(updated.get(..19).unwrap_or(&updated), 19),
        shown(file.created_by().unwrap_or_default(), 30),
        shown(first_line(file.description().unwrap_or_default()), 60),
    ]
}

pub(super) fn check(common: &Common, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let endpoint = Service::of(common).endpoint()?;
    let tokens = credential::tokens(common, &endpoint)?;
    let (login_host, used, seen) =
        (tokens.login_host.clone(), tokens.used.clone(), Seen::default());
    let (credential, reporter) = (seen.watch(tokens.credential), Reporter::new(ui, None));
    let client = connect::client(common, endpoint.clone(), credential, reporter)?
        .cancelled_by(&ui.interrupt().token());
    let outcome = client.list().collect::<Result<Vec<_>, _>>();
    let claims = seen.claims();
    let audience = claims.as_ref().and_then(|claims| claims.audience());
    let permissions: Vec<_> = claims.iter().flat_map(TokenClaims::permissions).collect();
    if ui.is_json() {
        ui.print_json(json!({
            "version": VERSION,
            "command": "check",
            "host": endpoint.base(),
            "credential": used.name(),
            "loginHost": login_host,
            "expectedAudience": endpoint.audience(),
            "audience": audience,
            "permissions": permissions,
            "files": outcome.as_ref().ok().map(Vec::len),
            "error": outcome.as_ref().err().map(json::error),
        }))?;
    } else {
        let unknown = "not in the token";
        let permissions = permissions.join(", ");
        let permissions = if permissions.is_empty() { unknown } else { &permissions };
        let lines = [
            ("host", endpoint.base()),
            ("credential", &used.report()),
            ("login host", login_host.as_deref().unwrap_or("not used")),
            ("audience expected", endpoint.audience()),
            ("audience of the token", audience.unwrap_or(unknown)),
            ("permissions", permissions),
        ];
        for (what, value) in lines {
            ui.print(&format!("{what:22} {}\n", shown(value, 200)))?;
        }
        if ui.is_verbose() {
            ui.print(&format!("{:22} {}\n", "proxy", common.network.route(endpoint.base())?))?;
        }
    }
    match outcome {
        Ok(files) => {
            if !ui.is_json() {
                let count = text::files(files.len());
                ui.print(&format!("{:22} {}, {count}\n", "library", ui.word("ok")))?;
            }
            Ok(Exit::Done)
        }
        Err(error) => {
            ui.fail(&error.into());
            Ok(Exit::Failed)
        }
    }
}
