//! Applying: the plan and nothing else, again after any interruption, and an outcome for each file.

use std::sync::atomic::{AtomicUsize, Ordering};

use mde_live_response_core::error::SourceProblem;
use mde_live_response_core::policy::CancelToken;
use mde_live_response_core::transport::{Exchange, Transport, TransportError, TransportErrorKind};
use mde_live_response_core::{Client, ErrorKind, http};
use mde_live_response_mock::{FakeLibrary, MockTransport, Reply};
use mde_live_response_sync::{
    Desired, DesiredFile, Jobs, Outcome, Plan, Report, Step, Unmanaged, apply, plan,
};
use mde_live_response_testkit::TempDir;

use crate::support::{MARK, client, deleting, desired, file, outcomes, planned, put, rules};

fn applied(client: &Client, plan: &Plan) -> Report {
    apply(client, plan, |_, _| {}).unwrap()
}

/// A library with one file of each kind, and the files that are desired of it.
fn scene() -> (FakeLibrary, Desired) {
    let library = FakeLibrary::new();
    put(&library, "foreign.ps1", "hers", Some("managed-by: her-repository"));
    put(&library, "old.ps1", "x", Some(MARK));
    put(&library, "same.ps1", "x", Some(MARK));
    put(&library, "stale.ps1", "old", Some(MARK));
    let files = [
        file("new.ps1", "new").with_description("what for".parse().unwrap()),
        file("same.ps1", "x"),
        file("stale.ps1", "new").with_parameters("-Hours <n>".parse().unwrap()),
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
fn a_plan_costs_one_listing_and_one_call_a_change() {
    let (library, desired) = scene();
    let plan = deleting(&desired, &library);
    let calls = library.calls();
    let mut told = Vec::new();
    let tell = |step: &Step, _: &Outcome| told.push(step.name().to_owned());
    let report = apply(&client(library.clone()), &plan, tell).unwrap();
    assert_eq!(library.calls() - calls, 4);
    told[..2].sort();
    assert_eq!(told, ["new.ps1", "stale.ps1", "old.ps1"], "deletes come last");
    assert_eq!(
        outcomes(&report),
        "foreign.ps1 Nothing, new.ps1 Created, old.ps1 Deleted, same.ps1 Nothing, stale.ps1 Updated"
    );
    assert!(report.is_complete());
    assert_desired(&library);

    let again = deleting(&desired, &library);
    assert!(again.is_empty());
    let calls = library.calls();
    assert!(applied(&client(library.clone()), &again).is_complete());
    assert_eq!(library.calls(), calls, "an empty plan costs no call");
}

/// Cancels during an exchange, whose answer is lost.
#[derive(Debug)]
struct Interrupted {
    library: FakeLibrary,
    left: AtomicUsize,
    cancel: CancelToken,
}

impl Transport for Interrupted {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<http::Response<Vec<u8>>, TransportError> {
        let is_last = self.left.fetch_sub(1, Ordering::SeqCst) == 1;
        let answer = self.library.send(exchange);
        if is_last {
            self.cancel.cancel();
            return Err(TransportError::new(TransportErrorKind::Cancelled));
        }
        answer
    }
}

#[test]
fn a_plan_can_be_applied_again_after_any_interruption() {
    for exchanges in 1..=4 {
        let (library, desired) = scene();
        let plan = deleting(&desired, &library);
        let cancel = CancelToken::new();
        let transport = Interrupted {
            library: library.clone(),
            left: AtomicUsize::new(exchanges),
            cancel: cancel.clone(),
        };
        match apply(&client(transport).cancelled_by(&cancel), &plan, |_, _| {}) {
            Ok(report) => {
                assert!(!report.is_complete());
                let names = outcomes(&report);
                assert!(names.contains("Failed"), "{names}");
                assert_eq!(names.contains("NotTried"), exchanges < 4, "{names}");
            }
            Err(error) => assert_eq!((error.kind(), exchanges), (&ErrorKind::Cancelled, 1)),
        }
        let report = applied(&client(library.clone()), &plan);
        assert!(report.is_complete(), "case: {exchanges}: {report:?}");
        assert_desired(&library);
        assert!(applied(&client(library.clone()), &plan).is_complete(), "and once more");
    }
}

/// Also when a name was taken in another letter case.
#[test]
fn files_that_changed_since_the_plan_are_left_alone() {
    for taken in ["new.ps1", "New.ps1"] {
        let (library, desired) = scene();
        let plan = deleting(&desired, &library);
        put(&library, taken, "hers", None);
        put(&library, "stale.ps1", "hers", Some(MARK));
        put(&library, "old.ps1", "x", Some("managed-by: her-repository"));
        let before = library.entries();
        let report = applied(&client(library.clone()), &plan);
        assert!(!report.is_complete());
        let said = outcomes(&report);
        assert_eq!(
            said,
            "foreign.ps1 Nothing, new.ps1 Changed, old.ps1 Changed, same.ps1 Nothing, stale.ps1 Changed"
        );
        assert_eq!(library.entries(), before, "case: {taken}");
    }
}

/// The listing can contain names that only `FileName::permitting_separators` allows.
#[test]
fn names_with_separators_can_be_deleted() {
    let library = FakeLibrary::new();
    put(&library, "r;d & co.ps1", "x", Some(MARK));
    let report = applied(&client(library.clone()), &deleting(&Desired::default(), &library));
    assert_eq!(outcomes(&report), "r;d & co.ps1 Deleted");
    assert!(library.names().is_empty());
}

#[test]
fn one_failure_leaves_the_others_alone_and_a_refused_token_ends_all() {
    let (_, desired) = scene();
    let stale = file("stale.ps1", "old");
    let listed = format!(
        r#"{{"value":[{{"fileName":"foreign.ps1"}},
            {{"fileName":"stale.ps1","sha256":"{}","description":"{MARK}"}}]}}"#,
        stale.sha256()
    );
    let new = Reply::stored().with_sha256(&file("new.ps1", "new").sha256().to_string());
    let mock = MockTransport::new()
        .reply(Reply::json(200, listed.clone()))
        .reply(Reply::json(200, listed.clone()))
        .reply(Reply::status(400))
        .reply(Reply::stored())
        .reply(new)
        // Another program may have taken the name.
        .reply(Reply::json(200, listed.clone()));
    let client = mock.client();
    let stored: Vec<_> = client.list().collect::<Result<_, _>>().unwrap();
    let plan = plan(&desired, &stored, &rules());
    // One after the other, as the replies are.
    let one = Jobs::new(1);
    assert_eq!(
        outcomes(&one.apply(&client, &plan, |_, _| {}).unwrap()),
        "foreign.ps1 Nothing, new.ps1 Failed, same.ps1 Created, stale.ps1 Updated"
    );
    mock.assert_done();

    let mock = MockTransport::new().reply(Reply::json(200, listed)).reply(Reply::status(403));
    assert_eq!(
        outcomes(&one.apply(&mock.client(), &plan, |_, _| {}).unwrap()),
        "foreign.ps1 Nothing, new.ps1 Failed, same.ps1 NotTried, stale.ps1 NotTried"
    );
    mock.assert_done();
}

