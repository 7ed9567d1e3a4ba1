//! Makes a library hold what it should: a plan that is pure data, and what carries it out.
//!
//! Safe by default: a plan replaces only files of its [`Owner`], and removes nothing unless asked to. It uses a
//! [`Client`](crate::Client) as any caller would.
//!
//! # Examples
//!
//! ```
//! # use mde_live_response_mock::FakeLibrary;
//! use mde_live_response_core::sync::{self, Desired, DesiredFile, Rules};
//! use mde_live_response_core::{AccessToken, Client, Endpoint, Error, LibraryFile};
//!
//! # let transport = FakeLibrary::new();
//! let token = AccessToken::new("an-access-token")?;
//! let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();
//!
//! let file = DesiredFile::new("a.ps1".parse()?, b"Get-Date\n")?;
//! let desired = Desired::new([file])?;
//! let rules = Rules::new("our-repository".parse()?);
//!
//! let remote: Vec<LibraryFile> = client.list().collect::<Result<_, Error>>()?;
//! let plan = sync::plan(&desired, &remote, &rules);
//! let report = sync::apply(&client, &plan, &mut |_| {})?;
//! assert!(report.is_complete());
//!
//! let remote: Vec<LibraryFile> = client.list().collect::<Result<_, Error>>()?;
//! assert!(sync::plan(&desired, &remote, &rules).is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod apply;
mod desired;
mod owner;
mod plan;
mod report;

pub use apply::{Progress, apply};
pub use desired::{Desired, DesiredFile, DuplicateName};
pub use owner::{InvalidOwner, Owner};
pub use plan::{Action, Conflict, Kept, Orphans, Plan, Reason, Rules, Step, plan};
pub use report::{Fate, Outcome, Report};
