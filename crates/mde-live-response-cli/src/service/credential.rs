//! `--credential`: the identity that gets tokens.

use std::env;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use clap::ValueEnum;
use mde_live_response_core::auth::{
    Credential, CredentialError, Secret, TokenClaims, TokenRequest, credential_fn,
};
use mde_live_response_core::error::{InvalidInput, Problem};
use mde_live_response_core::{AccessToken, Endpoint};
use mde_live_response_entra::{
    AzureCli, AzurePipelines, ChainedCredential, EntraCredential, GitHubActions, ManagedIdentity,
    TokenCommand, TokenFile,
};

use crate::line::options::Connection;
use crate::output::exit::Failure;
use crate::output::ui::Ui;
use crate::service::connect::{is_set, variable};

/// The identity that gets tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A token: `--token-file`, `--token-command` or `MDE_TOKEN`.
    Token,
    /// An application with `AZURE_CLIENT_SECRET`.
    Secret,
    /// An application with a key and certificate in the file `AZURE_CLIENT_CERTIFICATE_PATH`.
    Certificate,
    /// An application with a federated token in the file `AZURE_FEDERATED_TOKEN_FILE`.
    Federated,
    /// An application that trusts this GitHub Actions job.
    Github,
    /// An application that trusts this Azure Pipelines job.
    Pipelines,
    /// The managed identity of this Azure machine.
    ManagedIdentity,
    /// The person who is logged in with the Azure CLI.
    Az,
    /// The first of these that gives a token.
    Auto,
}

impl Tokens {
    /// The credential, which with `-v` says once where its token comes from.
    pub(crate) fn telling(self, ui: &Arc<Ui>) -> Box<dyn Credential> {
        // A chain may pick an identity that the person did not expect.
        if !ui.is_verbose() && self.used.chain.is_none() {
            return self.credential;
        }
        let (ui, told) = (Arc::clone(ui), AtomicBool::new(false));
        Box::new(credential_fn(move |request| {
            let issued = self.credential.token(request)?;
            if !told.swap(true, Ordering::Relaxed) {
                ui.say(format_args!("credential: {}", self.used.report()));
            }
            Ok(issued)
        }))
    }
}

impl Kind {
    fn name(self) -> String {
        self.to_possible_value().map(|it| it.get_name().to_owned()).unwrap_or_default()
    }
}

/// A source of tokens.
pub(crate) struct Tokens {
    pub(crate) credential: Box<dyn Credential>,
    /// URL of the login host. `None`: it issues none of these tokens.
    pub(crate) login_host: Option<String>,
    pub(crate) used: Used,
}

/// The identity that is used, for messages and logs.
#[derive(Debug, Clone)]
pub(crate) struct Used {
    kind: Kind,
    chain: Option<ChainedCredential>,
}

impl Used {
    pub(crate) fn of(kind: Kind) -> Self {
        Self { kind, chain: None }
    }

    /// Name of the identity. Of `auto`, the member that gave the token.
    pub(crate) fn name(&self) -> String {
        self.chain.as_ref().and_then(ChainedCredential::used).unwrap_or(self.kind.name())
    }

    /// As the name, with the members of `auto` that gave no token, and why.
    pub(crate) fn report(&self) -> String {
        self.chain.as_ref().map_or(self.kind.name(), ChainedCredential::report)
    }
}

/// Finds the source of tokens for a service. `--login-host` takes precedence over the environment.
pub(crate) fn tokens(connection: &Connection, endpoint: &Endpoint) -> Result<Tokens, Failure> {
    let kind = match connection.credential {
        Some(kind) => kind,
        None => by_environment(connection)?,
    };
    let has_option = connection.token_file.is_some() || connection.token_command.is_some();
    if has_option && !matches!(kind, Kind::Token | Kind::Auto) {
        let message = format!("--credential {} does not use the given token", kind.name());
        return Err(Failure::usage(message, "Leave out --token-file or --token-command."));
    }
    one(kind, connection, endpoint)
}

