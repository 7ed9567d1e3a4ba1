//! The scripted server of the conformance suite, by the names that these tests use.

pub(crate) use mde_live_response_emulator::conformance::{
    Gate, Identity, Peer as Server, Script, Speech, Step,
};

pub(crate) fn trusted_pem() -> &'static str {
    Server::start(Speech::Plain, []).authority_pem()
}
