//! The limit: a file's bytes into a socket, plain or over bare rustls, with calls of 256 KiB on one kept connection.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IoSlice, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use sha2::{Digest, Sha256};

use super::{Rival, Target};
use crate::Failure;
use crate::form::{Form, TOKEN};

const BUFFER: usize = 256 * 1024;

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

pub(super) struct Raw {
    target: Target,
    form: Form,
    stream: BufReader<Box<dyn Stream>>,
    buffer: Vec<u8>,
    hashes: bool,
}

impl Raw {
    pub(super) fn new(target: Target, hashes: bool) -> Result<Self, Failure> {
        let tcp = TcpStream::connect(target.authority())?;
        tcp.set_nodelay(true)?;
        let stream: Box<dyn Stream> = if target.certificate.is_empty() {
            Box::new(tcp)
        } else {
            let mut tls = ClientConnection::new(
                client_config(&target.certificate)?,
                ServerName::try_from("localhost")?,
            )?;
            // As much as the buffer before it, as a client would set it that wants speed.
            tls.set_buffer_limit(Some(BUFFER + 16 * 1024));
            Box::new(StreamOwned::new(tls, tcp))
        };
        let (form, stream) = (Form::new()?, BufReader::new(stream));
        Ok(Self { target, form, stream, buffer: vec![0; BUFFER], hashes })
    }
}

pub(super) fn client_config(certificate: &str) -> Result<Arc<ClientConfig>, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes())?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

impl Rival for Raw {
    fn upload(&mut self) -> Result<(), Failure> {
        let mut file = File::open(self.target.file())?;
        let length = self.form.len(file.metadata()?.len());
        let (authority, content_type) = (self.target.authority(), &self.form.content_type);
        let mut head = format!(
            "POST /api/libraryfiles HTTP/1.1\r\nhost: {authority}\r\nauthorization: Bearer {TOKEN}\r\n\
             content-type: {content_type}\r\ncontent-length: {length}\r\n\r\n"
        )
        .into_bytes();
        head.extend_from_slice(&self.form.head);
        let out = self.stream.get_mut();
        let (mut hash, mut left) = (Sha256::new(), file.metadata()?.len());
        let mut before: &[u8] = &head;
        loop {
            let n = file.read(&mut self.buffer)?;
            let chunk = &self.buffer[..n];
            if self.hashes {
                hash.update(chunk);
            }
            left -= n as u64;
            // The head goes with the first bytes and the tail with the last: one call each.
            let after: &[u8] = if left == 0 { &self.form.tail } else { &[] };
            let mut pieces = [before, chunk, after].map(IoSlice::new);
            write_all(out, &mut pieces)?;
            if left == 0 {
                break;
            }
            before = &[];
        }
        out.flush()?;
        std::hint::black_box(hash.finalize());
        read_answer(&mut self.stream)
    }
}

fn write_all(out: &mut impl Write, mut pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
    IoSlice::advance_slices(&mut pieces, 0);
    while !pieces.is_empty() {
        match out.write_vectored(pieces)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => IoSlice::advance_slices(&mut pieces, n),
        }
    }
    Ok(())
}

fn read_answer(stream: &mut impl BufRead) -> Result<(), Failure> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err("no answer".into());
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse()?;
        }
        if line == "\r\n" {
            let mut body = vec![0; length];
            stream.read_exact(&mut body)?;
            return Ok(());
        }
    }
}
