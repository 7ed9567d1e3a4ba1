//! The decoder: one pass over the bytes, from the headers to the last CRLF.

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, TRANSFER_ENCODING};

use super::{FormError, Part};
use crate::shown::{bytes, text};

type Result<T> = std::result::Result<T, FormError>;

pub(super) fn decode<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<Vec<Part<'a>>> {
    let boundary = boundary(headers)?;
    let delimiter = format!("--{boundary}");
    check_length(headers, body.len())?;
    let mut reader = Reader { body, at: 0, delimiter: delimiter.as_bytes() };
    if !reader.take(delimiter.as_bytes()) {
        return Err(reader.error(match find(body, delimiter.as_bytes()) {
            _ if body.is_empty() => "the body is empty".to_owned(),
            Some(before) => format!("{} before the first `{delimiter}`", bytes(before)),
            None => format!("the boundary of the header, `{boundary}`, is not in the body"),
        }));
    }
    let mut parts: Vec<Part<'a>> = Vec::new();
    while reader.another_part()? {
        let start = reader.at;
        let part = reader.part()?;
        if parts.iter().any(|seen| seen.name == part.name) {
            return Err(FormError::body(start, format!("part {} occurs twice", text(part.name))));
        }
        parts.push(part);
    }
    if parts.is_empty() {
        return Err(reader.error("the form has no parts"));
    }
    Ok(parts)
}

fn single<'h>(headers: &'h HeaderMap, name: &HeaderName, shown: &'static str) -> Result<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(FormError::header(shown, "missing")),
        (Some(_), Some(_)) => Err(FormError::header(shown, "occurs more than once")),
        (Some(value), None) => {
            value.to_str().map_err(|_| FormError::header(shown, "is not visible ASCII"))
        }
    }
}

/// The boundary, without quotes and without the dashes that make it a delimiter.
fn boundary(headers: &HeaderMap) -> Result<&str> {
    let error = |what: &str| FormError::header("content-type", what);
    let value = single(headers, &CONTENT_TYPE, "content-type")?;
    let Some(parameters) = value.strip_prefix("multipart/form-data") else {
        // P3
        return Err(error("is not `multipart/form-data; boundary=...`"));
    };
    let Some(boundary) = parameters.strip_prefix("; boundary=") else {
        let what = if parameters.is_empty() {
            "has no boundary; let the HTTP client set this header, because it chooses the boundary"
        } else {
            "`multipart/form-data` is not followed by `; boundary=`"
        };
        return Err(error(what));
    };
    let quoted = boundary.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let (boundary, allowed): (_, &[u8]) = match quoted {
        Some(boundary) => (boundary, b"'+_-.(),/:=?"),
        None => (boundary, b"'+_-."),
    };
    if !(1..=70).contains(&boundary.len()) {
        return Err(error("the boundary does not have 1 to 70 characters"));
    }
    if !boundary.bytes().all(|b| b.is_ascii_alphanumeric() || allowed.contains(&b)) {
        return Err(error(
            "the boundary needs quotes, has a character that is not allowed, or is followed by more text",
        ));
    }
    Ok(boundary)
}

fn check_length(headers: &HeaderMap, len: usize) -> Result<()> {
    if headers.contains_key(TRANSFER_ENCODING) {
        let error = |what| Err(FormError::header("transfer-encoding", what));
        return match single(headers, &TRANSFER_ENCODING, "transfer-encoding")? {
            _ if headers.contains_key(CONTENT_LENGTH) => {
                error("occurs together with content-length")
            }
            coding if coding.eq_ignore_ascii_case("chunked") => Ok(()),
            _ => error("is not chunked"),
        };
    }
    let value = single(headers, &CONTENT_LENGTH, "content-length")?;
    if value == len.to_string() {
        return Ok(());
    }
    let what = format!("says {}, but the body has {}", text(value), bytes(len));
    Err(FormError::header("content-length", what))
}

struct Reader<'a, 'd> {
    body: &'a [u8],
    at: usize,
    /// The boundary with the two dashes before it.
    delimiter: &'d [u8],
}

