//! Settings of a library, all with defaults.

use std::collections::HashSet;
use std::fmt;
use std::time::{Duration, SystemTime};

use http::{Response, StatusCode};
use mde_live_response_core::library::{Description, MAX_FILE_BYTES, ParametersDescription};

use super::login::{AUDIENCE, Application, Login, Standing};
use super::{FakeLibrary, answer};

/// Bytes that a form may have beside its file.
///
/// A longer call is refused by its length. Both texts at their longest, and 64 KiB for the rest, our choice. The
/// service's limit is for the file, not for the body.
const FORM_ALLOWANCE_BYTES: u64 =
    (Description::MAX_BYTES + ParametersDescription::MAX_BYTES + 64 * 1024) as u64;

/// 2026-01-01T00:00:00Z, in seconds since 1970.
const START_SECONDS: u64 = 1_767_225_600;

/// Start of a library's time, unless it has a clock.
pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(START_SECONDS)
}

/// The answer to an upload if the name is taken.
///
/// The service does not document it; clients in use expect either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ExistsAnswer {
    /// Status 400, code `BadRequest`.
    #[default]
    BadRequest400,
    /// Status 409, code `Conflict`.
    Conflict409,
}

/// The answer to a file that is too large.
///
/// The service does not document it. Both use the code `InvalidInput`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TooLargeAnswer {
    /// Status 413.
    #[default]
    PayloadTooLarge413,
    /// Status 400.
    BadRequest400,
}

/// Settings of a [`FakeLibrary`]. All have defaults.
#[must_use]
#[derive(Debug, Default)]
pub struct FakeLibraryBuilder {
    settings: Settings,
}

pub(super) struct Settings {
    tokens: HashSet<String>,
    forbidden_tokens: HashSet<String>,
    now: Box<dyn Fn() -> SystemTime + Send + Sync>,
    pub(super) max_file_bytes: u64,
    pub(super) max_text_chars: usize,
    pub(super) ignores_letter_case: bool,
    pub(super) rate_limits: bool,
    pub(super) strict: bool,
    pub(super) exists_answer: ExistsAnswer,
    pub(super) too_large_answer: TooLargeAnswer,
    pub(super) created_by: Option<String>,
    pub(super) login: Login,
}

