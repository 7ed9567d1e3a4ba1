//! curl on the wire: connections, limits, tokens, and the calls that are no upload.

use serde_json::Value;

use super::curl::{Run, Transfer, example_and, example_with};
use super::{Sent, assert_held, assert_listed, assert_stored, emulator};

const MIB: usize = 1 << 20;

fn owned(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|it| (*it).to_owned()).collect()
}

#[test]
fn two_uploads_of_one_run_share_a_connection() {
    for way in [&[][..], &["-H", "Transfer-Encoding: chunked"], &["-H", "Expect: 100-continue"]] {
        let emulator = emulator();
        let upload = |file: &str| {
            let mut arguments = example_with(&emulator, emulator.token());
            arguments[6] = format!("file=@{file}");
            [arguments, owned(way)].concat()
        };
        let transfers = vec![upload("a.ps1"), upload("b.ps1")];
        let files: &[(&str, &[u8])] = &[("a.ps1", b"first"), ("b.ps1", b"second")];
        let Some(said) = (Run { files, transfers, ..Run::default() }).start() else { return };
        for ((name, content), Transfer { said, .. }) in files.iter().zip(&said) {
            let sent = Sent {
                name,
                content,
                description: Some("test description"),
                parameters_description: Some("test"),
                has_parameters: true,
            };
            assert_stored(&emulator, said, &sent, &format!("{way:?}: {name}"));
        }
        let connections: Vec<u32> = said.iter().map(|it| it.connections).collect();
        assert_eq!(connections, [1, 0], "case: {way:?}");
    }
}

/// Everything that a library can be asked, on one connection.
#[test]
fn list_delete_and_refusals_share_a_connection_with_an_upload() {
    let emulator = emulator();
    let url = format!("{}/api/libraryfiles", emulator.base_url());
    let token = format!("Authorization: Bearer {}", emulator.token());
    let call = |arguments: &[&str]| owned(&[&["-H", &token], arguments].concat());
    let name = "q\\\"p%41 é.ps1";
    let (one, absent) = (format!("{url}/q%2522p%2541%20%C3%A9.ps1"), format!("{url}/q%22pA.ps1"));
    let transfers = vec![
        call(&[&url]),
        call(&["-F", &format!("file=@a;filename=\"{name}\""), &url]),
        call(&[&url]),
        call(&["-X", "DELETE", &absent]),
        call(&["-X", "DELETE", &one]),
        call(&["-X", "DELETE", &one]),
        call(&["-X", "PUT", &url]),
        call(&["-I", "-o", "head", &url]),
        call(&[&url]),
    ];
    let count = transfers.len();
    let run = Run { files: &[("a", b"x")], transfers, ..Run::default() };
    let Some(said) = run.start() else { return };
    let sent = Sent { name: "q%22p%41 é.ps1", content: b"x", ..Sent::default() };
    let connections: Vec<u32> = said.iter().map(|it| it.connections).collect();
    let said: Vec<_> = said.into_iter().map(|it| it.said).collect();
    assert_listed(&said[0], &[]);
    assert_eq!(said[1].status, 200);
    assert_listed(&said[2], &[sent]);
    assert_eq!(said[3].refusal(), (404, "ResourceNotFound"));
    assert_eq!((said[4].status, &said[4].body), (204, &Value::Null));
    assert_eq!(said[5].refusal(), (404, "ResourceNotFound"));
    assert_eq!(said[6].status, 405);
    assert_eq!(said[7].status, 405);
    assert_listed(&said[8], &[]);
    assert_eq!(connections.iter().sum::<u32>(), 1, "{count} transfers: {connections:?}");
}

