//! The system's clock at the ends of its time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use mde_live_response_core::policy::{Clock, SystemClock};

#[test]
fn a_wait_until_the_end_of_time_ends_when_it_is_ready() {
    for until in [None, Some(Duration::MAX), Some(Duration::from_secs(u64::MAX / 2))] {
        let (clock, asked) = (SystemClock::new(), AtomicU32::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                while asked.load(Ordering::SeqCst) < 3 {
                    clock.notify();
                    thread::yield_now();
                }
            });
            assert!(clock.wait(until, &mut || asked.fetch_add(1, Ordering::SeqCst) == 2));
        });
        assert_eq!(asked.into_inner(), 3);
    }
    assert!(!SystemClock::new().wait(Some(Duration::ZERO), &mut || false));
}
