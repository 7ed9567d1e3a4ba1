//! The example of a transport of one's own, over another HTTP client, is usable.

use mde_live_response_emulator::conformance::{Level, Speech, check};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::custom_transport::AttoTransport;

#[test]
fn a_transport_over_attohttpc_is_usable() {
    for speech in [Speech::Plain, Speech::Tls] {
        let report = check(Level::Usable, speech, |peer| {
            let authority = CertificateDer::from_pem_slice(peer.authority_pem().as_bytes());
            AttoTransport { authorities: vec![authority.unwrap()] }
        });
        report.assert_ok();
    }
}
