//! The records of `LogObserver`, and their levels.

use std::sync::Mutex;

use log::{LevelFilter, Log, Metadata, Record};
use mde_live_response::Upload;
use mde_live_response::policy::LogObserver;
use mde_live_response_mock::{MockTransport, Reply};

use crate::child;

struct Recorder(Mutex<Vec<String>>);

impl Log for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = format!("{} {}: {}", record.level(), record.target(), record.args());
        self.0.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

static RECORDER: Recorder = Recorder(Mutex::new(Vec::new()));

#[test]
fn every_event_is_a_record() {
    if !child::is_child() {
        child::run("logging::every_event_is_a_record", &[]);
        return;
    }
    log::set_logger(&RECORDER).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let mock = MockTransport::new()
        .reply(Reply::status(429).header("retry-after", "2"))
        .reply(Reply::stored())
        .reply(Reply::status(400));
    let client = mock.client_builder().observer(LogObserver).build();
    let upload = Upload::new("a.ps1".parse().unwrap(), b"1");
    client.upload(&upload).unwrap();
    client.upload(&upload).unwrap_err();
    let lines = RECORDER.0.lock().unwrap();
    // Messages of errors are pinned elsewhere: here their first words are enough.
    let expected = [
        "DEBUG mde_live_response: call 1, upload a.ps1: attempt 1",
        "TRACE mde_live_response: call 1, upload a.ps1: 415 of 415 bytes sent",
        "WARN mde_live_response: call 1, upload a.ps1: attempt 1 failed: ",
        "INFO mde_live_response: call 1, upload a.ps1: waiting 2 s: the service asks for it",
        "DEBUG mde_live_response: call 1, upload a.ps1: attempt 2",
        "TRACE mde_live_response: call 1, upload a.ps1: 415 of 415 bytes sent",
        "INFO mde_live_response: call 1, upload a.ps1: succeeded",
        "DEBUG mde_live_response: call 2, upload a.ps1: attempt 1",
        "TRACE mde_live_response: call 2, upload a.ps1: 415 of 415 bytes sent",
        "WARN mde_live_response: call 2, upload a.ps1: attempt 1 failed: ",
        "ERROR mde_live_response: call 2, ",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        let is_error = expected.ends_with(' ');
        assert!(
            line == expected || is_error && line.starts_with(expected),
            "{line} is not {expected}"
        );
    }
}
