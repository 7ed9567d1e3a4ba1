//! Several credentials, of which the first that gives a token is used.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mde_live_response_core::Error;
use mde_live_response_core::auth::{Credential, CredentialError, IssuedToken, TokenRequest};

use crate::managed_identity::ManagedIdentity;

/// Time for a virtual machine's metadata service to show that it is there. Elsewhere the address leads nowhere. Ours.
const PROBE: Duration = Duration::from_secs(1);

/// Credentials that are tried in order. The first one that gives a token stays in use.
///
/// A member that cannot be reached at the moment ends the call: another identity must not act because a login host is down.
/// Only a managed identity may be absent.
///
/// Use it only if each member may act: a chain can pick an identity that you did not expect. [`report`](Self::report)
/// tells which member gave the token, and why the earlier ones did not.
///
/// # Examples
///
/// ```no_run
/// use mde_live_response::Endpoint;
/// use mde_live_response::auth::{AzureCli, ChainedCredential, ManagedIdentity};
///
/// let chain = ChainedCredential::new()
///     .then_managed_identity(ManagedIdentity::from_env()?)
///     .then("Azure CLI", AzureCli::new());
/// let client = mde_live_response::client(Endpoint::COMMERCIAL, chain.clone());
/// let files = client.list().count();
/// println!("{files} files; {}", chain.report());
/// # Ok::<(), mde_live_response::error::InvalidInput>(())
/// ```
#[derive(Clone, Default)]
pub struct ChainedCredential {
    members: Vec<Member>,
    state: Arc<Mutex<State>>,
}

#[derive(Clone)]
struct Member {
    name: String,
    credential: Arc<dyn Credential>,
    may_be_absent: bool,
}

#[derive(Default)]
struct State {
    /// Index of the member that gave a token.
    used: Option<usize>,
    /// Why the members before it did not.
    failed: Vec<String>,
}

impl ChainedCredential {
    /// Creates a chain without members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a credential, to be tried after those before it. The name is for messages.
    #[must_use]
    pub fn then(mut self, name: impl Into<String>, credential: impl Credential + 'static) -> Self {
        let credential = Arc::new(credential);
        self.members.push(Member { name: name.into(), credential, may_be_absent: false });
        self
    }

    /// Adds a managed identity. A virtual machine's metadata service that does not answer within 1 s is taken as absent.
    #[must_use]
    pub fn then_managed_identity(mut self, identity: ManagedIdentity) -> Self {
        let (name, credential) =
            ("managed-identity".to_owned(), Arc::new(identity.with_probe(PROBE)));
        self.members.push(Member { name, credential, may_be_absent: true });
        self
    }

    /// Name of the member that gave the token.
    #[must_use]
    pub fn used(&self) -> Option<String> {
        let used = self.lock().used?;
        self.members.get(used).map(|member| member.name.clone())
    }

    /// Tells in a sentence which member gave the token, and why the earlier ones did not.
    #[must_use]
    pub fn report(&self) -> String {
        let used = self.used().map_or("no member of the chain gave a token".to_owned(), |name| {
            format!("{name} gave the token")
        });
        let mut parts = vec![used];
        parts.extend(self.lock().failed.iter().cloned());
        parts.join("; ")
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Credential for ChainedCredential {
    fn token(&self, request: &TokenRequest<'_>) -> Result<IssuedToken, CredentialError> {
        let used = self.lock().used;
        if let Some(member) = used.and_then(|used| self.members.get(used)) {
            return member.credential.token(request);
        }
        let (mut failed, mut helps) = (Vec::new(), Vec::new());
        for (index, member) in self.members.iter().enumerate() {
            match member.credential.token(request) {
                Ok(issued) => {
                    *self.lock() = State { used: Some(index), failed };
                    return Ok(issued);
                }
                Err(error) if request.is_cancelled() || request.time_left().is_zero() => {
                    return Err(error);
                }
                Err(error) => {
                    helps.extend(error.help().map(|help| format!("{}: {help}", member.name)));
                    failed.push(format!("{}: {error}", member.name));
                    let error = Error::from(error);
                    if error.is_retryable() && !member.may_be_absent {
                        return Err(error.into());
                    }
                }
            }
        }
        let why =
            if failed.is_empty() { "it has no members".to_owned() } else { failed.join("; ") };
        self.lock().failed = failed;
        let error =
            CredentialError::message(format!("no credential of the chain gave a token: {why}"));
        Err(if helps.is_empty() { error } else { error.with_help(helps.join(" ")) })
    }
}

impl fmt::Debug for ChainedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.members.iter().map(|member| &member.name)).finish()
    }
}
