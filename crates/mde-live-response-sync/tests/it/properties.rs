//! For any library and any desired files: an applied plan leaves nothing to plan, and files of others stay.

use std::collections::BTreeMap;
use std::fmt::Debug;

use mde_live_response_mock::{FakeLibrary, StoredFile};
use mde_live_response_sync::{Desired, Unmanaged, apply};
use proptest::collection::btree_map;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use crate::support::{MARK, client, file, planned, rules};

/// A file on either side: its content, and the texts about it.
#[derive(Debug, Clone)]
struct Said {
    content: String,
    description: Option<String>,
    parameters: Option<String>,
}

/// Few of each, so that they meet.
fn said() -> impl Strategy<Value = Said> {
    let text = || {
        prop_oneof![
            Just(String::new()),
            Just("two\nlines\n".to_owned()),
            Just("x\r".to_owned()),
            Just("managed-by: others".to_owned()),
            Just(MARK.to_owned()),
            Just(format!("two\nlines\n{MARK}")),
            Just(format!("managed-by: others\n{MARK}")),
        ]
    };
    ("[ab]", option::of(text()), option::of(text()))
        .prop_map(|(content, description, parameters)| Said { content, description, parameters })
}

fn names<T: Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = BTreeMap<String, T>> {
    btree_map("[abcd]{1,2}", of, 0..8)
}

/// A library that holds these files, each with or without parameters.
fn library(held: &BTreeMap<String, (Said, bool)>) -> FakeLibrary {
    let library = FakeLibrary::builder().no_limits().build();
    for (name, (said, has_parameters)) in held {
        let mut entry = StoredFile::new(name, said.content.as_bytes(), library.now());
        entry.description.clone_from(&said.description);
        entry.parameters_description.clone_from(&said.parameters);
        entry.has_parameters = *has_parameters;
        library.insert_entry(entry, said.content.as_bytes());
    }
    library
}

fn desired(wanted: &BTreeMap<String, Said>) -> Desired {
    let files = wanted.iter().map(|(name, said)| {
        let mut file = file(name, &said.content);
        if let Some(text) = &said.description {
            file = file.with_description(text.parse().unwrap());
        }
        if let Some(text) = &said.parameters {
            file = file.with_parameters(text.parse().unwrap());
        }
        file
    });
    Desired::new(files).unwrap()
}

fn is_owned(entry: &StoredFile) -> bool {
    entry.description.as_deref().is_some_and(|text| text.lines().last() == Some(MARK))
}

proptest! {
    #![proptest_config(Config {
        cases: 300,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..Config::default()
    })]

    #[test]
    fn an_applied_plan_leaves_nothing_to_plan(
        held in names((said(), any::<bool>())),
        wanted in names(said()),
        unmanaged in prop_oneof![
            Just(Unmanaged::Keep), Just(Unmanaged::DeleteOwned), Just(Unmanaged::DeleteAll)
        ],
        take_over in any::<bool>(),
    ) {
        let (library, desired) = (library(&held), desired(&wanted));
        let before: BTreeMap<_, _> =
            library.entries().into_iter().map(|entry| (entry.file_name.clone(), entry)).collect();
        let rules = rules().with_unmanaged(unmanaged).with_take_over(take_over);
        let plan = planned(&desired, &library, &rules);
        let report = apply(&client(library.clone()), &plan, |_, _| {}).unwrap();
        prop_assert!(report.is_complete(), "{report:?}");
        let again = planned(&desired, &library, &rules);
        prop_assert!(again.is_empty(), "{again:?}");

        for (name, entry) in &before {
            let now = library.entry(name);
            if unmanaged != Unmanaged::DeleteAll && !is_owned(entry) {
                prop_assert!(now.is_some(), "{name} is gone but was not ours");
            }
            if !take_over && !is_owned(entry) && now.is_some() {
                prop_assert_eq!(now.as_ref(), Some(entry), "{} was not ours", name);
            }
            if unmanaged == Unmanaged::Keep {
                prop_assert!(now.is_some(), "{name} is gone although unmanaged are kept");
            }
        }
        if take_over {
            for (name, said) in &wanted {
                prop_assert_eq!(library.content(name), Some(said.content.clone().into_bytes()));
            }
        }
    }
}
