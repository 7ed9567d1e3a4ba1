//! Help texts: the next step after an error.

use super::status::GATEWAY;
use super::{AnswerProblem, Effect, Error, ErrorKind, SourceProblem, TransportErrorKind, meaning};
use crate::values::{CallKind, TokenProblem};

pub(super) fn of(error: &Error) -> Option<String> {
    let known = of_token(error).or_else(|| error.0.help.clone()).or_else(|| of_kind(error));
    if error.effect() != Effect::Unknown {
        return known.or_else(|| of_repeat(error));
    }
    let look = match (error.call(), error.kind()) {
        // After a listing that shows another file there is nothing left to look for.
        (_, ErrorKind::NameTaken) if error.answer().is_none() => return known,
        (_, ErrorKind::NameTaken) => {
            return Some(
                "List the library: the file of this name may be this call's own.".to_owned(),
            );
        }
        (CallKind::Delete, _) => "List the library before you try again: the file may be deleted.",
        _ => "List the library before you try again: the file may be stored.",
    };
    Some(match known {
        Some(known) => format!("{look} {known}"),
        None => look.to_owned(),
    })
}

fn of_token(error: &Error) -> Option<String> {
    Some(match error.token_problem()? {
        TokenProblem::Audience { expected, .. } => {
            format!("Get a token for the audience {expected}.")
        }
        TokenProblem::Permission => {
            "Grant the application Library.Manage and ask an administrator to consent.".to_owned()
        }
        TokenProblem::Expired { .. } => {
            "Get a new token. If it is new, set this machine's clock.".to_owned()
        }
    })
}

/// For an error after which the same call may succeed, and is harmless.
fn of_repeat(error: &Error) -> Option<String> {
    if !error.is_retryable() {
        return None;
    }
    Some(match (error.wait("until"), error.correlation_id()) {
        (Some(wait), _) => format!("Wait {wait}, then call again."),
        (None, Some(_)) if *error.kind() == ErrorKind::ServerFailed => {
            "Try again later. If it fails again, give Microsoft's support the correlation ID."
                .to_owned()
        }
        _ => "Try again later.".to_owned(),
    })
}

fn of_kind(error: &Error) -> Option<String> {
    if let Some(answer) = &error.0.answer
        && let Some(status) = answer.status.filter(|status| !status.is_success())
        // The table is about the library's API, not about a login host.
        && !(*error.kind() == ErrorKind::NoToken || error.call() == CallKind::Token)
    {
        let (status, wait) = (status.as_u16(), answer.retry_after.is_some());
        let help = meaning(status, answer.code.as_deref(), wait, error.call()).help?;
        return Some(match (error.call(), status, error.kind()) {
            // The vendor does not document how the service says that a name is taken; clients expect 400.
            (CallKind::Upload, 400, ErrorKind::Rejected) => format!(
                "{help} If the name may be taken, list the library, and override the file only if it is yours."
            ),
            _ => help.to_owned(),
        });
    }
    let help = match error.kind() {
        ErrorKind::Input(invalid) => invalid.help(),
        ErrorKind::Source(problem) => of_source(problem),
        ErrorKind::NoToken if error.0.source.is_some() => {
            "Correct the credential as the cause says, then call again."
        }
        ErrorKind::NoToken => "Correct the credential as the message says, then call again.",
        ErrorKind::Transport(kind) => of_transport(*kind)?,
        ErrorKind::NameTaken => {
            "Compare the listed file with yours. Override it if it is yours, otherwise choose another name."
        }
        ErrorKind::Throttled { local: true } if error.retry_after().is_none() => {
            "Wait until the running calls have ended, then call again."
        }
        ErrorKind::Unusable(problem) => of_answer(problem, error.effect()),
        ErrorKind::Mismatch { .. } => {
            "Do not run the stored file. Find out who else writes to the library, then upload again."
        }
        ErrorKind::Cancelled if error.effect() == Effect::NotApplied => match error.call() {
            CallKind::Upload => "Call again to upload the file.",
            CallKind::Delete => "Call again to delete the file.",
            _ => "Call again to get the list.",
        },
        _ => return None,
    };
    Some(help.to_owned())
}

fn of_source(problem: &SourceProblem) -> &'static str {
    match problem {
        SourceProblem::NotFound => "Check the path. A relative path starts at the current folder.",
        SourceProblem::PermissionDenied => "Give this program's user permission to read the file.",
        SourceProblem::Directory | SourceProblem::NotRegular => "Give the path of a regular file.",
        SourceProblem::Changed => {
            "Let the program that writes the file finish, then upload it again."
        }
        SourceProblem::Io => {
            "Close the program that uses the file, or check the disk or the network drive, then upload the file again."
        }
        SourceProblem::Name(invalid) => invalid.help(),
    }
}

fn of_answer(problem: &AnswerProblem, effect: Effect) -> &'static str {
    match problem {
        AnswerProblem::OtherName { .. } => {
            "Look for the file under the name that the service stored."
        }
        _ if effect == Effect::Applied => {
            "List the library, and compare the entry's SHA-256 with the file's."
        }
        AnswerProblem::NextLink => {
            "Check the base URL, and whether a gateway changes the answers: the client follows no such link."
        }
        AnswerProblem::Sha256 => "Check the base URL, and whether a gateway changes the answers.",
        _ => GATEWAY,
    }
}

fn of_transport(kind: TransportErrorKind) -> Option<&'static str> {
    Some(match kind {
        TransportErrorKind::Resolve => "Check the host name, and this machine's DNS settings.",
        TransportErrorKind::Connect => {
            "Check the host and port, this machine's network, and any firewall in between."
        }
        TransportErrorKind::Tls => {
            "Check the host and port, and that the host speaks TLS 1.2 or later."
        }
        TransportErrorKind::Certificate => {
            "If a corporate proxy intercepts TLS, add its CA to the transport's roots. Otherwise check the host name \
             and this machine's clock."
        }
        TransportErrorKind::ClientCertificate => {
            "Check the base URL and any gateway in between: the service itself demands no client certificate."
        }
        TransportErrorKind::Proxy => "Check the proxy's address, and that it is running.",
        TransportErrorKind::ProxyRefused => {
            "Check the proxy's user name and password, and which hosts it permits."
        }
        TransportErrorKind::Local => "Free or install what the cause names, then call again.",
        TransportErrorKind::Timeout(_) => "Check the network, or allow more time.",
        TransportErrorKind::AnswerTooLarge => GATEWAY,
        TransportErrorKind::Unsupported => {
            "Use another transport: this one cannot send the request."
        }
        _ => return None,
    })
}
