//! What holds for every content, name and policy.

use std::time::Duration;

use mde_live_response_core::policy::{Pacing, RetryPolicy};
use mde_live_response_core::{FileName, IfExists};
use mde_live_response_mock::ManualClock;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use crate::support::{Canned, json, upload};

fn config() -> Config {
    let rng_seed = RngSeed::Fixed(1);
    Config { cases: 300, failure_persistence: None, rng_seed, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    /// A name is kept as it is or refused, and the position that is given is that of a character.
    #[test]
    fn a_name_is_kept_or_refused(name in "[ -~\u{0}-\u{ff}\u{2000}-\u{206f}]{0,12}") {
        match name.parse::<FileName>() {
            Ok(kept) => prop_assert_eq!(kept.as_str(), &name),
            Err(refused) => {
                prop_assert!(refused.at().is_none_or(|at| name.is_char_boundary(at)));
            }
        }
        let folded = FileName::folded(&name);
        prop_assert_eq!(&FileName::folded(&name.to_uppercase()), &folded);
        prop_assert_eq!(FileName::folded(&folded), folded);
    }

    /// A call that always fails makes at most the attempts of its policy, waits no longer than that allows, and
    /// ends by its deadline.
    #[test]
    fn a_call_keeps_to_its_policy(
        attempts in 0_u32..12,
        first in 0_u64..5_000,
        longest in 0_u64..20_000,
        deadline in 1_u64..60_000,
    ) {
        let [first, longest, deadline] = [first, longest, deadline].map(Duration::from_millis);
        let transport = Canned::new(json(500, "{}"));
        let clock = ManualClock::new();
        let policy = RetryPolicy::DEFAULT.with_attempts(attempts).with_backoff(first, longest);
        let client = transport.builder().retry(policy).pacing(Pacing::Off);
        let client = client.clock(clock.clone()).deadline(deadline).build();
        client.upload(&upload().with_if_exists(IfExists::Override)).unwrap_err();

        let sent = u32::try_from(transport.sent().len()).unwrap();
        prop_assert!((1..=attempts.max(1)).contains(&sent));
        prop_assert!(clock.now() <= deadline);
        prop_assert!(clock.now() <= longest * (sent - 1));
        let doubled = (0..sent - 1).map(|n| first * 2_u32.pow(n)).sum::<Duration>();
        prop_assert!(clock.now() <= doubled);
    }
}
