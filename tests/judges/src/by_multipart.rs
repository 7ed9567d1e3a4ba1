//! The archived `multipart` 0.18: the parser behind older servers.

use std::io::Read;

use multipart::server::Multipart;

use crate::{Form, Unread};

/// Reads a body.
///
/// # Errors
///
/// [`Unread`] when the parser refuses it, or finds other parts than texts and then one file.
pub fn read(boundary: &str, body: impl Read) -> Result<Form, Unread> {
    let mut parts = Multipart::with_body(body, boundary);
    let mut form = Form::default();
    while let Some(mut part) = parts.read_entry().map_err(Unread::because)? {
        let field = part.headers.name.to_string();
        let content_type = part.headers.content_type.as_ref().map(ToString::to_string);
        let Some(name) = part.headers.filename.take() else {
            if content_type.is_some() {
                return Err(Unread::because("a text with a media type"));
            }
            let mut text = String::new();
            part.data.read_to_string(&mut text).map_err(Unread::because)?;
            form.texts.push((field, text));
            continue;
        };
        form.content_type =
            content_type.ok_or_else(|| Unread::because("a file without a media type"))?;
        part.data.read_to_end(&mut form.content).map_err(Unread::because)?;
        (form.field, form.name) = (field, name);
        return match parts.read_entry().map_err(Unread::because)? {
            None => Ok(form),
            Some(_) => Err(Unread::because("a part follows the file")),
        };
    }
    Err(Unread::because("no file"))
}
