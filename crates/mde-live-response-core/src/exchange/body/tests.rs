//! V43, V45, V46: contents that a test cannot create as files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::error::Error as _;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest, Sha256};

use super::Body;
use crate::values::{FileContent, PositionedRead, Sha256Digest, SourceProblem};

const HEAD: &[u8] = b"<head>";
const TAIL: &[u8] = b"<tail>";
const LEN: u64 = 10_000;

/// A content that says it is 10,000 times `x`, and has `end` bytes.
struct Source {
    end: u64,
    /// Whether its end is an error.
    fails: bool,
    /// Whether two reads of three are interrupted, and the third gives little.
    falters: bool,
    unchanged: Result<bool, io::ErrorKind>,
    times: AtomicUsize,
}

impl PositionedRead for Source {
    fn len(&self) -> u64 {
        LEN
    }

    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        if self.falters && self.times.fetch_add(1, Ordering::SeqCst) % 3 != 2 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let left = usize::try_from(self.end.saturating_sub(position)).unwrap();
        if self.fails && left == 0 {
            return Err(io::Error::other("bad sector"));
        }
        let n = left.min(if self.falters { 7 } else { buf.len() }).min(buf.len());
        buf[..n].fill(b'x');
        Ok(n)
    }

    fn is_unchanged(&self) -> io::Result<bool> {
        self.unchanged.map_err(io::Error::from)
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

fn source(end: u64, fails: bool, falters: bool) -> Source {
    Source { end, fails, falters, unchanged: Ok(true), times: AtomicUsize::new(0) }
}

/// A source of `end` bytes.
fn of_len(end: u64) -> FileContent {
    FileContent::from_source(source(end, false, false))
}

/// A source that reads well and whose check for changes gives this.
fn ending(unchanged: Result<bool, io::ErrorKind>) -> FileContent {
    FileContent::from_source(Source { unchanged, ..source(LEN, false, false) })
}

/// A source that fails from a position on.
fn failing_from(start: u64) -> FileContent {
    FileContent::from_source(source(start, true, false))
}

fn bytes() -> Vec<u8> {
    vec![b'x'; 10_000]
}

fn digest() -> Sha256Digest {
    <[u8; 32]>::from(Sha256::digest(bytes())).into()
}

fn whole() -> Vec<u8> {
    [HEAD, &bytes(), TAIL].concat()
}

/// Reads on after errors, as a careless transport does. Returns the bytes and the number of errors.
fn read_carelessly(body: &mut Body<'_>) -> (Vec<u8>, usize) {
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

#[test]
fn v43_v45_a_source_that_fails_or_changed_never_gives_the_tail() {
    let stale = io::ErrorKind::StaleNetworkFileHandle;
    let (sector, stale_text) = ("bad sector", io::Error::from(stale).to_string());
    let other = Some([0; 32].into());
    // The expected digest; bytes of the content that are given; the cause, without one the content changed.
    for (case, content, expected, good, cause) in [
        ("at once", failing_from(0), None, 0, Some(sector)),
        ("half way", failing_from(5_000), None, 5_000, Some(sector)),
        ("past the end", failing_from(LEN), None, LEN, Some(sector)),
        ("in the last check", ending(Err(stale)), None, LEN, Some(&*stale_text)),
        ("changed", ending(Ok(false)), None, LEN, None),
        ("empty", of_len(0), None, 0, None),
        ("half", of_len(5_000), None, 5_000, None),
        ("1 byte less", of_len(LEN - 1), None, LEN - 1, None),
        ("1 byte more", of_len(LEN + 1), None, LEN, None),
        ("another digest", of_len(LEN), other, LEN, None),
    ] {
        let mut body = Body::form(HEAD, &content, TAIL, expected);
        let (given, errors) = read_carelessly(&mut body);
        assert_eq!(errors, 5, "{case}: an error every time, never an end");
        assert!(whole().starts_with(&given), "{case}");
        assert_eq!(given.len() as u64, HEAD.len() as u64 + good, "{case}");
        assert_eq!(body.position(), given.len() as u64, "{case}");
        assert!(body.position() <= body.decisive_from(), "{case}");
        assert_eq!(body.digest(), None, "{case}");
        let error = body.take_error().expect(case);
        let problem = cause.map_or(SourceProblem::Changed, |_| SourceProblem::Io);
        assert_eq!(error.problem(), &problem, "{case}");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), cause, "{case}");
        assert!(body.take_error().is_none(), "{case}: taken once");
    }
}

#[test]
fn v46_interrupted_and_short_reads_go_on() {
    let interrupted = FileContent::from_source(source(LEN, false, true));
    let mut body = Body::form(HEAD, &interrupted, TAIL, Some(digest()));
    assert_eq!(read_carelessly(&mut body), (whole(), 0));
    assert!(body.take_error().is_none());
    assert_eq!(body.digest(), Some(digest()));
}

#[test]
fn positions_and_digest_on_the_way_through_a_form() {
    let content = of_len(LEN);
    let mut body = Body::form(HEAD, &content, TAIL, None);
    let len = whole().len() as u64;
    assert_eq!((body.len(), body.decisive_from()), (len, len - TAIL.len() as u64));

    let mut before_last = vec![0; whole().len() - 1];
    body.read_exact(&mut before_last).unwrap();
    assert_eq!((body.position(), body.digest()), (len - 1, None), "the last byte is missing");
    assert_eq!(body.read(&mut [0; 8]).unwrap(), 1);
    assert_eq!((body.position(), body.digest()), (len, Some(digest())));
    assert_eq!(body.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn progress_is_told_after_each_read_that_gave_bytes() {
    let told = Mutex::new(Vec::new());
    let progress = |bytes| told.lock().unwrap().push(bytes);
    let content = failing_from(6);
    let mut body = Body::form(HEAD, &content, TAIL, None);
    body.set_progress(&progress);
    read_carelessly(&mut body);
    drop(body);
    assert_eq!(told.into_inner().unwrap(), [12], "neither an error nor an end is progress");
}