impl FakeLibraryBuilder {
    /// Accepts this bearer token. Call it again for more tokens; issued tokens are accepted as well.
    ///
    /// Default: without it and without an [`application`](Self::application), every token is accepted.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.settings.tokens.insert(token.into());
        self
    }

    /// Answers this bearer token with 403.
    ///
    /// The service does so if the audience or the permission is wrong.
    pub fn forbidden_token(mut self, token: impl Into<String>) -> Self {
        self.settings.forbidden_tokens.insert(token.into());
        self
    }

    /// Issues tokens to this application and accepts them until they expire. Call it again for more applications.
    pub fn application(mut self, application: Application) -> Self {
        self.settings.login.applications.push(application);
        self
    }

    /// Sets the audience that a token must have. Default: `https://api.securitycenter.microsoft.com`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.login.audience = audience.into();
        self
    }

    /// Sets the lifetime of issued tokens, in whole seconds. Default: 3,599 s.
    ///
    /// The default is that of Microsoft Entra's documentation.
    ///
    /// The maximum is 2^32 - 1 s (136 years), our choice.
    pub fn token_life(mut self, life: Duration) -> Self {
        self.settings.login.life = Duration::from_secs(life.as_secs().min(u32::MAX.into()));
        self
    }

    /// Sets the size of the largest file, in bytes. Default: [`MAX_FILE_BYTES`] (20 MiB).
    pub fn max_file_bytes(mut self, bytes: u64) -> Self {
        self.settings.max_file_bytes = bytes;
        self
    }

    /// Sets the length of the longest description and parameters description, in characters. Default: no limit.
    ///
    /// A longer one is refused with 400 and `InvalidInput`. The service documents no limit.
    pub fn max_text_chars(mut self, chars: usize) -> Self {
        self.settings.max_text_chars = chars;
        self
    }

    /// Takes names that differ only in letter case for the same file. Default: for different files.
    ///
    /// The service does not document which it does.
    pub fn ignore_letter_case(mut self) -> Self {
        self.settings.ignores_letter_case = true;
        self
    }

    /// Turns the rate limits off. Default: 100 calls a minute and 1,500 an hour, as the service documents.
    pub fn no_limits(mut self) -> Self {
        self.settings.rate_limits = false;
        self
    }

    /// Refuses forms that are not documented, but that the service accepts or may accept.
    ///
    /// Use it to test a client that should not depend on such leniency. It refuses with 400:
    ///
    /// * a file part named `File` instead of `file`, or without a `filename`;
    /// * a file name that [`FileName`](mde_live_response_core::FileName) refuses, `;` and `&` excepted;
    /// * `HasParameters` or `OverrideIfExists` with a value other than `true` and `false`, for example `True` or an empty text;
    /// * `ParametersDescription` without `HasParameters=true`.
    pub fn strict(mut self) -> Self {
        self.settings.strict = true;
        self
    }

    /// Sets the clock, for example `SystemTime::now`. Default: 2026-01-01T00:00:00Z at all times.
    ///
    /// [`FakeLibrary::advance`] adds to it.
    pub fn now(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.settings.now = Box::new(now);
        self
    }

    /// Sets the answer to an upload of an existing file. Default: [`ExistsAnswer::BadRequest400`].
    pub fn exists_answer(mut self, answer: ExistsAnswer) -> Self {
        self.settings.exists_answer = answer;
        self
    }

    /// Sets the answer to a file that is too large. Default: [`TooLargeAnswer::PayloadTooLarge413`].
    pub fn too_large_answer(mut self, answer: TooLargeAnswer) -> Self {
        self.settings.too_large_answer = answer;
        self
    }

    /// Sets the `createdBy` of stored files. Default: `mock`.
    pub fn created_by(mut self, who: impl Into<String>) -> Self {
        self.settings.created_by = Some(who.into());
        self
    }

    /// Builds the library, without files.
    #[must_use]
    pub fn build(self) -> FakeLibrary {
        FakeLibrary::with(self.settings)
    }
}

impl Settings {
    /// Refuses a file for its size.
    pub(super) fn too_large(&self, target: &str) -> Response<Vec<u8>> {
        let status = match self.too_large_answer {
            TooLargeAnswer::PayloadTooLarge413 => StatusCode::PAYLOAD_TOO_LARGE,
            TooLargeAnswer::BadRequest400 => StatusCode::BAD_REQUEST,
        };
        let message = format!("the file is larger than {} bytes", self.max_file_bytes);
        answer::error(status, "InvalidInput", &message, target)
    }

    pub(super) fn longest_body(&self) -> u64 {
        self.max_file_bytes.saturating_add(FORM_ALLOWANCE_BYTES)
    }

    /// Time of the clock. Call this before taking the lock, because the clock is the caller's code.
    pub(super) fn clock(&self) -> SystemTime {
        (self.now)()
    }

    pub(super) fn standing(&self, token: Option<&str>) -> Standing {
        match token.unwrap_or_default() {
            "" => Standing::Unknown,
            token if self.forbidden_tokens.contains(token) => Standing::Forbidden,
            token if self.tokens.contains(token) => Standing::Accepted,
            _ if self.tokens.is_empty() && self.login.applications.is_empty() => Standing::Accepted,
            _ => Standing::Unknown,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tokens: HashSet::new(),
            forbidden_tokens: HashSet::new(),
            now: Box::new(start),
            max_file_bytes: MAX_FILE_BYTES, // P15
            max_text_chars: usize::MAX,
            ignores_letter_case: false,
            rate_limits: true,
            strict: false,
            exists_answer: ExistsAnswer::default(),
            too_large_answer: TooLargeAnswer::default(),
            created_by: Some("mock".to_owned()),
            login: Login {
                applications: Vec::new(),
                audience: AUDIENCE.to_owned(),
                life: Duration::from_secs(3_599),
            },
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("applications", &self.login.applications)
            .finish_non_exhaustive()
    }
}
