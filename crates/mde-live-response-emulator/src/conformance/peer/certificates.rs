//! Certificates for one process: a trusted authority, and faulty leaves.

use std::sync::{Arc, LazyLock};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Fault of a [`Peer`](super::Peer)'s certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity {
    /// No fault: valid for `127.0.0.1` and `localhost`, by the trusted authority.
    Good,
    /// Valid until 2001.
    Expired,
    /// Valid from the year 4000.
    NotYetValid,
    /// Valid for another host.
    WrongHost,
    /// Not issued by an authority.
    SelfSigned,
    /// Issued by an untrusted authority.
    UnknownAuthority,
}

/// An authority, with its certificate as PEM text.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

static TRUSTED: LazyLock<Authority> = LazyLock::new(|| Authority::new("trusted by the tests"));
static STRANGER: LazyLock<Authority> = LazyLock::new(|| Authority::new("trusted by nobody"));

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }
}

pub(super) fn authority_pem() -> &'static str {
    &TRUSTED.pem
}

/// A server's TLS settings with this identity.
pub(super) fn server_config(
    identity: Identity,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Arc<ServerConfig> {
    let (chain, key) = leaf(identity);
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
}

fn leaf(identity: Identity) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let names = match identity {
        Identity::WrongHost => vec!["elsewhere.example".to_owned()],
        _ => vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
    };
    let mut params = CertificateParams::new(names).unwrap();
    match identity {
        Identity::Expired => params.not_after = date_time_ymd(2001, 1, 1),
        Identity::NotYetValid => params.not_before = date_time_ymd(4000, 1, 1),
        _ => {}
    }
    let key = KeyPair::generate().unwrap();
    let certificate = match identity {
        Identity::SelfSigned => params.self_signed(&key),
        Identity::UnknownAuthority => params.signed_by(&key, &STRANGER.issuer),
        _ => params.signed_by(&key, &TRUSTED.issuer),
    };
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    (vec![certificate.unwrap().der().clone()], key.into())
}
