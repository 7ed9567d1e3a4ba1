//! Makes a library hold what is desired, twice: the second time there is nothing to do.
//!
//! ```text
//! cargo run --example sync
//! ```
//!
//! Speaks to an emulator inside this very process. The command `lrlib` does the same for a folder.

use std::error::Error as StdError;

use mde_live_response::sync::{self, Desired, DesiredFile, Fate, Progress, Rules};
use mde_live_response::{AccessToken, Endpoint, Error, LibraryFile};
use mde_live_response_emulator::Emulator;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/library/Get-DnsCache.ps1");

fn main() -> Result<(), Box<dyn StdError>> {
    let emulator = Emulator::start()?;
    let endpoint = Endpoint::loopback_http(emulator.base_url())?;
    let client = mde_live_response::client(endpoint, AccessToken::new(emulator.token())?);

    let script = DesiredFile::from_path(SCRIPT)?
        .description("Lists the DNS client cache".parse()?)
        .parameters("-Name <pattern>".parse()?);
    let note = DesiredFile::new("README.txt".parse()?, b"Kept by our repository.\n")?;
    let desired = Desired::new([script, note])?;
    let rules = Rules::new("our-repository".parse()?);

    for run in ["first", "second"] {
        let remote: Vec<LibraryFile> = client.list().collect::<Result<_, Error>>()?;
        let plan = sync::plan(&desired, &remote, &rules);
        println!("{run} run: {} files, nothing to do: {}", plan.steps().len(), plan.is_empty());
        let report = sync::apply(&client, &plan, &mut |progress| match progress {
            Progress::End(step, Fate::Failed(error)) => println!("  {}: {error}", step.name()),
            Progress::End(step, _) => println!("  {}: done", step.name()),
            _ => {}
        })?;
        if !report.is_complete() {
            return Err("not all was done".into());
        }
    }
    Ok(())
}
