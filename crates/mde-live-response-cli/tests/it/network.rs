//! Proxies and certificate authorities: each option and variable reaches the transport.

use mde_live_response_emulator::conformance::{Identity, Peer, Speech, Step};
use mde_live_response_testkit::TempDir;

use crate::support::Lrlib;

/// Nothing listens there.
const CLOSED: &str = "http://127.0.0.1:1";
const THROUGH: &str = "through the proxy 127.0.0.1:1)";

/// Runs `lrlib list` against a service behind TLS that holds no files, and asserts how it ends.
#[track_caller]
fn lists(options: &[&str], environment: &[(&str, &str)], code: i32, printed: &str) {
    println!("case: {options:?}, {environment:?}");
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"value\":[]}";
    let script = vec![Step::ReadHead, Step::Send(answer.into())];
    let service = Peer::start(Speech::TlsAs(Identity::Good), [script]);
    let base = format!("https://localhost:{}", service.address().port());
    let dir = TempDir::new();
    let authority = dir.write_arg("authority.pem", service.authority_pem());
    let options = options.iter().map(|it| if *it == "AUTHORITY" { &authority } else { *it });
    let mut arguments = vec!["list", "--base-url", &base, "--timeout", "1"];
    arguments.extend(options);
    let of_file = |value| if value == "AUTHORITY" { authority.as_str() } else { value };
    let environment = environment.iter().map(|(name, value)| (*name, of_file(*value)));
    let environment: Vec<_> = [("MDE_TOKEN", "a-token")].into_iter().chain(environment).collect();
    Lrlib::alone().with(&environment).ends(&arguments, code, printed);
}

#[test]
fn an_authority_is_trusted_if_an_option_names_it() {
    lists(&[], &[], 1, "give its CA with --ca-file");
    lists(&["--ca-file", "AUTHORITY"], &[], 0, "0 files\n");
    lists(&["--system-roots"], &[], 1, "certificate");
    if cfg!(target_os = "linux") {
        // The variable is part of how Linux finds its authorities. It has no effect on the bundled ones.
        lists(&["--system-roots"], &[("SSL_CERT_FILE", "AUTHORITY")], 0, "0 files\n");
        lists(&[], &[("SSL_CERT_FILE", "AUTHORITY")], 1, "certificate");
    }
}

#[test]
fn a_proxy_comes_from_the_command_line_or_the_environment() {
    let of_environment = ("HTTPS_PROXY", CLOSED);
    let trusted = |options: &[&'static str]| [&["--ca-file", "AUTHORITY"], options].concat();
    for (options, environment) in [
        (&["--proxy", CLOSED][..], &[][..]),
        (&["--proxy", "127.0.0.1:1"], &[("HTTPS_PROXY", "http://127.0.0.1:2")]),
        (&["--proxy", CLOSED, "--no-proxy", "elsewhere.example"], &[]),
        (&[], &[of_environment]),
        (&[], &[("all_proxy", CLOSED)]),
        (&["--no-proxy", ""], &[of_environment, ("NO_PROXY", "localhost")]),
    ] {
        lists(&trusted(options), environment, 1, THROUGH);
    }
    for (options, environment) in [
        (&["--proxy", ""][..], &[of_environment][..]),
        (&["--no-proxy", "localhost"], &[of_environment]),
        (&["--proxy", CLOSED, "--no-proxy", "*"], &[]),
        (&["--proxy", CLOSED], &[("no_proxy", ".localhost")]),
        (&[], &[of_environment, ("NO_PROXY", "localhost")]),
        (&[], &[("HTTP_PROXY", CLOSED)]),
    ] {
        lists(&trusted(options), environment, 0, "0 files\n");
    }
}

#[test]
fn a_network_setting_that_cannot_be_used_is_a_usage_error() {
    let dir = TempDir::new();
    let empty = dir.write_arg("empty.pem", "no certificate");
    // Windows ignores the letter case of variables, so the first spelling is found.
    let name = if cfg!(windows) { "all_proxy" } else { "ALL_PROXY" };
    let socks = &format!("{name} must be the http:// URL");
    for (options, environment, printed) in [
        (&["--proxy", "socks5h://me:canary@x"][..], &[][..], "--proxy must be "),
        (&["--proxy", "https://me:canary@x"], &[], "(https://) is not supported"),
        (&[], &[("ALL_PROXY", "socks5://x:1080")], socks),
        (&["--ca-file", "nowhere.pem"], &[], "--ca-file, nowhere.pem: "),
        (&["--ca-file", &empty], &[], "empty.pem: certificate must be "),
        (&["--ca-file", &empty, "--system-roots"], &[], "--system-roots"),
    ] {
        lists(options, environment, 2, printed);
    }
}

/// Each run of these tests looks for the word `canary` in both outputs.
#[test]
fn check_names_the_proxy_without_its_password() {
    for (arguments, proxy) in [
        (&["--proxy", "http://me:canary@127.0.0.1:1"][..], "127.0.0.1:1\n"),
        (&["--proxy", CLOSED, "--no-proxy", "127.0.0.0/8"], "not used for this host\n"),
        (&[], "none\n"),
    ] {
        let check = ["check", "-v", "--timeout", "1", "--base-url", "https://127.0.0.1:1"];
        let line = format!("{:22} {proxy}", "proxy");
        let token = [("MDE_TOKEN", "a-token")];
        Lrlib::alone().with(&token).ends(&[&check, arguments].concat(), 1, &line);
    }
}
