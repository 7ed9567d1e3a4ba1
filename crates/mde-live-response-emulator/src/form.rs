//! The form of an upload, read by `multer` as it comes in.
//!
//! The body streams; only the parts' contents are kept, each once. What the parser takes and the service
//! would not becomes a fault of the call; the library judges it.

use std::io;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use futures_util::StreamExt;
use mde_live_response_mock::UploadCall;
use multer::Multipart;

/// Why a body is no form. Part of it may be unread.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoForm {
    /// It breaks the rules of HTTP or of forms; the text is for a person.
    Malformed(String),
    /// It has more bytes than a form may have.
    TooLong,
}

impl From<multer::Error> for NoForm {
    fn from(error: multer::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// Reads a form to the end of its body, which may have so many bytes.
pub(crate) async fn read(
    longest: u64,
    headers: &HeaderMap,
    body: Body,
) -> Result<UploadCall, NoForm> {
    let boundary = boundary(headers)?;
    let mut length = 0;
    let mut body = body.into_data_stream().map(|chunk| {
        let chunk = chunk.map_err(io::Error::other)?;
        length += chunk.len() as u64;
        if length > longest { Err(io::Error::other("the body is too long")) } else { Ok(chunk) }
    });
    let mut read = parts(Multipart::new(&mut body, boundary)).await;
    // What follows the closing boundary counts for nothing, but a body that is cut off there is cut off.
    while read.is_ok()
        && let Some(rest) = body.next().await
    {
        read = rest.map_or_else(|error| Err(NoForm::Malformed(error.to_string())), |_| read);
    }
    drop(body);
    if length > longest { Err(NoForm::TooLong) } else { read }
}

fn boundary(headers: &HeaderMap) -> Result<String, NoForm> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(content_type), None) = (types.next(), types.next()) else {
        return Err(NoForm::Malformed("there must be one Content-Type".to_owned()));
    };
    let boundary = multer::parse_boundary(content_type.to_str().unwrap_or_default())?;
    if boundary.is_empty() {
        return Err(NoForm::Malformed("the boundary is empty".to_owned()));
    }
    Ok(boundary)
}

async fn parts(mut form: Multipart<'_>) -> Result<UploadCall, NoForm> {
    let mut call = UploadCall::default();
    while let Some(mut part) = form.next_field().await? {
        let name = part.name().unwrap_or_default().to_owned();
        let filename = part.file_name().map(str::to_owned);
        if filename.is_none() && mentions_file_name(part.headers()) {
            call.faults
                .push(format!("the filename of part `{}` cannot be read", name.escape_debug()));
        }
        if let Some(why) = unreadable(part.headers(), filename.is_some()) {
            call.faults.push(format!("part `{}` {why}", name.escape_debug()));
        }
        let mut content = Vec::new();
        while let Some(chunk) = part.chunk().await? {
            content.extend_from_slice(&chunk);
        }
        call.add_part(&name, filename, content);
    }
    Ok(call)
}

/// The parser passes over a `filename` that it cannot read (one that is no UTF-8, say). Such a file must not
/// be stored under the name that nameless files get.
fn mentions_file_name(headers: &HeaderMap) -> bool {
    let disposition = headers.get(CONTENT_DISPOSITION).map_or(&[][..], |value| value.as_bytes());
    String::from_utf8_lossy(disposition).to_ascii_lowercase().contains("filename")
}

/// What the parser passes over, too, and would be taken for something that it is not: a part of another kind than
/// a form's, and one that holds several files, each in a part of its own.
fn unreadable(headers: &HeaderMap, is_file: bool) -> Option<&'static str> {
    let starts_with = |value: &HeaderValue, start: &str| {
        let text = value.as_bytes().trim_ascii_start().get(..start.len());
        text.is_some_and(|text| text.eq_ignore_ascii_case(start.as_bytes()))
    };
    let disposition = headers.get(CONTENT_DISPOSITION);
    if disposition.is_some_and(|value| !starts_with(value, "form-data;")) {
        return Some("has a disposition that is not form-data");
    }
    let content_type = headers.get(CONTENT_TYPE).filter(|_| !is_file);
    content_type
        .is_some_and(|value| starts_with(value, "multipart/"))
        .then_some("holds parts of its own")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use futures_util::stream;

    /// Holds the starts of delimiters.
    const CONTENT: &[u8] = b"12345\r\r\n\r\n-\r\n--\r\n--a--b--\r\n";
    const FORM: &[u8] =
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n\
        12345\r\r\n\r\n-\r\n--\r\n--a--b--\r\n\r\n--b--\r\n";

    /// Reads these chunks as a body that does not say its length.
    fn read_unsaid(longest: u64, chunks: Vec<io::Result<Vec<u8>>>) -> Result<UploadCall, NoForm> {
        let body = Body::from_stream(stream::iter(chunks));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "multipart/form-data; boundary=b".parse().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(read(longest, &headers, body))
    }

    fn byte_by_byte() -> Vec<io::Result<Vec<u8>>> {
        FORM.iter().map(|byte| Ok(vec![*byte])).collect()
    }

    #[test]
    fn a_body_that_does_not_say_its_length_is_read_up_to_the_limit() {
        let call = read_unsaid(FORM.len() as u64, byte_by_byte()).unwrap();
        assert_eq!(call.file.unwrap().content, CONTENT);
        for longest in [0, 1, 40, FORM.len() as u64 - 1] {
            assert_eq!(read_unsaid(longest, byte_by_byte()), Err(NoForm::TooLong));
        }
    }

    #[test]
    fn a_body_that_breaks_after_the_last_delimiter_is_refused() {
        let mut chunks = byte_by_byte();
        chunks.push(Err(io::Error::other("cut off")));
        let refused = read_unsaid(1_000, chunks);
        assert!(matches!(refused, Err(NoForm::Malformed(_))), "{refused:?}");
    }

    #[test]
    fn a_form_reads_the_same_wherever_the_network_cuts_it() {
        let whole = read_unsaid(1_000, vec![Ok(FORM.to_vec())]).unwrap();
        for (at, _) in FORM.iter().enumerate() {
            let (before, after) = FORM.split_at(at);
            let cut = read_unsaid(1_000, vec![Ok(before.to_vec()), Ok(after.to_vec())]);
            assert_eq!(cut.as_ref(), Ok(&whole), "cut at {at}");
        }
    }

    #[test]
    fn the_start_of_a_form_is_no_form() {
        let shortest = FORM.len() - b"\r\n".len();
        for (at, _) in FORM.iter().enumerate() {
            let (start, _) = FORM.split_at(at);
            let read = read_unsaid(1_000, vec![Ok(start.to_vec())]);
            assert_eq!(read.is_ok(), at >= shortest, "cut at {at}: {read:?}");
        }
    }
}
