//! What others offer for forms, used as their documentation shows.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use multipart::client::lazy::Multipart;
use ureq::unversioned::multipart::{Form as TheirForm, Part};
use ureq::{Agent, SendBody};

use super::bare_ureq::agent;
use super::{Rival, Target};
use crate::Failure;
use crate::form::{DESCRIPTION, NAME, TOKEN};

/// ureq's own `multipart` module.
pub(super) struct UreqForm {
    target: Target,
    agent: Agent,
}

impl UreqForm {
    pub(super) fn new(target: Target) -> Result<Self, Failure> {
        Ok(Self { agent: agent(&target)?, target })
    }
}

impl Rival for UreqForm {
    fn upload(&mut self) -> Result<(), Failure> {
        let form = TheirForm::new()
            .text("Description", DESCRIPTION)
            .text("HasParameters", "false")
            .text("OverrideIfExists", "true")
            .part("file", Part::file(self.target.file())?.file_name(NAME));
        let mut answer = self
            .agent
            .post(self.target.path_url())
            .header("authorization", format!("Bearer {TOKEN}"))
            .send(form)?;
        answer.body_mut().read_to_vec()?;
        Ok(())
    }
}

/// The `multipart` crate's lazy form as a body of ureq. In chunks: the length that it tells is not the one it sends.
pub(super) struct MultipartOverUreq {
    target: Target,
    agent: Agent,
}

impl MultipartOverUreq {
    pub(super) fn new(target: Target) -> Result<Self, Failure> {
        Ok(Self { agent: agent(&target)?, target })
    }
}

impl Rival for MultipartOverUreq {
    fn upload(&mut self) -> Result<(), Failure> {
        let mut form = Multipart::new();
        form.add_text("Description", DESCRIPTION)
            .add_text("HasParameters", "false")
            .add_text("OverrideIfExists", "true");
        form.add_stream("file", File::open(self.target.file())?, Some(NAME), None);
        let mut body = form.prepare().map_err(|error| error.to_string())?;
        let content_type = format!("multipart/form-data; boundary={}", body.boundary());
        let mut answer = self
            .agent
            .post(self.target.path_url())
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", content_type)
            .send(SendBody::from_reader(&mut body))?;
        answer.body_mut().read_to_vec()?;
        Ok(())
    }
}

/// reqwest's blocking client and its form.
pub(super) struct Reqwest {
    target: Target,
    client: reqwest::blocking::Client,
}

impl Reqwest {
    pub(super) fn new(target: Target) -> Result<Self, Failure> {
        // Else it asks for a provider that this build has not.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder =
            reqwest::blocking::Client::builder().no_proxy().timeout(Duration::from_secs(300));
        if !target.certificate.is_empty() {
            builder = builder.tls_backend_preconfigured(Arc::unwrap_or_clone(
                super::raw::client_config(&target.certificate)?,
            ));
        }
        Ok(Self { client: builder.build()?, target })
    }
}

impl Rival for Reqwest {
    fn upload(&mut self) -> Result<(), Failure> {
        use reqwest::blocking::multipart::{Form, Part};
        let form = Form::new()
            .text("Description", DESCRIPTION)
            .text("HasParameters", "false")
            .text("OverrideIfExists", "true")
            .part("file", Part::file(self.target.file())?.file_name(NAME));
        let request = self.client.post(self.target.path_url()).bearer_auth(TOKEN).multipart(form);
        request.send()?.error_for_status()?.bytes()?;
        Ok(())
    }
}
