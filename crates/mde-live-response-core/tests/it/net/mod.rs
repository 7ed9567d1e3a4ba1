//! A net under the client: all scripts of up to three answers, and what the client makes of each.
//!
//! `table.txt` holds the expected outcomes. Change a row by hand, or with `NET_WRITE=1`, and give the reason in the
//! commit.

mod call;
mod scripted;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use call::{CASES, Case};
use scripted::Answer;

use crate::support::assert_snapshot;

/// Answers that a script gives at most; after them the library answers for itself.
const LONGEST: usize = 3;

type Script = Vec<Answer>;
/// The scripts that lead to each outcome.
type Outcomes = BTreeMap<String, BTreeSet<Script>>;

#[test]
fn every_script_of_up_to_three_answers_ends_as_the_table_says() {
    let actual: String = CASES.iter().map(|case| table::section(case, &outcomes(case))).collect();
    let actual = format!("{}{actual}", table::HEADER);
    assert_snapshot("net/table.txt", "NET_WRITE", &actual, table::blocks);
}

fn outcomes(case: &Case) -> Outcomes {
    let mut outcomes = Outcomes::new();
    walk(case, &mut Script::new(), &mut outcomes);
    outcomes
}

/// Runs the script, and the longer ones that begin with it if the call uses it up.
fn walk(case: &Case, script: &mut Script, outcomes: &mut Outcomes) {
    let run = case.run(script);
    if run.exchanges <= script.len() || script.len() == LONGEST {
        outcomes.entry(run.outcome).or_default().insert(script.clone());
        return;
    }
    for answer in case.answers() {
        script.push(*answer);
        walk(case, script, outcomes);
        script.pop();
    }
}
