//! Ways to upload one file to the sink, each as its users would.

mod bare_ureq;
mod curl;
#[cfg(feature = "rivals")]
mod others;
mod ours;
mod raw;

use std::path::{Path, PathBuf};

use crate::Failure;

/// Uploads the same file again and again.
pub(crate) trait Rival {
    fn upload(&mut self) -> Result<(), Failure>;
}

/// Where to, and what.
pub(crate) struct Target {
    pub(crate) url: String,
    /// In PEM; empty without TLS.
    pub(crate) certificate: String,
    pub(crate) file: PathBuf,
}

impl Target {
    pub(crate) fn path_url(&self) -> String {
        format!("{}/api/libraryfiles", self.url)
    }

    /// Host and port.
    pub(crate) fn authority(&self) -> &str {
        self.url.split("//").nth(1).unwrap_or_default()
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }
}

/// Their names, in the order of the table.
pub(crate) fn names() -> Vec<&'static str> {
    let mut names = vec!["raw", "raw, hashing", "bare ureq", "bare ureq, hashing", "ours"];
    if cfg!(feature = "rivals") {
        names.extend(["ureq's form", "multipart over ureq", "reqwest blocking"]);
    }
    if curl::is_there() {
        names.push("curl");
    }
    names
}

pub(crate) fn rival(name: &str, target: Target) -> Result<Box<dyn Rival>, Failure> {
    Ok(match name {
        "raw" => Box::new(raw::Raw::new(target, false)?),
        "raw, hashing" => Box::new(raw::Raw::new(target, true)?),
        "bare ureq" => Box::new(bare_ureq::BareUreq::new(target, false)?),
        "bare ureq, hashing" => Box::new(bare_ureq::BareUreq::new(target, true)?),
        "ours" => Box::new(ours::Ours::new(&target)?),
        #[cfg(feature = "rivals")]
        "ureq's form" => Box::new(others::UreqForm::new(target)?),
        #[cfg(feature = "rivals")]
        "multipart over ureq" => Box::new(others::MultipartOverUreq::new(target)?),
        #[cfg(feature = "rivals")]
        "reqwest blocking" => Box::new(others::Reqwest::new(target)?),
        "curl" => Box::new(curl::Curl::new(target)?),
        _ => return Err(format!("no rival {name}").into()),
    })
}
