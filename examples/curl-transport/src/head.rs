//! The head of an answer, line by line as libcurl passes it on, and checked where libcurl is lenient.
//!
//! Drops interim answers (1xx), a bounded number of them. An answer whose end could be read in two ways is refused.

use mde_live_response_core::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use mde_live_response_core::http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version,
};

use crate::fault::Fault;

/// Largest head, in bytes, interim answers and what follows a chunked body counted each for itself.
const MAX_BYTES: usize = 64 * 1024;

/// Most header lines of an answer.
const MAX_LINES: usize = 100;

/// More interim answers than any server has a reason for.
const MAX_INTERIM: u32 = 32;

/// Status and headers of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    status: StatusCode,
    version: Version,
    headers: HeaderMap,
}

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Whether nothing more can come of it. libcurl reads no body where there may be none, and one may come.
    pub(crate) fn leaves_connection(&self) -> bool {
        let none = HeaderValue::from_static("0");
        let says_more = self.head.headers.contains_key(TRANSFER_ENCODING)
            || self.head.headers.get(CONTENT_LENGTH).is_some_and(|length| *length != none);
        !(self.head.has_no_body() && says_more)
    }

    pub(crate) fn into_response(self) -> Response<Vec<u8>> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.head.status;
        *response.version_mut() = self.head.version;
        *response.headers_mut() = self.head.headers;
        response
    }
}

/// What a line was.
pub(crate) enum Line {
    /// One of a head, or behind a body, that says nothing yet.
    Inside,
    /// The first of a final answer.
    Status(StatusCode),
    /// The last of a final answer's head.
    End(StatusCode),
}

/// Reads heads until there is a final one.
#[derive(Debug, Default)]
pub(crate) struct HeadReader {
    head: Option<Head>,
    is_complete: bool,
    bytes: usize,
    interim: u32,
}

impl HeadReader {
    pub(crate) fn line(&mut self, line: &[u8]) -> Result<Line, Fault> {
        self.bytes += line.len();
        if self.bytes > MAX_BYTES {
            return Err(Fault::protocol("the answer's head is larger than allowed"));
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match &mut self.head {
            // Behind a chunked body; nobody asked for it.
            Some(_) if self.is_complete => Ok(Line::Inside),
            Some(head) if line.is_empty() => {
                let status = head.status;
                self.end(status)
            }
            Some(head) => {
                head.add(line)?;
                Ok(Line::Inside)
            }
            None => {
                let head = Head::begin(line)?;
                let status = head.status;
                self.head = Some(head);
                Ok(if status.is_informational() { Line::Inside } else { Line::Status(status) })
            }
        }
    }

    fn end(&mut self, status: StatusCode) -> Result<Line, Fault> {
        self.bytes = 0;
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Fault::protocol("the answer changes the protocol"));
        }
        if status.is_informational() {
            self.head = None;
            self.interim += 1;
            if self.interim > MAX_INTERIM {
                return Err(Fault::protocol("interim answers without end"));
            }
            return Ok(Line::Inside);
        }
        if let Some(head) = &self.head {
            head.check()?;
        }
        self.is_complete = true;
        Ok(Line::End(status))
    }

    pub(crate) fn is_chunked(&self) -> bool {
        self.is_complete
            && self.head.as_ref().is_some_and(|it| it.headers.contains_key(TRANSFER_ENCODING))
    }

    /// The final answer's head, if it was complete.
    pub(crate) fn take(&mut self) -> Option<Head> {
        self.head.take_if(|_| self.is_complete)
    }
}

impl Head {
    /// Reads a status line.
    fn begin(line: &[u8]) -> Result<Self, Fault> {
        let version = match line.get(..9) {
            Some(b"HTTP/1.1 ") => Version::HTTP_11,
            Some(b"HTTP/1.0 ") => Version::HTTP_10,
            _ => return Err(Fault::protocol("the answer is not HTTP/1")),
        };
        let (digits, rest) =
            line.get(9..).unwrap_or_default().split_at_checked(3).unwrap_or_default();
        let status = StatusCode::from_bytes(digits).ok();
        match status.filter(|status| status.as_u16() < 600) {
            Some(status) if matches!(rest, [] | [b' ', ..]) => {
                Ok(Self { status, version, headers: HeaderMap::new() })
            }
            _ => Err(Fault::protocol("the answer's status is none")),
        }
    }

    fn add(&mut self, line: &[u8]) -> Result<(), Fault> {
        let broken = || Fault::protocol("the answer's head holds a line that is no header");
        let colon = line.iter().position(|byte| *byte == b':').ok_or_else(broken)?;
        let (name, value) = line.split_at_checked(colon).ok_or_else(broken)?;
        let name = HeaderName::from_bytes(name).map_err(|_| broken())?;
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let value = HeaderValue::from_bytes(value).map_err(|_| broken())?;
        if self.headers.len() >= MAX_LINES {
            return Err(Fault::protocol("the answer's head has more lines than allowed"));
        }
        self.headers.append(name, value);
        Ok(())
    }

    /// Whether only the end of the connection tells where the body ends.
    pub(crate) fn ends_with_connection(&self) -> bool {
        let says =
            [CONTENT_LENGTH, TRANSFER_ENCODING].iter().any(|it| self.headers.contains_key(it));
        !self.has_no_body() && !says
    }

    fn has_no_body(&self) -> bool {
        matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    }

    /// One length, or one transfer coding, and one that is understood.
    fn check(&self) -> Result<(), Fault> {
        let mut lengths = self.headers.get_all(CONTENT_LENGTH).iter();
        let length = lengths.next();
        if lengths.next().is_some()
            || (length.is_some() && self.headers.contains_key(TRANSFER_ENCODING))
        {
            return Err(Fault::protocol("the answer says its length more than once"));
        }
        if length.is_some_and(|length| !is_number(length)) {
            return Err(Fault::protocol("the answer's length is no number"));
        }
        let mut codings = self.headers.get_all(TRANSFER_ENCODING).iter();
        let is_plain =
            codings.next().is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
        if !is_plain || codings.next().is_some() {
            return Err(Fault::protocol("the answer is in a transfer coding other than chunked"));
        }
        Ok(())
    }
}

fn is_number(value: &HeaderValue) -> bool {
    let digits = value.to_str().unwrap_or_default();
    digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u64>().is_ok()
}
