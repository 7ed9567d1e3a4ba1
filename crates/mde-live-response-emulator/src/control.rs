//! Requests under `/_emulator/`, with which a test in any language orders faults and looks at the journal.
//!
//! A web page that the tester has open must not use them. So every request needs the header `X-Emulator`: a page of
//! another origin cannot send it, because the browser first asks with `OPTIONS`, which is refused. A page whose host
//! name was pointed at this machine can send it, but shows its name in `Host`.

use std::net::{IpAddr, SocketAddr};

use hyper::header::{ALLOW, CONTENT_TYPE, HOST, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Method, Response, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::faults::Fault;
use crate::service::Service;

const PREFIX: &str = "/_emulator/";
const HEADER: &str = "x-emulator";

/// Largest body of such a request: 64 KiB, our choice.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;

type Answer = Response<Vec<u8>>;

pub(crate) fn is_control(head: &Parts) -> bool {
    head.uri.path().starts_with(PREFIX)
}

impl Service {
    /// Refuses a request that may not use the control path, before its body is read.
    #[expect(clippy::result_large_err, reason = "the refusal is an answer like any other")]
    pub(crate) fn admit_control(&self, peer: SocketAddr, head: &Parts) -> Result<(), Answer> {
        let wanted = self.control_token().unwrap_or("1");
        let mut headers = head.headers.get_all(HEADER).iter();
        let shown = (headers.next().map(HeaderValue::as_bytes), headers.next());
        let why = if !peer.ip().to_canonical().is_loopback() {
            "only this machine may use the control path"
        } else if !names_this_machine(&head.headers) {
            "Host must be localhost or a loopback address"
        } else if shown != (Some(wanted.as_bytes()), None) {
            match self.control_token() {
                Some(_) => "send the header `X-Emulator` with the control token",
                None => {
                    "send the header `X-Emulator: 1`; it shows that no web page sends the request"
                }
            }
        } else {
            return Ok(());
        };
        Err(self.error(StatusCode::FORBIDDEN, "Forbidden", why))
    }

    /// Carries out a request that was admitted.
    pub(crate) fn control(&self, head: &Parts, body: &[u8]) -> Answer {
        let action = head.uri.path().strip_prefix(PREFIX).unwrap_or_default();
        let method = match action {
            "health" | "journal" => Method::GET,
            "faults" | "expire-tokens" | "reset" => Method::POST,
            _ => return self.error(StatusCode::NOT_FOUND, "NotFound", "this path does not exist"),
        };
        if head.method != method {
            let mut answer = empty(StatusCode::METHOD_NOT_ALLOWED);
            let allowed = if method == Method::GET { "GET" } else { "POST" };
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
            return answer;
        }
        match action {
            "health" => answer(&json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })),
            "journal" => answer(&self.journal()),
            "faults" => self.order(body),
            "expire-tokens" => {
                self.library().revoke_tokens();
                empty(StatusCode::NO_CONTENT)
            }
            _ => match self.reset() {
                Ok(()) => empty(StatusCode::NO_CONTENT),
                Err(error) => self.failure(&error),
            },
        }
    }

    fn order(&self, body: &[u8]) -> Answer {
        let fault = serde_json::from_slice::<Fault>(body).map_err(|error| error.to_string());
        match fault.and_then(|fault| fault.check().map(|()| fault)) {
            Ok(fault) => {
                self.fail_next(fault);
                empty(StatusCode::NO_CONTENT)
            }
            Err(why) => self.error(StatusCode::BAD_REQUEST, "InvalidRequestBody", &why),
        }
    }
}

fn names_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let host = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    host.is_some_and(|host| {
        let host = host.host();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|it| it.is_loopback())
    })
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = status;
    answer
}

fn answer(body: &impl Serialize) -> Answer {
    let mut answer = Response::new(serde_json::to_vec(body).unwrap_or_default());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

#[cfg(test)]
mod tests {
    use hyper::Request;
    use mde_live_response_mock::FakeLibrary;

    use super::*;

    #[test]
    fn only_this_machine_may_use_the_control_path() {
        let service = Service::new(FakeLibrary::new(), None, None, None);
        let request = Request::get("/_emulator/health").header(HOST, "localhost:8080");
        let request = request.header(HEADER, "1").body(()).map(|it| it.into_parts().0);
        let Ok(head) = request else { unreachable!("these literals make a request") };
        for (peer, is_admitted) in [
            ([127, 0, 0, 1].into(), true),
            ([127, 9, 9, 9].into(), true),
            (IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]), true),
            ([0, 0, 0, 0, 0, 0xffff, 0x7f00, 1].into(), true),
            ([192, 0, 2, 1].into(), false),
            ([10, 0, 0, 1].into(), false),
            ([0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201].into(), false),
            ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into(), false),
        ] {
            let peer = SocketAddr::new(peer, 5000);
            let refusal = service.admit_control(peer, &head).err().map(|it| it.status().as_u16());
            assert_eq!(refusal, (!is_admitted).then_some(403), "case: {peer}");
        }
    }
}
