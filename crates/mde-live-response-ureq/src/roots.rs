//! Trusted certificate authorities.

use std::fmt;

use mde_live_response_core::error::{InvalidInput, Problem};
use rustls::client::WantsClientCert;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

/// The trusted certificate authorities.
///
/// The check of certificates cannot be switched off.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Roots {
    /// Mozilla's, bundled with this build.
    #[default]
    Bundled,
    /// The bundled ones and these, for a proxy that intercepts connections.
    BundledAnd(Vec<Certificate>),
    /// Only these.
    Certificates(Vec<Certificate>),
    /// The operating system's, with its own rules, such as revocation.
    ///
    /// They are loaded with the first TLS connection. If that fails, every exchange over `https` ends with
    /// [`TransportErrorKind::Tls`](mde_live_response_core::transport::TransportErrorKind::Tls).
    #[cfg(feature = "platform-roots")]
    Platform,
}

/// A certificate of a certificate authority.
#[derive(Clone)]
pub struct Certificate(CertificateDer<'static>);

impl Certificate {
    /// Reads the first certificate of a PEM text.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] if there is none, or it cannot be read.
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidInput> {
        checked(CertificateDer::from_pem_slice(pem).map_err(|_| invalid())?)
    }

    /// Reads all certificates of a PEM file, such as a bundle.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] if there is none, or one of them cannot be read.
    pub fn all_from_pem(pem: &[u8]) -> Result<Vec<Self>, InvalidInput> {
        let all: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .map(|der| checked(der.map_err(|_| invalid())?))
            .collect::<Result<_, _>>()?;
        if all.is_empty() { Err(invalid()) } else { Ok(all) }
    }

    /// Reads a certificate in DER.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`] if it cannot be read.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Result<Self, InvalidInput> {
        checked(CertificateDer::from(der.into()))
    }
}

fn invalid() -> InvalidInput {
    InvalidInput::new("certificate", Problem::Form("an X.509 certificate"))
}

fn checked(der: CertificateDer<'static>) -> Result<Certificate, InvalidInput> {
    RootCertStore::empty().add(der.clone()).map_err(|_| invalid())?;
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
    /// Adds the check of the server's certificate to a TLS configuration.
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
                // `dangerous` allows any verifier. This one is the operating system's own.
                let config = config.dangerous();
                return Ok(config.with_custom_certificate_verifier(std::sync::Arc::new(verifier)));
            }
        };
        // `checked` has added each of them to a store before.
        store.add_parsable_certificates(own.iter().map(|certificate| certificate.0.clone()));
        Ok(config.with_root_certificates(store))
    }
}
