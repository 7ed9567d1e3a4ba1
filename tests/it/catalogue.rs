//! The catalogue and the tests hold each other: every row has a test or a reason, never both.
//!
//! A test carries its row in its name, or the catalogue names the test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::tidy::{root, rust_files};

/// Rows of the catalogue's tables: a letter and a number.
fn rows(catalogue: &str) -> BTreeSet<String> {
    catalogue.lines().filter_map(|line| row(line.strip_prefix("| ")?)).collect()
}

fn row(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric())?;
    let (letter, number) = text[..end].split_at_checked(1)?;
    let number: u32 = number.parse().ok()?;
    "VAHTCR".contains(letter).then(|| format!("{letter}{number:02}"))
}

/// Rows without a test, with the reason.
fn open_rows(catalogue: &str) -> BTreeMap<String, String> {
    let rows = list(catalogue, "## 6. Rows without a test");
    for (name, reason) in &rows {
        assert!(reason.len() > 10, "{name} wants a reason, not {reason:?}");
    }
    rows
}

/// The lines `- ROW, ROW: text` below a heading, up to the next one.
fn list(catalogue: &str, heading: &str) -> BTreeMap<String, String> {
    let lines = catalogue.lines().skip_while(|line| *line != heading).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("## "));
    let mut rows = BTreeMap::new();
    for line in lines.filter_map(|line| line.strip_prefix("- ")) {
        let (names, text) = line.split_once(": ").expect("rows, a colon and a text");
        for name in names.split(", ") {
            let name = row(&format!("{name} ")).unwrap_or_else(|| panic!("no row: {name}"));
            assert_eq!(rows.insert(name.clone(), text.to_owned()), None, "{name} stands twice");
        }
    }
    assert!(!rows.is_empty(), "no list below {heading:?}");
    rows
}

/// Names of all functions.
fn functions() -> BTreeSet<String> {
    let texts = rust_files().into_iter().map(|file| fs::read_to_string(file).unwrap());
    let names = texts.flat_map(|text| {
        let names = text.lines().filter_map(|line| {
            let name = line.trim_start().strip_prefix("fn ")?;
            Some(name.split(['(', '<']).next().unwrap_or_default().to_owned())
        });
        names.collect::<Vec<_>>()
    });
    names.collect()
}

/// Rows that a test's name carries: `fn v06_…`, or `fn t09_t10_…` for more than one.
fn numbered_rows(functions: &BTreeSet<String>) -> BTreeSet<String> {
    let rows = functions.iter().flat_map(|name| {
        let parts = name.split('_').map(str::to_uppercase);
        parts.map_while(|part| row(&format!("{part} ")).filter(|it| *it == part))
    });
    rows.collect()
}

#[test]
fn every_row_has_a_test_or_a_reason() {
    let catalogue = fs::read_to_string(root().join("tests/catalogue.md")).unwrap();
    let rows = rows(&catalogue);
    assert_eq!(rows.len(), 180, "rows in the catalogue");
    let functions = functions();
    let mut tested = numbered_rows(&functions);
    for (row, tests) in list(&catalogue, "## 5. Rows whose test has another name") {
        for test in tests.split(", ").map(|it| it.trim_matches('`')) {
            assert!(functions.contains(test), "{row}: there is no test {test}");
        }
        tested.insert(row);
    }
    let open: BTreeSet<_> = open_rows(&catalogue).into_keys().collect();

    let neither: Vec<_> =
        rows.iter().filter(|it| !open.contains(*it) && !tested.contains(*it)).collect();
    let both: Vec<_> = open.intersection(&tested).collect();
    let unknown: Vec<_> = open.union(&tested).filter(|it| !rows.contains(*it)).collect();
    assert!(neither.is_empty(), "rows with neither a test nor a reason: {neither:?}");
    assert!(both.is_empty(), "rows with a test that are listed as open: {both:?}");
    assert!(unknown.is_empty(), "tests or open rows that the catalogue does not have: {unknown:?}");
}

/// `name`, or `prefix_*` for all that start so.
#[test]
fn what_security_md_says_is_held_by_tests_that_exist() {
    let security = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let functions = functions();
    let promises = security.lines().skip_while(|line| !line.contains("what holds it"));
    let promises = promises.take_while(|line| !line.contains("do not promise"));
    let mut found = 0;
    for name in promises.flat_map(|line| line.split('`').skip(1).step_by(2)) {
        let prefix = name.trim_end_matches('*');
        let is_name = |c: char| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit();
        if prefix.len() < 4 || !prefix.contains('_') || !prefix.chars().all(is_name) {
            continue;
        }
        let is_there = if prefix == name {
            functions.contains(name)
        } else {
            functions.iter().any(|it| it.starts_with(prefix))
        };
        // A setting, not a test.
        assert!(is_there || name == "accept_unverified", "there is no test {name}");
        found += 1;
    }
    assert!(found > 20, "only {found} names found");
}
