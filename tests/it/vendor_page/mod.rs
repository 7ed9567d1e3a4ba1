//! `tests/vendor_page.md`, the citations in the code and the tests hold each other.

use std::collections::BTreeSet;
use std::fs;

use crate::catalogue::{assert_tested, table, tests};
use crate::tidy::{root, rust_files};

/// `P7` for every `P7` or `p07` at the start of `parts`.
fn numbers<'a>(parts: impl Iterator<Item = &'a str>) -> impl Iterator<Item = String> {
    parts.map_while(|part| {
        let number: u32 = part.strip_prefix(['P', 'p'])?.parse().ok()?;
        Some(format!("P{number}"))
    })
}

/// Number and file of every citation: a comment `// P7` or `// P7, P8` behind or above code of a crate.
fn citations() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for file in rust_files() {
        let name = file.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        let Some(name) = name.strip_prefix("crates/mde-live-response-") else { continue };
        if !name.contains("/src/") {
            continue;
        }
        for line in fs::read_to_string(&file).unwrap().lines() {
            let Some((_, comment)) = line.split_once("// ") else { continue };
            found.extend(numbers(comment.split(", ")).map(|number| (number, name.to_owned())));
        }
    }
    found
}

#[test]
fn every_statement_is_cited_and_tested() {
    let (rows, tests) = (table("vendor_page.md"), tests());
    let mut expected = BTreeSet::new();
    for (index, row) in rows.iter().enumerate() {
        let number = &row[0];
        assert_eq!(*number, format!("P{}", index + 1));
        expected.extend(row[2].split(", ").map(|it| (number.clone(), it.replace('`', ""))));
    }
    assert_tested(&rows, &tests);
    assert_eq!(citations(), expected, "left: as cited; right: as on the page");

    for test in &tests {
        for number in numbers(test.split('_')) {
            let row = rows.iter().find(|row| row[0] == number);
            let names_it = row.is_some_and(|row| row[3].contains(&format!("`{test}`")));
            assert!(names_it, "{number} does not name its test {test}");
        }
    }
}
