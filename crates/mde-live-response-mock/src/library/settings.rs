//! Settings of a library, all with defaults.

use std::collections::HashSet;
use std::fmt;
use std::time::{Duration, SystemTime};

use mde_live_response_core::{Description, MAX_FILE_BYTES, ParametersDescription};

use super::FakeLibrary;
use super::login::{AUDIENCE, Application, Login};

/// What a form may take beyond its file before a call is refused by its length alone, in bytes: both texts at
/// their longest, and 64 KiB for the rest, our choice. The service's limit is for the file, not for the body.
const FORM_ALLOWANCE_BYTES: u64 =
    (Description::MAX_BYTES + ParametersDescription::MAX_BYTES + 64 * 1024) as u64;

/// 2026-01-01T00:00:00Z, in seconds since 1970.
const START_SECONDS: u64 = 1_767_225_600;

/// When a library's time starts unless it is given a clock.
pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(START_SECONDS)
}

/// How the library says that a file of this name exists. Documented nowhere; clients in use expect either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ExistsAnswer {
    /// Status 400, code `BadRequest`.
    #[default]
    BadRequest400,
    /// Status 409, code `Conflict`.
    Conflict409,
}

/// How the library says that a file is too large. Documented nowhere, nor is a code of its own: both come
/// with the code `InvalidInput`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TooLargeAnswer {
    /// Status 413.
    #[default]
    PayloadTooLarge413,
    /// Status 400.
    BadRequest400,
}

/// Settings of a [`FakeLibrary`], all with defaults: [`build`](Self::build) cannot fail.
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
    pub(super) rate_limits: bool,
    pub(super) exists_answer: ExistsAnswer,
    pub(super) too_large_answer: TooLargeAnswer,
    pub(super) created_by: Option<String>,
    pub(super) login: Login,
}

/// What a token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Accepted,
    Unknown,
    Forbidden,
}

impl FakeLibraryBuilder {
    /// Accepts this bearer token and, unless set again, no other but those that were issued. Without it, and without
    /// an [`application`](Self::application), any token but an empty one is accepted.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.settings.tokens.insert(token.into());
        self
    }

    /// Answers 403 to this bearer token, as the service does to one for another audience or without the
    /// permission `Library.Manage`.
    pub fn forbidden_token(mut self, token: impl Into<String>) -> Self {
        self.settings.forbidden_tokens.insert(token.into());
        self
    }

    /// Issues tokens to this application, and accepts them until they expire. May be set for several.
    pub fn application(mut self, application: Application) -> Self {
        self.settings.login.applications.push(application);
        self
    }

    /// Sets the audience that tokens must be for; `https://api.securitycenter.microsoft.com` unless set.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.login.audience = audience.into();
        self
    }

    /// Sets for how long an issued token is good, in whole seconds, at most 2^32 - 1 of them (136 years, this
    /// library's choice); 3,599 s unless set, as in the answer that Microsoft Entra documents.
    pub fn token_life(mut self, life: Duration) -> Self {
        self.settings.login.life = Duration::from_secs(life.as_secs().min(u32::MAX.into()));
        self
    }

    /// Largest file that is taken, in bytes; [`MAX_FILE_BYTES`] (20 MiB) unless set.
    pub fn max_file_bytes(mut self, bytes: u64) -> Self {
        self.settings.max_file_bytes = bytes;
        self
    }

    /// Whether the rates are kept that the service documents, 100 calls a minute and 1,500 an hour; they are unless
    /// set.
    pub fn rate_limits(mut self, kept: bool) -> Self {
        self.settings.rate_limits = kept;
        self
    }

    /// Takes any number of calls: short for `rate_limits(false)`.
    pub fn no_limits(self) -> Self {
        self.rate_limits(false)
    }

    /// Sets the clock, `SystemTime::now` say; it stands still at 2026-01-01T00:00:00Z unless set.
    /// [`FakeLibrary::advance`] adds to what it shows.
    pub fn now(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.settings.now = Box::new(now);
        self
    }

    /// Sets how an upload is refused because the file exists; [`ExistsAnswer::BadRequest400`] unless set.
    pub fn exists_answer(mut self, answer: ExistsAnswer) -> Self {
        self.settings.exists_answer = answer;
        self
    }

    /// Sets how a file that is too large is refused; [`TooLargeAnswer::PayloadTooLarge413`] unless set.
    pub fn too_large_answer(mut self, answer: TooLargeAnswer) -> Self {
        self.settings.too_large_answer = answer;
        self
    }

    /// Sets who is said to have stored the files; `mock` unless set.
    pub fn created_by(mut self, who: impl Into<String>) -> Self {
        self.settings.created_by = Some(who.into());
        self
    }

    /// The library, without files.
    #[must_use]
    pub fn build(self) -> FakeLibrary {
        FakeLibrary::with(self.settings)
    }
}

impl Settings {
    pub(super) fn longest_body(&self) -> u64 {
        self.max_file_bytes.saturating_add(FORM_ALLOWANCE_BYTES)
    }

    /// What the clock shows. Ask before taking the lock: the clock is the caller's code.
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
            max_file_bytes: MAX_FILE_BYTES,
            rate_limits: true,
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
            .field("max_file_bytes", &self.max_file_bytes)
            .field("rate_limits", &self.rate_limits)
            .field("exists_answer", &self.exists_answer)
            .field("too_large_answer", &self.too_large_answer)
            .field("created_by", &self.created_by)
            .field("applications", &self.login.applications)
            .finish_non_exhaustive()
    }
}
