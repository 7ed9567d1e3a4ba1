//! What libcurl's error codes mean here.
//!
//! One code often stands for several things, and which one follows from how far the exchange had come. Codes that are
//! not named here belong to what is not used: FTP, SSH, HTTP/2 and the like.

use mde_live_response_core::Phase;
use mde_live_response_core::TransportErrorKind::{
    self, Certificate, Connect, Local, Protocol, Proxy, Receive, Refused, Resolve, Send, Timeout,
    Tls,
};

use crate::facts::Stage;
use crate::fault::Fault;

/// What is known when libcurl reports an error.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Situation {
    pub(crate) stage: Stage,
    pub(crate) has_proxy: bool,
    pub(crate) is_body_sent: bool,
    /// A chunked answer is being read.
    pub(crate) is_chunked: bool,
    /// The operating system's last word, if there was one.
    pub(crate) errno: Option<i32>,
}

pub(crate) fn fault(error: curl::Error, situation: &Situation) -> Fault {
    Fault::new(kind(i64::from(error.code()), situation), error)
}

fn kind(code: i64, situation: &Situation) -> TransportErrorKind {
    match code {
        // A proxy's name, its own error, its login.
        5 | 94 | 97 => Proxy,
        6 => Resolve,
        51 | 60 | 83 | 90 | 91 => Certificate,
        35 | 58 | 59 | 64 | 80 | 98 => Tls,
        // An interface, a TLS engine, an authority's file, a list of revocations, a connection in the cache.
        45 | 53 | 54 | 66 | 77 | 82 | 89 => Local,
        _ if situation.stage < Stage::Requesting => before_the_request(code, situation),
        _ => in_the_exchange(code, situation),
    }
}

fn before_the_request(code: i64, situation: &Situation) -> TransportErrorKind {
    match (code, situation.errno) {
        (_, Some(errno)) if is_local(errno) => Local,
        (7 | 28, Some(errno)) if is_timeout(errno) => Timeout(Phase::Connect),
        (28, _) => Timeout(Phase::Connect),
        // Whatever comes of the way to the proxy, and of its tunnel.
        _ if situation.has_proxy && situation.stage < Stage::Securing => Proxy,
        // The URL, a protocol that this libcurl was built without, an option.
        (1 | 3 | 4 | 43 | 48, _) => Refused,
        (2 | 27, _) => Local,
        _ if situation.stage == Stage::Securing => Tls,
        _ => Connect,
    }
}

fn in_the_exchange(code: i64, situation: &Situation) -> TransportErrorKind {
    match code {
        // A chunked body that ends without its last chunk breaks its own framing.
        18 | 52 | 55 | 56 if situation.is_chunked => Protocol,
        // 65: a kept connection was closed, and libcurl would send the body again.
        55 | 65 if !situation.is_body_sent => Send,
        // Broken, and not only ended.
        56 if !situation.is_body_sent && situation.errno.is_some() => Send,
        // 7: a kept connection was closed, and libcurl would open another.
        7 | 18 | 28 | 52 | 55 | 56 | 65 => Receive,
        // No HTTP/1 (1), a status line, a length or a header that libcurl does not take (8, 43, 63), a line that is too
        // long for it (27, 100).
        _ => Protocol,
    }
}

/// No file handles or no ports left.
fn is_local(errno: i32) -> bool {
    let codes: &[i32] = if cfg!(windows) { &[10024, 10049] } else { &[23, 24, 99] };
    codes.contains(&errno)
}

/// The operating system gave up connecting.
fn is_timeout(errno: i32) -> bool {
    errno == if cfg!(windows) { 10060 } else { 110 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: i64 = 101;

    fn at(stage: Stage) -> Situation {
        Situation { stage, ..Situation::default() }
    }

    /// What says that the server may have acted, or answered, is never said before it was asked.
    #[test]
    fn every_code_fits_the_stage() {
        for code in 1..=LAST {
            for stage in [Stage::Resolving, Stage::Connecting, Stage::Tunnelling, Stage::Securing] {
                let told = kind(code, &at(stage));
                assert!(
                    !matches!(told, Send | Receive | Protocol),
                    "{code} at {stage:?}: {told:?}"
                );
            }
            for stage in [Stage::Requesting, Stage::Answering] {
                let told = kind(code, &at(stage));
                let early = matches!(told, Connect | Refused | Timeout(_));
                assert!(!early, "{code} at {stage:?}: {told:?}");
            }
        }
    }

    #[test]
    fn what_fails_on_the_way_to_a_proxy_is_the_proxys() {
        for code in [5, 7, 8, 27, 35, 52, 55, 56, 97] {
            for stage in [Stage::Connecting, Stage::Tunnelling] {
                let situation = Situation { has_proxy: true, ..at(stage) };
                let told = kind(code, &situation);
                // A proxy that wants TLS for itself is none that can be set.
                assert_eq!(told, if code == 35 { Tls } else { Proxy }, "{code} at {stage:?}");
            }
        }
    }

    #[test]
    fn the_operating_systems_word_counts() {
        for (code, errno, expected) in [
            (7, 111, Connect),
            (7, 110, Timeout(Phase::Connect)),
            (7, 99, Local),
            (7, 24, Local),
            (28, 110, Timeout(Phase::Connect)),
        ] {
            let situation = Situation { errno: Some(errno), ..at(Stage::Connecting) };
            if !cfg!(windows) {
                assert_eq!(kind(code, &situation), expected, "{code}, {errno}");
            }
        }
    }

    #[test]
    fn a_break_is_told_by_what_was_sent_and_how_the_answer_ends() {
        let sent = Situation { is_body_sent: true, ..at(Stage::Requesting) };
        let reset = Situation { errno: Some(104), ..at(Stage::Requesting) };
        let chunked = Situation { is_body_sent: true, is_chunked: true, ..at(Stage::Answering) };
        for (code, situation, expected) in [
            (55, at(Stage::Requesting), Send),
            (65, at(Stage::Requesting), Send),
            (56, reset, Send),
            (56, at(Stage::Requesting), Receive),
            (52, at(Stage::Requesting), Receive),
            (56, sent, Receive),
            (65, sent, Receive),
            (18, sent, Receive),
            (18, chunked, Protocol),
            (56, chunked, Protocol),
            (1, sent, Protocol),
            (8, sent, Protocol),
        ] {
            assert_eq!(kind(code, &situation), expected, "{code}, {situation:?}");
        }
    }
}
