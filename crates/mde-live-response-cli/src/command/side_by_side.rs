//! Work on many items, some at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does the work for each item, on several threads.
///
/// Uses at most `threads` threads, and returns the results in the items' order.
///
/// 0 threads count as 1. A panic of the work propagates when all threads have ended.
pub(super) fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(n) else { return };
                    let result = work(item);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((n, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(n, _)| *n);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::side_by_side;

    #[test]
    fn results_are_in_the_order_of_the_items_and_a_panic_propagates() {
        let items: Vec<_> = (0..100).collect();
        let doubled: Vec<_> = items.iter().map(|n| n * 2).collect();
        assert_eq!(side_by_side(&items, 7, |n| n * 2), doubled);
        assert!(side_by_side(&[0_u8; 0], 7, |n| *n).is_empty());
        assert_eq!(side_by_side(&[1], 0, |n| *n), [1]);
        let panicking = || side_by_side(&[1, 2, 3], 2, |n| assert_ne!(*n, 2));
        assert!(std::panic::catch_unwind(panicking).is_err());
    }
}
