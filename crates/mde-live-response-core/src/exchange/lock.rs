//! Locks, condition variables and flags that threads share, and one way to take a lock.
//!
//! They are the standard library's. Only unit tests that are built for a model checker, with `--cfg loom` or
//! `--cfg shuttle`, use the checker's.

use std::sync::PoisonError;

#[cfg(all(test, loom))]
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard, atomic::AtomicBool};
#[cfg(all(test, shuttle))]
pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard, atomic::AtomicBool};
#[cfg(not(all(test, any(loom, shuttle))))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, atomic::AtomicBool};

/// Takes a lock, also after a panic of its holder.
///
/// Only for data that every holder changes in a single step, so that a panic leaves it intact.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
