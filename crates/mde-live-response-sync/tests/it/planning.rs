//! The plan: computed from the desired and the stored files, without I/O.

use std::path::Path;

use mde_live_response_core::error::{Problem, SourceProblem};
use mde_live_response_mock::FakeLibrary;
use mde_live_response_sync::{Action, Desired, DesiredFile, Owner, Reason, Unmanaged, apply};
use mde_live_response_testkit::TempDir;

use crate::support::{MARK, actions, client, desired, file, planned, put, rules};

use Action::{Create, Delete, Unchanged};

fn update(reasons: &[Reason]) -> Action {
    Action::Update { reasons: reasons.to_vec() }
}

fn unmanaged(reason: Reason) -> Action {
    Action::Unmanaged { reason }
}

fn conflict(reason: Reason) -> Action {
    Action::Conflict { reason }
}

/// The action for this file, wanted under the name `a.ps1`, and for what the library holds.
fn action(
    wanted: DesiredFile,
    (name, content, description): (&str, &str, Option<&str>),
    take_over: bool,
) -> Action {
    let library = FakeLibrary::new();
    put(&library, name, content, description);
    let plan = planned(&desired([wanted]), &library, &rules().with_take_over(take_over));
    let [(_, action)] = actions(&plan).try_into().unwrap();
    assert_eq!(plan.has_conflicts(), matches!(action, Action::Conflict { .. }));
    assert_eq!(plan.is_empty(), !matches!(action, Action::Update { .. }));
    action.clone()
}

#[test]
fn a_file_gets_the_action_that_it_needs() {
    use Reason::{Content, Description, LetterCase, NotOwned, Parameters};
    let (ours, hers) = (Some(MARK), Some("managed-by: her-repository"));
    let described = Some("one\r\ntwo\r\nmanaged-by: our-repository");
    let x = || file("a.ps1", "x");
    let with_text = |text: &str| x().with_description(text.parse().unwrap());
    let with_parameters = || x().with_parameters("-Hours <n>".parse().unwrap());
    let (not_ours, letters) = (|| conflict(NotOwned), || conflict(LetterCase));
    for (wanted, stored, expected, taking_over) in [
        (x(), ("a.ps1", "x", ours), Unchanged, Unchanged),
        (x(), ("a.ps1", "old", ours), update(&[Content]), update(&[Content])),
        (x(), ("a.ps1", "x", described), update(&[Description]), update(&[Description])),
        // The service, or a person in the portal, may change line ends.
        (with_text("one\ntwo"), ("a.ps1", "x", described), Unchanged, Unchanged),
        (with_parameters(), ("a.ps1", "x", ours), update(&[Parameters]), update(&[Parameters])),
        (x(), ("a.ps1", "x", None), Unchanged, update(&[NotOwned])),
        (x(), ("a.ps1", "old", None), not_ours(), update(&[Content, NotOwned])),
        (x(), ("a.ps1", "x", hers), not_ours(), update(&[NotOwned])),
        (with_text("one"), ("a.ps1", "x", hers), not_ours(), update(&[Description, NotOwned])),
        (x(), ("A.ps1", "x", ours), letters(), letters()),
        // Also for letters with two lower-case forms, because a service may compare the upper case.
        (file("λογοσ", "x"), ("ΛΟΓΟΣ", "x", ours), letters(), letters()),
        (file("λογοσ.ps1", "x"), ("ΛΟΓΟΣ.ps1", "x", ours), letters(), letters()),
    ] {
        let case = format!("case: {wanted:?} over {stored:?}");
        assert_eq!(action(wanted.clone(), stored, false), expected, "{case}");
        assert_eq!(action(wanted, stored, true), taking_over, "{case}, taking over");
    }
}

#[test]
fn what_the_library_does_not_hold_or_report_is_uploaded() {
    let library = FakeLibrary::new();
    for name in ["a.ps1", "b.ps1"] {
        put(&library, name, "x", Some(MARK));
        let mut entry = library.entry(name).unwrap();
        if name == "a.ps1" {
            entry.sha256 = None;
        } else {
            entry.has_parameters = true;
        }
        library.insert_entry(entry, b"x");
    }
    let files = ["a.ps1", "b.ps1", "c.ps1"].map(|name| file(name, "x"));
    let plan = planned(&desired(files), &library, &rules());
    let (content, parameters) = (update(&[Reason::Content]), update(&[Reason::Parameters]));
    let expected = [("a.ps1", &content), ("b.ps1", &parameters), ("c.ps1", &Create)];
    assert_eq!(actions(&plan), expected);
}

