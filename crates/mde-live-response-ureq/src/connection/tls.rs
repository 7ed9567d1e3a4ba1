//! TLS handshakes with the server.

use std::io;
use std::sync::{Arc, OnceLock};

use mde_live_response_core::transport::TransportErrorKind;
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, ClientConfig, ClientConnection, SignatureScheme};

use super::channel::Channel;
use super::socket::{Socket, Wait};
use crate::facts::{Allowance, Facts};
use crate::fault::Fault;
use crate::roots::Roots;

/// TLS settings, built for the first TLS connection.
///
/// Versions 1.2 and 1.3, ring, the chosen roots, no client certificate.
pub(super) struct Tls {
    roots: Roots,
    config: OnceLock<Result<Arc<ClientConfig>, rustls::Error>>,
}

impl Tls {
    pub(super) fn new(roots: Roots) -> Self {
        Self { roots, config: OnceLock::new() }
    }

    /// Performs the handshake. No byte of HTTP is sent before the server's certificate was checked.
    pub(super) fn connect(
        &self,
        mut socket: Socket,
        host: &str,
        time: Allowance<'_>,
    ) -> Result<Channel, Fault> {
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|cause| Fault::new(TransportErrorKind::Tls, cause))?;
        let config = self.config.get_or_init(|| build(&self.roots)).clone().map_err(of_tls)?;
        let mut tls = ClientConnection::new(config, name).map_err(of_tls)?;
        while tls.is_handshaking() || tls.wants_write() {
            if tls.wants_write() {
                socket.write(time, |stream| tls.write_tls(stream))?.map_err(of_socket)?;
            } else if socket
                .read(Wait::For(time), |stream| tls.read_tls(stream))?
                .map_err(of_socket)?
                == Some(0)
            {
                return Err(of_socket(io::ErrorKind::UnexpectedEof.into()));
            } else if let Err(error) = tls.process_new_packets() {
                // Sends the alert. It does not matter whether it arrives.
                let _ = socket.write(time, |stream| tls.write_tls(stream));
                return Err(of_tls(error));
            }
        }
        Ok(Channel::tls(socket, tls))
    }
}

fn build(roots: &Roots) -> Result<Arc<ClientConfig>, rustls::Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?;
    let mut config = roots.verify(config)?.with_client_cert_resolver(Arc::new(NoCertificate));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Has no client certificate, and notes that the server asked for one.
#[derive(Debug)]
struct NoCertificate;

impl ResolvesClientCert for NoCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        // The handshake runs on the exchange's thread.
        if let Ok(facts) = Facts::current() {
            facts.set_certificate_requested();
        }
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// The fault for an error of TLS.
///
/// Its kind is that of a certificate's problem, or else `otherwise`.
///
/// In TLS 1.3, a server refuses a client without a certificate only after the client's last handshake message, maybe
/// after the request. Many servers then send a less exact alert than `CertificateRequired`.
pub(super) fn fault(error: rustls::Error, otherwise: TransportErrorKind) -> Fault {
    use AlertDescription::{
        AccessDenied, BadCertificate, CertificateRequired, CertificateUnknown, HandshakeFailure,
        NoCertificate,
    };
    let is_requested = || Facts::current().is_ok_and(|facts| facts.is_certificate_requested());
    let kind = match error {
        rustls::Error::InvalidCertificate(_) => TransportErrorKind::Certificate,
        rustls::Error::AlertReceived(CertificateRequired) => TransportErrorKind::ClientCertificate,
        rustls::Error::AlertReceived(
            AccessDenied | BadCertificate | CertificateUnknown | HandshakeFailure | NoCertificate,
        ) if is_requested() => TransportErrorKind::ClientCertificate,
        _ => otherwise,
    };
    Fault::new(kind, error)
}

fn of_tls(error: rustls::Error) -> Fault {
    fault(error, TransportErrorKind::Tls)
}

fn of_socket(cause: io::Error) -> Fault {
    Fault::io(TransportErrorKind::Tls, cause)
}