#[test]
fn only_the_planned_bytes_are_uploaded() {
    let dir = TempDir::new();
    let path = dir.write("a.ps1", "planned");
    let desired = desired([DesiredFile::from_path(&path).unwrap()]);
    let library = FakeLibrary::new();
    let plan = planned(&desired, &library, &rules());
    dir.write("a.ps1", "written");
    let report = applied(&client(library.clone()), &plan);
    let (_, outcome) = report.outcomes().next().unwrap();
    let Outcome::Failed(error) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.kind(), &ErrorKind::Source(SourceProblem::Changed));
    assert!(library.names().is_empty());
    dir.write("a.ps1", "planned");
    assert!(applied(&client(library.clone()), &plan).is_complete());
}

#[test]
fn a_failed_listing_is_the_error_of_the_whole_and_changes_nothing() {
    let (library, desired) = scene();
    let plan = planned(&desired, &library, &rules());
    let mock = MockTransport::new().reply(Reply::status(403));
    let error = apply(&mock.client(), &plan, |step, _| panic!("{step:?}")).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Forbidden);
}

/// Only a refusal that may mean a taken name leads to one more listing. If that is refused too, no file is deleted.
#[test]
fn a_listing_follows_a_conflict_and_nothing_follows_a_listing_without_a_token() {
    let listed = format!(r#"{{"value":[{{"fileName":"old.ps1","description":"{MARK}"}}]}}"#);
    let listing = || Reply::json(200, listed.clone());
    let before = MockTransport::new().reply(listing());
    let stored: Vec<_> = before.client().list().collect::<Result<_, _>>().unwrap();
    let deleting = rules().with_unmanaged(Unmanaged::DeleteOwned);
    let plan = plan(&desired([file("new.ps1", "new")]), &stored, &deleting);
    for (replies, expected) in [
        (vec![Reply::status(413), Reply::status(204)], "new.ps1 Failed, old.ps1 Deleted"),
        (
            vec![Reply::status(400), listing(), Reply::status(204)],
            "new.ps1 Failed, old.ps1 Deleted",
        ),
        (vec![Reply::status(400), Reply::status(401)], "new.ps1 Failed, old.ps1 NotTried"),
    ] {
        let mock =
            replies.into_iter().fold(MockTransport::new().reply(listing()), MockTransport::reply);
        let report = Jobs::new(1).apply(&mock.client(), &plan, |_, _| {}).unwrap();
        assert_eq!(outcomes(&report), expected);
        mock.assert_done();
    }
}

#[test]
fn what_another_program_has_done_meanwhile_costs_no_more_than_the_listing() {
    let new = file("new.ps1", "new");
    let plan = plan(&desired([new.clone()]), &[], &rules());
    let entry =
        format!(r#"{{"fileName":"new.ps1","sha256":"{}","description":"{MARK}"}}"#, new.sha256());
    let mock = MockTransport::new().reply(Reply::json(200, format!(r#"{{"value":[{entry}]}}"#)));
    assert_eq!(outcomes(&applied(&mock.client(), &plan)), "new.ps1 AlreadyDone");
    mock.assert_done();
}