impl<'a> Reader<'a, '_> {
    fn error(&self, what: impl Into<String>) -> FormError {
        FormError::body(self.at, what)
    }

    fn rest(&self) -> &'a [u8] {
        self.body.get(self.at..).unwrap_or_default()
    }

    /// Steps over these bytes if they are next.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let found = self.rest().starts_with(bytes);
        if found {
            self.at += bytes.len();
        }
        found
    }

    /// Reads the end of a delimiter, and returns whether another part follows.
    fn another_part(&mut self) -> Result<bool> {
        if self.take(b"\r\n") {
            return Ok(true);
        }
        if !self.take(b"--") {
            return Err(self.error(match self.rest() {
                [b'\n', ..] => "the line of the delimiter ends with LF instead of CRLF",
                _ => "the delimiter is followed by neither CRLF nor `--`",
            }));
        }
        match self.rest() {
            b"" | b"\r\n" => Ok(false),
            b"\n" => Err(self.error("the closing delimiter ends with LF instead of CRLF")),
            rest => {
                let what = format!("the closing delimiter is followed by {}", bytes(rest.len()));
                Err(self.error(what))
            }
        }
    }

    fn part(&mut self) -> Result<Part<'a>> {
        let start = self.at;
        let (mut disposition, mut content_type) = (None, None);
        loop {
            let at = self.at;
            let line = self.header_line()?;
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(": ") else {
                return Err(FormError::body(at, "a part's header has no `: `"));
            };
            let slot = match name.to_ascii_lowercase().as_str() {
                "content-disposition" => &mut disposition,
                "content-type" => &mut content_type,
                _ => {
                    let what =
                        format!("a part has the header {}, which is not allowed", text(name));
                    return Err(FormError::body(at, what));
                }
            };
            if slot.replace((at, value)).is_some() {
                return Err(FormError::body(at, format!("header {name} occurs twice in a part")));
            }
        }
        let Some((at, disposition)) = disposition else {
            return Err(FormError::body(start, "a part has no Content-Disposition"));
        };
        let Disposition { name, filename } = Disposition::parse(disposition, at)?;
        if let Some((at, value)) = content_type {
            let what = match value {
                "" => Some("Content-Type is empty"),
                value if !value.is_ascii() => Some("Content-Type is not ASCII"),
                value if value.to_ascii_lowercase().starts_with("multipart/") => {
                    Some("a part contains parts")
                }
                _ => None,
            };
            if let Some(what) = what {
                return Err(FormError::body(at, what));
            }
        }
        let content_type = content_type.map(|(_, value)| value);
        Ok(Part { name, filename, content_type, bytes: self.content()? })
    }

    /// Reads one header line, without its CRLF.
    fn header_line(&mut self) -> Result<&'a str> {
        let Some(len) = find(self.rest(), b"\r\n") else {
            let what = match find(self.rest(), b"\n") {
                Some(_) => "a header line ends with LF instead of CRLF",
                None => "a header line does not end with CRLF",
            };
            return Err(self.error(what));
        };
        let line = self.rest().get(..len).unwrap_or_default();
        if let Some(n) = line.iter().position(u8::is_ascii_control) {
            let what = match line.get(n) {
                Some(b'\n') => "a header line ends with LF instead of CRLF",
                _ => "a header line contains a control character",
            };
            return Err(FormError::body(self.at + n, what));
        }
        let line = str::from_utf8(line).map_err(|error| {
            FormError::body(self.at + error.valid_up_to(), "a header line is not UTF-8")
        })?;
        self.at += len + 2;
        Ok(line)
    }

    /// Reads to the next delimiter, and over it.
    fn content(&mut self) -> Result<&'a [u8]> {
        let Some(len) = find(self.rest(), self.delimiter) else {
            return Err(self.error("the content does not end: no delimiter follows it"));
        };
        let line = self.rest().get(..len).unwrap_or_default();
        let Some(content) = line.strip_suffix(b"\r\n") else {
            self.at += len;
            return Err(self.error(match line {
                [.., b'\n'] => "the line before the delimiter ends with LF instead of CRLF",
                _ => "the delimiter does not follow a CRLF",
            }));
        };
        self.at += len + self.delimiter.len();
        Ok(content)
    }
}

struct Disposition<'a> {
    name: &'a str,
    filename: Option<&'a str>,
}

impl<'a> Disposition<'a> {
    /// Reads `form-data` and its parameters; `at` is where the line stands.
    fn parse(value: &'a str, at: usize) -> Result<Self> {
        let error = |what: String| FormError::body(at, what);
        let Some(mut rest) = value.strip_prefix("form-data") else {
            return Err(error("Content-Disposition is not form-data".to_owned()));
        };
        let (mut name, mut filename) = (None, None);
        while !rest.is_empty() {
            let Some((key, value, after)) = parameter(rest) else {
                let what =
                    format!("{} is not a parameter of the form `; key=\"value\"`", text(rest));
                return Err(error(what));
            };
            let slot = match key {
                "name" => &mut name,
                "filename" => &mut filename,
                _ => return Err(error(format!("Content-Disposition has a {}", text(key)))),
            };
            if value.is_empty() || value.contains('\\') {
                return Err(error(format!("{key} is empty or contains a backslash")));
            }
            if slot.replace(value).is_some() {
                return Err(error(format!("{key} occurs twice")));
            }
            rest = after;
        }
        match name {
            Some(name) => Ok(Self { name, filename }),
            None => Err(error("Content-Disposition has no name".to_owned())),
        }
    }
}

/// Splits `; key="value"` off the front.
fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let (key, rest) = text.strip_prefix("; ")?.split_once("=\"")?;
    let (value, after) = rest.split_once('"')?;
    Some((key, value, after))
}

/// Position of the first occurrence.
fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
