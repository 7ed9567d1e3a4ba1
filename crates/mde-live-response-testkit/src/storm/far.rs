//! What stands between the client and the emulator, and does to each exchange what its order says.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread;

use mde_live_response_core::http::Response;
use mde_live_response_core::http::header::RETRY_AFTER;
use mde_live_response_core::transport::Transport;

use super::sockets::{Orders, Pending};
use super::{Fault, Reply, Service, Sockets};
use crate::Relay;

/// Names the order of a request without a body.
pub(super) const ORDER: &str = "x-order";

/// Marks the service's own answers.
pub(super) const SERVICE: &str = "x-service";

/// The far end of all connections.
#[derive(Debug)]
pub struct FarEnd {
    emulator: String,
    service: Arc<Service>,
    orders: Orders,
    /// Whether a connection stays open when no answer comes, until the peer closes it.
    is_patient: bool,
}

/// Bytes of a body that are not read when a fault breaks the connection within it.
const UNREAD: usize = 20;

impl FarEnd {
    /// Creates the far end of this wire, before the emulator of this service.
    pub fn new<T: Transport>(emulator: &str, service: &Arc<Service>, wire: &Sockets<T>) -> Self {
        Self {
            emulator: emulator.replace("http://", ""),
            service: Arc::clone(service),
            orders: wire.orders(),
            is_patient: false,
        }
    }

    /// Leaves it to the peer to close a connection on which no answer comes.
    #[must_use]
    pub fn patient(self) -> Self {
        Self { is_patient: true, ..self }
    }

    /// Starts it on this port, or on any free one if it is 0.
    #[must_use]
    pub fn start(self, port: u16) -> Relay {
        Relay::start(port, move |listener, is_over| {
            thread::scope(|scope| {
                for client in listener.incoming() {
                    if is_over.load(Ordering::SeqCst) {
                        break;
                    }
                    let (client, far) = (client.unwrap(), &self);
                    // What breaks here is a fault like any other.
                    scope.spawn(move || drop(far.serve(&client)));
                }
            });
        })
    }

    /// Exchanges, one after the other, until one of them breaks the connection.
    fn serve(&self, client: &TcpStream) -> io::Result<()> {
        let mut from = BufReader::new(client);
        loop {
            let mut request = read_head(&mut from)?.into_bytes();
            let head = String::from_utf8_lossy(&request).into_owned();
            let Some(pending) = self.pending(&head) else { return Ok(()) };
            let Some(order) = pending.lock().unwrap().arrive() else { return Ok(()) };
            match order.fault() {
                Fault::ResetBefore => return Ok(()),
                Fault::ResetDuring => {
                    let part = length(&head).saturating_sub(UNREAD);
                    return from.read_exact(&mut vec![0; part]);
                }
                _ if order.reads_body() => read_body(&head, &mut from, &mut request)?,
                // The service answers without it, and reads it then.
                _ => {}
            }
            let (emulator, is_read) = (self.emulator.clone(), order.reads_body());
            let sent = request.clone();
            let ask = Box::new(move || ask(&emulator, &sent).unwrap());
            let reply = {
                let pending = pending.lock().unwrap();
                if pending.order.is_none() {
                    return Ok(());
                }
                self.service.serve(&order, ask)
            };
            match reply {
                Reply::Answer(answer) => (&*client).write_all(&bytes(&answer))?,
                Reply::Half(answer) => {
                    let whole = bytes(&answer);
                    return (&*client).write_all(&whole[..whole.len() / 2]);
                }
                Reply::Nothing => {
                    if self.is_patient && matches!(order.fault(), Fault::NoAnswer { .. }) {
                        io::copy(&mut from, &mut io::sink())?;
                    }
                    return Ok(());
                }
            }
            if !is_read {
                read_body(&head, &mut from, &mut request)?;
            }
        }
    }

    fn pending(&self, head: &str) -> Option<Arc<Mutex<Pending>>> {
        let key = header(head, ORDER).or_else(|| header(head, "content-type"));
        self.orders.lock().unwrap().get(&key.unwrap()).cloned()
    }
}

/// Sends a request to the emulator, and reads the answer.
fn ask(emulator: &str, request: &[u8]) -> io::Result<Response<Vec<u8>>> {
    let mut server = TcpStream::connect(emulator)?;
    server.write_all(request)?;
    let mut from = BufReader::new(server);
    let head = read_head(&mut from)?;
    let mut body = Vec::new();
    read_body(&head, &mut from, &mut body)?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    Ok(Response::builder().status(status).body(body).unwrap())
}

fn bytes(answer: &Response<Vec<u8>>) -> Vec<u8> {
    let wait = answer.headers().get(RETRY_AFTER).map(|it| it.to_str().unwrap());
    let wait = wait.map_or_else(String::new, |wait| format!("retry-after: {wait}\r\n"));
    let (status, body) = (answer.status().as_u16(), answer.body());
    let head = format!(
        "HTTP/1.1 {status} -\r\n{wait}{SERVICE}: 1\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
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

/// Reads the body that belongs to a head, and adds it.
fn read_body(head: &str, from: &mut impl Read, to: &mut Vec<u8>) -> io::Result<()> {
    let start = to.len();
    to.resize(start + length(head), 0);
    from.read_exact(&mut to[start..])
}

fn length(head: &str) -> usize {
    header(head, "content-length").map_or(0, |length| length.parse().unwrap())
}

fn header(head: &str, name: &str) -> Option<String> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let mut named = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.to_owned())
}
