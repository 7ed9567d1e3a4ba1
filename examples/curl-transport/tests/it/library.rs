//! The client over this transport against the emulated library, as a user would have it.

use std::thread;

use mde_live_response_core::{
    AccessToken, Client, ClientSecret, Deleted, Endpoint, EntraCredential, Error, IfExists, Upload,
};
use mde_live_response_emulator::{Application, Emulator};
use sha2::{Digest, Sha256};

use crate::pairs::curl;

fn endpoint(emulator: &Emulator) -> Endpoint {
    Endpoint::loopback_http(emulator.base_url()).unwrap()
}

fn client(emulator: &Emulator) -> Client {
    let token = AccessToken::new(emulator.token()).unwrap();
    Client::builder(endpoint(emulator), token, curl().build()).build()
}

fn upload(name: &str, content: impl Into<Vec<u8>>) -> Upload {
    Upload::new(name.parse().unwrap(), content.into())
}

#[test]
fn a_file_is_stored_listed_and_deleted() {
    let emulator = Emulator::start().unwrap();
    let client = client(&emulator);
    let name = "collect é.ps1";
    let described = upload(name, "Get-DnsClientCache\n")
        .description("Collects the DNS client cache\nof a host".parse().unwrap())
        .parameters("-Hours <n>".parse().unwrap());
    let stored = client.upload(&described).unwrap();
    assert_eq!(stored.file_name(), name);
    assert_eq!(stored.description(), Some("Collects the DNS client cache\nof a host"));
    assert_eq!(emulator.library().content(name).unwrap(), b"Get-DnsClientCache\n");

    let listed: Vec<_> = client.list().collect::<Result<_, _>>().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].file_name(), name);

    let parsed = name.parse().unwrap();
    assert_eq!(client.delete(&parsed).unwrap(), Deleted::Removed);
    assert_eq!(client.delete(&parsed).unwrap(), Deleted::WasAbsent);
    assert_eq!(client.list().count(), 0);
}

#[test]
fn an_existing_file_is_replaced_only_on_demand() {
    let emulator = Emulator::start().unwrap();
    let client = client(&emulator);
    client.upload(&upload("a.ps1", "1")).unwrap();
    assert!(matches!(client.upload(&upload("a.ps1", "2")), Err(Error::Service(_))));
    assert_eq!(emulator.library().content("a.ps1").unwrap(), b"1");
    client.upload(&upload("a.ps1", "3").if_exists(IfExists::Override)).unwrap();
    assert_eq!(emulator.library().content("a.ps1").unwrap(), b"3");
}

/// The largest file there may be, with a content that no order of its chunks but the right one gives.
#[test]
fn a_file_of_20_mib_arrives_as_it_is() {
    let emulator = Emulator::start().unwrap();
    let content: Vec<u8> = (0..5 * 1024 * 1024_u32).flat_map(u32::to_le_bytes).collect();
    let digest: [u8; 32] = Sha256::digest(&content).into();
    let stored = client(&emulator).upload(&upload("large.bin", content)).unwrap();
    assert_eq!(stored.sha256().copied(), Some(digest.into()));
    let kept: [u8; 32] = Sha256::digest(emulator.library().content("large.bin").unwrap()).into();
    assert_eq!(kept, digest);
}

/// The 401 comes before the body is read; token and file go through the same transport.
#[test]
fn a_token_that_is_no_longer_good_is_renewed_by_itself() {
    let application = Application::new("a-tenant", "a-client").with_secret("a~secret+&");
    let emulator = Emulator::builder().application(application).start().unwrap();
    let secret = ClientSecret::new("a~secret+&").unwrap();
    let credential = EntraCredential::with_secret("a-tenant", "a-client", secret)
        .unwrap()
        .with_login(emulator.base_url())
        .unwrap();
    let client = Client::builder(endpoint(&emulator), credential, curl().build()).build();
    client.upload(&upload("first.ps1", "1")).unwrap();
    emulator.library().revoke_tokens();
    client.upload(&upload("second.bin", vec![2; 5 * 1024 * 1024])).unwrap();
    assert_eq!(emulator.library().names(), ["first.ps1", "second.bin"]);
}

#[test]
fn a_wrong_token_is_told() {
    let emulator = Emulator::start().unwrap();
    let token = AccessToken::new("another-token").unwrap();
    let client = Client::builder(endpoint(&emulator), token, curl().build()).build();
    let error = client.upload(&upload("a.bin", vec![1; 5 * 1024 * 1024])).unwrap_err();
    assert!(matches!(error, Error::Auth(_)), "{error:?}");
    assert!(!format!("{error:?}").contains("another-token"));
    assert!(emulator.library().names().is_empty());
}

#[test]
fn several_threads_upload_at_once() {
    let emulator = Emulator::builder().no_limits().start().unwrap();
    let client = client(&emulator);
    thread::scope(|scope| {
        for thread in 0..4_u8 {
            let client = &client;
            scope.spawn(move || {
                for n in 0..5 {
                    let name = format!("{thread}-{n}.bin");
                    client.upload(&upload(&name, vec![thread; 100_000])).unwrap();
                }
            });
        }
    });
    assert_eq!(emulator.library().names().len(), 20);
}
