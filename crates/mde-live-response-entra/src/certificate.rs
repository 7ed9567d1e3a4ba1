//! Assertions that an application signs with the key of its certificate.

use std::path::Path;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mde_live_response_core::auth::{CredentialError, Secret};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use zeroize::Zeroize;

use crate::{help, token_file};

/// Lifetime of an assertion: 10 min, in seconds. The vendor's documentation allows no more.
const LIFE_SECONDS: u64 = 600;

/// Reads key and certificate, and signs an assertion for the token service at `audience`.
pub(crate) fn assertion(
    path: &Path,
    client_id: &str,
    audience: &str,
    now: SystemTime,
) -> Result<Secret, CredentialError> {
    let error = |what: &str| {
        let message = format!("the certificate file {} {what}", path.display());
        CredentialError::message(message).with_help(help::OF_CERTIFICATE)
    };
    let pem = token_file::text(path, &error)?;
    let (key, certificate) = read(&pem).map_err(error)?;
    let random = SystemRandom::new();
    let mut id = [0; 16];
    random.fill(&mut id).map_err(|_| CredentialError::message("no randomness"))?;
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let head = json!({
        "alg": "PS256",
        "typ": "JWT",
        "x5t#S256": encoded(digest(&SHA256, &certificate).as_ref()),
    });
    let claims = json!({
        "aud": audience,
        "iss": client_id,
        "sub": client_id,
        "jti": encoded(id),
        "nbf": seconds,
        "iat": seconds,
        "exp": seconds + LIFE_SECONDS,
    });
    let signed = format!("{}.{}", encoded(head.to_string()), encoded(claims.to_string()));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature)
        .map_err(|_| error("has a key that cannot sign"))?;
    Secret::new(format!("{signed}.{}", encoded(signature))).map_err(CredentialError::new)
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The key, and the certificate that belongs to it: a file may contain a chain.
fn read(pem: &str) -> Result<(RsaKeyPair, CertificateDer<'static>), &'static str> {
    let key = key(pem)?;
    let public = key.public().as_ref();
    let mut certificates = CertificateDer::pem_slice_iter(pem.as_bytes()).peekable();
    if certificates.peek().is_none() {
        return Err("has no certificate");
    }
    for certificate in certificates {
        let certificate = certificate.map_err(|_| "has a malformed certificate")?;
        // A certificate contains its public key as it is.
        if certificate.windows(public.len()).any(|window| window == public) {
            return Ok((key, certificate));
        }
    }
    Err("has no certificate for its key")
}

fn key(pem: &str) -> Result<RsaKeyPair, &'static str> {
    if pem.contains("ENCRYPTED") {
        return Err("has an encrypted key; only keys without a password can be used");
    }
    let mut der = PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| "has no private key in PEM (PKCS#8 or PKCS#1)")?;
    let key = match &der {
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err(NOT_RSA),
    };
    let key = key.map_err(|cause| match cause.to_string().as_str() {
        "WrongAlgorithm" => NOT_RSA,
        "TooSmall" => "has an RSA key that is too short; at least 2048 bits are needed",
        "TooLarge" => "has an RSA key that is too long; at most 4096 bits are allowed",
        _ => "has a malformed RSA key",
    });
    der.zeroize();
    key
}

const NOT_RSA: &str = "has a key that is not RSA; Microsoft Entra accepts only RSA here";
