//! A transport of your own, over the HTTP client `attohttpc`.
//!
//! Uploads a file to an emulator inside this process: `cargo run --example custom_transport`.

use std::io::ErrorKind::{ConnectionRefused, TimedOut};
use std::io::{self, Write};
use std::time::Duration;

use attohttpc::body::{Body, BodyKind};
use attohttpc::{ErrorKind, ProxySettings, RequestBuilder};
use mde_live_response::http::Response;
use mde_live_response::transport::{
    Exchange, Phase, Transport, TransportError, TransportErrorKind as Kind,
};
use mde_live_response::{AccessToken, Client, Endpoint, Upload};
use mde_live_response_emulator::Emulator;
use rustls::pki_types::CertificateDer;

/// In place of no time limit.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// One connection for each exchange.
#[derive(Debug, Default)]
pub(crate) struct AttoTransport {
    /// Certificate authorities to trust. With ring, `attohttpc` brings none of its own.
    pub(crate) authorities: Vec<CertificateDer<'static>>,
}

impl Transport for AttoTransport {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let (head, limits) = (exchange.take_head(), exchange.limits());
        let time = limits.time_left().unwrap_or(A_DAY);
        let mut request = RequestBuilder::new(head.method, head.uri.to_string())
            .follow_redirects(false)
            .proxy_settings(ProxySettings::builder().build())
            .timeout(time)
            .connect_timeout(time)
            .read_timeout(limits.silence().unwrap_or(A_DAY));
        *request.headers_mut() = head.headers;
        for authority in &self.authorities {
            request = request.add_root_certificate(authority.clone());
        }
        let answer = request.body(Form(exchange)).send().map_err(failed)?;
        let (status, headers, body) = answer.split();
        let mut answer = Response::new(exchange.read_answer(status, &headers, body)?);
        (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
        Ok(answer)
    }
}

/// The body, read while it is sent.
struct Form<'a, 'b>(&'a mut Exchange<'b>);

impl Body for Form<'_, '_> {
    fn kind(&mut self) -> io::Result<BodyKind> {
        let length = self.0.body_len();
        Ok(if length == 0 { BodyKind::Empty } else { BodyKind::KnownLength(length) })
    }

    fn write<W: Write>(&mut self, mut writer: W) -> io::Result<()> {
        io::copy(self.0, &mut writer).map(drop)
    }
}

/// Sets no effect: the client derives it from the bytes that were read.
fn failed(error: attohttpc::Error) -> TransportError {
    let kind = match error.kind() {
        ErrorKind::Io(cause) if cause.kind() == ConnectionRefused => Kind::Connect,
        ErrorKind::Io(cause) if cause.kind() == TimedOut => Kind::Timeout(Phase::Receive),
        ErrorKind::Io(_) => Kind::Receive,
        ErrorKind::Tls(_) => Kind::Tls,
        _ => Kind::Protocol,
    };
    TransportError::new(kind).with_source(error)
}

#[allow(dead_code, reason = "a test uses the transport alone")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start()?;
    let endpoint = Endpoint::parse(emulator.base_url())?;
    let token = AccessToken::new(emulator.token())?;
    let client = Client::builder(endpoint, token, AttoTransport::default()).build();

    let upload = Upload::new("Get-Date.ps1".parse()?, b"Get-Date\n");
    let stored = client.upload(&upload)?; // verified by its SHA-256
    println!("stored: {}", stored.file_name());
    let refused = client.upload(&upload).err().ok_or("the name should be taken by now")?;
    println!("the second time: {refused}");
    Ok(())
}
