//! What stands between the client and the emulator, and does to each exchange what the plan says.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use mde_live_response_emulator::FakeLibrary;

use super::plan::{Fault, breaks, fault};

pub(super) struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: JoinHandle<()>,
}

struct Shared {
    seed: u64,
    emulator: String,
    library: FakeLibrary,
    is_over: AtomicBool,
    attempts: Mutex<HashMap<String, u64>>,
    /// Requests that are still on their way, by file.
    late: Mutex<HashMap<String, Message>>,
    faults: Mutex<BTreeSet<Fault>>,
}

/// Bytes of a body that are not read when a fault breaks the connection within it.
const UNREAD: usize = 20;

/// A request or an answer, whole.
struct Message {
    head: String,
    body: Vec<u8>,
}

impl Relay {
    pub(super) fn start(seed: u64, emulator: &str, library: &FakeLibrary) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            seed,
            emulator: emulator.replace("http://", ""),
            library: library.clone(),
            is_over: AtomicBool::new(false),
            attempts: Mutex::default(),
            late: Mutex::default(),
            faults: Mutex::default(),
        });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                thread::scope(|scope| {
                    for connection in 0.. {
                        let (client, _) = listener.accept().unwrap();
                        if shared.is_over.load(Ordering::SeqCst) {
                            break;
                        }
                        let shared = &*shared;
                        if breaks(shared.seed, connection) {
                            shared.faults.lock().unwrap().insert(Fault::ResetBefore);
                            continue;
                        }
                        // Whatever breaks here is a fault like any other.
                        scope.spawn(move || drop(shared.serve(&client)));
                    }
                });
            }
        });
        Self { address, shared, acceptor }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it, and tells which faults there were. The clients are gone by now.
    pub(super) fn stop(self) -> BTreeSet<Fault> {
        self.shared.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        self.acceptor.join().unwrap();
        std::mem::take(&mut *self.shared.faults.lock().unwrap())
    }
}

impl Shared {
    /// Exchanges, one after the other, until one of them breaks the connection.
    fn serve(&self, client: &TcpStream) -> io::Result<()> {
        let mut from = BufReader::new(client);
        let mut to = client;
        loop {
            let head = read_head(&mut from)?;
            let length = length(&head);
            // Enough to know the file; the end of the closing boundary is still to come.
            let mut body = vec![0; length.saturating_sub(UNREAD)];
            from.read_exact(&mut body)?;
            let mut request = Message { head, body };
            let name = name(&request);
            let fault = self.next_fault(&name);
            self.faults.lock().unwrap().insert(fault);
            if fault == Fault::ResetDuring {
                return Ok(());
            }
            let mut rest = vec![0; length.min(UNREAD)];
            from.read_exact(&mut rest)?;
            request.body.extend_from_slice(&rest);
            let answer = match fault {
                Fault::LostOnTheWay => return Ok(()),
                Fault::Late => {
                    self.late.lock().unwrap().insert(name, request);
                    return Ok(());
                }
                Fault::Refused(status) => refusal(status, status == 429),
                Fault::Closed => refusal(503, true),
                Fault::TokensRevoked => {
                    self.library.revoke_tokens();
                    self.ask(&request)?
                }
                Fault::None => {
                    let late = self.late.lock().unwrap().remove(&name);
                    late.map(|late| self.ask(&late)).transpose()?;
                    self.ask(&request)?
                }
                _ => self.ask(&request)?,
            };
            match fault {
                Fault::AnswerLost => return Ok(()),
                Fault::AnswerCut => {
                    let whole = answer.bytes();
                    return to.write_all(whole.get(..whole.len() / 2).unwrap_or_default());
                }
                Fault::Page => to.write_all(&page().bytes())?,
                Fault::Broken(status) => to.write_all(&refusal(status, false).bytes())?,
                _ => to.write_all(&answer.bytes())?,
            }
        }
    }

    fn next_fault(&self, name: &str) -> Fault {
        let mut attempts = self.attempts.lock().unwrap();
        let attempt = attempts.entry(name.to_owned()).or_default();
        *attempt += 1;
        fault(self.seed, name, *attempt)
    }

    fn ask(&self, request: &Message) -> io::Result<Message> {
        let mut server = TcpStream::connect(&self.emulator)?;
        server.write_all(&request.bytes())?;
        let mut from = BufReader::new(server);
        let head = read_head(&mut from)?;
        let mut body = vec![0; length(&head)];
        from.read_exact(&mut body)?;
        Ok(Message { head, body })
    }
}

impl Message {
    fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), &self.body].concat()
    }
}

fn read_head(from: &mut impl BufRead) -> io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if from.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn length(head: &str) -> usize {
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.map_or(0, |length| length.parse().unwrap())
}

/// The file that an upload is about; else what the request asks for.
fn name(request: &Message) -> String {
    let body = String::from_utf8_lossy(&request.body);
    let filename = body.split_once("filename=\"").and_then(|(_, rest)| rest.split_once('"'));
    match filename {
        Some((name, _)) => name.to_owned(),
        None => request.head.lines().next().unwrap_or_default().to_owned(),
    }
}

fn refusal(status: u16, says_when: bool) -> Message {
    let hint = if says_when { "retry-after: 0\r\n" } else { "" };
    let head = format!("HTTP/1.1 {status} Fault\r\n{hint}content-length: 0\r\n\r\n");
    Message { head, body: Vec::new() }
}

fn page() -> Message {
    let body = b"<html>Please log in</html>".to_vec();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    Message { head, body }
}
