//! A folder as the desired state of a library: [`read`], [`plan`], [`apply`].
//!
//! Safe by default: a plan updates only files of its [`Owner`], and deletes no file unless the [`Rules`] say so. The
//! last line of each description names the owner, so no other state is needed. Most programs use this crate through the
//! feature `sync` of the facade `mde-live-response`.
//!
//! [`apply`] makes 8 calls at once, within the client's rate limit. [`Jobs`] sets another number.
//!
//! # Examples
//!
//! ```no_run
//! use mde_live_response::sync::{self, Rules};
//! use mde_live_response::{AccessToken, Endpoint, Error, LibraryFile};
//!
//! let token = AccessToken::new(std::env::var("MDE_TOKEN")?)?;
//! let client = mde_live_response::client(Endpoint::COMMERCIAL, token);
//!
//! let desired = sync::read("library".as_ref())?;
//! let stored: Vec<LibraryFile> = client.list().collect::<Result<_, Error>>()?;
//! let rules = Rules::new("our-repository".parse()?);
//! let plan = sync::plan(&desired, &stored, &rules); // show it to a person, or apply it
//!
//! let report = sync::apply(&client, &plan, |step, outcome| {
//!     println!("{}: {outcome:?}", step.name());
//! })?;
//! assert!(report.is_complete());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod apply;
mod beside;
mod described;
mod desired;
mod folder;
mod folder_error;
mod help;
mod owner;
mod plan;
mod side_by_side;
mod skipped;
mod walk;

pub use apply::{Outcome, Report, apply};
pub use desired::{Desired, DesiredFile};
pub use folder::{Choice, Contents, Folder, MANIFEST, read, read_file};
pub use folder_error::FolderError;
pub use owner::Owner;
pub use plan::{Action, Plan, Reason, Rules, Step, Unmanaged, plan};
pub use side_by_side::Jobs;
pub use skipped::{SkipReason, Skipped};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
