//! How a function of one's own that takes a [`Client`] is tested without a network.
//!
//! ```text
//! cargo run --example test_with_mock
//! ```
//!
//! `MockTransport` plays what the service rarely does and shows what was sent; `FakeLibrary` keeps the
//! service's rules and shows what became of it. In a project, each `check_…` is a `#[test]`.

use std::error::Error as StdError;
use std::time::Duration;

use mde_live_response::{
    AccessToken, Client, ClientBuilder, Clock, Endpoint, Error, IfExists, LibraryFile, Transport,
    Upload,
};
use mde_live_response_mock::{FakeLibrary, ManualClock, MockTransport, Reply};

/// The function under test: replaces a script in the library.
fn publish(client: &Client, script: &'static [u8]) -> Result<LibraryFile, Error> {
    client.upload(
        &Upload::new("Get-DnsCache.ps1".parse()?, script)
            .description("Lists the DNS client cache".parse()?)
            .if_exists(IfExists::Override),
    )
}

fn builder(transport: impl Transport + 'static) -> Result<ClientBuilder, Error> {
    let token = AccessToken::new("a-test-token")?;
    Ok(Client::builder(Endpoint::COMMERCIAL, token, transport))
}

/// A pause that the service asks for is made, in no time, and the same form is sent again.
fn check_short_pause() -> Result<(), Box<dyn StdError>> {
    let mock = MockTransport::new()
        .reply(Reply::error(429, "TooManyRequests").header("retry-after", "30"))
        .reply(Reply::stored());
    let clock = ManualClock::new();
    let client = builder(mock.clone())?.clock(clock.clone()).build();

    publish(&client, b"Get-DnsClientCache\n")?;

    assert_eq!(clock.now(), Duration::from_secs(30));
    let [first, second] = mock.requests();
    assert_eq!(first.form(), second.form());
    second.assert_file("Get-DnsCache.ps1", b"Get-DnsClientCache\n");
    second.assert_text("OverrideIfExists", "true");
    second.assert_absent("ParametersDescription");
    mock.assert_done();
    Ok(())
}

/// A long pause is the caller's to make: one request, no sleep.
fn check_long_pause() -> Result<(), Box<dyn StdError>> {
    let mock = MockTransport::new()
        .reply(Reply::error(429, "TooManyRequests").header("retry-after", "3600"));
    let clock = ManualClock::new();
    let client = builder(mock.clone())?.clock(clock.clone()).build();

    let outcome = publish(&client, b"Get-DnsClientCache\n");

    let wait = outcome.err().and_then(|error| error.retry_after());
    assert_eq!((wait, clock.now()), (Some(Duration::from_secs(3600)), Duration::ZERO));
    let [_only] = mock.requests();
    mock.assert_done();
    Ok(())
}

/// The library holds the new script, as old as the one that it replaces.
fn check_replacement() -> Result<(), Box<dyn StdError>> {
    let library = FakeLibrary::new();
    library.insert("Get-DnsCache.ps1", "# an older script\n");
    library.insert("A-Colleague.ps1", "# not ours\n");
    library.advance(Duration::from_secs(86_400));
    let client = builder(library.clone())?.build();

    publish(&client, b"Get-DnsClientCache\n")?;

    assert_eq!(library.names(), ["A-Colleague.ps1", "Get-DnsCache.ps1"]);
    assert_eq!(library.content("Get-DnsCache.ps1").as_deref(), Some(&b"Get-DnsClientCache\n"[..]));
    let entry = library.entry("Get-DnsCache.ps1").ok_or("no such file")?;
    assert_eq!(entry.creation_time, "2026-01-01T00:00:00.0000000Z");
    assert_eq!(entry.last_updated_time, "2026-01-02T00:00:00.000000Z");
    Ok(())
}

fn main() -> Result<(), Box<dyn StdError>> {
    check_short_pause()?;
    println!("a pause is made, and the same form is sent again");
    check_long_pause()?;
    println!("a long pause is left to the caller");
    check_replacement()?;
    println!("the script is replaced, and nothing else");
    Ok(())
}
