//! Uploads and answers of the cases.

use std::sync::LazyLock;

use mde_live_response_core::Upload;
use mde_live_response_core::library::FileContent;

use super::peer::Step;

pub(super) const NAME: &str = "collect-dns.ps1";
const CONTENT: &str = "Get-DnsClientCache\n";
/// Of [`CONTENT`].
const SHA256: &str = "a4983efac65cc22427c315b5605be885a87605ae02e475aa50a499267745faf9";

/// More than the buffers between two sockets hold if the peer does not read.
static LARGE: LazyLock<FileContent> = LazyLock::new(|| vec![b'x'; 20 * 1024 * 1024].into());

pub(super) fn small() -> Upload {
    Upload::new(NAME.parse().unwrap(), CONTENT.as_bytes())
}

/// Takes many writes and many TLS records, but fits the buffers of a socket.
pub(super) fn medium() -> Upload {
    Upload::new(NAME.parse().unwrap(), vec![b'm'; 100 * 1024])
}

pub(super) fn large() -> Upload {
    Upload::new(NAME.parse().unwrap(), LARGE.clone())
}

/// The entity of a stored [`small`].
pub(super) fn entity() -> String {
    format!(r#"{{"fileName":"{NAME}","sha256":"{SHA256}","hasParameters":false}}"#)
}

/// An answer with a length. `headers` are whole lines.
pub(super) fn reply(status: &str, headers: &str, body: &str) -> String {
    let len = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {len}\r\n{headers}\r\n{body}")
}

/// The answer to a stored [`small`].
pub(super) fn stored() -> String {
    reply("200 OK", "Content-Type: application/json\r\n", &entity())
}

/// Steps that read a whole request first.
pub(super) fn after_request(steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    [Step::ReadHead, Step::ReadBody].into_iter().chain(steps).collect()
}

/// Steps that store one [`small`].
pub(super) fn served() -> Vec<Step> {
    after_request([Step::send(stored())])
}
