//! Work on many items, some at a time.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does the work for each item, on several threads.
///
/// Uses at most `threads` threads, and returns the results in the items' order.
///
/// 0 threads count as 1. A panic of the work propagates when all threads have ended.
pub(crate) fn side_by_side<T: Send, R: Send>(
    items: Vec<T>,
    threads: usize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let (count, results) = (items.len(), Mutex::new(Vec::with_capacity(items.len())));
    let items = Mutex::new(items.into_iter().enumerate());
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, count.max(1)) {
            scope.spawn(|| {
                loop {
                    let next = items.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((n, item)) = next else { return };
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
        assert_eq!(side_by_side(items, 7, |n| n * 2), doubled);
        assert!(side_by_side(Vec::<u8>::new(), 7, |n| n).is_empty());
        assert_eq!(side_by_side(vec![1], 0, |n| n), [1]);
        let panicking = || side_by_side(vec![1, 2, 3], 2, |n| assert_ne!(n, 2));
        assert!(std::panic::catch_unwind(panicking).is_err());
    }
}
