//! The table: a fault, and what each transport says of it. Both must say the same, or the row says why they do not.
//!
//! Every row is run plain and over TLS unless it says otherwise, with a server that gets one script: a second
//! connection, and so a second request, fails the row.

mod before;
mod breaks;
mod calls;
mod early;
mod framing;
mod heads;
mod times;

use std::time::Duration;

use mde_live_response_core::Upload;

use crate::pairs::{BOTH, Which, builder};
use crate::server::{Script, Server, Speech, Step};
use crate::support::{Outcome, SHORT, after_request, large, medium, small};

/// A fault, and what is to be said of it.
struct Row {
    name: String,
    script: Script,
    told: Told,
    upload: fn() -> Upload,
    /// The deadline is meant to pass.
    hasty: bool,
    speech: Vec<Speech>,
}

/// Where there are several, which one is the network's to choose.
struct Told {
    ureq: Vec<Outcome>,
    curl: Vec<Outcome>,
    /// Why they are not the same.
    apart: Option<&'static str>,
}

fn row(name: impl Into<String>, script: impl Into<Script>, told: Outcome) -> Row {
    Row {
        name: name.into(),
        script: script.into(),
        told: Told { ureq: vec![told.clone()], curl: vec![told], apart: None },
        upload: small,
        hasty: false,
        speech: vec![Speech::Plain, Speech::Tls],
    }
}

/// The server reads the whole request, says this, and closes.
fn answer(name: impl Into<String>, answer: impl Into<Vec<u8>>, told: Outcome) -> Row {
    row(name, after_request([Step::Send(answer.into()), Step::Close]), told)
}

impl Row {
    fn medium(self) -> Self {
        Self { upload: medium, ..self }
    }

    fn large(self) -> Self {
        Self { upload: large, ..self }
    }

    fn hasty(self) -> Self {
        Self { hasty: true, ..self }
    }

    fn only(self, speech: Speech) -> Self {
        Self { speech: vec![speech], ..self }
    }

    fn or(mut self, other: Outcome) -> Self {
        self.told.ureq.push(other.clone());
        self.told.curl.push(other);
        self
    }

    fn but_curl(mut self, curl: Outcome, why: &'static str) -> Self {
        self.told.curl = vec![curl];
        self.told.apart = Some(why);
        self
    }

    fn or_curl(mut self, curl: Outcome, why: &'static str) -> Self {
        self.told.curl.push(curl);
        self.told.apart = Some(why);
        self
    }

    /// What was told in place of what was to be.
    fn run(&self, speech: Speech, which: Which) -> Option<String> {
        if !self.hasty {
            return self.run_within(None, speech, which);
        }
        // On a busy machine a deadline may pass before the exchange has come to where it is meant to be.
        let longer = [SHORT, SHORT * 5, SHORT * 25];
        let mut wrong = None;
        for deadline in longer {
            wrong = self.run_within(Some(deadline), speech, which);
            if wrong.is_none() {
                break;
            }
        }
        wrong
    }

    fn run_within(
        &self,
        deadline: Option<Duration>,
        speech: Speech,
        which: Which,
    ) -> Option<String> {
        let server = Server::start(speech, [self.script.clone()]);
        let mut client = builder(&server.url(), which.transport());
        if let Some(deadline) = deadline {
            client = client.deadline(deadline);
        }
        let told = Outcome::of(client.build().upload(&(self.upload)()));
        let connections = server.finish().len();
        let expected = match which {
            Which::Ureq => &self.told.ureq,
            Which::Curl => &self.told.curl,
        };
        let case = format!("{}, {speech:?}, {which}: {told:?}", self.name);
        match connections {
            0 | 1 if expected.contains(&told) => None,
            0 | 1 => Some(case),
            _ => Some(format!("{case}, {connections} connections")),
        }
    }
}

/// Runs all rows and tells about all that fail.
#[track_caller]
fn check(rows: impl IntoIterator<Item = Row>) {
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in rows {
        count += 1;
        if let Some(why) = row.told.apart {
            println!("apart: {}: {why}", row.name);
        }
        for speech in &row.speech {
            for which in BOTH {
                eprintln!("row: {}, {speech:?}, {which}", row.name);
                wrong.extend(row.run(*speech, which));
            }
        }
    }
    println!("{count} rows");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
