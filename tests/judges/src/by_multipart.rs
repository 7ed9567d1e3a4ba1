//! The archived `multipart` 0.18: the parser behind older servers.

use std::io::Read;

use multipart::server::Multipart;

use crate::{Form, Part, form, shown};

/// Reads a body.
///
/// # Errors
///
/// Says why, when the parser refuses it, or finds other parts than texts and then one file.
pub fn read(boundary: &str, body: impl Read) -> Result<Form, String> {
    let mut fields = Multipart::with_body(body, boundary);
    let mut parts = Vec::new();
    while let Some(mut part) = fields.read_entry().map_err(shown)? {
        let mut content = Vec::new();
        part.data.read_to_end(&mut content).map_err(shown)?;
        parts.push(Part {
            field: part.headers.name.to_string(),
            name: part.headers.filename.take(),
            content_type: part.headers.content_type.as_ref().map(ToString::to_string),
            content,
        });
    }
    form(parts)
}
