//! How to test a function that takes a [`Client`], without a network: `cargo run --example test_with_mock`.
//!
//! `MockTransport` plays a script and shows what was sent; `FakeLibrary` keeps the service's rules and shows the result.
//! In a project, each `check_...` is a `#[test]`.

use std::error::Error as StdError;
use std::time::Duration;

use mde_live_response::{AccessToken, Client, Endpoint, Error, IfExists, LibraryFile, Upload};
use mde_live_response_mock::{FakeLibrary, MockTransport, Reply};

/// The function under test: replaces a script in the library.
fn publish(client: &Client, script: &'static [u8]) -> Result<LibraryFile, Error> {
    client.upload(
        &Upload::new("Get-DnsCache.ps1".parse()?, script)
            .with_description("Lists the DNS client cache".parse()?)
            .with_if_exists(IfExists::Override),
    )
}

/// The client waits as long as the service asks, in no time, and sends the same form again.
fn check_short_wait() -> Result<(), Box<dyn StdError>> {
    let mock = MockTransport::new()
        .reply(Reply::error(429, "TooManyRequests").header("retry-after", "30"))
        .reply(Reply::stored());

    publish(&mock.client(), b"Get-DnsClientCache\n")?;

    assert_eq!(mock.clock().now(), Duration::from_secs(30));
    let [first, second] = mock.requests();
    assert_eq!(first.form(), second.form());
    second.assert_file("Get-DnsCache.ps1", b"Get-DnsClientCache\n");
    second.assert_text("OverrideIfExists", "true");
    second.assert_absent("ParametersDescription");
    mock.assert_done();
    Ok(())
}

/// A long wait is left to the caller: one request, no sleep.
fn check_long_wait() {
    let mock = MockTransport::new()
        .reply(Reply::error(429, "TooManyRequests").header("retry-after", "3600"));

    let outcome = publish(&mock.client(), b"Get-DnsClientCache\n");

    let wait = outcome.err().and_then(|error| error.retry_after());
    assert_eq!(wait, Some(Duration::from_secs(3600)));
    assert_eq!(mock.clock().now(), Duration::ZERO);
    let [_only] = mock.requests();
    mock.assert_done();
}

/// The library holds the new script, and keeps the creation time of the old one.
fn check_replacement() -> Result<(), Box<dyn StdError>> {
    let library = FakeLibrary::new();
    library.insert("Get-DnsCache.ps1", "# an older script\n");
    library.insert("A-Colleague.ps1", "# not ours\n");
    library.advance(Duration::from_secs(86_400));
    let token = AccessToken::new("a-test-token")?;
    let client = Client::builder(Endpoint::COMMERCIAL, token, library.clone()).build();

    publish(&client, b"Get-DnsClientCache\n")?;

    assert_eq!(library.names(), ["A-Colleague.ps1", "Get-DnsCache.ps1"]);
    assert_eq!(library.content("Get-DnsCache.ps1").as_deref(), Some(&b"Get-DnsClientCache\n"[..]));
    let entry = library.entry("Get-DnsCache.ps1").ok_or("no such file")?;
    assert_eq!(entry.creation_time, "2026-01-01T00:00:00.0000000Z");
    assert_eq!(entry.last_updated_time, "2026-01-02T00:00:00.000000Z");
    Ok(())
}

fn main() -> Result<(), Box<dyn StdError>> {
    check_short_wait()?;
    println!("the client waits, and sends the same form again");
    check_long_wait();
    println!("a long wait is left to the caller");
    check_replacement()?;
    println!("the script is replaced, and nothing else");
    Ok(())
}
