//! The suite's peer follows its script, as seen by a bare socket.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use mde_live_response_emulator::conformance::Step::*;
use mde_live_response_emulator::conformance::{Gate, Peer, Speech, Step};

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody";

/// Sends the request; returns how reading ended, and what was read.
fn talk(peer: &Peer) -> (Option<ErrorKind>, Vec<u8>) {
    let mut socket = TcpStream::connect(peer.address()).unwrap();
    socket.write_all(REQUEST).unwrap();
    let mut read = Vec::new();
    (socket.read_to_end(&mut read).err().map(|error| error.kind()), read)
}

#[test]
fn a_peer_reads_answers_and_ends_as_its_script_says() {
    let whole = REQUEST.len();
    let answer = || b"answer".to_vec();
    for (script, end, answer, received) in [
        (vec![ReadHead, ReadBody, Step::send("answer"), Close], None, answer(), whole),
        (vec![ReadHead, ReadBody, SendSlowly(answer()), HalfClose], None, answer(), whole),
        (vec![ReadHead, Sip(3), HalfClose], None, vec![], whole),
        (vec![ReadHead, ReadBody, Reset], Some(ErrorKind::ConnectionReset), vec![], whole),
        (vec![ReadBytes(3), Reset], Some(ErrorKind::ConnectionReset), vec![], 3),
    ] {
        let peer = Peer::start(Speech::Plain, [script]);
        assert_eq!(talk(&peer), (end, answer));
        assert_eq!(peer.finish_one().received, REQUEST[..received]);
    }
}

#[test]
fn a_peer_stops_in_every_step() {
    let stuck = [
        vec![ReadToEnd],
        vec![Stall],
        vec![Await(Gate::new())],
        vec![SendForever(vec![0; 1024])],
        vec![Drip(vec![0])],
    ];
    let n = stuck.len();
    let peer = Peer::start(Speech::Plain, stuck);
    // The last one is beyond the scripts.
    let sockets: Vec<_> = (0..=n).map(|_| TcpStream::connect(peer.address()).unwrap()).collect();
    assert_eq!(peer.finish().len(), n + 1);
    drop(sockets);
    assert_eq!(Peer::start(Speech::Tls, []).finish().len(), 0);
}
