//! The encoder: whatever is accepted for an upload is read back, to the byte, by parsers that nobody here wrote.

use std::io::Read;

use bytes::Bytes;
use mde_live_response_core::library::{Description, ParametersDescription};
use mde_live_response_core::operation::{Operation, UploadRequest};
use mde_live_response_core::{Endpoint, FileName, IfExists, Upload};
use mde_live_response_judges::{Form, by_multer, by_multipart};
use mde_live_response_mock::Form as Strict;

use crate::pieces::Pieces;

/// Seed of the boundary (20 bytes, zeros where there are fewer), name, description, parameters, content. An empty text is
/// not sent.
pub fn form(input: &[u8]) {
    let Some(case) = Case::read(input) else { return };
    let upload = case.upload();
    // A caller draws another seed if the boundary occurs in a text; of the content, 160 random bits see to it.
    let Ok(request) = UploadRequest::new(&upload, case.seed) else { return };
    let boundary = case.seed.map(|byte| format!("{byte:02x}")).concat();
    if case.content.windows(boundary.len()).any(|window| window == boundary.as_bytes()) {
        return;
    }
    let mut exchange = request.exchange(&Endpoint::COMMERCIAL);
    let mut body = Vec::new();
    exchange.read_to_end(&mut body).expect("content in memory");
    assert_eq!(body.len() as u64, exchange.body_len());

    let pieces = body.chunks(1 + input.len() % 97).map(Bytes::copy_from_slice).collect();
    let by_multer = by_multer::read(&boundary, pieces).expect("multer reads it");
    assert_eq!(by_multer, case.form());
    // Stated exception: it ends a name at the first semicolon, quotes or not.
    if !case.name.as_str().contains(';') {
        let mut by_multipart = by_multipart::read(&boundary, &*body).expect("multipart reads it");
        // And another: it may take the line end before the last delimiter for content.
        if by_multipart.content.len() == case.content.len() + 2 {
            let end = by_multipart.content.split_off(case.content.len());
            assert_eq!(end, b"\r\n");
        }
        assert_eq!(by_multipart, case.form());
    }
    let strict =
        Strict::decode(&exchange.head().headers, &body).expect("the strict decoder reads it");
    let file = strict.part("file").expect("a file");
    assert_eq!((file.filename(), file.bytes()), (Some(case.name.as_str()), case.content));
}

struct Case<'a> {
    seed: [u8; 20],
    name: FileName,
    description: Option<Description>,
    parameters: Option<ParametersDescription>,
    content: &'a [u8],
}

impl<'a> Case<'a> {
    fn read(input: &'a [u8]) -> Option<Self> {
        let mut pieces = Pieces::of(input);
        let mut seed = [0; 20];
        seed.iter_mut().zip(pieces.next()).for_each(|(to, from)| *to = *from);
        let name = FileName::permitting_separators(pieces.text()?).ok()?;
        let [description, parameters] =
            [pieces.text()?, pieces.text()?].map(|text| Some(text).filter(|it| !it.is_empty()));
        Some(Self {
            seed,
            name,
            description: description.map(str::parse).transpose().ok()?,
            parameters: parameters.map(str::parse).transpose().ok()?,
            content: pieces.rest(),
        })
    }

    fn upload(&self) -> Upload {
        let mut upload = Upload::new(self.name.clone(), self.content.to_vec())
            .with_if_exists(IfExists::Override)
            .allow_empty();
        if let Some(description) = &self.description {
            upload = upload.with_description(description.clone());
        }
        if let Some(parameters) = &self.parameters {
            upload = upload.with_parameters(parameters.clone());
        }
        upload
    }

    fn form(&self) -> Form {
        let mut texts = Vec::new();
        let mut text = |name: &str, value: &str| texts.push((name.to_owned(), value.to_owned()));
        if let Some(description) = &self.description {
            text("Description", description.as_str());
        }
        if let Some(parameters) = &self.parameters {
            text("ParametersDescription", parameters.as_str());
        }
        text("HasParameters", if self.parameters.is_some() { "true" } else { "false" });
        text("OverrideIfExists", "true");
        Form {
            texts,
            field: "file".to_owned(),
            name: self.name.as_str().to_owned(),
            // The judges read it, and write it in lower case.
            content_type: mime_guess::from_path(self.name.as_str())
                .first_or_octet_stream()
                .to_string(),
            content: self.content.to_vec(),
        }
    }
}
