//! The same work again and again, for a profiler that counts instructions.

use std::fmt::Write;
use std::hint::black_box;

use mde_live_response_core::http::Response;
use mde_live_response_core::library::FileContent;
use mde_live_response_core::policy::Pacing;
use mde_live_response_core::transport::{Exchange, Transport, TransportError};
use mde_live_response_core::{AccessToken, Client, Endpoint, LibraryFile};
use mde_live_response_sync::{Desired, DesiredFile, Rules, plan};

use crate::Failure;
use crate::form::TOKEN;
use crate::rivals::{Target, rival};

/// Files of a list and of a plan.
const FILES: usize = 1_000;

type Work<'a> = &'a mut dyn FnMut() -> Result<(), Failure>;

/// Lists, plans, or uploads as the rival of this name.
pub(crate) fn run(work: &str, target: Target, times: u32) -> Result<(), Failure> {
    match work {
        "list" => {
            let client = client()?;
            repeat(times, &mut || {
                black_box(list(&client)?);
                Ok(())
            })
        }
        "plan" => {
            let files = (0..FILES).map(|n| Ok(DesiredFile::new(name(n).parse()?, content(n))?));
            let desired = Desired::new(files.collect::<Result<Vec<_>, Failure>>()?)?;
            let stored = list(&client()?)?;
            let rules = Rules::new("bench".parse()?);
            repeat(times, &mut || {
                let plan = black_box(plan(&desired, &stored, &rules));
                if plan.is_empty() { Ok(()) } else { Err("a file counts as changed".into()) }
            })
        }
        name => {
            let mut rival = rival(name, target)?;
            repeat(times, &mut || rival.upload())
        }
    }
}

fn repeat(times: u32, work: Work<'_>) -> Result<(), Failure> {
    // The first time opens the connection and does all other one-time work.
    work()?;
    counted(times, work)
}

/// tests/guard tells the profiler this name: it counts only while this runs.
#[inline(never)]
fn counted(times: u32, work: Work<'_>) -> Result<(), Failure> {
    (0..times).try_for_each(|_| work())
}

fn name(n: usize) -> String {
    format!("script-{n}.ps1")
}

fn content(n: usize) -> Vec<u8> {
    format!("content {n}").into_bytes()
}

fn client() -> Result<Client, Failure> {
    let client = Client::builder(Endpoint::COMMERCIAL, AccessToken::new(TOKEN)?, Listing::new()?);
    Ok(client.pacing(Pacing::Off).build())
}

fn list(client: &Client) -> Result<Vec<LibraryFile>, Failure> {
    let files = client.list().collect::<Result<Vec<_>, _>>()?;
    if files.len() == FILES { Ok(files) } else { Err("the list is not complete".into()) }
}

/// Answers every request with the same list.
#[derive(Debug)]
struct Listing(String);

impl Listing {
    fn new() -> Result<Self, Failure> {
        let mut json = r#"{"value":["#.to_owned();
        for n in 0..FILES {
            let sha256 = FileContent::from(content(n)).sha256()?;
            let comma = if n == 0 { "" } else { "," };
            write!(
                json,
                r#"{comma}{{"fileName":"{}","sha256":"{sha256}","description":"managed-by: bench","#,
                name(n)
            )?;
            json.push_str(concat!(
                r#""creationTime":"2026-01-02T03:04:05.6789012Z","#,
                r#""lastUpdatedTime":"2026-01-02T03:04:05.6789012Z","#,
                r#""createdBy":"bench@example.com","hasParameters":false,"parametersDescription":null}"#,
            ));
        }
        json.push_str("]}");
        Ok(Self(json))
    }
}

impl Transport for Listing {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        let mut answer = Response::new(Vec::new());
        *answer.body_mut() =
            exchange.read_answer(answer.status(), answer.headers(), self.0.as_bytes())?;
        Ok(answer)
    }
}
