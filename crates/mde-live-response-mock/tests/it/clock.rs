//! The manual clock: when it jumps, and the end of its time.

use std::sync::mpsc;
use std::thread;
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

/// Also if they end by a panic.
#[test]
fn the_clock_jumps_when_the_threads_that_do_not_wait_have_ended() {
    for panics in [false, true] {
        let clock = ManualClock::new();
        let (waiting, ending) = (clock.register(), clock.register());
        let (waits, is_waiting) = mpsc::channel();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let _registration = waiting;
                clock.wait(Some(Duration::from_secs(60)), &mut || waits.send(()).is_err())
            });
            // From here on that thread has the clock's lock until it waits.
            is_waiting.recv().unwrap();
            let ending = scope.spawn(move || {
                let _registration = ending;
                assert!(!panics, "this thread ends by a panic");
            });
            assert_eq!(ending.join().is_err(), panics);
            assert!(!waiting.join().unwrap());
        });
        assert_eq!(clock.now(), Duration::from_secs(60));
    }
}
