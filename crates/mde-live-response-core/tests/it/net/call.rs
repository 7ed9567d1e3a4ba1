//! One call against one script, and its outcome as a row of the table.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mde_live_response_core::auth::credential_fn;
use mde_live_response_core::policy::{Event, Observer, WaitReason};
use mde_live_response_core::{AccessToken, Client, Endpoint, Error, ErrorKind, IfExists, Upload};
use mde_live_response_mock::{ExistsAnswer, FakeLibrary, ManualClock, StoredFile};

use super::scripted::{Answer, Scripted, Sent};
use crate::support::{CONTENT, NAME, drawn, observing};

const DESCRIPTION: &str = "Lists the DNS cache";
const PARAMETERS: &str = "-Server NAME";

/// A call, and what the library holds before it.
pub(super) struct Case {
    pub(super) name: &'static str,
    action: Action,
    before: Held,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Upload(IfExists),
    List,
    Delete,
}

/// What the library holds under the name.
#[derive(Clone, Copy)]
enum Held {
    Nothing,
    OtherTexts,
    Other,
}

const ADD: Action = Action::Upload(IfExists::Fail);
const REPLACE: Action = Action::Upload(IfExists::Override);

pub(super) const CASES: [Case; 10] = [
    case("upload, IfExists::Fail, empty library", ADD, Held::Nothing),
    case("upload, IfExists::Fail, same bytes with other texts", ADD, Held::OtherTexts),
    case("upload, IfExists::Fail, other bytes", ADD, Held::Other),
    case("upload, IfExists::Override, empty library", REPLACE, Held::Nothing),
    case("upload, IfExists::Override, same bytes with other texts", REPLACE, Held::OtherTexts),
    case("upload, IfExists::Override, other bytes", REPLACE, Held::Other),
    case("list, empty library", Action::List, Held::Nothing),
    case("list, one file", Action::List, Held::Other),
    case("delete, empty library", Action::Delete, Held::Nothing),
    case("delete, one file", Action::Delete, Held::Other),
];

const fn case(name: &'static str, action: Action, before: Held) -> Case {
    Case { name, action, before }
}

/// What came of a script.
pub(super) struct Run {
    /// Requests sent, those beyond the script included.
    pub(super) exchanges: usize,
    /// The facts, in the columns of the table.
    pub(super) outcome: String,
}

impl Case {
    /// The answers that scripts of this call are made of.
    pub(super) fn answers(&self) -> impl Iterator<Item = &'static Answer> {
        let is_delete = self.action == Action::Delete;
        Answer::ALL.iter().filter(move |it| !is_delete || **it != Answer::WrongHash)
    }

    pub(super) fn run(&self, script: &[Answer]) -> Run {
        let settings = FakeLibrary::builder().no_limits();
        let library = settings.exists_answer(ExistsAnswer::Conflict409).build();
        self.before.put(&library);
        let (sent, told, clock) =
            (Sent::default(), Arc::<Mutex<Told>>::default(), ManualClock::new());
        let transport =
            Scripted { library: library.clone(), script: script.to_vec(), sent: sent.clone() };
        let diary = Arc::clone(&told);
        let observer = observing(move |_, event| diary.lock().unwrap().hear(event));
        let result = self.action.call(&client(transport, observer, clock.clone()));
        let told = &mut *told.lock().unwrap();
        if told.waited != clock.now() {
            told.waits.push(format!("TOOK {:.2} s", clock.now().as_secs_f64()));
        }
        let columns = [
            sent.requests(),
            told.attempts.join(" "),
            told.waits.join(", "),
            if sent.is_same_body() { "" } else { "BODIES DIFFER" }.to_owned(),
            result,
            held(&library).to_owned(),
        ];
        let columns: Vec<_> = columns.into_iter().filter(|it| !it.is_empty()).collect();
        Run { exchanges: sent.count(), outcome: columns.join(" | ") }
    }
}

