//! The records of `LogObserver`, and their levels.

use log::LevelFilter;
use mde_live_response::Upload;
use mde_live_response::policy::LogObserver;
use mde_live_response_mock::{MockTransport, Reply};

use crate::child;

#[test]
fn every_event_is_a_record() {
    if !child::is_child() {
        child::run("logging::every_event_is_a_record", &[]);
        return;
    }
    let mock = MockTransport::new()
        .reply(Reply::status(429).header("retry-after", "2"))
        .reply(Reply::stored())
        .reply(Reply::status(400));
    let client = mock.client_builder().observer(LogObserver).build();
    let upload = Upload::new("a.ps1".parse().unwrap(), b"1");
    let records = child::records(LevelFilter::Trace, || {
        client.upload(&upload).unwrap();
        client.upload(&upload).unwrap_err();
    });
    // Messages of errors are pinned elsewhere: here their first words are enough.
    let records = records.iter().map(|(level, target, text)| {
        assert_eq!(target, "mde_live_response");
        format!("{level} {}", text.split([':', ',']).take(3).collect::<String>())
    });
    let expected = [
        "DEBUG call 1 upload a.ps1 attempt 1",
        "TRACE call 1 upload a.ps1 415 of 415 bytes sent",
        "WARN call 1 upload a.ps1 attempt 1 failed",
        "INFO call 1 upload a.ps1 waiting 2 s",
        "DEBUG call 1 upload a.ps1 attempt 2",
        "TRACE call 1 upload a.ps1 415 of 415 bytes sent",
        "INFO call 1 upload a.ps1 succeeded",
        "DEBUG call 2 upload a.ps1 attempt 1",
        "TRACE call 2 upload a.ps1 415 of 415 bytes sent",
        "WARN call 2 upload a.ps1 attempt 1 failed",
        "ERROR call 2 ",
    ];
    let records: Vec<_> = records.collect();
    assert_eq!(records.len(), expected.len(), "{records:#?}");
    for (record, expected) in records.iter().zip(expected) {
        assert!(record.starts_with(expected), "{record} is not {expected}");
    }
}
