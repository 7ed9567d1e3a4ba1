//! What a token says of itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Endpoint;

/// The permission that every call of the library's API needs.
const PERMISSION: &str = "Library.Manage";

/// By how much the clocks of this machine and of the service may differ.
const CLOCK_SKEW: Duration = Duration::from_secs(300);

/// Older names of the commercial cloud's audience: documented nowhere any more, still asked for by clients in use.
const OLDER_AUDIENCES: [&str; 2] = [
    "https://api.securitycenter.windows.com",
    "https://securitycenter.onmicrosoft.com/windowsatpservice",
];

/// What a token says of itself, unverified. Serves to explain a refusal, never to grant anything.
///
/// # Examples
///
/// ```
/// use mde_live_response_core::AccessToken;
///
/// let opaque = AccessToken::new("not-a-json-web-token")?;
/// assert!(opaque.claims().is_none());
/// # Ok::<(), mde_live_response_core::InvalidToken>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClaims {
    audience: Option<String>,
    permissions: Vec<String>,
    expires_at: Option<SystemTime>,
}

/// Why a token will be refused, as far as it shows. Its text shows what the token says with everything escaped that
/// is not plainly visible, and 300 characters of it at most, this library's choice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenProblem {
    /// It is for another service.
    #[error(
        "the token is for the audience {}, and this service takes tokens for {expected}",
        visible(found)
    )]
    Audience {
        /// What the token says.
        found: String,
        /// What the service takes.
        expected: String,
    },
    /// It does not come with the permission.
    #[error("the token comes without the permission Library.Manage")]
    Permission,
    /// Its time is over, by more than clocks may differ.
    #[error("the token expired {} s ago", ago.as_secs())]
    Expired {
        /// How long ago it ended.
        ago: Duration,
    },
}

/// At most 300 characters.
fn visible(text: &str) -> String {
    text.chars().take(300).flat_map(char::escape_debug).collect()
}

#[derive(Deserialize)]
struct Payload {
    aud: Option<String>,
    roles: Option<Vec<String>>,
    scp: Option<String>,
    exp: Option<u64>,
}

impl TokenClaims {
    pub(crate) fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?);
        let Payload { aud, roles, scp, exp } = serde_json::from_slice(&bytes).ok()?;
        let scopes = scp.iter().flat_map(|scp| scp.split_whitespace()).map(str::to_owned);
        let permissions = roles.into_iter().flatten().chain(scopes).collect();
        let expires_at =
            exp.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        Some(Self { audience: aud, permissions, expires_at })
    }

    /// The service that the token is for; `None` when the token does not say.
    #[must_use]
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// The permissions that come with it, of the application (`roles`) and of its user (`scp`).
    pub fn permissions(&self) -> impl Iterator<Item = &str> {
        self.permissions.iter().map(String::as_str)
    }

    /// When its time ends; `None` when the token does not say.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Whether a service that takes tokens for this audience can be expected to accept it at this time. What the
    /// token does not say is no problem, and of two audiences nothing is known where one is an identifier and no URL.
    /// The commercial cloud's audience has older names, of which nothing is known either.
    ///
    /// # Errors
    ///
    /// [`TokenProblem`], the first of: audience, permission, expiry by more than 300 s. So much clocks may differ:
    /// this library's choice.
    ///
    /// # Examples
    ///
    /// ```
    /// # use mde_live_response_mock::{Application, FakeLibrary, TokenCall};
    /// use mde_live_response_core::{AccessToken, Endpoint, TokenProblem};
    /// use std::time::Duration;
    ///
    /// # let application = Application::new("t", "c").with_secret("s");
    /// # let library = FakeLibrary::builder().application(application).build();
    /// # let fields = [
    /// #     ("grant_type", "client_credentials"),
    /// #     ("client_id", "c"),
    /// #     ("client_secret", "s"),
    /// #     ("scope", "https://api.securitycenter.microsoft.com/.default"),
    /// # ];
    /// # let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    /// # let answer = library.issue_token(&TokenCall::new("t", fields));
    /// # let answer: serde_json::Value = serde_json::from_slice(answer.body())?;
    /// # let token = AccessToken::new(answer["access_token"].as_str().unwrap())?;
    /// # let now = library.now();
    /// // A token for the commercial cloud, good for 3,599 s from now on.
    /// let claims = token.claims().unwrap();
    /// assert!(claims.check(Endpoint::COMMERCIAL.audience(), now).is_ok());
    ///
    /// let elsewhere = claims.check(Endpoint::GCC.audience(), now).unwrap_err();
    /// assert!(matches!(elsewhere, TokenProblem::Audience { .. }));
    ///
    /// let later = now + Duration::from_secs(3_599 + 301);
    /// let over = claims.check(Endpoint::COMMERCIAL.audience(), later).unwrap_err();
    /// assert_eq!(over, TokenProblem::Expired { ago: Duration::from_secs(301) });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(&self, audience: &str, now: SystemTime) -> Result<(), TokenProblem> {
        if let Some(found) = &self.audience {
            if is_another(found, audience) {
                let (found, expected) = (found.clone(), audience.to_owned());
                return Err(TokenProblem::Audience { found, expected });
            }
            if !self.permissions.iter().any(|permission| permission == PERMISSION) {
                return Err(TokenProblem::Permission);
            }
        }
        let over = self.expires_at.and_then(|at| now.duration_since(at).ok());
        match over {
            Some(ago) if ago > CLOCK_SKEW => Err(TokenProblem::Expired { ago }),
            _ => Ok(()),
        }
    }
}

/// Whether tokens for `found` are surely not for `expected`.
fn is_another(found: &str, expected: &str) -> bool {
    let bare = |url: &str| url.trim_end_matches('/').to_ascii_lowercase();
    let is_url = |audience: &str| audience.contains("://");
    let (found, expected) = (bare(found), bare(expected));
    let is_older =
        expected == Endpoint::COMMERCIAL.audience() && OLDER_AUDIENCES.contains(&found.as_str());
    is_url(&found) && is_url(&expected) && found != expected && !is_older
}
