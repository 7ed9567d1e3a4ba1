//! Two foreign multipart parsers, made to read one upload.
//!
//! `multer` is in current servers; the archived `multipart` splits and searches by other rules. Each returns the texts in
//! their order and then the file, or says why it cannot.

pub mod by_multer;
pub mod by_multipart;

/// A form as a judge has read it: text parts in their order, then the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// Name and value of each text part.
    pub texts: Vec<(String, String)>,
    /// Name of the file part.
    pub field: String,
    /// Its `filename`.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// A part as a judge has read it.
struct Part {
    field: String,
    name: Option<String>,
    content_type: Option<String>,
    content: Vec<u8>,
}

/// The form of these parts; an error if they are not texts and then one file.
fn form(mut parts: Vec<Part>) -> Result<Form, String> {
    let Some(Part { field, name: Some(name), content_type: Some(content_type), content }) =
        parts.pop()
    else {
        return Err("the last part is not a file with a media type".to_owned());
    };
    let text = |part: Part| match (part.name, part.content_type) {
        (None, None) => Ok((part.field, String::from_utf8(part.content).map_err(shown)?)),
        _ => Err("a part before the last is not a plain text".to_owned()),
    };
    let texts = parts.into_iter().map(text).collect::<Result<_, _>>()?;
    Ok(Form { texts, field, name, content_type, content })
}

fn shown(error: impl std::fmt::Display) -> String {
    error.to_string()
}
