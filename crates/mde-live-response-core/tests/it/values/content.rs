//! How large a file may be, and what is sent of it.

use mde_live_response_core::error::{InvalidInput, Problem, SourceProblem};
use mde_live_response_core::library::{FileContent, MAX_FILE_BYTES};
use mde_live_response_core::{Effect, Error, ErrorKind, Upload};

use super::form::TAIL;
use crate::support::{
    Canned, EMPTY_SHA256, NAME, SHA256, answer, drawn, file_of, sha256, stored, upload,
};

fn sized(bytes: u64) -> Upload {
    Upload::new(NAME.parse().unwrap(), vec![b'x'; usize::try_from(bytes).unwrap()])
}

#[track_caller]
fn assert_input(error: &Error, problem: Problem) {
    assert_eq!(error.kind(), &ErrorKind::Input(InvalidInput::new("file", problem)));
    assert_eq!(error.effect(), Effect::NotApplied);
    assert_eq!(error.file().unwrap().as_str(), NAME);
}

#[test]
fn the_limit_is_20_mib_of_the_file_unless_the_caller_sets_another() {
    assert_eq!(MAX_FILE_BYTES, 20_971_520);
    for limit in [None, Some(5), Some(0)] {
        let transport = Canned::storing(NAME);
        let builder = transport.builder();
        let client = match limit {
            Some(bytes) => builder.max_file_bytes(bytes).build(),
            None => builder.build(),
        };
        let max = limit.unwrap_or(MAX_FILE_BYTES);
        client.upload(&sized(max).allow_empty()).unwrap();
        let body = transport.only().into_body();
        assert_eq!(file_of(&body).len() as u64, max, "the body is longer: {}", body.len());

        let error = client.upload(&sized(max + 1)).unwrap_err();
        assert_input(&error, Problem::TooLong { len: max + 1, max });
        assert_input(&client.upload(&sized(0)).unwrap_err(), Problem::Empty);
        assert_eq!(transport.sent().len(), 1);
    }
}

/// Between the two readings of "20MB", the service decides.
#[test]
fn a_file_that_only_the_service_finds_too_large_is_sent_whole() {
    for (status, kind) in [(413, ErrorKind::TooLarge), (400, ErrorKind::Rejected)] {
        let transport = Canned::new(answer(status, &[], ""));
        let error = transport.client().upload(&sized(20_000_001)).unwrap_err();
        assert_eq!((error.kind(), error.effect()), (&kind, Effect::NotApplied));
        assert_eq!(file_of(&transport.only().into_body()).len(), 20_000_001, "case: {status}");
    }
}

#[test]
fn bytes_with_another_sha256_than_expected_are_never_sent_whole() {
    let transport = Canned::new(stored());
    let client = transport.builder().random(drawn(&[0xaa])).build();
    client.upload(&upload().expect_sha256(SHA256.parse().unwrap())).unwrap();
    let error = client.upload(&upload().expect_sha256(EMPTY_SHA256.parse().unwrap())).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Source(SourceProblem::Changed));
    assert_eq!((error.effect(), error.is_retryable()), (Effect::NotApplied, false));
    let [whole, cut] = <[_; 2]>::try_from(transport.sent()).unwrap();
    assert_eq!(*whole.body(), [&**cut.body(), TAIL.as_bytes()].concat());
}

/// Without sending: over more bytes than are read at a time.
#[test]
fn a_files_length_and_sha256_are_known_before_it_is_sent() {
    for len in [0, 1, 300_000] {
        let content = FileContent::from(vec![b'x'; len]);
        assert_eq!((content.len(), content.is_empty()), (len as u64, len == 0));
        assert_eq!(content.sha256().unwrap().to_string(), sha256(&vec![b'x'; len]), "{len} bytes");
    }
}
