//! A folder as the desired state of a live response library: [`read`], [`plan`], [`apply`].
//!
//! Safe by default: a plan updates only files of its [`Owner`], and deletes nothing unless [`Rules`] say so. The owner
//! is named in the last line of each description, so there is no other state.
//!
//! # Examples
//!
//! ```
//! use mde_live_response::sync::{self, Desired, DesiredFile, Rules};
//! use mde_live_response::{AccessToken, Client, Endpoint, Error, LibraryFile};
//! use mde_live_response_mock::FakeLibrary;
//!
//! let token = AccessToken::new("an-access-token")?;
//! let client = Client::builder(Endpoint::COMMERCIAL, token, FakeLibrary::new()).build();
//!
//! // `sync::read(folder)` reads a whole folder.
//! let file = DesiredFile::new("a.ps1".parse()?, b"Get-Date\n")?;
//! let desired = Desired::new([file])?;
//! let rules = Rules::new("our-repository".parse()?);
//!
//! let stored: Vec<LibraryFile> = client.list().collect::<Result<_, Error>>()?;
//! let plan = sync::plan(&desired, &stored, &rules);
//! let report = sync::apply(&client, &plan, |step, outcome| println!("{}: {outcome:?}", step.name()))?;
//! assert!(report.is_complete());
//!
//! let stored: Vec<LibraryFile> = client.list().collect::<Result<_, Error>>()?;
//! assert!(sync::plan(&desired, &stored, &rules).is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod apply;
mod described;
mod desired;
mod folder;
mod help;
mod owner;
mod plan;

pub use apply::{Outcome, Report, apply};
pub use desired::{Desired, DesiredFile};
pub use folder::{FolderError, MANIFEST, read, read_file};
pub use owner::Owner;
pub use plan::{Action, Orphans, Plan, Reason, Rules, Step, plan};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
