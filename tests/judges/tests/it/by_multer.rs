//! `multer`: the parser behind axum and Rocket.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;

use crate::cases::{self, Case, Form};
use crate::random::Rng;

/// Reads a body that arrives in pieces of uneven size, with a pause after each.
fn read(case: &Case) -> Form {
    let pieces = pieces(&case.body());
    let arriving = stream::unfold(pieces.into_iter(), |mut pieces| async {
        tokio::task::yield_now().await;
        pieces.next().map(|piece| (Ok::<Bytes, Infallible>(piece), pieces))
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut parts = multer::Multipart::new(arriving, case.boundary.as_str());
        let mut texts = Vec::new();
        while let Some(part) = parts.next_field().await.expect(&case.label) {
            let field = part.name().expect(&case.label).to_owned();
            let Some(name) = part.file_name().map(str::to_owned) else {
                assert_eq!(part.content_type(), None, "case: {}", case.label);
                texts.push((field, part.text().await.expect(&case.label)));
                continue;
            };
            let content_type = part.content_type().expect(&case.label).to_string();
            let content = part.bytes().await.expect(&case.label).to_vec();
            let after = parts.next_field().await.expect(&case.label);
            assert!(after.is_none(), "case: {}: a part follows the file", case.label);
            return Form { texts, field, name, content_type, content };
        }
        panic!("case: {}: no file part", case.label)
    })
}

fn pieces(body: &[u8]) -> Vec<Bytes> {
    let mut rng = Rng(body.len() as u64);
    let mut rest = body;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let most = if rng.one_in(2) { 60 } else { 9_000 };
        let (piece, after) = rest.split_at(rest.len().min(1 + rng.below(most)));
        pieces.push(Bytes::copy_from_slice(piece));
        rest = after;
    }
    pieces
}

#[test]
fn reads_every_class() {
    for case in cases::named() {
        assert!(read(&case) == case.form(), "case: {}\nread: {:.2000?}", case.label, read(&case));
    }
}

#[test]
fn reads_generated_forms() {
    for case in cases::generated() {
        assert!(read(&case) == case.form(), "case: {}\nread: {:.2000?}", case.label, read(&case));
    }
}

/// A semicolon inside the quotes is a character like any other.
#[test]
fn keeps_a_semicolon_in_a_name() {
    for name in cases::WITH_SEMICOLON {
        let case = cases::with_name(name);
        assert_eq!(read(&case), case.form());
    }
}
