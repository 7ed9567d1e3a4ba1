//! A transport of one's own: here one that tells, for every exchange, what was asked, what came back and how
//! long it took. Runs offline, around a library in memory.
//!
//! ```text
//! cargo run --example custom_transport
//! ```
//!
//! A transport over another HTTP client has the same shape: send the request once, all of its body, return
//! every status as `Ok`, and for anything else say what is known of its delivery.

use std::error::Error;
use std::time::Instant;

use mde_live_response::{
    AccessToken, Body, Client, Endpoint, Limits, Transport, TransportError, Upload, http,
};
use mde_live_response_mock::FakeLibrary;

/// Tells about every exchange of another transport. Never about headers: one of them is the token.
#[derive(Debug)]
struct Telling<T> {
    inner: T,
}

impl<T: Transport> Transport for Telling<T> {
    fn send(
        &self,
        request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let asked = format!("{} {}", request.method(), request.uri());
        let (bytes, limits) = (request.body().len(), Limits::of(&request));
        let start = Instant::now();
        let result = self.inner.send(request);
        let outcome = match &result {
            Ok(response) => response.status().to_string(),
            Err(error) => error.to_string(),
        };
        let (took, allowed) = (start.elapsed(), limits.time_left());
        println!("{asked}, {bytes} bytes: {outcome} after {took:.0?} of {allowed:?}");
        result
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let transport = Telling { inner: FakeLibrary::new() };
    let token = AccessToken::new("a-test-token")?;
    let client = Client::builder(Endpoint::COMMERCIAL, token, transport).build();

    let upload = Upload::new("Get-Date.ps1".parse()?, b"Get-Date\n");
    client.upload(&upload)?;
    let refusal = client.upload(&upload).err().ok_or("the name should be taken by now")?;
    println!("the second time: {refusal}");
    Ok(())
}
