//! The claims of a token.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::shown::Shown;
use super::{Endpoint, span};

/// The permission that every call of the library's API needs.
const PERMISSION: &str = "Library.Manage"; // P7

/// Tolerated difference between this machine's clock and the service's.
const CLOCK_SKEW: Duration = Duration::from_secs(300);

/// Older names of the commercial cloud's audience: no longer documented, still in use.
const OLDER_AUDIENCES: [&str; 2] = [
    "https://api.securitycenter.windows.com",
    "https://securitycenter.onmicrosoft.com/windowsatpservice",
];

/// The claims of a token, unverified. They can explain a refusal, never grant anything.
///
/// # Examples
///
/// ```
/// use mde_live_response::AccessToken;
///
/// let opaque = AccessToken::new("not-a-json-web-token")?;
/// assert!(opaque.claims().is_none());
/// # Ok::<(), mde_live_response::error::InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClaims {
    audience: Option<String>,
    tenant: Option<String>,
    permissions: Vec<String>,
    expires_at: Option<SystemTime>,
}

/// Problem in a token's claims, for which the service refuses it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenProblem {
    /// It is for another audience.
    #[error("the token is for the audience {}, not for {expected}", Shown::cut(found, 300))]
    Audience {
        /// Audience of the token.
        found: String,
        /// Audience of the service.
        expected: String,
    },
    /// It does not have the permission.
    #[error("the token lacks the permission Library.Manage")]
    Permission,
    /// It expired, by more than clocks may differ.
    #[error("the token expired {} ago", span(*ago))]
    Expired {
        /// Time since it expired.
        ago: Duration,
    },
}

#[derive(Deserialize)]
struct Payload {
    aud: Option<String>,
    tid: Option<String>,
    roles: Option<Vec<String>>,
    scp: Option<String>,
    exp: Option<u64>,
}

impl TokenClaims {
    pub(crate) fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?);
        let Payload { aud, tid, roles, scp, exp } = serde_json::from_slice(&bytes).ok()?;
        let scopes = scp.iter().flat_map(|scp| scp.split_whitespace()).map(str::to_owned);
        let permissions = roles.into_iter().flatten().chain(scopes).collect();
        let expires_at =
            exp.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        Some(Self { audience: aud, tenant: tid, permissions, expires_at })
    }

    /// Audience of the token.
    #[must_use]
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// ID of the tenant that the token is for (`tid`).
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Permissions of the application (`roles`) and of the user (`scp`).
    pub fn permissions(&self) -> impl Iterator<Item = &str> {
        self.permissions.iter().map(String::as_str)
    }

    /// Time at which the token expires.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Checks the claims for a service with this audience, at this time.
    ///
    /// A missing claim is not a problem. Two audiences are compared only if both are URLs, and the older names of the
    /// commercial cloud's audience pass.
    ///
    /// # Errors
    ///
    /// [`TokenProblem`], the first of: audience, permission, expiry by more than 300 s (clocks may differ by that much).
    ///
    /// # Examples
    ///
    /// ```
    /// use mde_live_response::auth::TokenProblem;
    /// use mde_live_response::{AccessToken, Endpoint};
    /// use std::time::SystemTime;
    ///
    /// // {"aud": "https://api.securitycenter.microsoft.com", "roles": []}
    /// let token = AccessToken::new(
    ///     "e30.eyJhdWQiOiJodHRwczovL2FwaS5zZWN1cml0eWNlbnRlci5taWNyb3NvZnQuY29tIiwicm9sZXMiOltdfQ.c2ln",
    /// )?;
    /// let claims = token.claims().unwrap();
    /// let (now, commercial) = (SystemTime::now(), Endpoint::COMMERCIAL);
    /// assert_eq!(claims.check(commercial.audience(), now), Err(TokenProblem::Permission));
    ///
    /// let elsewhere = claims.check(Endpoint::GCC.audience(), now);
    /// assert!(matches!(elsewhere, Err(TokenProblem::Audience { .. })));
    /// # Ok::<(), mde_live_response::error::InvalidInput>(())
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

/// Returns whether tokens for `found` are surely not for `expected`.
fn is_another(found: &str, expected: &str) -> bool {
    let bare = |url: &str| url.trim_end_matches('/').to_ascii_lowercase();
    let is_url = |audience: &str| audience.contains("://");
    let (found, expected) = (bare(found), bare(expected));
    let is_older =
        expected == Endpoint::COMMERCIAL.audience() && OLDER_AUDIENCES.contains(&found.as_str());
    is_url(&found) && is_url(&expected) && found != expected && !is_older
}
