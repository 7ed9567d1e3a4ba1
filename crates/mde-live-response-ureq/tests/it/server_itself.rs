//! The server follows its script, as seen by a bare socket.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use crate::support::*;

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody";

/// Sends the request; returns how reading ended, and what was read.
fn talk(server: &Server) -> (Option<ErrorKind>, Vec<u8>) {
    let mut socket = TcpStream::connect(server.address()).unwrap();
    socket.write_all(REQUEST).unwrap();
    let mut read = Vec::new();
    (socket.read_to_end(&mut read).err().map(|error| error.kind()), read)
}

#[test]
fn server_reads_answers_and_ends_as_its_script_says() {
    let whole = REQUEST.len();
    for (script, end, answer, received) in [
        (after_request([say("answer"), Close]), None, &b"answer"[..], whole),
        (after_request([SendSlowly(b"answer".to_vec()), HalfClose]), None, b"answer", whole),
        (vec![ReadHead, Sip(3), HalfClose], None, b"", whole),
        (vec![ReadHead, ReadBodyButOne, Reset], Some(ErrorKind::ConnectionReset), b"", whole - 1),
    ] {
        let server = Server::start(Speech::Plain, [script]);
        assert_eq!(talk(&server), (end, answer.to_vec()));
        assert_eq!(server.finish_one().received, REQUEST[..received]);
    }
}

#[test]
fn server_stops_in_every_step() {
    let stuck = [
        vec![ReadToEnd],
        vec![Stall],
        vec![Await(Gate::new())],
        vec![SendForever(vec![0; 1024])],
        vec![Drip(vec![0])],
    ];
    let n = stuck.len();
    let server = Server::start(Speech::Plain, stuck);
    let sockets: Vec<_> = (0..n).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    assert_eq!(server.finish().len(), n);
    drop(sockets);
    assert_eq!(Server::start(Speech::Tls, []).finish().len(), 0);
}

#[test]
fn server_counts_connections_beyond_its_scripts() {
    let server = Server::start(Speech::Plain, []);
    drop(TcpStream::connect(server.address()).unwrap());
    assert_eq!(server.finish().len(), 1);
}
