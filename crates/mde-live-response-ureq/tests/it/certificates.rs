//! Certificates that must be refused, and peers that do not speak TLS as it must be spoken. None of them
//! gets a byte of the request.

use mde_live_response_core::TransportErrorKind;
use mde_live_response_ureq::{Certificate, Roots, UreqTransport};

use crate::server::{Identity, Server, Speech, Step, trusted_pem};
use crate::support::{
    Outcome, after_request, builder, client, not_delivered, small, stored, transport,
};

/// Uploads to a server of this identity, and expects that the server gets to see nothing.
#[track_caller]
fn refused(identity: Identity) -> Outcome {
    let server = Server::start(Speech::TlsAs(identity), [after_request([Step::Send(stored())])]);
    let outcome = Outcome::of(client(&server).upload(&small()));
    assert_eq!(server.finish_one().received, b"", "something was sent");
    outcome
}

#[test]
fn t06_a_self_signed_certificate() {
    let outcome = refused(Identity::SelfSigned);
    assert_eq!(outcome, not_delivered(TransportErrorKind::Certificate));
}

#[test]
fn t06_an_expired_certificate() {
    let outcome = refused(Identity::Expired);
    assert_eq!(outcome, not_delivered(TransportErrorKind::Certificate));
}

#[test]
fn t06_a_certificate_that_is_not_yet_valid() {
    let outcome = refused(Identity::NotYetValid);
    assert_eq!(outcome, not_delivered(TransportErrorKind::Certificate));
}

#[test]
fn t06_a_certificate_for_another_host() {
    let outcome = refused(Identity::WrongHost);
    assert_eq!(outcome, not_delivered(TransportErrorKind::Certificate));
}

#[test]
fn t06_a_certificate_of_an_unknown_authority() {
    let outcome = refused(Identity::UnknownAuthority);
    assert_eq!(outcome, not_delivered(TransportErrorKind::Certificate));
}

/// A good certificate is not good enough for those who do not trust its authority.
#[test]
fn t06_the_bundled_roots_do_not_hold_the_tests_authority() {
    let server = Server::start(Speech::Tls, [after_request([Step::Send(stored())])]);
    let client = builder(&server.url(), UreqTransport::new()).build();
    let outcome = Outcome::of(client.upload(&small()));
    assert_eq!(outcome, not_delivered(TransportErrorKind::Certificate));
    assert_eq!(server.finish_one().received, b"");
}

/// An authority that is given beside the bundled ones counts.
#[test]
fn t06_an_authority_beside_the_bundled_ones() {
    let server = Server::start(Speech::Tls, [after_request([Step::Send(stored())])]);
    let authority = Certificate::from_pem(trusted_pem().as_bytes()).unwrap();
    let transport = UreqTransport::builder().roots(Roots::BundledAnd(vec![authority])).build();
    let outcome = Outcome::of(builder(&server.url(), transport).build().upload(&small()));
    assert_eq!(outcome, Outcome::Stored);
}

/// Nobody is trusted where no authority is given.
#[test]
fn t06_no_authority_at_all() {
    let server = Server::start(Speech::Tls, [after_request([Step::Send(stored())])]);
    let transport = UreqTransport::builder().roots(Roots::Certificates(Vec::new())).build();
    let outcome = Outcome::of(builder(&server.url(), transport).build().upload(&small()));
    assert_eq!(outcome, not_delivered(TransportErrorKind::Certificate));
    assert_eq!(server.finish_one().received, b"");
}

/// Speaks TLS to a peer that says this in answer to the client's first word.
#[track_caller]
fn greeted_with(answer: &[u8]) -> Outcome {
    let script = vec![Step::ReadBytes(5), Step::Send(answer.to_vec()), Step::HalfClose];
    let server = Server::start(Speech::Plain, [script]);
    let url = format!("https://{}", server.address());
    let outcome = Outcome::of(builder(&url, transport().build()).build().upload(&small()));
    let received = server.finish_one().received;
    let sent_token = received.windows(6).any(|window| window == b"Bearer");
    assert!(!sent_token, "the request went out in clear");
    outcome
}

#[test]
fn t07_a_server_that_refuses_our_versions() {
    let protocol_version = [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46];
    assert_eq!(greeted_with(&protocol_version), not_delivered(TransportErrorKind::Tls));
}

#[test]
fn t07_a_server_that_has_no_common_cipher() {
    let handshake_failure = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28];
    assert_eq!(greeted_with(&handshake_failure), not_delivered(TransportErrorKind::Tls));
}

#[test]
fn t07_a_server_that_picks_tls_1_1() {
    let mut hello = vec![0x16, 0x03, 0x02, 0x00, 0x2a, 0x02, 0x00, 0x00, 0x26, 0x03, 0x02];
    hello.extend([0x5a; 32]); // its random bytes
    hello.extend([0x00, 0x00, 0x2f, 0x00]); // no session, AES-128-CBC, no compression
    assert_eq!(greeted_with(&hello), not_delivered(TransportErrorKind::Tls));
}

#[test]
fn t08_plain_http_on_the_tls_port() {
    let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert_eq!(greeted_with(answer), not_delivered(TransportErrorKind::Tls));
}

#[test]
fn t08_a_server_that_hangs_up_in_the_handshake() {
    assert_eq!(greeted_with(b""), not_delivered(TransportErrorKind::Tls));
}

/// TLS spoken to a client that was told to speak plain http.
#[test]
fn t08_plain_http_sent_to_a_tls_port() {
    let server = Server::start(Speech::Tls, [vec![Step::ReadToEnd]]);
    let url = format!("http://{}", server.address());
    let client = builder(&url, transport().build()).build();
    match Outcome::of(client.upload(&small())) {
        Outcome::Transport(TransportErrorKind::Protocol | TransportErrorKind::Receive, _) => {}
        other => panic!("{other:?}"),
    }
}
