//! What is planned: pure data, from what is desired and what is there.

use std::fs;

use mde_live_response_core::sync::{
    Action, Conflict, Desired, DesiredFile, Kept, Orphans, Owner, Reason, apply,
};
use mde_live_response_core::{Error, SourceErrorKind};
use mde_live_response_mock::FakeLibrary;

use super::{MARK, actions, client, desired, file, planned, put, rules};
use crate::support::expect_error;

use Action::{Create, Delete, Unchanged};

fn update(reasons: &[Reason]) -> Action {
    Action::Update { reasons: reasons.to_vec() }
}

fn orphan(kept: Kept) -> Action {
    Action::Orphan { kept }
}

fn conflict(conflict: Conflict) -> Action {
    Action::Conflict { conflict }
}

#[test]
fn each_file_gets_what_it_needs() {
    let library = FakeLibrary::new();
    put(&library, "content.ps1", "old", Some(MARK));
    put(&library, "described.ps1", "x", Some("another purpose\nmanaged-by: our-repository"));
    put(&library, "foreign.ps1", "old", Some("a colleague's"));
    put(&library, "gone.ps1", "x", Some(MARK));
    put(&library, "hers.ps1", "x", Some("managed-by: her-repository"));
    put(&library, "Letters.ps1", "x", Some(MARK));
    put(&library, "parameters.ps1", "x", Some(MARK));
    put(&library, "same-but-foreign.ps1", "x", None);
    put(&library, "same.ps1", "x", Some("what for\nmanaged-by: our-repository"));
    let files = [
        file("content.ps1", "new"),
        file("described.ps1", "x").description("what for".parse().unwrap()),
        file("foreign.ps1", "new"),
        file("letters.ps1", "x"),
        file("new.ps1", "x"),
        file("parameters.ps1", "x").parameters("-Hours <n>".parse().unwrap()),
        file("same-but-foreign.ps1", "x"),
        file("same.ps1", "x").description("what for".parse().unwrap()),
    ];
    let plan = planned(&desired(files), &library, &rules());
    assert_eq!(
        actions(&plan),
        [
            ("content.ps1", &update(&[Reason::Content])),
            ("described.ps1", &update(&[Reason::Description])),
            ("foreign.ps1", &conflict(Conflict::NotOwned)),
            ("gone.ps1", &orphan(Kept::NotAsked)),
            ("hers.ps1", &orphan(Kept::NotAsked)),
            ("letters.ps1", &conflict(Conflict::LetterCase)),
            ("new.ps1", &Create),
            ("parameters.ps1", &update(&[Reason::Parameters])),
            ("same-but-foreign.ps1", &Unchanged),
            ("same.ps1", &Unchanged),
        ]
    );
    assert!(!plan.is_empty() && plan.has_conflicts());
}

#[test]
fn orphans_go_only_when_asked_and_by_default_only_the_owners() {
    let library = FakeLibrary::new();
    put(&library, "foreign.ps1", "x", Some("managed-by: our-repository, said somebody"));
    put(&library, "ours.ps1", "x", Some("a\r\nmanaged-by: our-repository\r\n"));
    put(&library, "un%41skable.ps1", "x", Some(MARK));
    put(&library, "without.ps1", "x", None);
    let of = |orphans| planned(&Desired::default(), &library, &rules().orphans(orphans));
    let names = ["foreign.ps1", "ours.ps1", "un%41skable.ps1", "without.ps1"];
    for (orphans, expected) in [
        (Orphans::Keep, [&orphan(Kept::NotAsked); 4]),
        (
            Orphans::DeleteOwned,
            [&orphan(Kept::NotOwned), &Delete, &orphan(Kept::Name), &orphan(Kept::NotOwned)],
        ),
        (Orphans::DeleteAll, [&Delete, &Delete, &orphan(Kept::Name), &Delete]),
    ] {
        let plan = of(orphans);
        assert_eq!(actions(&plan), names.into_iter().zip(expected).collect::<Vec<_>>());
        assert_eq!(plan.is_empty(), orphans == Orphans::Keep);
    }
}

#[test]
fn files_of_others_are_taken_over_only_when_told_to() {
    let library = FakeLibrary::new();
    put(&library, "differs.ps1", "old", Some("managed-by: her-repository"));
    put(&library, "same.ps1", "x", None);
    let files = || desired([file("differs.ps1", "new"), file("same.ps1", "x")]);
    let plan = planned(&files(), &library, &rules().take_over(true));
    let differs = update(&[Reason::Content, Reason::Description, Reason::Owner]);
    assert_eq!(
        actions(&plan),
        [("differs.ps1", &differs), ("same.ps1", &update(&[Reason::Owner]))]
    );
}

