//! What a library is asked: a call, parsed as far as HTTP and the form go, its values still as they came.

use std::fmt;

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// One call to the library.
///
/// Its `Debug` does not show the token.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// What stands after `Bearer` in the request's `Authorization`; `None` without such a header.
    pub token: Option<String>,
    /// What the call asks for.
    pub action: Action,
}

impl Call {
    /// A call with this token.
    #[must_use]
    pub fn new(token: impl Into<String>, action: Action) -> Self {
        Self { token: Some(token.into()), action }
    }

    /// A call that says nothing of who makes it.
    #[must_use]
    pub fn without_token(action: Action) -> Self {
        Self { token: None, action }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("token", &self.token.as_ref().map(|_| format_args!("[redacted]")))
            .field("action", &self.action)
            .finish()
    }
}

/// What a call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// `POST /api/libraryfiles`.
    Upload(UploadCall),
    /// `GET /api/libraryfiles`.
    List,
    /// `DELETE /api/libraryfiles/{name}`.
    Delete {
        /// Name of the file, percent-decoded.
        name: String,
    },
}

/// The form of an upload. Texts are as they came; the library reads the flags by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct UploadCall {
    /// Field `Description`.
    pub description: Option<String>,
    /// Field `ParametersDescription`.
    pub parameters_description: Option<String>,
    /// Field `HasParameters`: `true`, `True`, `false` or `False`.
    pub has_parameters: Option<String>,
    /// Field `OverrideIfExists`: as `HasParameters`.
    pub override_if_exists: Option<String>,
    /// Part `file`.
    pub file: Option<FilePart>,
    /// What in the form the service does not take, each with its reason. One entry is enough for a refusal
    /// with the code `InvalidRequestBody`, except that a missing file comes first.
    pub faults: Vec<String>,
}

/// The part that holds the file.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FilePart {
    /// The part's `filename`.
    pub filename: Option<String>,
    /// The file's bytes.
    pub content: Vec<u8>,
}

impl FilePart {
    /// A file, with the `filename` of its part if that has one.
    #[must_use]
    pub fn new(filename: Option<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { filename, content: content.into() }
    }
}

impl fmt::Debug for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilePart")
            .field("filename", &self.filename)
            .field("content", &format_args!("{} bytes", self.content.len()))
            .finish()
    }
}

impl UploadCall {
    /// A form with nothing but a file.
    #[must_use]
    pub fn new(filename: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        let file = FilePart::new(Some(filename.into()), content);
        Self { file: Some(file), ..Self::default() }
    }

    /// Takes a part of the form, by the rules of the service: field names count with their letter case, each
    /// comes once, and texts are UTF-8 and have no `filename`. What breaks them becomes a
    /// [fault](Self::faults).
    pub fn add_part(&mut self, name: &str, filename: Option<String>, content: Vec<u8>) {
        if name == "file" {
            if self.file.is_some() {
                self.faults.push("part `file` comes twice".to_owned());
            }
            self.file = Some(FilePart { filename, content });
            return;
        }
        let field = match name {
            "Description" => &mut self.description,
            "ParametersDescription" => &mut self.parameters_description,
            "HasParameters" => &mut self.has_parameters,
            "OverrideIfExists" => &mut self.override_if_exists,
            _ => return self.faults.push(format!("field `{}` is not known", name.escape_debug())),
        };
        match String::from_utf8(content) {
            _ if filename.is_some() => self.faults.push(format!("field `{name}` is no file")),
            _ if field.is_some() => self.faults.push(format!("field `{name}` comes twice")),
            Ok(text) => *field = Some(text),
            Err(_) => self.faults.push(format!("field `{name}` is not UTF-8")),
        }
    }
}

/// The token in a request's `Authorization: Bearer <token>`; the scheme's letter case does not matter.
/// `None` for no such header, several, another scheme, or bytes that are no visible ASCII.
#[must_use]
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
