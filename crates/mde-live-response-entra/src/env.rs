//! Environment variables as settings.

use std::ffi::OsString;

use http::Uri;
use mde_live_response_core::auth::Secret;
use mde_live_response_core::error::{InvalidInput, Problem};

/// A way to look up variables. An empty one counts as not set. Errors name the variable and never show its value.
pub(crate) struct Variables<F>(pub(crate) F);

impl<F: Fn(&'static str) -> Option<OsString>> Variables<F> {
    pub(crate) fn raw(&self, name: &'static str) -> Option<OsString> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn text(&self, name: &'static str) -> Result<Option<String>, InvalidInput> {
        let value = self.raw(name).map(OsString::into_string).transpose();
        value.map_err(|_| InvalidInput::new(name, Problem::NotUtf8))
    }

    pub(crate) fn needed(&self, name: &'static str) -> Result<String, InvalidInput> {
        self.text(name)?.ok_or(InvalidInput::new(name, Problem::Missing))
    }

    pub(crate) fn secret(&self, name: &'static str) -> Result<Secret, InvalidInput> {
        named(Secret::new(self.needed(name)?), name)
    }

    /// A URL with more parameters, whose values are encoded already.
    pub(crate) fn url(
        &self,
        name: &'static str,
        parameters: &[(&str, &str)],
    ) -> Result<Uri, InvalidInput> {
        let url = with_query(self.needed(name)?, parameters);
        let uri: Option<Uri> = url.parse().ok();
        uri.filter(|uri| uri.host().is_some_and(|host| !host.is_empty()))
            .ok_or(InvalidInput::new(name, Problem::Form("a URL such as https://host/path")))
    }
}

/// Adds parameters to a URL, which may have some already.
pub(crate) fn with_query(mut url: String, parameters: &[(&str, &str)]) -> String {
    for (name, value) in parameters {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(name);
        url.push('=');
        url.push_str(value);
    }
    url
}

/// Gives the error of a value the name of its variable.
pub(crate) fn named<T>(
    value: Result<T, InvalidInput>,
    variable: &'static str,
) -> Result<T, InvalidInput> {
    value.map_err(|error| {
        let named = InvalidInput::new(variable, error.problem().clone());
        match error.at() {
            Some(at) => named.with_position(at),
            None => named,
        }
    })
}
