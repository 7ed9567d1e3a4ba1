//! V43, V45, V46: contents that no file in a test would give, through the crate-private trait.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Body, SendRecord};
use crate::error::SourceErrorKind;
use crate::model::{self, FileContent};

const HEAD: &[u8] = b"<head>";
const TAIL: &[u8] = b"<tail>";
const LEN: u64 = 10_000;

/// A content of 10,000 times `x` whose reads are what the test makes of them; it is told the position and how
/// often it was asked before.
struct Source<F> {
    read: F,
    times: AtomicUsize,
    unchanged: Result<bool, io::ErrorKind>,
}

impl<F> model::PositionedRead for Source<F>
where
    F: Fn(&mut [u8], u64, usize) -> io::Result<usize> + Send + Sync,
{
    fn len(&self) -> u64 {
        LEN
    }

    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        (self.read)(buf, position, self.times.fetch_add(1, Ordering::SeqCst))
    }

    fn is_unchanged(&self) -> io::Result<bool> {
        self.unchanged.map_err(io::Error::from)
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

fn content<F>(read: F) -> FileContent
where
    F: Fn(&mut [u8], u64, usize) -> io::Result<usize> + Send + Sync + 'static,
{
    FileContent::from_source(Source { read, times: AtomicUsize::new(0), unchanged: Ok(true) })
}

/// A content that reads well, and of which this is found at its end.
fn ending(unchanged: Result<bool, io::ErrorKind>) -> FileContent {
    let read = |buf: &mut [u8], position: u64, _: usize| Ok(give(buf, position, LEN));
    FileContent::from_source(Source { read, times: AtomicUsize::new(0), unchanged })
}

/// What a source of `end` bytes gives at a position.
fn give(buf: &mut [u8], position: u64, end: u64) -> usize {
    let left = usize::try_from(end.saturating_sub(position)).unwrap();
    let n = left.min(buf.len());
    buf[..n].fill(b'x');
    n
}

fn whole() -> Vec<u8> {
    [HEAD, &vec![b'x'; 10_000], TAIL].concat()
}

/// Reads on after an error, as a careless transport does: what came, and how many errors.
fn read_carelessly(content: &FileContent, record: &mut SendRecord) -> (Vec<u8>, usize) {
    let mut body = Body::form(HEAD, content, TAIL, record);
    assert_eq!(body.len(), whole().len() as u64);
    let (mut given, mut errors) = (Vec::new(), 0);
    let mut buf = [0; 512];
    while errors < 5 {
        match body.read(&mut buf) {
            Ok(0) => break,
            Ok(n) => given.extend_from_slice(&buf[..n]),
            Err(_) => errors += 1,
        }
    }
    (given, errors)
}

/// What was read before the failure is given out, and nothing else: `good` bytes of the content.
#[track_caller]
fn assert_fails(content: &FileContent, good: u64, kind: SourceErrorKind, case: &str) -> SendRecord {
    let mut record = SendRecord::new();
    let (given, errors) = read_carelessly(content, &mut record);
    assert_eq!(errors, 5, "case: {case}: an error every time, never an end");
    assert!(whole().starts_with(&given), "case: {case}");
    assert_eq!(given.len() as u64, HEAD.len() as u64 + good, "case: {case}");
    assert_eq!(record.source_error().unwrap().kind(), kind, "case: {case}");
    assert_eq!(record.sha256(), None, "case: {case}");
    record
}

#[test]
fn v43_read_error_half_way() {
    let failing = content(|buf, position, _| {
        if position >= 5_000 {
            return Err(io::Error::other("bad sector"));
        }
        Ok(give(buf, position, 5_000))
    });
    let record = assert_fails(&failing, 5_000, SourceErrorKind::Io, "half-way");
    let cause = std::error::Error::source(record.source_error().unwrap()).unwrap();
    assert_eq!(cause.to_string(), "bad sector");

    let failing_at_end = content(|buf, position, _| {
        if position >= LEN {
            return Err(io::Error::other("share is gone"));
        }
        Ok(give(buf, position, LEN))
    });
    assert_fails(&failing_at_end, LEN, SourceErrorKind::Io, "when looked at past the end");
}

#[test]
fn v43_error_when_looked_at_in_the_end() {
    let record = assert_fails(
        &ending(Err(io::ErrorKind::StaleNetworkFileHandle)),
        LEN,
        SourceErrorKind::Io,
        "stale",
    );
    assert!(std::error::Error::source(record.source_error().unwrap()).is_some());
    assert_fails(&ending(Ok(false)), LEN, SourceErrorKind::Changed, "changed");
}

#[test]
fn v45_source_shorter_than_declared() {
    for end in [0, 1, 5_000, LEN - 1] {
        let short = content(move |buf, position, _| Ok(give(buf, position, end)));
        assert_fails(&short, end, SourceErrorKind::Changed, &format!("{end} bytes"));
    }
}

#[test]
fn v45_source_longer_than_declared() {
    let long = content(move |buf, position, _| Ok(give(buf, position, LEN + 1)));
    assert_fails(&long, LEN, SourceErrorKind::Changed, "one byte more");
}

#[test]
fn v46_interrupted_reads() {
    let interrupted = content(|buf, position, times| {
        if times % 3 != 2 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        // A few bytes at a time, as a slow device may.
        let few = buf.len().min(7);
        Ok(give(&mut buf[..few], position, LEN))
    });
    let mut record = SendRecord::new();
    let (given, errors) = read_carelessly(&interrupted, &mut record);
    assert_eq!((given, errors), (whole(), 0));
    assert!(record.source_error().is_none());
    assert!(record.sha256().is_some());
}

#[test]
fn a_record_serves_one_attempt_after_another() {
    let mut record = SendRecord::new();
    let short = content(|buf, position, _| Ok(give(buf, position, 1)));
    read_carelessly(&short, &mut record);
    assert!(record.source_error().is_some());
    let good = content(|buf, position, _| Ok(give(buf, position, LEN)));
    let (given, errors) = read_carelessly(&good, &mut record);
    assert_eq!((given, errors), (whole(), 0));
    assert!(record.source_error().is_none() && record.sha256().is_some());
}
