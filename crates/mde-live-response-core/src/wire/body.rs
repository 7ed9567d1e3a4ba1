//! A request body whose length is known before its first byte is read.
//!
//! Reads its segments in order: head, content, tail. The content is hashed as it passes and checked at
//! its end; a source that ends early, runs over or was written to is an error of the source, and what
//! completes the request is then never given out.

use std::fmt;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

use crate::error::{SourceError, SourceErrorKind};
use crate::model::{FileContent, Sha256Digest};

/// Body of a request.
///
/// Borrows what it reads and a [`SendRecord`] that outlives it. Allocates nothing while it is read, and
/// fills the buffer it is given as far as there is something to give.
///
/// Reading gives an [`io::Error`] when the file cannot be read to its end or is not what it was, and from then on;
/// the record tells why ([`SendRecord::source_error`]). What would complete the request is never given out then.
pub struct Body<'a> {
    head: &'a [u8],
    file: Option<FileSegments<'a>>,
    position: u64,
    len: u64,
    progress: Option<&'a (dyn Fn(u64) + Sync)>,
}

struct FileSegments<'a> {
    content: &'a FileContent,
    tail: &'a [u8],
    record: &'a mut SendRecord,
    hash: Sha256,
    /// Of the content, once it is read to its end.
    digest: Option<Sha256Digest>,
    expected: Option<Sha256Digest>,
}

/// What became of one attempt to send a body. Owned by the caller, so that it survives whatever the
/// transport does with the body.
#[derive(Debug, Default)]
pub struct SendRecord {
    sha256: Option<Sha256Digest>,
    source_error: Option<SourceError>,
}

impl SendRecord {
    /// A record of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// SHA-256 of the file's bytes as they were read for this attempt; `None` until the last byte of the
    /// body was given out, and always for a body without a file.
    #[must_use]
    pub fn sha256(&self) -> Option<&Sha256Digest> {
        self.sha256.as_ref()
    }

    /// Why the file could not be read to its end. The request was then not completed, whatever the
    /// transport says.
    #[must_use]
    pub fn source_error(&self) -> Option<&SourceError> {
        self.source_error.as_ref()
    }

    pub(crate) fn take_source_error(&mut self) -> Option<SourceError> {
        self.source_error.take()
    }
}

impl<'a> Body<'a> {
    /// A body without bytes.
    #[must_use]
    pub fn empty() -> Body<'static> {
        Body::bytes(&[])
    }

    /// A body of these bytes.
    #[must_use]
    pub fn bytes(bytes: &'a [u8]) -> Self {
        Self { head: bytes, file: None, position: 0, len: bytes.len() as u64, progress: None }
    }

    pub(super) fn form(
        head: &'a [u8],
        content: &'a FileContent,
        tail: &'a [u8],
        record: &'a mut SendRecord,
    ) -> Self {
        *record = SendRecord::new();
        let len = head.len() as u64 + content.len() + tail.len() as u64;
        let file = FileSegments {
            content,
            tail,
            record,
            hash: Sha256::new(),
            digest: None,
            expected: None,
        };
        Self { head, file: Some(file), position: 0, len, progress: None }
    }

    /// Takes a content with another digest for one that has changed.
    pub(super) fn expecting(mut self, expected: Option<Sha256Digest>) -> Self {
        if let Some(file) = &mut self.file {
            file.expected = expected;
        }
        self
    }

    /// Calls this whenever bytes were given out, with how many were in all. A panic of it passes through, and what
    /// completes the request is then not given out.
    #[must_use]
    pub fn with_progress(mut self, progress: &'a (dyn Fn(u64) + Sync)) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Length of the whole body in bytes, from its first to its last.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the body has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Position of the first byte that can make the request complete: the closing boundary of a form, the
    /// first byte of anything else.
    ///
    /// A server that has not been given this byte cannot have acted on the request.
    #[must_use]
    pub fn decisive_from(&self) -> u64 {
        self.file.as_ref().map_or(0, |file| self.len - file.tail.len() as u64)
    }
}

impl FileSegments<'_> {
    /// Some bytes of the content, at least one; none stands for an end that comes too early.
    fn read_content(&mut self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        if self.record.source_error.is_some() {
            return Err(already_failed());
        }
        let left = self.content.len() - position;
        let want = usize::try_from(left).map_or(buf.len(), |left| left.min(buf.len()));
        let buf = buf.get_mut(..want).unwrap_or_default();
        let read = match self.content.read_at(buf, position) {
            Ok(0) => return Err(self.fail(self.content.error(SourceErrorKind::Changed))),
            Ok(n) => buf.get(..n).unwrap_or(buf),
            Err(cause) => return Err(self.fail(self.content.io_error(cause))),
        };
        self.hash.update(read);
        Ok(read.len())
    }

    /// Before the first byte of the tail: the source must end here, and be the one that was opened.
    fn check_end(&mut self) -> io::Result<()> {
        if self.record.source_error.is_some() {
            return Err(already_failed());
        }
        let unchanged = match self.content.read_at(&mut [0], self.content.len()) {
            Ok(0) => self.content.check_unchanged(),
            Ok(_) => Err(self.content.error(SourceErrorKind::Changed)),
            Err(cause) => Err(self.content.io_error(cause)),
        };
        unchanged.map_err(|error| self.fail(error))?;
        let digest = <[u8; 32]>::from(self.hash.finalize_reset()).into();
        if self.expected.is_some_and(|expected| expected != digest) {
            return Err(self.fail(self.content.error(SourceErrorKind::Changed)));
        }
        self.digest = Some(digest);
        Ok(())
    }

    fn fail(&mut self, error: SourceError) -> io::Error {
        let shown = io::Error::other(error.to_string());
        self.record.source_error = Some(error);
        shown
    }
}

fn already_failed() -> io::Error {
    io::Error::other("the file could not be read to its end")
}

impl Read for Body<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(free) = buf.get_mut(filled..).filter(|free| !free.is_empty()) {
            let n = match self.read_segment(free) {
                Ok(0) => break,
                Ok(n) => n,
                // What was read before is good; the record keeps the error for the next call.
                Err(_) if filled > 0 => break,
                Err(error) => return Err(error),
            };
            filled += n;
            self.position += n as u64;
        }
        if self.position == self.len
            && let Some(file) = &mut self.file
        {
            file.record.sha256 = file.digest;
        }
        if let Some(progress) = self.progress.filter(|_| filled > 0) {
            progress(self.position);
        }
        Ok(filled)
    }
}

impl Body<'_> {
    /// Reads from the one segment that holds the current position.
    fn read_segment(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let content_start = self.head.len() as u64;
        if self.position < content_start {
            return copy(self.head, self.position, buf);
        }
        let tail_start = self.decisive_from();
        let Some(file) = &mut self.file else { return Ok(0) };
        if self.position < tail_start {
            return file.read_content(buf, self.position - content_start);
        }
        if self.position == tail_start {
            file.check_end()?;
        }
        copy(file.tail, self.position - tail_start, buf)
    }
}

fn copy(segment: &[u8], position: u64, buf: &mut [u8]) -> io::Result<usize> {
    let start = usize::try_from(position).unwrap_or(usize::MAX);
    segment.get(start..).unwrap_or_default().read(buf)
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("len", &self.len)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
