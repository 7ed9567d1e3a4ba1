//! Makes a library hold what a folder holds, twice: the second time there is nothing to do.
//!
//! ```text
//! cargo run --example sync --features sync
//! ```
//!
//! Uses an emulator inside this process. The command `lrlib` does the same for the service.

use std::error::Error as StdError;
use std::path::Path;

use mde_live_response::sync::{self, Outcome, Rules};
use mde_live_response::{AccessToken, Endpoint, Error, LibraryFile};
use mde_live_response_emulator::Emulator;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/library");

fn main() -> Result<(), Box<dyn StdError>> {
    let emulator = Emulator::start()?;
    let endpoint = Endpoint::parse(emulator.base_url())?;
    let client = mde_live_response::client(endpoint, AccessToken::new(emulator.token())?);

    let desired = sync::read(Path::new(FOLDER))?;
    let rules = Rules::new("our-repository".parse()?); // marks our files, and leaves others alone
    for run in ["first", "second"] {
        let stored: Vec<LibraryFile> = client.list().collect::<Result<_, Error>>()?;
        let plan = sync::plan(&desired, &stored, &rules);
        println!("{run} run: {} files, nothing to do: {}", plan.steps().len(), plan.is_empty());
        let report = sync::apply(&client, &plan, |step, outcome| match outcome {
            Outcome::Failed(error) => println!("  {}: {error}", step.name()),
            _ => println!("  {}: done", step.name()),
        })?;
        if !report.is_complete() {
            return Err("not all changes were made".into());
        }
    }
    Ok(())
}
