//! The main job, through every floor to a real socket and back.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::{fs, thread};

use mde_live_response::error::{InvalidInput, Problem};
use mde_live_response::http::Response;
use mde_live_response::library::MAX_FILE_BYTES;
use mde_live_response::transport::{Exchange, Transport, TransportError};
use mde_live_response::{AccessToken, Client, Effect, Endpoint, ErrorKind, IfExists, Upload};
use mde_live_response_emulator::Emulator;
use mde_live_response_mock::FakeLibrary;
use mde_live_response_testkit::TempDir;

fn client_with(emulator: &Emulator, token: &str) -> Client {
    let endpoint = Endpoint::parse(emulator.base_url()).unwrap();
    mde_live_response::client(endpoint, AccessToken::new(token).unwrap())
}

fn client_of(emulator: &Emulator) -> Client {
    client_with(emulator, emulator.token())
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
fn twenty_mebibytes_pass_and_one_byte_more_is_refused_before_anything_is_sent() {
    let emulator = Emulator::start().unwrap();
    let client = client_of(&emulator);
    let dir = TempDir::new();
    let path = dir.path().join("limit.bin");
    let file = fs::File::create(&path).unwrap();
    file.set_len(MAX_FILE_BYTES).unwrap();
    let stored = client.upload(&Upload::from_path(&path).unwrap()).unwrap();
    assert_eq!(stored.file_name(), path.file_name().unwrap().to_str().unwrap());

    file.set_len(MAX_FILE_BYTES + 1).unwrap();
    let error = client.upload(&Upload::from_path(&path).unwrap()).unwrap_err();
    let too_long = Problem::TooLong { len: MAX_FILE_BYTES + 1, max: MAX_FILE_BYTES };
    assert_eq!(error.kind(), &ErrorKind::Input(InvalidInput::new("file", too_long)));
    assert_eq!(emulator.library().calls(), 1);
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
fn clones_of_a_client_upload_at_once_and_one_upload_is_sent_many_times() {
    let emulator = Emulator::start().unwrap();
    let client = client_of(&emulator);
    let upload = Upload::new("same.ps1".parse().unwrap(), vec![1; 100_000])
        .with_if_exists(IfExists::Override);
    thread::scope(|scope| {
        for client in std::iter::repeat_n(client, 8) {
            let upload = &upload;
            scope.spawn(move || (0..5).for_each(|_| drop(client.upload(upload).unwrap())));
        }
    });
    assert_eq!(emulator.library().calls(), 40);
}

/// Reports when an exchange begins, and waits for permission to go on.
#[derive(Debug)]
struct Halting<T> {
    inner: T,
    begun: Sender<()>,
    go_on: Mutex<Receiver<()>>,
}

impl<T: Transport> Transport for Halting<T> {
    fn send(&self, exchange: &mut Exchange<'_>) -> Result<Response<Vec<u8>>, TransportError> {
        self.begun.send(()).unwrap();
        self.go_on.lock().unwrap().recv().unwrap();
        self.inner.send(exchange)
    }
}

#[test]
fn r12_an_upload_goes_on_when_another_clone_of_its_client_is_dropped() {
    let (begun, has_begun) = mpsc::channel();
    let (let_go, go_on) = mpsc::channel();
    let library = FakeLibrary::new();
    let transport = Halting { inner: library.clone(), begun, go_on: Mutex::new(go_on) };
    let token = AccessToken::new("a-token").unwrap();
    let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();

    let working = client.clone();
    let upload = Upload::new("a.ps1".parse().unwrap(), b"1");
    let thread = thread::spawn(move || working.upload(&upload));
    has_begun.recv().unwrap();
    drop(client);
    let_go.send(()).unwrap();
    assert_eq!(thread.join().unwrap().unwrap().file_name(), "a.ps1");
    assert_eq!(library.content("a.ps1"), Some(b"1".to_vec()));
}

#[test]
fn a_wrong_token_is_refused_with_what_to_do() {
    let emulator = Emulator::start().unwrap();
    let upload = Upload::new("a.ps1".parse().unwrap(), b"1");
    let error = client_with(&emulator, "another-token").upload(&upload).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Unauthorized);
    assert_eq!(error.status().map(|it| it.as_u16()), Some(401));
    assert_eq!(error.code(), Some("Unauthorized"));
    assert!(error.help().is_some());
}
