//! The records of `LogObserver`, and their levels.

use log::LevelFilter;
use mde_live_response::Upload;
use mde_live_response::policy::LogObserver;
use mde_live_response_mock::{MockTransport, Reply};

use crate::child;

#[test]
fn every_event_is_a_record() {
    use log::Level::{Debug, Error, Info, Trace, Warn};

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
    let seen: Vec<_> = records.iter().map(|(level, ..)| *level).collect();
    let retried = [Debug, Trace, Warn, Info, Debug, Trace, Info];
    assert_eq!(seen, [&retried[..], &[Debug, Trace, Warn, Error]].concat(), "{records:#?}");
    for (n, (_, target, text)) in records.iter().enumerate() {
        assert_eq!(target, "mde_live_response");
        let call = if n < retried.len() { "call 1" } else { "call 2" };
        assert!(text.starts_with(call), "{text} is not of {call}");
    }
}
