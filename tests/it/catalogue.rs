//! The catalogue, the vendor's page and SECURITY.md name only tests that exist, and leave no row without one.

use std::collections::BTreeSet;
use std::fs;

use crate::tidy::{root, rust_files};

/// Lines of the one table of a page below `tests`, each as its cells.
pub(crate) fn table(page: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("tests").join(page)).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = lines.map(|line| line.split(" | ").map(str::to_owned).collect::<Vec<_>>());
    let rows: Vec<_> = rows.skip(1).collect();
    let first: BTreeSet<_> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(first.len(), rows.len(), "a row of {page} stands twice");
    assert!(rows.iter().all(|row| row.len() == 4 && row[0].len() >= 2), "{page}: {rows:#?}");
    rows
}

/// Asserts that the last cell of every row names tests that exist, or gives a reason for none.
pub(crate) fn assert_tested(rows: &[Vec<String>], tests: &BTreeSet<String>) {
    let mut missing = Vec::new();
    for row in rows {
        if let Some(reason) = row[3].strip_prefix("none: ") {
            assert!(reason.len() > 10, "{}: {reason:?} is not a reason", row[0]);
            continue;
        }
        for test in row[3].split(", ") {
            let name = test.strip_prefix('`').and_then(|it| it.strip_suffix('`'));
            if !name.is_some_and(|name| tests.contains(name)) {
                missing.push(format!("{}: {test}", row[0]));
            }
        }
    }
    assert!(missing.is_empty(), "there are no such tests: {missing:#?}");
}

/// Names of the functions behind `#[test]`.
pub(crate) fn tests() -> BTreeSet<String> {
    let texts = rust_files().into_iter().map(|file| fs::read_to_string(file).unwrap());
    let names = texts.flat_map(|text| {
        let behind = text.split("#[test]").skip(1).map(|behind| {
            let start = behind.find("fn ").expect("a function") + 3;
            let name = behind[start..].split('(').next().unwrap_or_default();
            name.to_owned()
        });
        behind.collect::<Vec<_>>()
    });
    names.collect()
}

#[test]
fn every_row_has_a_test_or_a_reason() {
    let tests = tests();
    let rows = table("catalogue.md");
    assert!(rows.len() > 170, "{} rows", rows.len());
    for row in &rows {
        let (area, number) = row[0].split_at(1);
        assert!("VAHTCR".contains(area) && number.parse::<u8>().is_ok(), "{}", row[0]);
    }
    assert_tested(&rows, &tests);
    // A row that the conformance suite tests quotes the suite's rule.
    let suite = root().join("crates/mde-live-response-emulator/src/conformance/cases");
    let suite = rust_files().into_iter().filter(|file| file.starts_with(&suite));
    let suite: String = suite.map(|file| fs::read_to_string(file).unwrap()).collect();
    for row in rows.iter().filter(|row| row[3].contains("`the_contract_is_kept")) {
        let rules = row[2].split_once("(rule ").unwrap_or_default().1;
        let is_rule = |it: &str| suite.contains(&format!("\"{it}\";"));
        let mut quoted = rules.split('"').skip(1).step_by(2);
        assert!(!rules.is_empty() && quoted.all(is_rule), "{}: {rules}", row[0]);
    }
}

/// `name`, or `prefix_*` for all that start so.
#[test]
fn security_md_names_tests_that_exist() {
    let security = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let tests = tests();
    let promises = security.lines().skip_while(|line| !line.contains("which test checks it"));
    let promises = promises.take_while(|line| !line.contains("do not promise"));
    let mut found = 0;
    for name in promises.flat_map(|line| line.split('`').skip(1).step_by(2)) {
        let prefix = name.trim_end_matches('*');
        let is_name = |c: char| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit();
        if prefix.len() < 4 || !prefix.contains('_') || !prefix.chars().all(is_name) {
            continue;
        }
        let exists = tests.iter().any(|it| it == name || prefix != name && it.starts_with(prefix));
        // A setting, not a test.
        assert!(exists || name == "accept_unverified", "there is no test {name}");
        found += 1;
    }
    assert!(found > 20, "only {found} names found");
}
