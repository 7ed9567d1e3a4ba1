//! The catalogue and the tests hold each other: every row has a test or a reason, never both.

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
    let (_, open) =
        catalogue.split_once("## 5. Rows without a test").expect("the list of open rows");
    let mut rows = BTreeMap::new();
    for line in open.lines().filter_map(|line| line.strip_prefix("- ")) {
        let (names, reason) = line.split_once(": ").expect("rows, a colon and a reason");
        assert!(reason.len() > 10, "{names} wants a reason, not {reason:?}");
        for name in names.split(", ") {
            let name = row(&format!("{name} ")).unwrap_or_else(|| panic!("no row: {name}"));
            assert_eq!(rows.insert(name.clone(), reason.to_owned()), None, "{name} stands twice");
        }
    }
    rows
}

/// Rows that a test's name carries: `fn v06_…`, or `fn t09_t10_…` for more than one.
fn tested_rows() -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for file in rust_files() {
        let text = fs::read_to_string(&file).unwrap();
        for line in text.lines() {
            let Some(name) = line.trim_start().strip_prefix("fn ") else { continue };
            let parts = name.split('_').map(str::to_uppercase);
            let numbered =
                parts.map_while(|part| row(&format!("{part} ")).filter(|it| *it == part));
            rows.extend(numbered);
        }
    }
    rows
}

#[test]
fn every_row_has_a_test_or_a_reason() {
    let catalogue = fs::read_to_string(root().join("tests/catalogue.md")).unwrap();
    let rows = rows(&catalogue);
    let open: BTreeSet<_> = open_rows(&catalogue).into_keys().collect();
    let tested = tested_rows();
    assert_eq!(rows.len(), 183, "rows in the catalogue");

    let neither: Vec<_> =
        rows.iter().filter(|it| !open.contains(*it) && !tested.contains(*it)).collect();
    let both: Vec<_> = open.intersection(&tested).collect();
    let unknown: Vec<_> = open.union(&tested).filter(|it| !rows.contains(*it)).collect();
    assert!(neither.is_empty(), "rows with neither a test nor a reason: {neither:?}");
    assert!(both.is_empty(), "rows with a test that are listed as open: {both:?}");
    assert!(unknown.is_empty(), "tests or open rows that the catalogue does not have: {unknown:?}");
}
