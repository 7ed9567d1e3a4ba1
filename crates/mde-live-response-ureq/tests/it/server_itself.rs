//! The server does what its script says, as seen by a bare socket.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use crate::server::{Gate, Server, Speech, Step};

fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address()).unwrap()
}

fn read_to_end(mut socket: &TcpStream) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    socket.read_to_end(&mut read).map(|_| read)
}

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody";

#[test]
fn server_reads_a_request_and_answers() {
    let steps = vec![Step::ReadHead, Step::ReadBody, Step::Send(b"answer".to_vec()), Step::Close];
    let server = Server::start(Speech::Plain, [steps]);
    let mut socket = connect(&server);
    socket.write_all(REQUEST).unwrap();
    assert_eq!(read_to_end(&socket).unwrap(), b"answer");
    assert_eq!(server.finish_one().received, REQUEST);
}

#[test]
fn server_keeps_what_comes_after_its_script() {
    let server = Server::start(Speech::Plain, [vec![Step::ReadHead]]);
    let mut socket = connect(&server);
    socket.write_all(REQUEST).unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_to_end(&socket).unwrap(), b"");
    assert_eq!(server.finish_one().received, REQUEST);
}

#[test]
fn server_sends_slowly_what_it_sends() {
    let steps = vec![Step::SendSlowly(b"answer".to_vec()), Step::HalfClose];
    let server = Server::start(Speech::Plain, [steps]);
    assert_eq!(read_to_end(&connect(&server)).unwrap(), b"answer");
}

#[test]
fn server_resets_with_something_unread() {
    let steps = vec![Step::ReadHead, Step::ReadBodyButOne, Step::Reset];
    let server = Server::start(Speech::Plain, [steps]);
    let mut socket = connect(&server);
    socket.write_all(REQUEST).unwrap();
    let error = read_to_end(&socket).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(server.finish_one().received, REQUEST[..REQUEST.len() - 1]);
}

#[test]
fn server_waits_at_a_gate() {
    let (come, gone) = (Gate::new(), Gate::new());
    let script = vec![
        Step::Open(come.clone()),
        Step::Await(gone.clone()),
        Step::Send(b"late".to_vec()),
        Step::Close,
    ];
    let server = Server::start(Speech::Plain, [script]);
    let socket = connect(&server);
    come.pass();
    gone.open();
    assert_eq!(read_to_end(&socket).unwrap(), b"late");
}

#[test]
fn server_stops_whatever_it_is_doing() {
    let stuck = [
        vec![Step::ReadToEnd],
        vec![Step::Stall],
        vec![Step::Await(Gate::new())],
        vec![Step::SendForever(vec![0; 1024])],
        vec![Step::Drip(vec![0])],
    ];
    let n = stuck.len();
    let server = Server::start(Speech::Plain, stuck);
    let sockets: Vec<TcpStream> = (0..n).map(|_| connect(&server)).collect();
    assert_eq!(server.finish().len(), n);
    drop(sockets);
}

#[test]
fn server_counts_connections_beyond_its_scripts() {
    let server = Server::start(Speech::Plain, []);
    assert_eq!(read_to_end(&connect(&server)).unwrap(), b"");
    assert_eq!(server.finish().len(), 1);
}

#[test]
fn server_without_clients_has_seen_none() {
    assert_eq!(Server::start(Speech::Tls, []).finish().len(), 0);
}