#[test]
fn unmanaged_files_are_deleted_only_on_request_and_then_the_owners_only_unless_all_are_named() {
    let library = FakeLibrary::new();
    put(&library, "foreign.ps1", "x", Some("managed-by: our-repository, said somebody"));
    put(&library, "ours.ps1", "x", Some("a\r\nmanaged-by: our-repository\r\n"));
    put(&library, "un%41skable.ps1", "x", Some(MARK));
    put(&library, "without.ps1", "x", None);
    let names = ["foreign.ps1", "ours.ps1", "un%41skable.ps1", "without.ps1"];
    let (kept, hers, name) =
        (unmanaged(Reason::Kept), unmanaged(Reason::NotOwned), unmanaged(Reason::Name));
    for (unmanaged, expected) in [
        (Unmanaged::Keep, [&kept; 4]),
        (Unmanaged::DeleteOwned, [&hers, &Delete, &name, &hers]),
        (Unmanaged::DeleteAll, [&Delete, &Delete, &name, &Delete]),
    ] {
        let plan = planned(&Desired::default(), &library, &rules().with_unmanaged(unmanaged));
        assert_eq!(actions(&plan), names.into_iter().zip(expected).collect::<Vec<_>>());
        assert_eq!(plan.is_empty(), unmanaged == Unmanaged::Keep);
    }
    // A skipped file is not missing.
    let all = rules().with_unmanaged(Unmanaged::DeleteAll).with_skipped(["OURS.ps1", "x.ps1"]);
    let plan = planned(&Desired::default(), &library, &all);
    let expected = [&Delete, &unmanaged(Reason::Skipped), &name, &Delete];
    assert_eq!(actions(&plan), names.into_iter().zip(expected).collect::<Vec<_>>());
}

/// The output of a listing can be kept as a manifest.
#[test]
fn a_description_with_the_owners_line_gets_no_second_one() {
    let kept = format!("what for\n{MARK}");
    let file = || file("a.ps1", "x").with_description(kept.parse().unwrap());
    let library = FakeLibrary::new();
    let plan = planned(&desired([file()]), &library, &rules());
    apply(&client(library.clone()), &plan, |_, _| {}).unwrap();
    assert_eq!(library.entry("a.ps1").unwrap().description.as_ref(), Some(&kept));
    let plan = planned(&desired([file()]), &library, &rules());
    assert_eq!(actions(&plan), [("a.ps1", &Unchanged)]);
}

#[test]
fn an_owner_is_the_last_line_of_a_description() {
    let owner: Owner = "our-repository".parse().unwrap();
    assert_eq!(owner.as_str(), "our-repository");
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
        let is_of = Owner::of(description).is_some_and(|it| it == owner);
        assert_eq!(is_of, owns, "case: {description:?}");
    }
    assert_eq!(Owner::of("managed-by: another").unwrap().as_str(), "another");
    assert_eq!(Owner::strip("what for\nmanaged-by: another"), "what for");
    assert_eq!(Owner::strip("what for"), "what for");
}

#[test]
fn an_owner_is_one_line_of_at_most_100_characters() {
    assert!("é".repeat(100).parse::<Owner>().is_ok());
    let long = "x".repeat(101);
    for (name, problem, at) in [
        ("", Problem::Empty, None),
        (" a", Problem::Edge(' '), None),
        ("a\u{3000}", Problem::Edge('\u{3000}'), None),
        ("a\nb", Problem::Character('\n'), Some(1)),
        ("a\0", Problem::Character('\0'), Some(1)),
        ("a\u{2028}b", Problem::Character('\u{2028}'), Some(1)),
        (&long, Problem::Form("at most 100 characters"), None),
    ] {
        let refused = name.parse::<Owner>().unwrap_err();
        assert_eq!((refused.problem(), refused.at()), (&problem, at), "case: {name:?}");
    }
}

#[test]
fn a_name_occurs_once_in_any_letter_case() {
    for (names, first, second) in [
        (["b.ps1", "a.ps1", "A.ps1"], "A.ps1", "a.ps1"),
        (["b", "a", "a"], "a", "a"),
        (["b", "ς", "σ"], "ς", "σ"),
    ] {
        let refused = Desired::new(names.map(|name| file(name, "1"))).unwrap_err();
        let (first, second) = (first.to_owned(), second.to_owned());
        assert_eq!(refused.problem(), &Problem::Duplicate { first, second });
    }
    let sorted = desired([file("b", "1"), file("a", "1")]);
    assert_eq!(sorted.files().map(|file| file.name().as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

/// A library may hold more files than a process may have handles.
#[test]
fn a_file_on_disk_is_hashed_and_not_kept_open() {
    let dir = TempDir::new();
    let path = dir.write("a.ps1", "Get-Date\n");
    let files: Vec<_> = (0..3_000).map(|_| DesiredFile::from_path(&path).unwrap()).collect();
    assert_eq!((files[0].sha256(), files[0].size()), (file("a", "Get-Date\n").sha256(), 9));
    let missing = DesiredFile::from_path(dir.path().join("b.ps1")).unwrap_err();
    assert_eq!(missing.problem(), &SourceProblem::NotFound);
    let unnamed = DesiredFile::from_path(Path::new("/")).unwrap_err();
    assert!(matches!(unnamed.problem(), SourceProblem::Name(_)));
}

#[test]
fn a_file_is_compared_with_a_stored_one_of_any_owner() {
    use Reason::{Content, Description, Parameters};
    let library = FakeLibrary::new();
    put(&library, "a.ps1", "x", Some("one\nmanaged-by: her-repository"));
    let stored = client(library).list().next().unwrap().unwrap();
    let described = |content| file("a.ps1", content).with_description("one".parse().unwrap());
    for (wanted, expected) in [
        (described("x"), vec![]),
        (described("new"), vec![Content]),
        (file("a.ps1", "x"), vec![Description]),
        (described("x").with_parameters("-Hours <n>".parse().unwrap()), vec![Parameters]),
        (file("a.ps1", "new"), vec![Content, Description]),
    ] {
        assert_eq!(wanted.differences(&stored), expected);
    }
}