#[test]
fn a_file_whose_hash_the_service_does_not_tell_counts_as_changed() {
    let library = FakeLibrary::new();
    put(&library, "a.ps1", "x", Some(MARK));
    let mut entry = library.entry("a.ps1").unwrap();
    entry.sha256 = None;
    library.insert_entry(entry, b"x");
    let plan = planned(&desired([file("a.ps1", "x")]), &library, &rules());
    assert_eq!(actions(&plan), [("a.ps1", &update(&[Reason::Content]))]);
}

/// The service, or whoever entered the text, may have another idea of a line's end.
#[test]
fn line_ends_make_no_difference() {
    let library = FakeLibrary::new();
    put(&library, "a.ps1", "x", Some("one\r\ntwo\r\nmanaged-by: our-repository"));
    let described = file("a.ps1", "x").description("one\ntwo".parse().unwrap());
    assert_eq!(
        actions(&planned(&desired([described]), &library, &rules())),
        [("a.ps1", &Unchanged)]
    );
}

/// What a library says of itself may be kept, and asked for again.
#[test]
fn a_description_that_has_the_owners_line_gets_no_second_one() {
    let library = FakeLibrary::new();
    put(&library, "a.ps1", "x", Some("what for\nmanaged-by: our-repository"));
    let kept = || file("a.ps1", "x").description(format!("what for\n{MARK}").parse().unwrap());
    let plan = planned(&desired([kept()]), &library, &rules());
    assert_eq!(actions(&plan), [("a.ps1", &Unchanged)]);
    let library = FakeLibrary::new();
    let plan = planned(&desired([kept()]), &library, &rules());
    apply(&client(library.clone()), &plan, &mut |_| {}).unwrap();
    let stored = library.entry("a.ps1").unwrap();
    assert_eq!(stored.description.as_deref(), Some("what for\nmanaged-by: our-repository"));
}

/// Of letters with two lower cases, too: a service may go by the upper one.
#[test]
fn letter_case_is_that_of_every_script() {
    let library = FakeLibrary::new();
    put(&library, "ΛΟΓΟΣ.ps1", "x", Some(MARK));
    put(&library, "ΛΟΓΟΣ", "x", Some(MARK));
    let files = desired([file("λογοσ.ps1", "x"), file("λογοσ", "x")]);
    let plan = planned(&files, &library, &rules().orphans(Orphans::DeleteAll));
    let in_the_way = conflict(Conflict::LetterCase);
    assert_eq!(actions(&plan), [("λογοσ", &in_the_way), ("λογοσ.ps1", &in_the_way)]);
    assert!(Desired::new([file("σ", "1"), file("ς", "1")]).is_err());
}

#[test]
fn an_owner_is_told_by_the_last_line() {
    let owner: Owner = "our-repository".parse().unwrap();
    for (description, owns) in [
        (MARK, true),
        ("what for\nmanaged-by: our-repository", true),
        ("what for\r\nmanaged-by: our-repository\r\n", true),
        ("", false),
        ("managed-by: our-repository ", false),
        ("managed-by:our-repository", false),
        ("Managed-By: our-repository", false),
        ("managed-by: our-repository-too", false),
        ("managed-by: our-repository\nby us", false),
        (" managed-by: our-repository", false),
    ] {
        assert_eq!(owner.owns(description), owns, "case: {description:?}");
    }
    let long = "x".repeat(101);
    for text in ["", " a", "a ", "a\nb", "a\0", "a\u{2028}b", long.as_str()] {
        assert!(text.parse::<Owner>().is_err(), "case: {text:?}");
    }
}

#[test]
fn a_name_comes_once_in_any_letter_case() {
    let error =
        Desired::new([file("b.ps1", "1"), file("a.ps1", "1"), file("A.ps1", "2")]).unwrap_err();
    assert_eq!(error.to_string(), "`A.ps1` and `a.ps1` are the same name, by letter case at most");
    let names: Vec<_> = desired([file("b", "1"), file("a", "1")])
        .files()
        .map(|file| file.name().to_string())
        .collect();
    assert_eq!(names, ["a", "b"]);
}

/// A library may hold more files than a process may have handles.
#[test]
fn a_file_on_disk_is_hashed_and_not_kept_open() {
    let path = std::env::temp_dir().join(format!("mde-desired-{}.ps1", std::process::id()));
    fs::write(&path, "Get-DnsClientCache\n").unwrap();
    let files: Vec<_> = (0..3_000).map(|_| DesiredFile::from_path(&path).unwrap()).collect();
    assert_eq!(files[0].sha256().to_string(), crate::support::SHA256);
    assert_eq!(files[0].size(), 19);
    fs::remove_file(&path).unwrap();
    let missing = DesiredFile::from_path(&path).unwrap_err();
    assert_eq!(expect_error!(missing, Source, "").kind(), SourceErrorKind::NotFound);
    let unnamed = DesiredFile::from_path("/").unwrap_err();
    assert!(matches!(unnamed, Error::Input(_)));
}
