//! Our client over our transport, verifying what it sends. Its pace is off: the sink has no rates.

use mde_live_response_core::{AccessToken, Client, Endpoint, Pacing};
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
        let (transport, endpoint) = if target.certificate.is_empty() {
            (UreqTransport::new(), Endpoint::loopback_http(&target.url)?)
        } else {
            let root = Certificate::from_pem(target.certificate.as_bytes())?;
            let roots = Roots::Certificates(vec![root]);
            (UreqTransport::builder().roots(roots).build(), Endpoint::custom(&target.url)?)
        };
        let client = Client::builder(endpoint, AccessToken::new(TOKEN)?, transport)
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
