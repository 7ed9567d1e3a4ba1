//! `multer` finds in every case what was put into it, wherever the network cuts the body.

use bytes::Bytes;
use mde_live_response_judges::{Form, by_multer};

use crate::cases::{self, Case};
use mde_live_response_testkit::Rng;

fn read(case: &Case) -> Form {
    by_multer::read(cases::BOUNDARY, pieces(&case.body())).expect(&case.label)
}

/// The body in pieces of uneven size.
fn pieces(body: &[u8]) -> Vec<Bytes> {
    let mut rng = Rng::with_seed(body.len() as u64);
    let mut rest = body;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let most = if rng.bool() { 60 } else { 9_000 };
        let (piece, after) = rest.split_at(rest.len().min(1 + rng.usize(0..most)));
        pieces.push(Bytes::copy_from_slice(piece));
        rest = after;
    }
    pieces
}

#[test]
fn reads_every_class_and_combinations_of_them() {
    cases::assert_read(read);
}

/// A semicolon inside the quotes is a character like any other.
#[test]
fn keeps_a_semicolon_in_a_name() {
    for name in cases::WITH_SEMICOLON {
        let case = cases::with_name(name);
        assert_eq!(read(&case), case.form());
    }
}
