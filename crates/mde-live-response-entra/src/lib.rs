//! Tokens from Microsoft Entra for `mde-live-response`.
//!
//! Built on the public API of the core crate: a credential of your own has the same means. Most programs use this crate
//! through the feature `entra` of the facade `mde-live-response`.

#![forbid(unsafe_code)]

mod answer;
mod application;
mod azure_cli;
mod certificate;
mod chained;
mod ci_runner;
mod command;
mod env;
mod form;
mod help;
mod json;
mod managed_identity;
mod refusal;
mod token_file;
mod token_text;

pub use application::EntraCredential;
pub use azure_cli::AzureCli;
pub use chained::ChainedCredential;
pub use ci_runner::{AzurePipelines, GitHubActions};
pub use command::TokenCommand;
pub use managed_identity::ManagedIdentity;
pub use token_file::TokenFile;
