//! Why `multipart` 0.18 only reads here: two faults of its client side.

use std::io::Read;

use bytes::Bytes;
use mde_live_response_judges::by_multer;
use mde_live_response_testkit::TempDir;
use multipart::client::lazy::Multipart;

/// The text fields are missing in its length, so the service would wait for the next request and cut this one.
#[test]
fn its_length_leaves_out_the_text_fields() {
    let dir = TempDir::new();
    let mut form = Multipart::new();
    form.add_text("Description", "what for").add_file("file", dir.write_arg("a.ps1", "Get-Date"));
    let mut form = form.prepare().unwrap();
    let (length, boundary) = (form.content_len().unwrap(), form.boundary().to_owned());
    let mut body = String::new();
    form.read_to_string(&mut body).unwrap();
    let header = "Content-Disposition: form-data; name=\"Description\"";
    let text = format!("\r\n--{boundary}\r\n{header}\r\n\r\nwhat for");
    assert!(body.starts_with(&text), "{body}");
    assert_eq!(length, (body.len() - text.len()) as u64);
}

/// A quote ends the name, and with line ends a part of the name becomes content.
#[test]
fn it_does_not_escape_names() {
    let cases = [
        ("a\".ps1", "a", "Get-Date"),
        (
            "a.ps1\"\r\nContent-Type: text/plain\r\n\r\nRemove-Item",
            "a.ps1",
            "Remove-Item\"\r\nContent-Type: application/octet-stream\r\n\r\nGet-Date",
        ),
    ];
    for (given, name, content) in cases {
        let mut form = Multipart::new();
        form.add_stream("file", &b"Get-Date"[..], Some(given), None);
        let mut form = form.prepare().unwrap();
        let mut body = Vec::new();
        form.read_to_end(&mut body).unwrap();
        let read = by_multer::read(form.boundary(), vec![Bytes::from(body)]).unwrap();
        assert_eq!((&*read.name, &*read.content), (name, content.as_bytes()));
    }
}
