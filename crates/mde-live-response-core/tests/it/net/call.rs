//! One call against one script: what the client did, and what the library holds.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::auth::credential_fn;
use mde_live_response_core::policy::{Event, Observer, RetryPolicy};
use mde_live_response_core::{
    AccessToken, Client, Effect, Endpoint, Error, ErrorKind, IfExists, Upload,
};
use mde_live_response_mock::{ExistsAnswer, FakeLibrary, ManualClock, StoredFile};

use super::scripted::{Answer, Scripted, Seen};
use crate::support::{CONTENT, NAME, drawn, observing};

const DESCRIPTION: &str = "Lists the DNS cache";
const PARAMETERS: &str = "-Server NAME";

/// A call, what the library holds before it, and the retry policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    pub(super) action: Action,
    pub(super) before: Held,
    pub(super) policy: Policy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Upload(IfExists),
    List,
    Delete,
}

/// What the library holds under the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Nothing,
    /// The bytes and texts of the upload.
    Ours,
    /// Its bytes with other texts.
    OtherTexts,
    Other,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    pub(super) attempts: u32,
    pub(super) resolves: bool,
}

/// What came of a script.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) seen: Vec<Seen>,
    /// Number of each attempt, in order.
    pub(super) numbers: Vec<u32>,
    pub(super) waited: Duration,
    pub(super) outcome: Result<String, (String, Effect, u32)>,
    pub(super) after: Held,
}

impl Case {
    pub(super) fn run(&self, script: &[Answer]) -> Run {
        let settings = FakeLibrary::builder().no_limits();
        let library = settings.exists_answer(ExistsAnswer::Conflict409).build();
        self.before.put(&library);
        let transport = Scripted::new(library.clone(), script);
        let (numbers, clock) = (Arc::<Mutex<Vec<u32>>>::default(), ManualClock::new());
        let diary = Arc::clone(&numbers);
        let observer = observing(move |_, event| {
            if let Event::Attempt { number } = event {
                diary.lock().unwrap().push(*number);
            }
        });
        let client = client(transport.clone(), observer, clock.clone(), self.policy);
        let outcome = self.action.call(&client).map_err(|it| failed(&it));
        let numbers = std::mem::take(&mut *numbers.lock().unwrap());
        let seen = transport.end();
        Run { seen, numbers, waited: clock.now(), outcome, after: held(&library) }
    }
}

impl Held {
    fn put(self, library: &FakeLibrary) {
        let mut entry = StoredFile::new(NAME, CONTENT.as_bytes(), library.now());
        entry.has_parameters = true;
        entry.parameters_description = Some(PARAMETERS.to_owned());
        match self {
            Self::Nothing => return,
            Self::Other => return library.insert(NAME, b"Get-Process\n"),
            Self::Ours => entry.description = Some(DESCRIPTION.to_owned()),
            Self::OtherTexts => entry.description = Some("Another description".to_owned()),
        }
        library.insert_entry(entry, CONTENT);
    }
}

pub(super) fn held(library: &FakeLibrary) -> Held {
    let Some(entry) = library.entry(NAME) else { return Held::Nothing };
    let has_our_texts = entry.description.as_deref() == Some(DESCRIPTION)
        && entry.has_parameters
        && entry.parameters_description.as_deref() == Some(PARAMETERS);
    match (library.content(NAME).unwrap() == CONTENT.as_bytes(), has_our_texts) {
        (true, true) => Held::Ours,
        (true, false) => Held::OtherTexts,
        (false, false) => Held::Other,
        (false, true) => panic!("other bytes with our texts"),
    }
}

/// A client whose credential has another token after each refusal.
fn client(
    transport: Scripted,
    observer: impl Observer + 'static,
    clock: ManualClock,
    policy: Policy,
) -> Client {
    let number = AtomicU8::new(1);
    let credential = credential_fn(move |request| {
        let refused = u8::from(request.is_refused());
        let number = number.fetch_add(refused, Ordering::SeqCst) + refused;
        Ok(AccessToken::new(format!("token-{number}")).unwrap().into())
    });
    let retry = RetryPolicy::DEFAULT.with_attempts(policy.attempts);
    Client::builder(Endpoint::COMMERCIAL, credential, transport)
        .clock(clock)
        .retry(retry.with_unknown_resolved(policy.resolves))
        // The longest backoff.
        .random(drawn(&[0xff]))
        .observer(observer)
        .build()
}

impl Action {
    fn call(self, client: &Client) -> Result<String, Error> {
        let name = || NAME.parse().unwrap();
        match self {
            Self::Upload(if_exists) => {
                let upload = Upload::new(name(), CONTENT.as_bytes())
                    .with_description(DESCRIPTION.parse().unwrap())
                    .with_parameters(PARAMETERS.parse().unwrap())
                    .with_if_exists(if_exists);
                let word = |is_resolved| if is_resolved { "resolved" } else { "stored" };
                client.upload(&upload).map(|it| word(it.is_resolved()).to_owned())
            }
            Self::List => {
                let files = client.list().collect::<Result<Vec<_>, _>>();
                files.map(|it| if it.is_empty() { "none" } else { "files" }.to_owned())
            }
            Self::Delete => client.delete(&name()).map(|deleted| format!("{deleted:?}")),
        }
    }
}

/// Kind, effect and attempts of an error.
fn failed(error: &Error) -> (String, Effect, u32) {
    let kind = match error.kind() {
        ErrorKind::Throttled { local: false } => "Throttled".to_owned(),
        ErrorKind::Unusable(_) => "Unusable".to_owned(),
        ErrorKind::Mismatch { .. } => "Mismatch".to_owned(),
        kind => format!("{kind:?}"),
    };
    (kind, error.effect(), error.attempts())
}
