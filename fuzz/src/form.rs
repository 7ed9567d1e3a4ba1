//! The encoder: whatever is accepted for an upload is read back, to the byte, by parsers that nobody here wrote.

use std::io::Read;

use bytes::Bytes;
use mde_live_response_core::wire::{Boundary, UploadForm};
use mde_live_response_core::{
    AccessToken, ContentType, Description, Endpoint, FileName, IfExists, ParametersDescription,
    SendRecord, Upload,
};
use mde_live_response_judges::{Form, by_multer, by_multipart};
use mde_live_response_mock::Form as Strict;

use crate::pieces::Pieces;

/// Boundary, name, description, parameters, media type, content. An empty text is not sent.
pub fn form(input: &[u8]) {
    let Some(case) = Case::read(input) else { return };
    let upload = case.upload();
    let form = UploadForm::render(&upload, &case.boundary);
    let token = AccessToken::new("a-test-token").expect("a token");
    let mut record = SendRecord::new();
    let mut request = form.request(&Endpoint::COMMERCIAL, &token, &mut record);
    let mut body = Vec::new();
    request.body_mut().read_to_end(&mut body).expect("content in memory");
    assert_eq!(body.len() as u64, request.body().len());

    let boundary = case.boundary.as_str();
    let pieces = body.chunks(1 + input.len() % 97).map(Bytes::copy_from_slice).collect();
    let by_multer = by_multer::read(boundary, pieces).expect("multer reads it");
    assert_eq!(by_multer, case.form());
    // Stated exception: it ends a name at the first semicolon, quotes or not.
    if !case.name.as_str().contains(';') {
        let mut by_multipart = by_multipart::read(boundary, &*body).expect("multipart reads it");
        // And another: it may take the line end before the last delimiter for content.
        if by_multipart.content.len() == case.content.len() + 2 {
            let end = by_multipart.content.split_off(case.content.len());
            assert_eq!(end, b"\r\n");
        }
        assert_eq!(by_multipart, case.form());
    }
    let strict = Strict::decode(request.headers(), &body).expect("the strict decoder reads it");
    let file = strict.part("file").expect("a file");
    assert_eq!((file.filename(), file.bytes()), (Some(case.name.as_str()), case.content));
}

struct Case<'a> {
    boundary: Boundary,
    name: FileName,
    description: Option<Description>,
    parameters: Option<ParametersDescription>,
    content_type: ContentType,
    content: &'a [u8],
}

impl<'a> Case<'a> {
    fn read(input: &'a [u8]) -> Option<Self> {
        let mut pieces = Pieces::of(input);
        let boundary: Boundary = pieces.text()?.parse().ok()?;
        let name = FileName::permitting_separators(pieces.text()?).ok()?;
        let [description, parameters] = [pieces.text()?, pieces.text()?];
        let content_type: ContentType = pieces.text()?.parse().ok()?;
        let content = pieces.rest();
        // A caller draws boundaries until this holds; of the content, 160 random bits see to it.
        let holds = |text: &[u8]| {
            let boundary = boundary.as_str().as_bytes();
            text.windows(boundary.len()).any(|window| window == boundary)
        };
        let media_type = content_type.as_str();
        let texts = [name.as_str(), description, parameters, media_type].map(str::as_bytes);
        if texts.into_iter().chain([content]).any(holds) {
            return None;
        }
        let description = Some(description).filter(|text| !text.is_empty());
        let parameters = Some(parameters).filter(|text| !text.is_empty());
        Some(Self {
            boundary,
            name,
            description: description.map(str::parse).transpose().ok()?,
            parameters: parameters.map(str::parse).transpose().ok()?,
            content_type,
            content,
        })
    }

    fn upload(&self) -> Upload {
        let mut upload = Upload::new(self.name.clone(), self.content.to_vec())
            .content_type(self.content_type.clone())
            .if_exists(IfExists::Override)
            .allow_empty();
        if let Some(description) = &self.description {
            upload = upload.description(description.clone());
        }
        if let Some(parameters) = &self.parameters {
            upload = upload.parameters(parameters.clone());
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
            content_type: self.content_type.as_str().to_ascii_lowercase(),
            content: self.content.to_vec(),
        }
    }
}
