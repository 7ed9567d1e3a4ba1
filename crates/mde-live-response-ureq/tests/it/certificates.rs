//! Certificates that must be refused, and peers that do not speak TLS properly. None of them gets a byte of the request.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::Arc;
use std::thread;

use mde_live_response_ureq::{Certificate, Roots, UreqTransport};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};

use crate::server::trusted_pem;
use crate::support::*;

/// Uploads to a server of this identity with these roots. A refused server must receive nothing.
#[track_caller]
fn uploaded(identity: Identity, roots: Roots) -> Outcome {
    let server = Server::start(Speech::TlsAs(identity), [served(1)]);
    let builder = builder_over(&server.url(), UreqTransport::builder().roots(roots));
    let outcome = upload_by(&builder.build(), &small());
    let received = server.finish_one().received;
    assert_eq!(received.is_empty(), outcome != STORED);
    outcome
}

fn authority() -> Vec<Certificate> {
    vec![Certificate::from_pem(trusted_pem().as_bytes()).unwrap()]
}

#[test]
fn t06_a_bad_certificate_is_refused() {
    for identity in [
        Identity::SelfSigned,
        Identity::Expired,
        Identity::NotYetValid,
        Identity::WrongHost,
        Identity::UnknownAuthority,
    ] {
        let outcome = uploaded(identity, Roots::Certificates(authority()));
        assert_eq!(outcome, not_applied(Kind::Certificate), "case: {identity:?}");
    }
}

#[test]
fn t06_the_roots_decide_who_is_trusted() {
    let refused = || not_applied(Kind::Certificate);
    for (roots, expected) in [
        (Roots::Certificates(authority()), STORED),
        (Roots::BundledAnd(authority()), STORED),
        (Roots::Bundled, refused()),
        (Roots::Certificates(Vec::new()), refused()),
    ] {
        assert_eq!(uploaded(Identity::Good, roots.clone()), expected, "case: {roots:?}");
    }
}

/// The operating system does not know the tests' authority, or has no certificates at all.
#[cfg(feature = "platform-roots")]
#[test]
fn t06_the_roots_of_the_operating_system_are_not_the_tests() {
    let outcome = uploaded(Identity::Good, Roots::Platform);
    assert_one_of(&outcome, &[Kind::Certificate, Kind::Tls].map(not_applied));
}

#[test]
fn t07_t08_a_peer_that_does_not_speak_our_tls() {
    let mut tls_1_1 = vec![0x16, 0x03, 0x02, 0x00, 0x2a, 0x02, 0x00, 0x00, 0x26, 0x03, 0x02];
    tls_1_1.extend([0x5a; 32]); // its random bytes
    tls_1_1.extend([0x00, 0x00, 0x2f, 0x00]); // no session, AES-128-CBC, no compression
    let answers: [(&str, &[u8]); 5] = [
        ("alert: protocol version", &[0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]),
        ("alert: handshake failure", &[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]),
        ("server hello of TLS 1.1", &tls_1_1),
        ("plain HTTP", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        ("nothing", b""),
    ];
    for (case, answer) in answers {
        let script = vec![ReadBytes(5), say(answer), HalfClose];
        let server = Server::start(Speech::Plain, [script]);
        let url = server.url().replace("http:", "https:");
        let outcome = upload_by(&builder(&url).build(), &small());
        assert_eq!(outcome, not_applied(Kind::Tls), "case: {case}");
        let received = server.finish_one().received;
        let has_token = received.windows(6).any(|window| window == b"Bearer");
        assert!(!has_token, "case: {case}: the request was sent in clear");
    }
}

#[test]
fn t08_plain_http_sent_to_a_tls_port() {
    let server = Server::start(Speech::Tls, [vec![ReadToEnd]]);
    let url = server.url().replace("https:", "http:");
    let outcome = upload_by(&builder(&url).build(), &small());
    assert_one_of(&outcome, &[Kind::Protocol, Kind::Receive].map(unknown));
}

/// Uploads to a server that demands a client certificate, once it has received so many bytes after its own handshake
/// messages. If an alert is given, the server sends it in place of rustls's.
#[track_caller]
fn demanded(
    version: &'static SupportedProtocolVersion,
    upload: &Upload,
    after: usize,
    alert: &[u8],
) -> Outcome {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let provider = Arc::new(ring::default_provider());
    let mut clients = RootCertStore::empty();
    clients.add(cert.der().clone()).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(clients), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![cert.der().clone()], signing_key.serialize_der().try_into().unwrap())
        .unwrap();
    let root = Certificate::from_der(cert.der().to_vec()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let transport = UreqTransport::builder().roots(Roots::Certificates(vec![root]));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut socket = listener.accept().unwrap().0;
            let mut tls = ServerConnection::new(Arc::new(config)).unwrap();
            while !tls.wants_write() {
                tls.read_tls(&mut socket).unwrap();
                tls.process_new_packets().unwrap();
            }
            while tls.wants_write() {
                tls.write_tls(&mut socket).unwrap();
            }
            let mut bytes = vec![0; after];
            socket.read_exact(&mut bytes).unwrap();
            socket.write_all(alert).unwrap();
            let mut bytes = bytes.as_slice();
            while alert.is_empty() && tls.process_new_packets().is_ok() {
                if tls.read_tls(&mut bytes).unwrap() == 0 {
                    tls.read_tls(&mut socket).unwrap();
                }
            }
            while tls.wants_write() {
                tls.write_tls(&mut socket).unwrap();
            }
            socket.shutdown(Shutdown::Write).unwrap();
            std::io::copy(&mut socket, &mut std::io::sink()).unwrap();
        });
        upload_by(&builder_over(&url, transport).build(), upload)
    })
}

/// In TLS 1.3 the client learns of it only after its own last message, maybe after the request. What was sent decides.
#[test]
fn t40_a_server_that_demands_a_client_certificate() {
    let handshake_failure = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28];
    let kind = Kind::ClientCertificate;
    let outcomes = [not_applied(kind), unknown(kind)];
    for _ in 0..10 {
        assert_one_of(&demanded(&TLS13, &small(), 0, &[]), &outcomes);
    }
    for (case, version, upload, after, alert, expected) in [
        ("TLS 1.2", &TLS12, small(), 0, &[][..], not_applied(kind)),
        ("TLS 1.2, other alert", &TLS12, small(), 1, &handshake_failure, not_applied(kind)),
        ("before the body was sent", &TLS13, large(), 0, &[], not_applied(kind)),
        ("after the whole request", &TLS13, small(), 700, &[], unknown(kind)),
    ] {
        assert_eq!(demanded(version, &upload, after, alert), expected, "case: {case}");
    }
}
