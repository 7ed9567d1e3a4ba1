//! Our client over our transport, verifying what it sends. Its rate limit is off: the sink has none.

use mde_live_response_core::policy::Pacing;
use mde_live_response_core::{AccessToken, Client, Endpoint};
use mde_live_response_ureq::{Certificate, Roots, UreqTransport};

use super::{Rival, Target};
use crate::Failure;
use crate::form::{self, TOKEN};

pub(super) struct Ours {
    client: Client,
    file: std::path::PathBuf,
}

impl Ours {
    pub(super) fn new(target: &Target) -> Result<Self, Failure> {
        let transport = if target.certificate.is_empty() {
            UreqTransport::new()
        } else {
            let root = Certificate::from_pem(target.certificate.as_bytes())?;
            UreqTransport::builder().roots(Roots::Certificates(vec![root])).build()
        };
        let client =
            Client::builder(Endpoint::parse(&target.url)?, AccessToken::new(TOKEN)?, transport)
                .pacing(Pacing::Off)
                .build();
        Ok(Self { client, file: target.file().to_owned() })
    }
}

impl Rival for Ours {
    fn upload(&mut self) -> Result<(), Failure> {
        self.client.upload(&form::upload(&self.file)?)?;
        Ok(())
    }
}
