//! ureq with a body of one's own, its output buffer as large as ours: what our transport is built on.

use std::fs::File;
use std::io::{self, Cursor, Read};

use sha2::{Digest, Sha256};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, SendBody};

use super::{Rival, Target};
use crate::Failure;
use crate::form::{Form, TOKEN};

pub(super) struct BareUreq {
    target: Target,
    form: Form,
    agent: Agent,
    hashes: bool,
}

impl BareUreq {
    pub(super) fn new(target: Target, hashes: bool) -> Result<Self, Failure> {
        let agent = agent(&target)?;
        Ok(Self { target, form: Form::new()?, agent, hashes })
    }
}

/// An agent that trusts the sink.
pub(super) fn agent(target: &Target) -> Result<Agent, Failure> {
    let mut config = Agent::config_builder().output_buffer_size(256 * 1024);
    if !target.certificate.is_empty() {
        let root = Certificate::from_pem(target.certificate.as_bytes())?;
        let roots = RootCerts::from([root]);
        config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
    }
    Ok(config.build().new_agent())
}

/// Hashes what passes.
struct Hashing<R> {
    inner: R,
    hash: Option<Sha256>,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        if let Some(hash) = &mut self.hash {
            hash.update(&buf[..n]);
        }
        Ok(n)
    }
}

impl Rival for BareUreq {
    fn upload(&mut self) -> Result<(), Failure> {
        let file = File::open(self.target.file())?;
        let length = self.form.len(file.metadata()?.len());
        let mut file = Hashing { inner: file, hash: self.hashes.then(Sha256::new) };
        let mut body =
            Cursor::new(&self.form.head).chain(&mut file).chain(Cursor::new(&self.form.tail));
        let mut answer = self
            .agent
            .post(self.target.path_url())
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", &self.form.content_type)
            .header("content-length", length)
            .send(SendBody::from_reader(&mut body))?;
        answer.body_mut().read_to_vec()?;
        std::hint::black_box(file.hash.map(Digest::finalize));
        Ok(())
    }
}
