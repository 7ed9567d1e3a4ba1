//! The archived `multipart` 0.18: the parser behind servers of an older day.

use std::io::Read;

use multipart::server::Multipart;

use crate::cases::{self, Case, Form};
use crate::random::Rng;

/// Gives out a body in reads of uneven size.
struct Arriving<'a> {
    rest: &'a [u8],
    rng: Rng,
}

impl Read for Arriving<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let most = (1 + self.rng.below(9_000)).min(buf.len());
        self.rest.read(&mut buf[..most])
    }
}

fn read(case: &Case) -> Form {
    let body = case.body();
    let arriving = Arriving { rest: &body, rng: Rng(body.len() as u64) };
    let mut parts = Multipart::with_body(arriving, case.boundary.as_str());
    let mut texts = Vec::new();
    while let Some(mut part) = parts.read_entry().expect(&case.label) {
        let field = part.headers.name.to_string();
        let Some(name) = part.headers.filename.clone() else {
            assert_eq!(part.headers.content_type, None, "case: {}", case.label);
            let mut text = String::new();
            part.data.read_to_string(&mut text).expect(&case.label);
            texts.push((field, text));
            continue;
        };
        let content_type = part.headers.content_type.as_ref().expect(&case.label).to_string();
        let mut content = Vec::new();
        part.data.read_to_end(&mut content).expect(&case.label);
        let after = parts.read_entry().expect(&case.label);
        assert!(after.is_none(), "case: {}: a part follows the file", case.label);
        return Form { texts, field, name, content_type, content };
    }
    panic!("case: {}: no file part", case.label)
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

/// Stated exception: this parser ends a name at the first semicolon, quotes or not. It is why core refuses
/// `;` unless a caller asks for it.
#[test]
fn cuts_a_name_at_a_semicolon() {
    let cut = cases::WITH_SEMICOLON.map(|name| read(&cases::with_name(name)).name);
    assert_eq!(cut, ["r", "", "a b", "\u{e9}"]);
}
