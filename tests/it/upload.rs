//! The main job, through every floor to a real socket and back.

use std::sync::{Mutex, mpsc};
use std::thread;

use mde_live_response::{AccessToken, Client, Effect, Endpoint, ErrorKind, IfExists, Upload};
use mde_live_response_emulator::Emulator;
use mde_live_response_mock::{MockTransport, Reply};

fn client_of(emulator: &Emulator) -> Client {
    let endpoint = Endpoint::parse(emulator.base_url()).unwrap();
    mde_live_response::client(endpoint, AccessToken::new(emulator.token()).unwrap())
}

#[test]
fn an_upload_arrives_as_it_was_sent() {
    let emulator = Emulator::start().unwrap();
    let content: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let upload = Upload::new("all bytes é 日本 🦀.bin".parse().unwrap(), content.clone())
        .with_description("two\nlines".parse().unwrap())
        .with_parameters("".parse().unwrap());
    let stored = client_of(&emulator).upload(&upload).unwrap();
    assert_eq!(stored.file_name(), "all bytes é 日本 🦀.bin");
    assert_eq!(stored.description(), Some("two\nlines"));
    assert_eq!(stored.parameters_description(), Some(""));
    assert_eq!(stored.has_parameters(), Some(true));
    assert_eq!(emulator.library().content("all bytes é 日本 🦀.bin"), Some(content));
}

#[test]
fn a_taken_name_is_refused_unless_the_upload_overrides() {
    let emulator = Emulator::start().unwrap();
    let client = client_of(&emulator);
    let [first, second] =
        [b"1", b"2"].map(|content| Upload::new("a.ps1".parse().unwrap(), content));
    client.upload(&first).unwrap();

    let error = client.upload(&second).unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::Rejected, Effect::NotApplied));
    assert_eq!(emulator.library().content("a.ps1"), Some(b"1".to_vec()));

    client.upload(&second.with_if_exists(IfExists::Override)).unwrap();
    assert_eq!(emulator.library().content("a.ps1"), Some(b"2".to_vec()));
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
