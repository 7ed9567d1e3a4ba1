//! The table as text: for each case its outcomes, and below each outcome the scripts that lead to it.

use std::collections::{BTreeMap, BTreeSet};

use super::scripted::Answer;
use super::{Case, Outcomes};

pub(super) const HEADER: &str = "\
# What the client makes of every script of up to three answers. `{a,b}` stands for `a` or `b`.
#
# An outcome: requests (P, G or D; 2: with the second token) | numbers of the attempts | waits, if there are
# any | result: ok, or the kind of error and the effect | what the library holds at the end.
# `BODIES DIFFER` and `TOOK` would mark bodies that are not byte-equal, and a time that is not the sum of the waits.
# Below it: its scripts. After its last answer the library answers for itself.
";

pub(super) fn section(case: &Case, outcomes: &Outcomes) -> String {
    let mut text = format!("\n## {}\n", case.name);
    for (outcome, scripts) in outcomes {
        text += outcome;
        let scripts = scripts.iter().map(Vec::as_slice).collect();
        for line in lines(&scripts) {
            text += "\n    ";
            text += &line;
        }
        text += "\n";
    }
    text
}

/// The scripts, with one line for all first answers that have the same rests.
fn lines(scripts: &BTreeSet<&[Answer]>) -> Vec<String> {
    let mut rests = BTreeMap::<Answer, BTreeSet<&[Answer]>>::new();
    for (first, rest) in scripts.iter().filter_map(|script| script.split_first()) {
        rests.entry(*first).or_default().insert(rest);
    }
    let mut firsts = BTreeMap::<BTreeSet<&[Answer]>, Vec<String>>::new();
    for (first, rests) in rests {
        firsts.entry(rests).or_default().push(first.name());
    }
    let mut lines = Vec::new();
    for (rests, firsts) in firsts {
        let first = match &*firsts {
            [one] => one.clone(),
            several => format!("{{{}}}", several.join(",")),
        };
        match &*self::lines(&rests) {
            [] => lines.push(first),
            rests => lines.extend(rests.iter().map(|rest| format!("{first} {rest}"))),
        }
    }
    lines
}

/// The scripts whose outcomes differ, with both outcomes.
pub(super) fn differences(expected: &str, actual: &str) -> Vec<String> {
    let (expected, actual) = (expanded(expected), expanded(actual));
    let scripts: BTreeSet<_> = expected.keys().chain(actual.keys()).collect();
    scripts
        .into_iter()
        .filter(|script| expected.get(*script) != actual.get(*script))
        .map(|script| {
            let (case, answers) = script;
            let before = expected.get(script).unwrap_or(&"no such script");
            let now = actual.get(script).unwrap_or(&"no such script");
            format!("{case}:{answers}\n  - {before}\n  + {now}")
        })
        .collect()
}

/// The outcome of each script of each case.
fn expanded(table: &str) -> BTreeMap<(&str, String), &str> {
    let mut outcomes = BTreeMap::new();
    let (mut case, mut outcome) = ("", "");
    for line in table.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            case = name;
        } else if let Some(pattern) = line.strip_prefix("    ") {
            for script in scripts(pattern) {
                outcomes.insert((case, script), outcome);
            }
        } else {
            outcome = line;
        }
    }
    outcomes
}

fn scripts(pattern: &str) -> Vec<String> {
    let mut scripts = vec![String::new()];
    for place in pattern.split(' ') {
        let answers = place.trim_matches(['{', '}']).split(',');
        scripts = answers
            .flat_map(|answer| scripts.iter().map(move |script| format!("{script} {answer}")))
            .collect();
    }
    scripts
}
