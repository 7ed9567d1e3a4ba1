//! Tunnels through a proxy.

use std::io;

use mde_live_response_core::transport::TransportErrorKind;

use super::socket::{Socket, Wait};
use crate::facts::Allowance;
use crate::fault::Fault;
use crate::proxy::Proxy;

/// Largest answer to `CONNECT`, in bytes. Its body, if any, is not read.
const MAX_ANSWER: usize = 16 * 1024;

/// Asks the proxy at the other end of the socket for a tunnel to the host.
pub(super) fn open(
    socket: &mut Socket,
    proxy: &Proxy,
    host: &str,
    port: u16,
    time: Allowance<'_>,
) -> Result<(), Fault> {
    let authorization = match proxy.authorization() {
        Some(value) => format!("Proxy-Authorization: {value}\r\n"),
        None => String::new(),
    };
    let request =
        format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{authorization}\r\n");
    let mut rest = request.as_bytes();
    while !rest.is_empty() {
        let n = socket.write(time, |stream| stream.write(rest))?.map_err(broken)?;
        rest = rest.get(n..).unwrap_or_default();
    }
    let answer = read_head(socket, time)?;
    match answer.strip_prefix(b"HTTP/1.") {
        Some([_, b' ', b'2', ..]) => Ok(()),
        Some([_, b' ', a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', ..]) => {
            let status: String = [*a, *b, *c].into_iter().map(char::from).collect();
            let kind = match a {
                b'5' => TransportErrorKind::Proxy,
                _ => TransportErrorKind::ProxyRefused,
            };
            Err(Fault::new(kind, format!("the proxy answered {status}")))
        }
        _ => Err(Fault::new(TransportErrorKind::Proxy, "the proxy's answer is not HTTP")),
    }
}

/// Reads the head of the proxy's answer, and no byte after it.
///
/// In a tunnel, the server waits for the client.
fn read_head(socket: &mut Socket, time: Allowance<'_>) -> Result<Vec<u8>, Fault> {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= MAX_ANSWER {
            return Err(Fault::new(TransportErrorKind::Proxy, "the proxy's answer does not end"));
        }
        let mut byte = [0];
        let read = socket.read(Wait::For(time), |stream| stream.read(&mut byte))?;
        match read.map_err(broken)? {
            Some(0) => return Err(broken(io::ErrorKind::UnexpectedEof.into())),
            Some(_) => answer.extend_from_slice(&byte),
            None => {}
        }
    }
    Ok(answer)
}

fn broken(cause: io::Error) -> Fault {
    Fault::io(TransportErrorKind::Proxy, cause)
}
