//! The main job, through every floor to a real socket and back.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::{env, fs};

use mde_live_response::{
    AccessToken, Body, Client, Delivery, Endpoint, Error, IfExists, InputError, MAX_FILE_BYTES,
    Transport, TransportError, Upload, http,
};
use mde_live_response_emulator::Emulator;
use mde_live_response_mock::FakeLibrary;

fn client_of(emulator: &Emulator) -> Client {
    let endpoint = Endpoint::loopback_http(emulator.base_url()).unwrap();
    mde_live_response::client(endpoint, AccessToken::new(emulator.token()).unwrap())
}

#[test]
fn an_upload_arrives_as_it_was_sent() {
    let emulator = Emulator::start().unwrap();
    let content: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let upload = Upload::new("all bytes é 日本 🦀.bin".parse().unwrap(), content.clone())
        .description("two\nlines".parse().unwrap())
        .parameters("".parse().unwrap());
    let stored = client_of(&emulator).upload(&upload).unwrap();
    assert_eq!(stored.file_name(), "all bytes é 日本 🦀.bin");
    assert_eq!(stored.description(), Some("two\nlines"));
    assert_eq!(stored.parameters_description(), Some(""));
    assert_eq!(stored.has_parameters(), Some(true));
    assert_eq!(emulator.library().content("all bytes é 日本 🦀.bin"), Some(content));
}

#[test]
fn twenty_mebibytes_pass_and_one_byte_more_is_refused_before_anything_is_opened() {
    let emulator = Emulator::start().unwrap();
    let client = client_of(&emulator);
    let path = env::temp_dir().join(format!("limit-{}.bin", std::process::id()));
    let file = fs::File::create(&path).unwrap();
    file.set_len(MAX_FILE_BYTES).unwrap();
    let stored = client.upload(&Upload::from_path(&path).unwrap()).unwrap();
    assert_eq!(stored.file_name(), path.file_name().unwrap().to_str().unwrap());
    assert_eq!(emulator.library().calls(), 1);

    file.set_len(MAX_FILE_BYTES + 1).unwrap();
    let error = client.upload(&Upload::from_path(&path).unwrap()).unwrap_err();
    let limit = MAX_FILE_BYTES;
    assert!(
        matches!(&error, Error::Input(InputError::FileTooLarge { size, limit: of, .. })
            if *size == limit + 1 && *of == limit),
        "{error:?}"
    );
    assert_eq!(emulator.library().calls(), 1);
    fs::remove_file(path).unwrap();
}

#[test]
fn a_name_that_is_taken_is_refused_unless_told_to_override() {
    let emulator = Emulator::start().unwrap();
    let client = client_of(&emulator);
    let first = Upload::new("a.ps1".parse().unwrap(), b"1");
    let second = Upload::new("a.ps1".parse().unwrap(), b"2");
    client.upload(&first).unwrap();

    let error = client.upload(&second).unwrap_err();
    assert!(matches!(error, Error::Service(_)), "{error:?}");
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert_eq!(emulator.library().content("a.ps1"), Some(b"1".to_vec()));

    client.upload(&second.if_exists(IfExists::Override)).unwrap();
    assert_eq!(emulator.library().content("a.ps1"), Some(b"2".to_vec()));
}

#[test]
fn clones_of_a_client_upload_at_once_and_the_same_upload_can_be_sent_again() {
    let emulator = Emulator::start().unwrap();
    let client = client_of(&emulator);
    let upload = Upload::new("same.ps1".parse().unwrap(), vec![1; 100_000]);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let (client, upload) = (client.clone(), upload.clone().if_exists(IfExists::Override));
            scope.spawn(move || {
                for _ in 0..5 {
                    client.upload(&upload).unwrap();
                }
            });
        }
    });
    assert_eq!(emulator.library().calls(), 40);
}

/// Says when an exchange begins, and goes on when it is told to.
#[derive(Debug)]
struct Halting<T> {
    inner: T,
    begun: Sender<()>,
    go_on: Mutex<Receiver<()>>,
}

impl<T: Transport> Transport for Halting<T> {
    fn send(
        &self,
        request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        self.begun.send(()).unwrap();
        self.go_on.lock().unwrap().recv().unwrap();
        self.inner.send(request)
    }
}

#[test]
fn r12_an_upload_ends_by_itself_when_its_client_is_dropped() {
    let (begun, has_begun) = mpsc::channel();
    let (let_go, go_on) = mpsc::channel();
    let library = FakeLibrary::new();
    let transport = Halting { inner: library.clone(), begun, go_on: Mutex::new(go_on) };
    let token = AccessToken::new("a-token").unwrap();
    let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();

    let working = client.clone();
    let upload = Upload::new("a.ps1".parse().unwrap(), b"1");
    let thread = std::thread::spawn(move || working.upload(&upload));
    has_begun.recv().unwrap();
    drop(client);
    let_go.send(()).unwrap();
    assert_eq!(thread.join().unwrap().unwrap().file_name(), "a.ps1");
    assert_eq!(library.content("a.ps1"), Some(b"1".to_vec()));
}

#[test]
fn a_wrong_token_is_refused_with_what_to_do() {
    let emulator = Emulator::start().unwrap();
    let endpoint = Endpoint::loopback_http(emulator.base_url()).unwrap();
    let client = mde_live_response::client(endpoint, AccessToken::new("another-token").unwrap());
    let upload = Upload::new("a.ps1".parse().unwrap(), b"1");
    let error = client.upload(&upload).unwrap_err();
    assert_eq!(
        (error.status().map(|it| it.as_u16()), error.service_code()),
        (Some(401), Some("Unauthorized"))
    );
    let help = "get a new token: this one is expired, revoked or not for this service";
    assert_eq!(error.help().as_deref(), Some(help));
}
