//! `lrlib probe`: what the service does where its documentation is silent.
//!
//! `calls` counts the calls and cleans up, `questions` asks, `texts` and `longest` search for the longest texts. The report
//! is meant to be published: it has no secret, no tenant, no host, and no name that the probe has not made up.

mod calls;
mod longest;
mod questions;
mod texts;

use std::sync::Arc;

use mde_live_response_core::Endpoint;
use serde_json::{Value, json};

use crate::folder::guard;
use crate::line::args::Probe;
use crate::output::exit::{Exit, Failure};
use crate::output::table::Table;
use crate::output::text::command_word;
use crate::output::ui::Ui;
use calls::{Calls, Left, MAX_CALLS};
use questions::Answer;

pub(super) fn run(arguments: &Probe, ui: &Arc<Ui>) -> Result<Exit, Failure> {
    let mut calls = Calls::open(&arguments.common.connection, ui)?;
    let (base, large) = (
        calls.base_url().to_owned(),
        if arguments.size_limit { ", up to three of them of 20 MB" } else { "" },
    );
    let what = format!(
        "the probe uploads small files with random names{large} to the library of {base}, and deletes them again, in at \
         most {MAX_CALLS} calls"
    );
    guard::ask(ui, arguments.yes, &what, "Continue?", "To go on, give --yes.")?;
    calls.begin()?;
    let answers = questions::ask(&mut calls, arguments.size_limit);
    let left = calls.clean_up();
    let report = Report { service: service(&base), calls: calls.count(), answers, left };
    let printed = ui.result(report.json(), &report.table(), None);
    let exit = report.tell(ui);
    Ok(ui.end(exit, printed))
}

/// Everything that is printed.
struct Report {
    service: &'static str,
    calls: u32,
    answers: Vec<Answer>,
    left: Left,
}

impl Report {
    fn json(&self) -> Value {
        let answers: Vec<_> = self
            .answers
            .iter()
            .map(|it| {
                json!({
                    "id": it.id,
                    "question": it.question,
                    "answer": it.told.as_deref().unwrap_or("unknown"),
                    "why": it.told.as_ref().err(),
                })
            })
            .collect();
        json!({
            "service": self.service,
            "lrlib": env!("CARGO_PKG_VERSION"),
            "calls": self.calls,
            "answers": answers,
            "leftBehind": self.left.own,
            "leftUnderOtherNames": self.left.renamed.len(),
        })
    }

    fn table(&self) -> Table {
        let mut table = Table::new(["QUESTION", "ANSWER"]);
        let mut row = |question: &str, answer: String| table.row([question.to_owned(), answer]);
        row("service", self.service.to_owned());
        row("version of lrlib", env!("CARGO_PKG_VERSION").to_owned());
        for Answer { question, told, .. } in &self.answers {
            row(question, told.clone().unwrap_or_else(|why| format!("unknown: {why}")));
        }
        row("calls", self.calls.to_string());
        let mut left = self.left.own.clone();
        if !self.left.renamed.is_empty() {
            left.push(format!("{} under other names", self.left.renamed.len()));
        }
        row("files left behind", if left.is_empty() { "none".to_owned() } else { left.join(", ") });
        table
    }

    /// Says what is left behind, and how to delete it.
    fn tell(&self, ui: &Ui) -> Exit {
        let Left { own, renamed } = &self.left;
        if !own.is_empty() {
            let names: Vec<_> = own.iter().map(|name| command_word(name)).collect();
            ui.say(format_args!(
                "these files may be left behind; delete them, with the same options for the service: lrlib delete {}",
                names.join(" ")
            ));
        }
        for name in renamed {
            ui.say(format_args!(
                "the service stored a file of the probe under the name {name}; delete it if it is not yours"
            ));
        }
        if own.is_empty() && renamed.is_empty() { Exit::Done } else { Exit::PartlyFailed }
    }
}

/// Names a cloud by its base URL. A report has no other host.
fn service(base: &str) -> &'static str {
    let clouds = [
        (Endpoint::COMMERCIAL, "commercial"),
        (Endpoint::US, "commercial, region us"),
        (Endpoint::EU, "commercial, region eu"),
        (Endpoint::UK, "commercial, region uk"),
        (Endpoint::AU, "commercial, region au"),
        (Endpoint::SWA, "commercial, region swa"),
        (Endpoint::INA, "commercial, region ina"),
        (Endpoint::AEA, "commercial, region aea"),
        (Endpoint::GCC, "gcc"),
        (Endpoint::GCC_HIGH, "gcc-high or dod"),
    ];
    let found = clouds.iter().find(|(endpoint, _)| endpoint.base() == base);
    found.map_or("custom", |(_, name)| *name)
}
