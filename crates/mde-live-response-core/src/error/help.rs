//! Help texts: the next step after an error.

use super::{AnswerProblem, Effect, Error, ErrorKind, SourceProblem, TransportErrorKind, meaning};
use crate::values::{CallKind, TokenProblem};

pub(super) fn of(error: &Error) -> Option<String> {
    let known = of_token(error).or_else(|| error.0.help.clone()).or_else(|| of_kind(error));
    let known = known.or_else(|| {
        let is_harmless = error.is_retryable() && error.effect() == Effect::NotApplied;
        is_harmless.then(|| "Try again later.".to_owned())
    });
    // After a listing that shows another file there is nothing left to look for.
    let is_settled = match error.kind() {
        ErrorKind::Mismatch { .. } => true,
        ErrorKind::NameTaken => error.answer().is_none(),
        _ => false,
    };
    if error.effect() != Effect::Unknown || is_settled {
        return known;
    }
    let look = match error.call() {
        CallKind::Delete => "List the library before another try: the file may be deleted.",
        _ => "List the library before another try: the file may be stored.",
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
        TokenProblem::Expired { .. } => "Get a new token.".to_owned(),
    })
}

fn of_kind(error: &Error) -> Option<String> {
    if let Some(answer) = &error.0.answer
        && let Some(status) = answer.status.filter(|status| !status.is_success())
        // The table is about the library's API, not about a login host.
        && !(*error.kind() == ErrorKind::NoToken || error.call() == CallKind::Token)
    {
        let wait = answer.retry_after.is_some();
        let help = meaning(status.as_u16(), answer.code.as_deref(), wait).help?;
        return Some(match (error.call(), status.as_u16(), error.kind()) {
            // The vendor does not document how the service says that a name is taken; clients expect 400.
            (CallKind::Upload, 400, ErrorKind::Rejected) => format!(
                "{help} If the name may be taken, list the library, and override the file only if it is yours."
            ),
            (CallKind::Delete | CallKind::List, _, ErrorKind::NameTaken) => {
                "Read the service's message, and list the library.".to_owned()
            }
            _ => help.to_owned(),
        });
    }
    let help = match error.kind() {
        ErrorKind::Input(invalid) => invalid.help(),
        ErrorKind::Source(SourceProblem::NotFound) => "Check the path.",
        ErrorKind::Source(SourceProblem::PermissionDenied) => "Check the file's permissions.",
        ErrorKind::Source(SourceProblem::Directory | SourceProblem::NotRegular) => {
            "Give the path of a regular file."
        }
        ErrorKind::Source(SourceProblem::Changed) => {
            "Let the program that writes the file finish, then upload it again."
        }
        ErrorKind::Source(_) => "Check the disk, then upload the file again.",
        // The issuer or the network failed, not the credential.
        ErrorKind::NoToken if error.is_retryable() => return None,
        ErrorKind::NoToken => "Check the credential.",
        ErrorKind::Transport(kind) => of_transport(*kind)?,
        ErrorKind::NameTaken => "Choose another name, or override the file if it is yours.",
        ErrorKind::Throttled { .. } => "Wait, allow more time, or call less often.",
        ErrorKind::Unusable(
            AnswerProblem::Status
            | AnswerProblem::Encoding
            | AnswerProblem::NotJson
            | AnswerProblem::Shape,
        ) => "Check the base URL, and whether a gateway answers in the service's place.",
        ErrorKind::Unusable(AnswerProblem::Unverified) => {
            "Compare the library's entry with the file, or accept unverified answers."
        }
        ErrorKind::Unusable(AnswerProblem::OtherName { .. }) => {
            "Look for the file under the name that the service stored."
        }
        ErrorKind::Unusable(_) if error.effect() == Effect::Applied => {
            "Compare the library's entry with the file."
        }
        ErrorKind::Mismatch { .. } => {
            "Do not run the stored file. Find out who else writes to the library, then upload again."
        }
        _ => return None,
    };
    Some(help.to_owned())
}

fn of_transport(kind: TransportErrorKind) -> Option<&'static str> {
    Some(match kind {
        TransportErrorKind::Resolve => "Check the host name and the network.",
        TransportErrorKind::Connect => "Check the host, the network and any firewall in between.",
        TransportErrorKind::Tls => "Check that the host speaks TLS 1.2 or later.",
        TransportErrorKind::Certificate => {
            "If a corporate proxy intercepts TLS, add its CA to the transport's roots."
        }
        TransportErrorKind::ClientCertificate => {
            "Check the base URL and any gateway in between: the service itself demands no client certificate."
        }
        TransportErrorKind::Proxy => "Check the proxy's address, and that it is running.",
        TransportErrorKind::ProxyRefused => {
            "Check the proxy's user name and password, and which hosts it permits."
        }
        TransportErrorKind::Local => "Read the cause, and free or install what it names.",
        TransportErrorKind::Timeout(_) => "Check the network, or allow more time.",
        _ => return None,
    })
}
