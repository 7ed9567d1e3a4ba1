//! The manual clock at the end of its time.

use std::time::Duration;

use mde_live_response_core::policy::Clock;
use mde_live_response_mock::ManualClock;

#[test]
fn an_endless_wait_lasts_until_the_clock_ends() {
    let clock = ManualClock::new();
    for _ in 0..2 {
        clock.sleep(Duration::MAX);
        assert_eq!(clock.now(), Duration::from_nanos(u64::MAX));
    }
    clock.advance(Duration::MAX);
    assert_eq!(clock.now(), Duration::from_nanos(u64::MAX));
    assert!(!clock.wait(Some(Duration::MAX), &mut || false));
}
