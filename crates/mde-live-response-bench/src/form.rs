//! The same form for all who build none of their own: head, file, tail, as our encoder writes them.

use std::io::Read;
use std::path::Path;

use mde_live_response_core::library::FileContent;
use mde_live_response_core::operation::{Operation, UploadRequest};
use mde_live_response_core::{Endpoint, IfExists, Upload};

use crate::Failure;

pub(crate) const NAME: &str = "bench.bin";
pub(crate) const DESCRIPTION: &str = "Measures how long an upload takes";
pub(crate) const TOKEN: &str = "a-token-of-the-bench";
/// Of the boundary: any bytes will do here.
pub(crate) const SEED: [u8; 20] = *b"seed of the bench...";

/// What stands around a file's bytes.
#[derive(Clone)]
pub(crate) struct Form {
    pub(crate) content_type: String,
    pub(crate) head: Vec<u8>,
    pub(crate) tail: Vec<u8>,
}

/// An upload of the file as our client would send it.
pub(crate) fn upload(file: &Path) -> Result<Upload, Failure> {
    upload_of(FileContent::open(file)?)
}

fn upload_of(content: FileContent) -> Result<Upload, Failure> {
    Ok(Upload::new(NAME.parse()?, content)
        .with_description(DESCRIPTION.parse()?)
        .with_if_exists(IfExists::Override))
}

impl Form {
    /// Our own framing, taken apart around a file of one byte.
    pub(crate) fn new() -> Result<Self, Failure> {
        let upload = upload_of(b"\0".into())?;
        let request = UploadRequest::new(&upload, SEED)?;
        let mut exchange = request.exchange(&Endpoint::COMMERCIAL);
        let content_type = exchange.head().headers["content-type"].to_str()?.to_owned();
        let mut bytes = Vec::new();
        exchange.read_to_end(&mut bytes)?;
        let at = bytes.iter().position(|b| *b == 0).ok_or("no file in the form")?;
        let tail = bytes.split_off(at + 1);
        bytes.pop();
        Ok(Self { content_type, head: bytes, tail })
    }

    pub(crate) fn len(&self, file: u64) -> u64 {
        self.head.len() as u64 + file + self.tail.len() as u64
    }
}
