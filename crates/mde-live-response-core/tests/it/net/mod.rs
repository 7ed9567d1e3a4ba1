//! Every script of answers: what the client does is what a model of the guide says, and what it reports is true.

mod call;
mod model;
mod scripted;

use std::ops::AddAssign;
use std::time::Duration;

use call::{Action, Case, Held, Policy, Run};
use mde_live_response_core::http::Method;
use mde_live_response_core::{Effect, IfExists};
use model::Model;
use scripted::{Answer, Seen, is_same_body};

/// Each call, with each thing that the library may hold before it.
const CALLS: [(Action, &[Held]); 4] = [
    (ADD, &[Held::Nothing, Held::Ours, Held::OtherTexts, Held::Other]),
    (Action::Upload(IfExists::Override), &[Held::Nothing, Held::Ours, Held::Other]),
    (Action::List, &[Held::Nothing, Held::Other]),
    (Action::Delete, &[Held::Nothing, Held::Other]),
];
const ADD: Action = Action::Upload(IfExists::Fail);

/// Counts of scripts.
#[derive(Debug, Default)]
struct Counts {
    scripts: u64,
    requests: u64,
    longest: usize,
    /// Errors with an unknown effect: the library did what was asked, or did not.
    unknown_done: u64,
    unknown_not_done: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.scripts += other.scripts;
        self.requests += other.requests;
        self.longest = self.longest.max(other.longest);
        self.unknown_done += other.unknown_done;
        self.unknown_not_done += other.unknown_not_done;
    }
}

/// `.ci/run` also runs these tests with optimization, and then further.
const IS_QUICK: bool = cfg!(debug_assertions);

/// After the last answer of a script the library answers for itself.
#[test]
fn every_script_of_answers_ends_as_the_model_says_and_truly() {
    let longest = if IS_QUICK { 2 } else { 3 };
    let counts = every_case(Policy { attempts: 3, resolves: true }, &Answer::ALL, longest);
    println!("up to {longest} answers, each of {} kinds: {counts:?}", Answer::ALL.len());
    assert!(counts.scripts > 5_000 && counts.unknown_done > 0 && counts.unknown_not_done > 0);
}

/// One answer of each kind that the client tells apart, until the call ends.
#[test]
fn every_script_to_the_end_of_the_call_ends_as_the_model_says_and_truly() {
    for (attempts, resolves, longest) in
        [(3, true, 12), (2, true, 9), (1, true, 6), (3, false, 4), (1, false, 2)]
    {
        if IS_QUICK && longest == 12 {
            continue;
        }
        let counts = every_case(Policy { attempts, resolves }, &Answer::DISTINCT, usize::MAX);
        println!("{attempts} attempts, resolves unknown: {resolves}: {counts:?}");
        assert_eq!(counts.longest, longest);
    }
}

fn every_case(policy: Policy, answers: &[Answer], longest: usize) -> Counts {
    let mut counts = Counts::default();
    for (action, held) in CALLS {
        for before in held {
            let mut walk = Walk {
                case: Case { action, before: *before, policy },
                answers,
                longest,
                counts: &mut counts,
            };
            walk.from(&mut Vec::new());
        }
    }
    counts
}

struct Walk<'a> {
    case: Case,
    answers: &'a [Answer],
    /// Longest script.
    longest: usize,
    counts: &'a mut Counts,
}

impl Walk<'_> {
    /// Runs the script, and the longer ones that begin with it if the call uses it up.
    fn from(&mut self, script: &mut Vec<Answer>) {
        let (run, len) = (self.case.run(script), script.len());
        while script.len() < self.longest
            && let Some(next) = run.seen.get(script.len())
        {
            for answer in self.answers.iter().filter(|it| it.suits(&next.method)) {
                if *answer != Answer::Ok {
                    script.push(*answer);
                    self.from(script);
                    script.pop();
                }
            }
            // What the library answered to this run.
            script.push(Answer::Ok);
        }
        *self.counts += check(&self.case, script, &run);
        script.truncate(len);
    }
}

fn check(case: &Case, script: &[Answer], run: &Run) -> Counts {
    let mut model = Model::new(&run.seen, case.policy);
    let outcome = model.call(case.action);
    let expected = outcome.map(str::to_owned).map_err(|(a, b, c)| (a.to_owned(), b, c));
    assert_eq!(run.seen.len(), run.numbers.len(), "each attempt sends one request");
    let requests = run.seen.iter().zip(&run.numbers);
    let requests: Vec<_> = requests.map(|(it, n)| (it.method.clone(), *n, it.token)).collect();
    let shown = || format!("{case:?}, {script:?}\n{run:#?}");
    assert_eq!((&run.outcome, requests), (&expected, model.requests), "{}", shown());
    assert_eq!(run.waited, Duration::from_millis(model.waited_ms), "{}", shown());
    assert!(is_true(case, run), "{}", shown());
    assert!(is_sent_once(case, &run.seen), "{}", shown());
    let is_unknown = matches!(run.outcome, Err((_, Effect::Unknown, _)));
    let is_done = is_done(run);
    Counts {
        scripts: 1,
        requests: run.seen.len() as u64,
        longest: run.seen.len(),
        unknown_done: (is_unknown && is_done).into(),
        unknown_not_done: (is_unknown && !is_done).into(),
    }
}

fn is_done(run: &Run) -> bool {
    run.seen.iter().any(|it| it.is_done && it.method != Method::GET)
}

/// Whether the result says no less than what the library did, whenever each request arrived.
fn is_true(case: &Case, run: &Run) -> bool {
    let is_done = is_done(run);
    let is_unchanged = !is_done && run.after == case.before;
    let is_kept = case.action != ADD || case.before == Held::Nothing || is_unchanged;
    is_kept
        && match (&run.outcome, case.action) {
            (Ok(_), Action::Upload(_)) => run.after == Held::Ours,
            (Ok(_), Action::Delete) => run.after == Held::Nothing,
            (Ok(_), Action::List) | (Err((_, Effect::NotApplied, _)), _) => is_unchanged,
            (Err((_, Effect::Applied, _)), _) => is_done,
            (Err((_, Effect::Unknown, _)), _) => true,
        }
}

/// Whether all bodies are the same, no refused token is sent again, and an upload that must not replace a file and may
/// have arrived is sent again only once, and only after a listing without the file.
fn is_sent_once(case: &Case, seen: &[Seen]) -> bool {
    let (mut arrivals, mut is_listed_absent, mut refused) = (0, false, 0);
    for it in seen {
        let is_repeat = arrivals > 0 && case.action == ADD && it.method == Method::POST;
        if it.token <= refused || (is_repeat && !is_listed_absent) {
            return false;
        }
        match it.answer {
            Answer::Refused(401, ..) => refused = it.token,
            Answer::Ok | Answer::WrongHash if it.method == Method::GET => {
                is_listed_absent = it.held == Held::Nothing;
            }
            Answer::Lost(..) | Answer::CutTail if it.method == Method::POST => {
                (arrivals, is_listed_absent) = (arrivals + 1, false);
            }
            _ => {}
        }
    }
    is_same_body(seen) && (case.action != ADD || arrivals <= 2)
}