#[test]
fn an_existing_file_is_only_replaced_on_demand() {
    let emulator = emulator();
    let upload = |file: &str, replaces: &[&str]| {
        let url = format!("{}/api/libraryfiles", emulator.base_url());
        let token = format!("Authorization: Bearer {}", emulator.token());
        let file = format!("file=@{file};filename=a.ps1");
        owned(&[&[&*url, "-H", &token, "-F", &file], replaces].concat())
    };
    let transfers = vec![
        upload("1", &[]),
        upload("2", &[]),
        upload("2", &["-F", "OverrideIfExists=false"]),
        upload("3", &["-F", "OverrideIfExists=True"]),
        upload("4", &["-F", "OverrideIfExists=true"]),
    ];
    let files: &[(&str, &[u8])] = &[("1", b"1"), ("2", b"2"), ("3", b"3"), ("4", b"4")];
    let Some(said) = (Run { files, transfers, ..Run::default() }).start() else { return };
    let said: Vec<_> = said.into_iter().map(|it| it.said).collect();
    let statuses: Vec<u16> = said.iter().map(|it| it.status).collect();
    assert_eq!(statuses, [200, 400, 400, 200, 200]);
    assert_eq!(said[1].refusal(), (400, "BadRequest"));
    let sent = Sent { name: "a.ps1", content: b"4", ..Sent::default() };
    assert_stored(&emulator, &said[4], &sent, "replaced");
}

#[test]
fn the_largest_file_is_stored_and_one_byte_more_is_not() {
    for way in [
        &[][..],
        &["-H", "Transfer-Encoding: chunked"],
        &["-H", "Expect: 100-continue"],
        &["--http1.0"],
    ] {
        let emulator = emulator();
        let mut image = vec![7; 20 * MIB + 1];
        let Some(said) = example_and(&emulator, &image, way) else { return };
        assert_eq!(said.refusal(), (413, "InvalidInput"), "case: {way:?}: {said:?}");
        assert!(emulator.library().names().is_empty(), "case: {way:?}");
        image.pop();
        let Some(said) = example_and(&emulator, &image, way) else { return };
        let sent = Sent {
            name: "mdatp1.png",
            content: &image,
            description: Some("test description"),
            parameters_description: Some("test"),
            has_parameters: true,
        };
        assert_stored(&emulator, &said, &sent, &format!("{way:?}"));
    }
}

#[test]
fn curl_hears_a_refusal_while_it_sends_a_large_file() {
    let (bad_token, large) = (vec![0; 19 * MIB], vec![0; 30 * MIB]);
    for way in [&["-H", "Expect:"][..], &["-H", "Expect: 100-continue"], &["--http1.0"]] {
        let emulator = emulator();
        let run = |token: &str, image: &[u8]| {
            let transfers = vec![[example_with(&emulator, token), owned(way)].concat()];
            let run = Run { files: &[("mdatp1.png", image)], transfers, ..Run::default() };
            run.start()?.pop().map(|transfer| transfer.said)
        };
        let Some(said) = run("not-the-token", &bad_token) else { return };
        assert_eq!(said.refusal(), (401, "Unauthorized"), "case: {way:?}: {said:?}");
        let Some(said) = run(emulator.token(), &large) else { return };
        assert_eq!(said.refusal(), (413, "InvalidInput"), "case: {way:?}: {said:?}");
        assert!(emulator.library().names().is_empty(), "case: {way:?}");
    }
}

#[test]
fn a_wrong_token_opens_nothing() {
    let emulator = emulator();
    emulator.library().insert("kept.ps1", "kept");
    let url = format!("{}/api/libraryfiles", emulator.base_url());
    let one = format!("{url}/kept.ps1");
    let token = format!("Authorization: Bearer {}", emulator.token());
    let (longer, basic) = (format!("{token}x"), token.replace("Bearer", "Basic"));
    let headers: [&[&str]; 6] = [
        &[],
        &["-H", "Authorization: Bearer other"],
        &["-H", "Authorization;"],
        &["-H", &longer],
        &["-H", &basic],
        &["-u", "user:password"],
    ];
    let calls: [&[&str]; 3] = [&[&url], &["-X", "DELETE", &one], &[&url, "-F", "file=@a.ps1"]];
    let transfers: Vec<_> = headers
        .iter()
        .flat_map(|header| calls.map(|call| owned(&[header, call].concat())))
        .collect();
    let run = Run { files: &[("a.ps1", b"x")], transfers, ..Run::default() };
    let Some(said) = run.start() else { return };
    for (Transfer { said, .. }, case) in said.iter().zip(&run.transfers) {
        assert_eq!(said.refusal(), (401, "Unauthorized"), "case: {case:?}: {said:?}");
    }
    assert_eq!(emulator.library().names(), ["kept.ps1"]);
    assert_held(&emulator, &Sent { name: "kept.ps1", content: b"kept", ..Sent::default() }, "kept");
}
