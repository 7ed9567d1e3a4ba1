//! Model of a call, from the guide's page on errors: its requests, its waits, and its end.
//!
//! Written from that page, `RetryPolicy` and `Effect`, and held against the client by the answers that it got.

use std::slice;

use mde_live_response_core::Effect::{self, Applied, NotApplied, Unknown};
use mde_live_response_core::IfExists;
use mde_live_response_core::http::Method;

use super::call::{Action, Held, Policy};
use super::scripted::{Answer, Fault, Seen};

/// Kind, effect and attempts of an error.
pub(super) type Failed = (&'static str, Effect, u32);

pub(super) struct Model<'s> {
    answers: slice::Iter<'s, Seen>,
    policy: Policy,
    token: u8,
    /// Method, number of the attempt and number of the token of each request.
    pub(super) requests: Vec<(Method, u32, u8)>,
    pub(super) waited_ms: u64,
    /// Whether the last error asks to wait.
    asks: bool,
}

impl<'s> Model<'s> {
    pub(super) fn new(answers: &'s [Seen], policy: Policy) -> Self {
        Self {
            answers: answers.iter(),
            policy,
            token: 1,
            requests: Vec::new(),
            waited_ms: 0,
            asks: false,
        }
    }

    pub(super) fn call(&mut self, action: Action) -> Result<&'static str, Failed> {
        let (method, may_repeat) = match action {
            Action::Upload(if_exists) => (Method::POST, if_exists == IfExists::Override),
            Action::List => (Method::GET, true),
            Action::Delete => (Method::DELETE, true),
        };
        let lost = match self.attempts(&method, may_repeat) {
            Ok((seen, _)) if method == Method::GET && seen.held == Held::Nothing => {
                return Ok("none");
            }
            Ok(_) if method == Method::GET => return Ok("files"),
            Ok(_) if method == Method::POST => return Ok("stored"),
            // The service's 404 is not an error.
            Ok((seen, _)) if seen.is_done => return Ok("Removed"),
            Ok((_, NotApplied)) => return Ok("WasAbsent"),
            Ok(_) => return Ok("Gone"),
            Err(it) if may_repeat || !self.policy.resolves || it.1 != Unknown => return Err(it),
            Err(lost) => lost,
        };
        self.waited_ms += if self.asks { 2_000 } else { 0 };
        // The listing after a lost answer.
        match self.attempts(&Method::GET, true) {
            Err(_) => Err(lost),
            Ok((seen, _)) => match seen.held {
                Held::Nothing => match self.attempts(&method, false) {
                    Ok(_) => Ok("stored"),
                    Err((kind, effect, more)) => Err((kind, effect.max(Unknown), lost.2 + more)),
                },
                Held::Ours if seen.answer != Answer::WrongHash => Ok("resolved"),
                _ => Err(("NameTaken", Unknown, lost.2)),
            },
        }
    }

    /// Up to the policy's number of attempts. The success comes with the worst effect before it.
    fn attempts(
        &mut self,
        method: &Method,
        may_repeat: bool,
    ) -> Result<(&'s Seen, Effect), Failed> {
        let (mut number, mut worst, mut is_renewed) = (1, NotApplied, false);
        loop {
            self.requests.push((method.clone(), number, self.token));
            let Some(seen) = self.answers.next() else { return Err(("no answer", Unknown, 0)) };
            let Some((kind, effect, is_retryable, asks)) = row(method, seen) else {
                return Ok((seen, worst));
            };
            worst = worst.max(if method == Method::GET { NotApplied } else { effect });
            if kind == "Unauthorized" && !is_renewed {
                (is_renewed, self.token) = (true, self.token + 1);
                continue;
            }
            self.asks = asks;
            let is_harmless = may_repeat || effect == NotApplied;
            if !is_retryable || !is_harmless || number >= self.policy.attempts {
                return Err((kind, worst, number));
            }
            // The random part of the backoff is all of it.
            self.waited_ms += if asks { 2_000 } else { [500, 1_000][number as usize - 1] };
            number += 1;
        }
    }
}

/// The row of "Every kind" for an answer: kind, effect, whether it is retryable, whether the service asks to wait.
fn row(method: &Method, seen: &Seen) -> Option<(&'static str, Effect, bool, bool)> {
    let (is_upload, is_list) = (method == Method::POST, method == Method::GET);
    Some(match seen.answer {
        Answer::Ok | Answer::WrongHash if is_upload && !seen.is_done => refused("NameTaken"),
        Answer::WrongHash if is_upload => ("Mismatch", Applied, false, false),
        Answer::Ok | Answer::WrongHash => return None,
        Answer::Refused(401, ..) => refused("Unauthorized"),
        Answer::Refused(403, ..) => refused("Forbidden"),
        Answer::Refused(409, ..) if is_upload => refused("NameTaken"),
        Answer::Refused(413, ..) => refused("TooLarge"),
        Answer::Refused(429, _, asks) => ("Throttled", NotApplied, true, asks),
        Answer::Refused(..) | Answer::Gateway404 => refused("Rejected"),
        Answer::Early503 => ("ServerFailed", NotApplied, true, false),
        Answer::Lost(Fault::Closed, _) => ("Throttled", Unknown, true, true),
        Answer::Lost(Fault::Status(_), _) => ("ServerFailed", Unknown, true, false),
        Answer::Lost(Fault::Moved, _) => ("Redirected", Unknown, false, false),
        Answer::Unconnected => ("Transport(Connect)", NotApplied, true, false),
        Answer::CutForm if is_upload => ("Transport(Send)", NotApplied, true, false),
        Answer::CutForm | Answer::CutTail => ("Transport(Send)", Unknown, true, false),
        Answer::Lost(Fault::Reset | Fault::Cut, _) => ("Transport(Receive)", Unknown, true, false),
        Answer::Lost(Fault::Silence, _) => ("Transport(Timeout(Receive))", Unknown, true, false),
        Answer::Lost(Fault::Page, _) if is_list => refused("Unusable"),
        Answer::Lost(Fault::Page, _) => ("Unusable", Unknown, true, false),
    })
}

fn refused(kind: &'static str) -> (&'static str, Effect, bool, bool) {
    (kind, NotApplied, false, false)
}
