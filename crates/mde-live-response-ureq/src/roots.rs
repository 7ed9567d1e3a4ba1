//! Whom to trust to vouch for the service.

use std::fmt;

use rustls::client::WantsClientCert;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

/// The authorities whose certificates a server may show.
///
/// There is no way to switch the check off.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Roots {
    /// Mozilla's, as bundled with this build. They age with it.
    #[default]
    Bundled,
    /// The bundled ones and these: for a gateway that opens some connections.
    BundledAnd(Vec<Certificate>),
    /// These and no others.
    Certificates(Vec<Certificate>),
    /// The operating system's, with its own rules for checking, revocation included where it does that.
    ///
    /// They are loaded when the first connection over TLS is opened. If that fails, because the system has none say,
    /// every exchange over `https` ends with
    /// [`TransportErrorKind::Tls`](mde_live_response_core::TransportErrorKind::Tls): it is not tried again.
    #[cfg(feature = "platform-roots")]
    Platform,
}

/// The certificate of an authority.
#[derive(Clone)]
pub struct Certificate(CertificateDer<'static>);

/// Bytes that are no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a certificate")]
#[non_exhaustive]
pub struct InvalidCertificate;

impl Certificate {
    /// Reads a certificate in PEM; the first, where there are more.
    ///
    /// # Errors
    ///
    /// [`InvalidCertificate`] when there is none, or it cannot be read.
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidCertificate> {
        checked(CertificateDer::from_pem_slice(pem).map_err(|_| InvalidCertificate)?)
    }

    /// Reads all certificates of a PEM file, such as a bundle.
    ///
    /// # Errors
    ///
    /// [`InvalidCertificate`] when there is none, or one of them cannot be read.
    pub fn all_from_pem(pem: &[u8]) -> Result<Vec<Self>, InvalidCertificate> {
        let all: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .map(|der| checked(der.map_err(|_| InvalidCertificate)?))
            .collect::<Result<_, _>>()?;
        if all.is_empty() { Err(InvalidCertificate) } else { Ok(all) }
    }

    /// Reads a certificate in DER.
    ///
    /// # Errors
    ///
    /// [`InvalidCertificate`] when it cannot be read.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Result<Self, InvalidCertificate> {
        checked(CertificateDer::from(der.into()))
    }
}

fn checked(der: CertificateDer<'static>) -> Result<Certificate, InvalidCertificate> {
    RootCertStore::empty().add(der.clone()).map_err(|_| InvalidCertificate)?;
    Ok(Certificate(der))
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes)", self.0.len())
    }
}

fn bundled() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

impl Roots {
    /// Puts the check of the server's certificate into a TLS configuration.
    #[cfg_attr(
        not(feature = "platform-roots"),
        expect(
            clippy::unnecessary_wraps,
            reason = "the operating system's check can fail to start"
        )
    )]
    pub(crate) fn verify(
        &self,
        config: ConfigBuilder<ClientConfig, WantsVerifier>,
    ) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, rustls::Error> {
        let (mut store, own): (_, &[Certificate]) = match self {
            Self::Bundled => (bundled(), &[]),
            Self::BundledAnd(own) => (bundled(), own),
            Self::Certificates(own) => (RootCertStore::empty(), own),
            #[cfg(feature = "platform-roots")]
            Self::Platform => {
                let provider = std::sync::Arc::clone(config.crypto_provider());
                let verifier = rustls_platform_verifier::Verifier::new(provider)?;
                // Named for what it allows; this verifier is the operating system's own.
                let config = config.dangerous();
                return Ok(config.with_custom_certificate_verifier(std::sync::Arc::new(verifier)));
            }
        };
        // Each was added to a store once before, by `checked`.
        store.add_parsable_certificates(own.iter().map(|certificate| certificate.0.clone()));
        Ok(config.with_root_certificates(store))
    }
}
