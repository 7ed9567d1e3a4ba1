//! The scripted server of the conformance suite, by the names that these tests use.

pub(crate) use mde_live_response_emulator::conformance::{
    Gate, Identity, Peer as Server, Script, Speech, Step, authority_pem as trusted_pem,
};
