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

/// Each outcome with its case and its scripts.
pub(super) fn blocks(table: &str) -> Vec<String> {
    let (mut blocks, mut case) = (Vec::new(), "");
    for line in table.lines() {
        match blocks.last_mut() {
            Some(block) if line.starts_with(' ') => *block = format!("{block}\n{line}"),
            _ if line.starts_with("## ") => case = line,
            _ => blocks.push(format!("{case}\n{line}")),
        }
    }
    blocks
}
