//! `multer`: the parser behind axum and Rocket.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;

use crate::{Form, Unread};

/// Reads a body that arrives in these pieces, with a pause after each.
///
/// # Errors
///
/// [`Unread`] when the parser refuses it, or finds other parts than texts and then one file.
pub fn read(boundary: &str, pieces: Vec<Bytes>) -> Result<Form, Unread> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(Unread::because)?;
    runtime.block_on(read_parts(boundary, pieces))
}

async fn read_parts(boundary: &str, pieces: Vec<Bytes>) -> Result<Form, Unread> {
    let arriving = stream::unfold(pieces.into_iter(), |mut pieces| async {
        tokio::task::yield_now().await;
        pieces.next().map(|piece| (Ok::<Bytes, Infallible>(piece), pieces))
    });
    let mut parts = multer::Multipart::new(arriving, boundary);
    let mut form = Form::default();
    while let Some(part) = parts.next_field().await.map_err(Unread::because)? {
        let field = part.name().ok_or_else(|| Unread::because("a part without a name"))?.to_owned();
        let content_type = part.content_type().map(ToString::to_string);
        let Some(name) = part.file_name().map(str::to_owned) else {
            if content_type.is_some() {
                return Err(Unread::because("a text with a media type"));
            }
            let text = part.bytes().await.map_err(Unread::because)?.to_vec();
            form.texts.push((field, String::from_utf8(text).map_err(Unread::because)?));
            continue;
        };
        form.content_type =
            content_type.ok_or_else(|| Unread::because("a file without a media type"))?;
        form.content = part.bytes().await.map_err(Unread::because)?.to_vec();
        (form.field, form.name) = (field, name);
        return match parts.next_field().await.map_err(Unread::because)? {
            None => Ok(form),
            Some(_) => Err(Unread::because("a part follows the file")),
        };
    }
    Err(Unread::because("no file"))
}
