//! A request body with a length known before it is read.
//!
//! Reads head, content and tail in order. The content is hashed as it passes. A source that ends early, is longer than
//! expected or was modified is an error, and then the tail, which completes the request, is never given out.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use crate::values::{FileContent, Sha256Digest, SourceError, SourceProblem};

/// Body of a request. Allocates nothing while it is read.
pub(crate) struct Body<'a> {
    head: &'a [u8],
    file: Option<File<'a>>,
    position: u64,
    len: u64,
    progress: Option<&'a (dyn Fn(u64) + Sync)>,
}

struct File<'a> {
    content: &'a FileContent,
    tail: &'a [u8],
    hash: Sha256,
    /// Set when the content was read to its end.
    digest: Option<Sha256Digest>,
    expected: Option<Sha256Digest>,
    failed: bool,
    error: Option<SourceError>,
}

impl<'a> Body<'a> {
    pub(crate) fn bytes(bytes: &'a [u8]) -> Self {
        Self { head: bytes, file: None, position: 0, len: bytes.len() as u64, progress: None }
    }

    /// A form. A content with another digest than `expected` counts as changed.
    pub(crate) fn form(
        head: &'a [u8],
        content: &'a FileContent,
        tail: &'a [u8],
        expected: Option<Sha256Digest>,
    ) -> Self {
        let len = head.len() as u64 + content.len() + tail.len() as u64;
        let file = File {
            content,
            tail,
            hash: Sha256::new(),
            digest: None,
            expected,
            failed: false,
            error: None,
        };
        Self { head, file: Some(file), position: 0, len, progress: None }
    }

    /// Calls this after each read, with the bytes read so far.
    pub(crate) fn set_progress(&mut self, progress: &'a (dyn Fn(u64) + Sync)) {
        self.progress = Some(progress);
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Position of the first byte that can complete the request.
    ///
    /// This is the closing boundary of a form, and the first byte of any other body.
    pub(crate) fn decisive_from(&self) -> u64 {
        self.file.as_ref().map_or(0, |file| self.len - file.tail.len() as u64)
    }

    /// SHA-256 of the content, after the body was read whole.
    pub(crate) fn digest(&self) -> Option<Sha256Digest> {
        self.file_digest().filter(|_| self.position == self.len)
    }

    /// SHA-256 of the content, after a byte behind it was read.
    pub(crate) fn file_digest(&self) -> Option<Sha256Digest> {
        self.file.as_ref()?.digest
    }

    pub(crate) fn take_error(&mut self) -> Option<SourceError> {
        self.file.as_mut()?.error.take()
    }

    /// Reads from the one segment that holds the current position.
    fn read_segment(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let content_start = self.head.len() as u64;
        if self.position < content_start {
            return copy(self.head, self.position, buf);
        }
        let tail_start = self.decisive_from();
        let Some(file) = &mut self.file else { return Ok(0) };
        if file.failed {
            return Err(io::Error::other("the file could not be read to its end"));
        }
        if self.position < tail_start {
            return file.read_content(buf, self.position - content_start);
        }
        if self.position == tail_start {
            file.check_end()?;
        }
        copy(file.tail, self.position - tail_start, buf)
    }
}

impl File<'_> {
    /// Reads at least one byte of the content. An end before its length is an error.
    fn read_content(&mut self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        let left = self.content.len() - position;
        let want = usize::try_from(left).map_or(buf.len(), |left| left.min(buf.len()));
        let buf = buf.get_mut(..want).unwrap_or_default();
        let read = match self.content.read_at(buf, position) {
            Ok(0) => return Err(self.fail(self.content.error(SourceProblem::Changed))),
            Ok(n) => buf.get(..n).unwrap_or(buf),
            Err(cause) => return Err(self.fail(self.content.io_error(cause))),
        };
        self.hash.update(read);
        Ok(read.len())
    }

    /// Checks that the source ends here and did not change.
    ///
    /// Runs before the first byte of the tail.
    fn check_end(&mut self) -> io::Result<()> {
        let unchanged = match self.content.read_at(&mut [0], self.content.len()) {
            Ok(0) => self.content.check_unchanged(),
            Ok(_) => Err(self.content.error(SourceProblem::Changed)),
            Err(cause) => Err(self.content.io_error(cause)),
        };
        unchanged.map_err(|error| self.fail(error))?;
        let digest = <[u8; 32]>::from(self.hash.finalize_reset()).into();
        if self.expected.is_some_and(|expected| expected != digest) {
            return Err(self.fail(self.content.error(SourceProblem::Changed)));
        }
        self.digest = Some(digest);
        Ok(())
    }

    fn fail(&mut self, error: SourceError) -> io::Error {
        let shown = io::Error::other(error.to_string());
        self.failed = true;
        self.error = Some(error);
        shown
    }
}

impl Read for Body<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(free) = buf.get_mut(filled..).filter(|free| !free.is_empty()) {
            let n = match self.read_segment(free) {
                Ok(0) => break,
                Ok(n) => n,
                // The bytes read before are good; the next call returns the error.
                Err(_) if filled > 0 => break,
                Err(error) => return Err(error),
            };
            filled += n;
            self.position += n as u64;
        }
        if let Some(progress) = self.progress.filter(|_| filled > 0) {
            progress(self.position);
        }
        Ok(filled)
    }
}

fn copy(segment: &[u8], position: u64, buf: &mut [u8]) -> io::Result<usize> {
    let start = usize::try_from(position).unwrap_or(usize::MAX);
    segment.get(start..).unwrap_or_default().read(buf)
}

#[cfg(test)]
mod tests;
