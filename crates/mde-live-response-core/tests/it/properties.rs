//! What holds for every content and every policy, and needs no fuzzer to be looked for.

use std::io::Read;
use std::time::Duration;

use mde_live_response_core::wire::UploadForm;
use mde_live_response_core::{
    AccessToken, Clock, Endpoint, IfExists, Pacing, RetryPolicy, SendRecord, Upload,
};
use mde_live_response_mock::ManualClock;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use sha2::{Digest, Sha256};

use crate::support::{Canned, json, upload};

fn config() -> Config {
    let rng_seed = RngSeed::Fixed(1);
    Config { cases: 300, failure_persistence: None, rng_seed, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    /// A body is the same bytes, as many as it said, and leaves the same hash, in however small pieces it is read, and
    /// again the second time.
    #[test]
    fn a_body_is_the_same_however_it_is_read(
        content in vec(any::<u8>(), 0..3_000),
        pieces in vec(1_usize..700, 1..20),
    ) {
        let upload = Upload::new("a.bin".parse().unwrap(), content.clone()).allow_empty();
        let form = UploadForm::render(&upload, &"0123456789abcdef".parse().unwrap());
        let read = |pieces: &[usize]| {
            let mut record = SendRecord::new();
            let token = AccessToken::new("a-test-token").unwrap();
            let mut request = form.request(&Endpoint::COMMERCIAL, &token, &mut record);
            let said = request.body().len();
            let mut sizes = pieces.iter().cycle();
            let mut bytes = Vec::new();
            while bytes.len() as u64 != said {
                let mut piece = vec![0; *sizes.next().unwrap()];
                let n = request.body_mut().read(&mut piece).unwrap();
                assert!(n > 0, "an end before the length that was said");
                bytes.extend_from_slice(&piece[..n]);
            }
            assert_eq!(request.body_mut().read(&mut [0; 8]).unwrap(), 0);
            drop(request);
            (bytes, record.sha256().map(|it| *it.as_bytes()))
        };
        let (whole, by_pieces) = (read(&[10_000]), read(&pieces));
        prop_assert!(whole == by_pieces);
        prop_assert_eq!(whole.1, Some(Sha256::digest(&content).into()));
    }

    /// A call that fails whatever it does is tried as often as its policy says, waits no longer than that says, and is
    /// over by its deadline.
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
        client.upload(&upload().if_exists(IfExists::Override)).unwrap_err();

        let sent = u32::try_from(transport.sent().len()).unwrap();
        prop_assert!((1..=attempts.max(1)).contains(&sent));
        prop_assert!(clock.now() <= deadline);
        prop_assert!(clock.now() <= longest * (sent - 1));
        let doubled = (0..sent - 1).map(|n| first * 2_u32.pow(n)).sum::<Duration>();
        prop_assert!(clock.now() <= doubled);
    }
}
