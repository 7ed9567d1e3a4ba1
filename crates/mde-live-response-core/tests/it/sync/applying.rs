//! What is done: the plan and nothing else, again after any interruption, and each file's fate is told.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mde_live_response_core::sync::{
    Desired, DesiredFile, Fate, Orphans, Plan, Progress, Report, apply,
};
use mde_live_response_core::{
    Body, CancelToken, Client, Delivery, Error, SourceErrorKind, Transport, TransportError,
    TransportErrorKind, http,
};
use mde_live_response_mock::{FakeLibrary, MockTransport, Reply};

use super::{MARK, client, desired, file, planned, put, rules};

fn applied(client: &Client, plan: &Plan) -> Report {
    apply(client, plan, &mut |_| {}).unwrap()
}

/// Each file with what came of it, in a word.
fn fates(report: &Report) -> Vec<(&str, &str)> {
    let word = |fate: &Fate| match fate {
        Fate::Created(_) => "created",
        Fate::Updated(_) => "updated",
        Fate::Deleted(_) => "deleted",
        Fate::AlreadyDone => "already done",
        Fate::Nothing => "nothing",
        Fate::Changed => "changed",
        Fate::NotTried => "not tried",
        Fate::Failed(_) => "failed",
        other => panic!("not known: {other:?}"),
    };
    report.outcomes().map(|outcome| (outcome.name(), word(outcome.fate()))).collect()
}

/// A library with one file of each kind, and what is desired of it.
fn scene() -> (FakeLibrary, Desired) {
    let library = FakeLibrary::new();
    put(&library, "foreign.ps1", "hers", Some("managed-by: her-repository"));
    put(&library, "old.ps1", "x", Some(MARK));
    put(&library, "same.ps1", "x", Some(MARK));
    put(&library, "stale.ps1", "old", Some(MARK));
    let files = [
        file("new.ps1", "new").description("what for".parse().unwrap()),
        file("same.ps1", "x"),
        file("stale.ps1", "new").parameters("-Hours <n>".parse().unwrap()),
    ];
    (library, desired(files))
}

fn assert_desired(library: &FakeLibrary) {
    assert_eq!(library.names(), ["foreign.ps1", "new.ps1", "same.ps1", "stale.ps1"]);
    assert_eq!(library.content("foreign.ps1").unwrap(), b"hers");
    let new = library.entry("new.ps1").unwrap();
    assert_eq!(new.description.as_deref(), Some("what for\nmanaged-by: our-repository"));
    let stale = library.entry("stale.ps1").unwrap();
    assert_eq!(library.content("stale.ps1").unwrap(), b"new");
    assert_eq!(stale.parameters_description.as_deref(), Some("-Hours <n>"));
    assert!(stale.has_parameters);
}

#[test]
fn a_plan_is_carried_out_in_one_listing_and_a_call_a_change() {
    let (library, desired) = scene();
    let rules = rules().orphans(Orphans::DeleteOwned);
    let plan = planned(&desired, &library, &rules);
    let calls = library.calls();
    let mut told = Vec::new();
    let report = apply(&client(library.clone()), &plan, &mut |progress| match progress {
        Progress::Begin(step) => told.push(format!("begin {}", step.name())),
        Progress::End(step, _) => told.push(format!("end {}", step.name())),
        _ => panic!("not known"),
    })
    .unwrap();
    assert_eq!(library.calls() - calls, 4);
    assert_eq!(
        told,
        [
            "begin new.ps1",
            "end new.ps1",
            "begin stale.ps1",
            "end stale.ps1",
            "begin old.ps1",
            "end old.ps1",
        ]
    );
    assert_eq!(
        fates(&report),
        [
            ("foreign.ps1", "nothing"),
            ("new.ps1", "created"),
            ("old.ps1", "deleted"),
            ("same.ps1", "nothing"),
            ("stale.ps1", "updated"),
        ]
    );
    assert!(report.is_complete());
    assert_desired(&library);

    let again = planned(&desired, &library, &rules);
    assert!(again.is_empty());
    let calls = library.calls();
    assert!(applied(&client(library.clone()), &again).is_complete());
    assert_eq!(library.calls(), calls, "an empty plan costs no call");
}

/// Ends after so many exchanges.
#[derive(Debug)]
struct Interrupted {
    library: FakeLibrary,
    left: AtomicUsize,
    cancel: CancelToken,
}

impl Transport for Interrupted {
    fn send(
        &self,
        request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let is_last = self.left.fetch_sub(1, Ordering::SeqCst) == 1;
        let answer = self.library.send(request);
        if is_last {
            self.cancel.cancel();
            // The answer is lost with it.
            return Err(TransportError::new(TransportErrorKind::Cancelled, Delivery::Unknown));
        }
        answer
    }
}

