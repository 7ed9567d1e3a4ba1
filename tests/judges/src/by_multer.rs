//! `multer`: the parser behind axum and Rocket.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;

use crate::{Form, Part, form, shown};

/// Reads a body that arrives in these pieces, with a pause after each.
///
/// # Errors
///
/// Says why, when the parser refuses it, or finds other parts than texts and then one file.
pub fn read(boundary: &str, pieces: Vec<Bytes>) -> Result<Form, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(shown)?;
    runtime.block_on(read_parts(boundary, pieces))
}

async fn read_parts(boundary: &str, pieces: Vec<Bytes>) -> Result<Form, String> {
    let arriving = stream::unfold(pieces.into_iter(), |mut pieces| async {
        tokio::task::yield_now().await;
        pieces.next().map(|piece| (Ok::<Bytes, Infallible>(piece), pieces))
    });
    let mut fields = multer::Multipart::new(arriving, boundary);
    let mut parts = Vec::new();
    while let Some(part) = fields.next_field().await.map_err(shown)? {
        parts.push(Part {
            field: part.name().ok_or("a part without a name")?.to_owned(),
            name: part.file_name().map(str::to_owned),
            content_type: part.content_type().map(ToString::to_string),
            content: part.bytes().await.map_err(shown)?.to_vec(),
        });
    }
    form(parts)
}