impl Held {
    fn put(self, library: &FakeLibrary) {
        match self {
            Self::Nothing => {}
            Self::Other => library.insert(NAME, b"Get-Process\n"),
            Self::OtherTexts => {
                let mut entry = StoredFile::new(NAME, CONTENT.as_bytes(), library.now());
                entry.description = Some("Another description".to_owned());
                entry.has_parameters = true;
                entry.parameters_description = Some(PARAMETERS.to_owned());
                library.insert_entry(entry, CONTENT);
            }
        }
    }
}

fn held(library: &FakeLibrary) -> &'static str {
    let names = library.names();
    assert!(names.is_empty() || names == [NAME], "unexpected names: {names:?}");
    let Some(entry) = library.entry(NAME) else { return "-" };
    let has_our_texts = entry.description.as_deref() == Some(DESCRIPTION)
        && entry.has_parameters
        && entry.parameters_description.as_deref() == Some(PARAMETERS);
    match (library.content(NAME).unwrap() == CONTENT.as_bytes(), has_our_texts) {
        (true, true) => "ours",
        (true, false) => "same bytes, other texts",
        (false, false) => "other",
        (false, true) => "other bytes, our texts",
    }
}

fn client(transport: Scripted, observer: impl Observer + 'static, clock: ManualClock) -> Client {
    let number = AtomicU32::new(1);
    let credential = credential_fn(move |request| {
        let refused = u32::from(request.is_refused());
        let number = number.fetch_add(refused, Ordering::SeqCst) + refused;
        Ok(AccessToken::new(format!("token-{number}")).unwrap().into())
    });
    Client::builder(Endpoint::COMMERCIAL, credential, transport)
        .clock(clock)
        // Half of the longest backoff, to two digits.
        .random(drawn(&[0x80]))
        .observer(observer)
        .build()
}

impl Action {
    fn call(self, client: &Client) -> String {
        let name = || NAME.parse().unwrap();
        let outcome = match self {
            Self::Upload(if_exists) => {
                let upload = Upload::new(name(), CONTENT.as_bytes())
                    .with_description(DESCRIPTION.parse().unwrap())
                    .with_parameters(PARAMETERS.parse().unwrap())
                    .with_if_exists(if_exists);
                let resolved = |is_resolved| if is_resolved { "ok resolved" } else { "ok" };
                client.upload(&upload).map(|it| resolved(it.is_resolved()).to_owned())
            }
            Self::List => {
                let files = client.list().collect::<Result<Vec<_>, _>>();
                files.map(|files| format!("ok {} files", files.len()))
            }
            Self::Delete => client.delete(&name()).map(|deleted| format!("ok {deleted:?}")),
        };
        outcome.unwrap_or_else(|error| failed(&error))
    }
}

/// Kind and effect of an error.
fn failed(error: &Error) -> String {
    let kind = match error.kind() {
        ErrorKind::Throttled { .. } => "Throttled".to_owned(),
        ErrorKind::Unusable(_) => "Unusable".to_owned(),
        ErrorKind::Mismatch { .. } => "Mismatch".to_owned(),
        kind => format!("{kind:?}"),
    };
    format!("{kind} {:?}", error.effect())
}

/// The observer's events: the numbers of the attempts, the waits, and their sum.
#[derive(Default)]
struct Told {
    attempts: Vec<String>,
    waits: Vec<String>,
    waited: Duration,
}

impl Told {
    fn hear(&mut self, event: &Event<'_>) {
        match event {
            Event::Attempt { number } => self.attempts.push(number.to_string()),
            Event::Waiting { reason, time } => {
                let reason = match reason {
                    WaitReason::Backoff => "backoff".to_owned(),
                    WaitReason::RetryAfter => "asked".to_owned(),
                    other => format!("{other:?}"),
                };
                let time = time.unwrap_or_default();
                self.waits.push(format!("{reason} {:.2} s", time.as_secs_f64()));
                self.waited += time;
            }
            _ => {}
        }
    }
}
