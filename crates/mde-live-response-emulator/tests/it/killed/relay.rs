//! What stands between a client and the program: hands on so many bytes, and then kills the program.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use mde_live_response_testkit::Relay;

use crate::program::Program;

/// Where an exchange is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// After so many bytes of the request.
    Request(usize),
    /// So many bytes before the request's end.
    BeforeEnd(usize),
    /// After so many bytes of the answer, or all of it, whose first one is waited for.
    Answer(usize),
}

/// More bytes than an answer has.
pub(super) const WHOLE: usize = usize::MAX;

/// What happens after the kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Nothing,
    /// The program runs again, on the same directory, and serves new connections.
    Restart,
}

pub(super) fn start(dir: &Path, cut: Cut, then: Then) -> Relay {
    let dir = dir.to_owned();
    Relay::start(0, move |listener, is_over| run(listener, &dir, cut, then, is_over))
}

fn program(dir: &Path) -> Program {
    Program::start(&["--no-limits", "--state", dir.to_str().unwrap()])
}

fn run(listener: &TcpListener, dir: &Path, cut: Cut, then: Then, is_over: &AtomicBool) {
    let (client, _) = listener.accept().unwrap();
    exchange(client, program(dir), cut);
    let program = (then == Then::Restart).then(|| program(dir));
    loop {
        let (client, _) = listener.accept().unwrap();
        if is_over.load(Ordering::SeqCst) {
            return;
        }
        if let Some(program) = &program {
            serve(client, program);
        }
    }
}

/// Hands on what is to be handed on, and kills the program before it closes anything.
fn exchange(mut client: TcpStream, program: Program, cut: Cut) {
    let mut server = program.connect();
    match cut {
        Cut::Request(bytes) => hand_on(&mut client, &mut server, bytes),
        Cut::BeforeEnd(bytes) => {
            let (_, length) = hand_on_head(&mut client, &mut server);
            hand_on(&mut client, &mut server, length - bytes);
        }
        Cut::Answer(bytes) => {
            pass(&mut client, &mut server);
            let mut answer = Vec::new();
            pass(&mut server, &mut answer);
            client.write_all(&answer[..bytes.min(answer.len())]).unwrap();
        }
    }
    program.kill();
}

/// Lets one exchange pass, and tells how long its request and its answer are.
pub(super) fn measure(listener: &TcpListener, server: &str) -> (usize, usize) {
    let (mut client, _) = listener.accept().unwrap();
    let mut server = TcpStream::connect(server.replace("http://", "")).unwrap();
    let request = pass(&mut client, &mut server);
    (request, pass(&mut server, &mut client))
}

fn pass(from: &mut impl Read, to: &mut impl Write) -> usize {
    let (head, body) = hand_on_head(from, to);
    hand_on(from, to, body);
    head + body
}

fn hand_on(from: &mut impl Read, to: &mut impl Write, bytes: usize) {
    let mut piece = vec![0; bytes];
    from.read_exact(&mut piece).unwrap();
    to.write_all(&piece).unwrap();
}

/// Hands on a head, and tells how long it is and how long its body is.
fn hand_on_head(from: &mut impl Read, to: &mut impl Write) -> (usize, usize) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        from.read_exact(&mut byte).unwrap();
        head.extend_from_slice(&byte);
    }
    to.write_all(&head).unwrap();
    let text = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    (text.len(), length.unwrap().parse().unwrap())
}

/// Hands everything on, both ways, until both sides have ended.
fn serve(mut client: TcpStream, program: &Program) {
    let mut server = program.connect();
    let (mut from_client, mut to_server) =
        (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = io::copy(&mut from_client, &mut to_server);
            let _ = to_server.shutdown(Shutdown::Write);
        });
        let _ = io::copy(&mut server, &mut client);
        let _ = client.shutdown(Shutdown::Both);
    });
}
