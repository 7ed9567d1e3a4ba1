//! Exceptions for an operating system, with the reason. The module's documentation lists them, too.

use mde_live_response_core::Effect;
use mde_live_response_core::transport::TransportErrorKind as Kind;

use super::cases::{BODY, EARLY, TOO_EARLY};
use super::expected::Expected;

struct Exception {
    /// As [`std::env::consts::OS`] names it.
    system: &'static str,
    rules: &'static [&'static str],
    /// Outcome that is also allowed there.
    also: Expected,
}

const EXCEPTIONS: &[Exception] = &[
    // Windows drops received bytes when a reset follows.
    Exception {
        system: "windows",
        rules: &[EARLY, TOO_EARLY, BODY],
        also: Expected::Failure(&[Kind::Send, Kind::Receive], Effect::NotApplied),
    },
];

/// Outcomes that this system also allows in the cases of a rule.
pub(super) fn also(rule: &'static str) -> impl Iterator<Item = &'static Expected> {
    let all = EXCEPTIONS.iter().filter(|it| it.system == std::env::consts::OS);
    all.filter(move |it| it.rules.contains(&rule)).map(|it| &it.also)
}
