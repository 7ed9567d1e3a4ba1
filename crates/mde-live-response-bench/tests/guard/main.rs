//! Guards against an upload, a list or a plan that has become dearer, by counts and not by time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod callgrind;
mod instructions;
mod scene;

use scene::Scene;

#[test]
fn an_upload_allocates_no_more_than_it_did() {
    // Measured: 50 plain, 53 over TLS (and one for each record of 16 KiB, which is rustls's own). The same at any size:
    // nothing is allocated while a body is read.
    for (size, tls, most) in [
        (1024, false, 50.5),
        (1024 * 1024, false, 51.5),
        (1024, true, 53.5),
        (20_000_000, false, 51.5),
    ] {
        let allocations = Scene::new(size, tls).allocations();
        assert!(allocations <= most, "{size} bytes, TLS: {tls}: {allocations}, at most {most}");
    }
}