/// Without `--credential`: a token if there is one, otherwise an application.
fn by_environment(connection: &Connection) -> Result<Kind, Failure> {
    Ok(if has_token(connection)? {
        Kind::Token
    } else if is_set("AZURE_CLIENT_SECRET") {
        Kind::Secret
    } else if is_set("AZURE_CLIENT_CERTIFICATE_PATH") {
        Kind::Certificate
    } else if is_set("AZURE_FEDERATED_TOKEN_FILE") {
        Kind::Federated
    } else {
        let message = "no token: --credential, --token-file, --token-command, MDE_TOKEN, AZURE_CLIENT_SECRET, \
                       AZURE_CLIENT_CERTIFICATE_PATH and AZURE_FEDERATED_TOKEN_FILE are not set";
        return Err(Failure::usage(message, SET_A_TOKEN));
    })
}

const SET_A_TOKEN: &str = "Set MDE_TOKEN to a token, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET to an \
                           application of Microsoft Entra, or choose another identity with --credential.";

fn has_token(connection: &Connection) -> Result<bool, Failure> {
    let is_given = connection.token_file.is_some() || connection.token_command.is_some();
    Ok(is_given || variable("MDE_TOKEN")?.is_some())
}

fn one(kind: Kind, connection: &Connection, endpoint: &Endpoint) -> Result<Tokens, Failure> {
    let used = Used::of(kind);
    let alone = |credential: Box<dyn Credential>| {
        Ok(Tokens { credential, login_host: None, used: used.clone() })
    };
    let application = match kind {
        Kind::Token => return alone(token(connection)?),
        Kind::ManagedIdentity => return alone(Box::new(managed_identity()?)),
        Kind::Az => return alone(Box::new(azure_cli()?)),
        Kind::Auto => return chain(connection, endpoint),
        Kind::Secret => proved_by("AZURE_CLIENT_SECRET")?,
        Kind::Certificate => proved_by("AZURE_CLIENT_CERTIFICATE_PATH")?,
        Kind::Federated => proved_by("AZURE_FEDERATED_TOKEN_FILE")?,
        Kind::Github => {
            let job = GitHubActions::from_env()?;
            asserted("AZURE_TENANT_ID", "AZURE_CLIENT_ID", move |it| job.assertion(it))?
        }
        Kind::Pipelines => {
            let job = AzurePipelines::from_env()?;
            // The tasks for Azure set the second ones.
            let either = |first, second| if is_set(first) { first } else { second };
            let tenant = either("AZURE_TENANT_ID", "AZURESUBSCRIPTION_TENANT_ID");
            let client = either("AZURE_CLIENT_ID", "AZURESUBSCRIPTION_CLIENT_ID");
            asserted(tenant, client, move |it| job.assertion(it))?
        }
    };
    let application = match connection.login_host {
        Some(_) => application.with_login(endpoint.login())?,
        None => application,
    };
    let login_host = application.login().unwrap_or(endpoint.login()).to_owned();
    Ok(Tokens { credential: Box::new(application), login_host: Some(login_host), used })
}

fn token(connection: &Connection) -> Result<Box<dyn Credential>, Failure> {
    if let Some(path) = &connection.token_file {
        return Ok(Box::new(TokenFile::new(path)));
    }
    if let Some(command) = &connection.token_command {
        return Ok(Box::new(TokenCommand::new(command)));
    }
    let Some(token) = variable("MDE_TOKEN")? else {
        let message = "no token: --token-file, --token-command and MDE_TOKEN are not set";
        return Err(Failure::usage(message, "Set one of them."));
    };
    let token = AccessToken::new(token)
        .map_err(|why| Failure::usage(format!("MDE_TOKEN: {why}"), why.help()))?;
    Ok(Box::new(token))
}

/// The application of the environment, with this proof and no other.
fn proved_by(proof: &'static str) -> Result<EntraCredential, InvalidInput> {
    if !is_set(proof) {
        return Err(InvalidInput::new(proof, Problem::Missing));
    }
    let others =
        ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"];
    EntraCredential::from_lookup(|name| {
        let is_other = name != proof && others.contains(&name);
        if is_other { None } else { env::var_os(name) }
    })
}