#[test]
fn a_plan_that_was_interrupted_anywhere_is_carried_out_again() {
    for exchanges in 1..=4 {
        let (library, desired) = scene();
        let plan = planned(&desired, &library, &rules().orphans(Orphans::DeleteOwned));
        let cancel = CancelToken::new();
        let transport = Interrupted {
            library: library.clone(),
            left: AtomicUsize::new(exchanges),
            cancel: cancel.clone(),
        };
        let first = apply(&client(transport).cancelled_by(&cancel), &plan, &mut |_| {});
        match first {
            Ok(report) => {
                assert!(!report.is_complete());
                let words: Vec<_> = fates(&report).into_iter().map(|(_, word)| word).collect();
                assert!(words.contains(&"failed"), "{words:?}");
                assert_eq!(words.contains(&"not tried"), exchanges < 4, "{words:?}");
            }
            Err(error) => assert!(matches!(error, Error::Cancelled(_)) && exchanges == 1),
        }
        let report = applied(&client(library.clone()), &plan);
        assert!(report.is_complete(), "case: {exchanges}: {report:?}");
        assert_desired(&library);
        assert!(applied(&client(library.clone()), &plan).is_complete(), "and once more");
    }
}

#[test]
fn what_changed_since_the_plan_is_left_alone() {
    let (library, desired) = scene();
    let plan = planned(&desired, &library, &rules().orphans(Orphans::DeleteOwned));
    put(&library, "new.ps1", "hers", None);
    put(&library, "stale.ps1", "hers", Some(MARK));
    put(&library, "old.ps1", "x", Some("managed-by: her-repository"));
    let report = applied(&client(library.clone()), &plan);
    assert!(!report.is_complete());
    assert_eq!(
        fates(&report),
        [
            ("foreign.ps1", "nothing"),
            ("new.ps1", "changed"),
            ("old.ps1", "changed"),
            ("same.ps1", "nothing"),
            ("stale.ps1", "changed"),
        ]
    );
    assert_eq!(library.content("new.ps1").unwrap(), b"hers");
    assert_eq!(library.content("stale.ps1").unwrap(), b"hers");
    assert!(library.content("old.ps1").is_some());
}

#[test]
fn one_failure_leaves_the_others_alone_and_a_refused_token_ends_all() {
    let (_, desired) = scene();
    let listed = r#"{"value":[{"fileName":"foreign.ps1"},{"fileName":"stale.ps1","sha256":
        "a4983efac65cc22427c315b5605be885a87605ae02e475aa50a499267745faf9","description":"managed-by: our-repository"}]}"#;
    let new = Reply::stored().with_sha256(&crate::support::sha256(b"new"));
    let mock = MockTransport::new()
        .reply(Reply::json(200, listed))
        .reply(Reply::json(200, listed))
        .reply(Reply::status(400))
        .reply(Reply::stored())
        .reply(new);
    let client = client(mock.clone());
    let remote: Vec<_> = client.list().collect::<Result<_, _>>().unwrap();
    let plan = mde_live_response_core::sync::plan(&desired, &remote, &rules());
    let report = applied(&client, &plan);
    assert_eq!(
        fates(&report),
        [
            ("foreign.ps1", "nothing"),
            ("new.ps1", "failed"),
            ("same.ps1", "created"),
            ("stale.ps1", "updated"),
        ]
    );
    mock.assert_done();

    let mock = MockTransport::new().reply(Reply::json(200, listed)).reply(Reply::status(403));
    let report = applied(&super::client(mock.clone()), &plan);
    assert_eq!(
        fates(&report),
        [
            ("foreign.ps1", "nothing"),
            ("new.ps1", "failed"),
            ("same.ps1", "not tried"),
            ("stale.ps1", "not tried"),
        ]
    );
    mock.assert_done();
}

#[test]
fn other_bytes_than_were_planned_are_not_sent() {
    let path = std::env::temp_dir().join(format!("mde-apply-{}.ps1", std::process::id()));
    fs::write(&path, "planned").unwrap();
    let desired = desired([DesiredFile::from_path(&path).unwrap()]);
    let library = FakeLibrary::new();
    let plan = planned(&desired, &library, &rules());
    fs::write(&path, "written").unwrap();
    let report = applied(&client(library.clone()), &plan);
    let outcome = report.outcomes().next().unwrap();
    let Fate::Failed(Error::Source(error)) = outcome.fate() else { panic!("{outcome:?}") };
    assert_eq!(error.kind(), SourceErrorKind::Changed);
    assert!(library.names().is_empty());
    fs::write(&path, "planned").unwrap();
    assert!(applied(&client(library.clone()), &plan).is_complete());
    fs::remove_file(&path).unwrap();
}

/// Nothing was done then, and the caller knows.
#[test]
fn a_library_that_cannot_be_listed_is_the_error_of_all() {
    let (library, desired) = scene();
    let plan = planned(&desired, &library, &rules());
    let mock = MockTransport::new().reply(Reply::status(403));
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let error = apply(&client(mock), &plan, &mut |_| {
        count.fetch_add(1, Ordering::SeqCst);
    })
    .unwrap_err();
    assert!(error.to_string().starts_with("listing the library: "), "{error}");
    assert_eq!(told.load(Ordering::SeqCst), 0);
}
