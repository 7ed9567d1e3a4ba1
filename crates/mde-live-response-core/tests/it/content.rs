//! V23-V27: how large a file may be.

use mde_live_response_core::{
    Delivery, FileContent, InputError, MAX_FILE_BYTES, ServiceErrorKind, Upload,
};

use crate::support::{
    Canned, EMPTY_SHA256, NAME, answer, expect_error, file_of, json, stored, upload,
};

fn sized(bytes: usize) -> Upload {
    Upload::new(NAME.parse().unwrap(), vec![b'x'; bytes])
}

#[test]
fn v23_file_empty() {
    let empty = || Upload::new(NAME.parse().unwrap(), b"");
    let transport =
        Canned::new(json(200, &format!(r#"{{"fileName":"{NAME}","sha256":"{EMPTY_SHA256}"}}"#)));
    let error = transport.client().upload(&empty()).unwrap_err();
    assert_eq!(error.to_string(), "`collect-dns.ps1`: the file is empty");
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    let expected = InputError::EmptyFile { name: NAME.parse().unwrap() };
    assert_eq!(expect_error!(error, Input, "empty"), expected);
    assert_eq!(transport.sent().len(), 0);

    let stored = transport.client().upload(&empty().allow_empty()).unwrap();
    assert_eq!(stored.sha256().unwrap().to_string(), EMPTY_SHA256);
    assert_eq!(file_of(&transport.only().body), b"", "a file part, with nothing in it");
}

#[test]
fn v24_file_as_large_as_allowed() {
    let transport = Canned::storing(NAME);
    let largest = usize::try_from(MAX_FILE_BYTES).unwrap();
    for (client, size) in
        [(transport.client(), largest), (transport.builder().max_file_bytes(5).build(), 5)]
    {
        client.upload(&sized(size)).unwrap();
        assert_eq!(file_of(&transport.sent().pop().unwrap().body).len(), size);
    }
}

#[test]
fn v25_file_over_the_limit() {
    let transport = Canned::new(stored());
    let largest = usize::try_from(MAX_FILE_BYTES).unwrap();
    for (client, limit) in [
        (transport.client(), largest),
        (transport.builder().max_file_bytes(5).build(), 5),
        (transport.builder().max_file_bytes(0).build(), 0),
    ] {
        let error = client.upload(&sized(limit + 1)).unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotDelivered);
        let (size, limit) = (limit as u64 + 1, limit as u64);
        let expected = InputError::FileTooLarge { name: NAME.parse().unwrap(), size, limit };
        assert_eq!(
            error.to_string(),
            format!("`collect-dns.ps1`: the file has {size} bytes, at most {limit} are allowed")
        );
        assert_eq!(expect_error!(error, Input, limit), expected);
    }
    assert_eq!(transport.sent().len(), 0);
}

#[test]
fn v26_limit_is_twenty_mebibytes() {
    assert_eq!(MAX_FILE_BYTES, 20_971_520);
    // Between the two readings of "20MB", it is the service that says no.
    for (status, kind) in [(413, ServiceErrorKind::TooLarge), (400, ServiceErrorKind::Rejected)] {
        let transport = Canned::new(answer(status, &[], ""));
        let error = transport.client().upload(&sized(20_000_001)).unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotDelivered, "case: {status}");
        assert_eq!(expect_error!(error, Service, status).kind(), kind, "case: {status}");
        assert_eq!(file_of(&transport.only().body).len(), 20_000_001, "not clamped");
    }
}

#[test]
fn v27_limit_counts_the_file_not_the_body() {
    let transport = Canned::storing(NAME);
    let client = transport.builder().max_file_bytes(100).build();
    client.upload(&sized(100)).unwrap();
    assert!(transport.only().body.len() > 100 + 300);
    let refused = Canned::new(answer(413, &[], ""));
    let error = refused.builder().max_file_bytes(100).build().upload(&sized(100)).unwrap_err();
    assert_eq!(expect_error!(error, Service, 413).kind(), ServiceErrorKind::TooLarge);
}

#[test]
fn contents_of_every_kind_are_sent_as_they_are() {
    let all: Vec<u8> = (0..=255).collect();
    let contents: [(&str, FileContent, Vec<u8>); 3] = [
        ("vector", all.clone().into(), all),
        ("static bytes", b"\x00\xff".as_slice().into(), b"\x00\xff".to_vec()),
        ("static array", b"\x00\xff".into(), b"\x00\xff".to_vec()),
    ];
    for (case, content, bytes) in contents {
        assert_eq!(
            (content.len(), content.is_empty()),
            (bytes.len() as u64, false),
            "case: {case}"
        );
        let transport = Canned::storing(NAME);
        transport.client().upload(&Upload::new(NAME.parse().unwrap(), content)).expect(case);
        assert_eq!(file_of(&transport.only().body), bytes, "case: {case}");
    }
}

#[test]
fn one_upload_can_be_sent_again() {
    let transport = Canned::new(stored());
    let (client, upload) = (transport.client(), upload());
    client.upload(&upload).unwrap();
    client.clone().upload(&upload).unwrap();
    let [first, second] = <[_; 2]>::try_from(transport.sent()).unwrap();
    assert_eq!(file_of(&first.body), file_of(&second.body));
}
