//! The main job, through every floor to a real socket and back.

use std::sync::{Mutex, mpsc};
use std::thread;

use mde_live_response::{AccessToken, Endpoint, Upload};
use mde_live_response_emulator::Emulator;
use mde_live_response_mock::{MockTransport, Reply};

#[test]
fn an_upload_arrives_as_it_was_sent() {
    let emulator = Emulator::start().unwrap();
    let content: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let upload = Upload::new("all bytes é 日本 🦀.bin".parse().unwrap(), content.clone())
        .with_description("two\nlines".parse().unwrap())
        .with_parameters("".parse().unwrap());
    let endpoint = Endpoint::parse(emulator.base_url()).unwrap();
    let client = mde_live_response::client(endpoint, AccessToken::new(emulator.token()).unwrap());
    let stored = client.upload(&upload).unwrap();
    assert_eq!(stored.file_name(), "all bytes é 日本 🦀.bin");
    assert_eq!(stored.description(), Some("two\nlines"));
    assert_eq!(stored.parameters_description(), Some(""));
    assert_eq!(stored.has_parameters(), Some(true));
    assert_eq!(emulator.library().content("all bytes é 日本 🦀.bin"), Some(content));
}

#[test]
fn r12_an_upload_goes_on_when_another_clone_of_its_client_is_dropped() {
    let (begun, has_begun) = mpsc::channel();
    let (let_go, go_on) = mpsc::channel();
    let go_on = Mutex::new(go_on);
    let mock = MockTransport::from_fn(move |_| {
        begun.send(()).unwrap();
        go_on.lock().unwrap().recv().unwrap();
        Reply::stored()
    });
    let client = mock.client();
    let working = client.clone();
    let upload = Upload::new("a.ps1".parse().unwrap(), b"1");
    let thread = thread::spawn(move || working.upload(&upload));
    has_begun.recv().unwrap();
    drop(client);
    let_go.send(()).unwrap();
    assert_eq!(thread.join().unwrap().unwrap().file_name(), "a.ps1");
}