/// An application that trusts another issuer, with its tenant and client ID in these variables.
fn asserted(
    tenant: &'static str,
    client: &'static str,
    assertion: impl Fn(&TokenRequest<'_>) -> Result<Secret, CredentialError> + Send + Sync + 'static,
) -> Result<EntraCredential, Failure> {
    let needed = |name| -> Result<String, Failure> {
        Ok(variable(name)?.ok_or(InvalidInput::new(name, Problem::Missing))?)
    };
    let application =
        EntraCredential::with_assertion(&needed(tenant)?, &needed(client)?, assertion)?;
    Ok(match variable("AZURE_AUTHORITY_HOST")? {
        Some(host) => application.with_login(&host)?,
        None => application,
    })
}

/// The identity of this machine; a user-assigned one if `AZURE_CLIENT_ID` names it.
fn managed_identity() -> Result<ManagedIdentity, Failure> {
    let identity = ManagedIdentity::from_env()?;
    Ok(match variable("AZURE_CLIENT_ID")? {
        Some(id) => identity.with_client_id(&id)?,
        None => identity,
    })
}

fn azure_cli() -> Result<AzureCli, Failure> {
    Ok(match variable("AZURE_TENANT_ID")? {
        Some(tenant) => AzureCli::new().with_tenant(&tenant)?,
        None => AzureCli::new(),
    })
}

/// A member of a chain that gives no token, for this reason.
fn unusable(why: &Failure) -> impl Credential + use<> {
    let why = why.message();
    credential_fn(move |_| Err(CredentialError::message(why.as_str())))
}

/// All identities that the environment describes, then the machine's and the person's.
fn chain(connection: &Connection, endpoint: &Endpoint) -> Result<Tokens, Failure> {
    let described = [
        (Kind::Token, has_token(connection)?),
        (Kind::Secret, is_set("AZURE_CLIENT_SECRET")),
        (Kind::Certificate, is_set("AZURE_CLIENT_CERTIFICATE_PATH")),
        (Kind::Federated, is_set("AZURE_FEDERATED_TOKEN_FILE")),
        (Kind::Github, is_set("ACTIONS_ID_TOKEN_REQUEST_URL")),
        (Kind::Pipelines, is_set("SYSTEM_OIDCREQUESTURI")),
    ];
    let (mut chain, mut login_host) = (ChainedCredential::new(), None);
    for (kind, _) in described.into_iter().filter(|(_, is_described)| *is_described) {
        chain = match one(kind, connection, endpoint) {
            Ok(tokens) => {
                login_host = login_host.or(tokens.login_host);
                chain.then(kind.name(), tokens.credential)
            }
            // Only a part of its variables is set.
            Err(failure) => chain.then(kind.name(), unusable(&failure)),
        };
    }
    let chain = match managed_identity() {
        Ok(identity) => chain.then_managed_identity(identity),
        Err(failure) => chain.then(Kind::ManagedIdentity.name(), unusable(&failure)),
    };
    let chain = chain.then(Kind::Az.name(), azure_cli()?);
    let used = Used { kind: Kind::Auto, chain: Some(chain.clone()) };
    Ok(Tokens { credential: Box::new(chain), login_host, used })
}

/// The claims of a credential's last token, if they can be read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Option<TokenClaims>>>);

impl Seen {
    pub(crate) fn claims(&self) -> Option<TokenClaims> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Watches the tokens of a credential.
    pub(crate) fn watch(&self, credential: Box<dyn Credential>) -> impl Credential + use<> {
        let seen = self.clone();
        credential_fn(move |request| {
            let issued = credential.token(request)?;
            let claims = issued.token().claims();
            *seen.0.lock().unwrap_or_else(PoisonError::into_inner) = claims;
            Ok(issued)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    /// The chain names its member so, too.
    #[test]
    fn names_are_those_of_the_option() {
        assert_eq!(Kind::ManagedIdentity.name(), "managed-identity");
    }
}
