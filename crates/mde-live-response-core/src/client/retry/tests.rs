//! The retry rule over every class of each of its inputs, against a table.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use super::*;
use Effect::{Applied, NotApplied, Unknown};

/// The columns: the token (`+` not refused, `1` refused first, `2` refused again); whether retryable; the effect;
/// whether repeatable; attempts (`<` fewer than allowed, `=` all); the wait that the service asks for (`-` none, `s`
/// up to the backoff, `l` longer, `!` longer than allowed); whether the wait fits into the time left; the decision.
///
/// A cell names all values that it holds for. For each point exactly one row holds, so their order has no meaning.
#[rustfmt::skip]
const TABLE: [&str; 13] = [
    "1   yn  NUA  yn  <=  -sl!  yn  renew",
    "+2  n   NUA  yn  <=  -sl!  yn  give-up",
    "+2  y   UA   n   <=  -sl!  yn  give-up",
    "+2  y   N    yn  =   -sl!  yn  give-up",
    "+2  y   UA   y   =   -sl!  yn  give-up",
    "+2  y   N    yn  <   !     yn  give-up",
    "+2  y   UA   y   <   !     yn  give-up",
    "+2  y   N    yn  <   -sl   n   give-up",
    "+2  y   UA   y   <   -sl   n   give-up",
    "+2  y   N    yn  <   -s    y   wait",
    "+2  y   UA   y   <   -s    y   wait",
    "+2  y   N    yn  <   l     y   wait-as-asked",
    "+2  y   UA   y   <   l     y   wait-as-asked",
];

const NANO: Duration = Duration::from_nanos(1);

/// Attempts so far, random number, first and longest backoff, and the backoff that follows.
fn backoffs() -> Vec<(u32, f64, [Duration; 3])> {
    let s = Duration::from_secs_f64;
    let mut backoffs: Vec<_> = (1..).zip([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]).collect();
    backoffs.push((u32::MAX - 1, 20.0));
    let of_default =
        |(attempts, random, backoff)| (attempts, random, [s(0.5), s(20.0), s(backoff)]);
    let whole = backoffs.into_iter().map(|(attempts, backoff)| (attempts, 1.0, backoff));
    let parts = [(2, 0.5, 0.5), (2, 0.25, 0.25), (2, 0.0, 0.0), (2, 7.0, 1.0), (2, -7.0, 1.0)];
    let mut backoffs: Vec<_> = whole.chain(parts).map(of_default).collect();
    for (attempts, first, longest) in
        [(1, s(0.0), s(20.0)), (3, s(9.0), s(0.0)), (9, NANO, Duration::MAX)]
    {
        backoffs.push((attempts, 1.0, [first, longest, (first * 256).min(longest)]));
    }
    for attempts in [1, 2, u32::MAX - 1] {
        backoffs.push((attempts, 1.0, [Duration::MAX; 3]));
    }
    backoffs
}

#[test]
fn every_input_leads_to_the_decision_of_the_one_row_that_holds_for_it() {
    let table = TABLE.map(|row| <[&str; 8]>::try_from(row.split_whitespace().collect::<Vec<_>>()));
    let table = table.map(Result::unwrap);
    let (mut points, mut used) = (0_u64, [0_u64; TABLE.len()]);
    for (attempts, random, [first, longest, backoff]) in backoffs() {
        for allowed in [attempts - 1, attempts, attempts + 1] {
            let policy = RetryPolicy::DEFAULT.with_backoff(first, longest).with_attempts(allowed);
            let is_last = attempts >= allowed.max(1);
            for (policy, asked, wait, word) in asking(policy, backoff) {
                let times = [Duration::ZERO, wait.saturating_sub(NANO), wait];
                let times = times.into_iter().chain([wait.saturating_add(NANO), Duration::MAX]);
                for (time_left, facts) in times.flat_map(|it| facts().map(move |facts| (it, facts)))
                {
                    let failed = Failed { asked, attempts, time_left, ..facts };
                    let point = [
                        token(&failed),
                        if failed.is_retryable { 'y' } else { 'n' },
                        match failed.effect {
                            NotApplied => 'N',
                            Unknown => 'U',
                            Applied => 'A',
                        },
                        if failed.is_repeatable { 'y' } else { 'n' },
                        if is_last { '=' } else { '<' },
                        word,
                        if wait <= time_left { 'y' } else { 'n' },
                    ];
                    let holds = |row: &[&str; 8]| {
                        point.iter().zip(row).all(|(it, cell)| cell.contains(*it))
                    };
                    let rows: Vec<_> = (0..table.len()).filter(|n| holds(&table[*n])).collect();
                    let [row] = rows[..] else { panic!("rows {rows:?} hold for {point:?}") };
                    let expected = match table[row][7] {
                        "renew" => Decision::RenewToken,
                        "wait" => Decision::Wait { time: wait, reason: WaitReason::Backoff },
                        "wait-as-asked" => {
                            Decision::Wait { time: wait, reason: WaitReason::RetryAfter }
                        }
                        _ => Decision::GiveUp,
                    };
                    let actual = decide(&policy, &failed, || random);
                    assert_eq!(actual, expected, "{policy:?}, {failed:?}, random {random}");
                    (points, used[row]) = (points + 1, used[row] + 1);
                }
            }
        }
    }
    println!("{points} points; for each row: {used:?}");
    assert!(used.iter().all(|it| *it > 0), "a row holds for no point: {used:?}");
}

/// Waits that the service may ask for, with the whole wait and its sign in the table.
fn asking(
    policy: RetryPolicy,
    backoff: Duration,
) -> Vec<(RetryPolicy, Option<Duration>, Duration, char)> {
    let limits = [Duration::ZERO, Duration::from_secs(60), Duration::MAX];
    let asked = |limit: Duration| {
        let around = [backoff.saturating_sub(NANO), backoff, backoff.saturating_add(NANO)];
        let around_limit = [limit, limit.saturating_add(NANO), Duration::MAX];
        around.into_iter().chain(around_limit).map(Some).chain([None])
    };
    let points = limits.into_iter().flat_map(|limit| asked(limit).map(move |it| (limit, it)));
    points
        .map(|(limit, asked)| {
            let wait = asked.map_or(backoff, |asked| asked.max(backoff));
            let word = match asked {
                None => '-',
                Some(asked) if asked > limit => '!',
                Some(asked) if asked > backoff => 'l',
                Some(_) => 's',
            };
            (policy.with_longest_asked(limit), asked, wait, word)
        })
        .collect()
}

/// Every combination of the facts that are not amounts.
fn facts() -> impl Iterator<Item = Failed> {
    let effects = [NotApplied, Unknown, Applied].into_iter();
    effects.flat_map(|effect| {
        (0..16_u8).map(move |bits| Failed {
            effect,
            is_refused_token: bits & 1 > 0,
            is_retryable: bits & 2 > 0,
            asked: None,
            is_repeatable: bits & 4 > 0,
            attempts: 1,
            is_renewed: bits & 8 > 0,
            time_left: Duration::ZERO,
        })
    })
}

fn token(failed: &Failed) -> char {
    match (failed.is_refused_token, failed.is_renewed) {
        (false, _) => '+',
        (true, false) => '1',
        (true, true) => '2',
    }
}
