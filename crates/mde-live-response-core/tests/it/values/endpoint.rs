//! Base URLs, and the hosts of the documentation.

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::Command;

use mde_live_response_core::error::{InvalidInput, Problem};
use mde_live_response_core::{AccessToken, Client, Endpoint, Error};

use crate::support::{Canned, stored, upload};

#[test]
fn a_base_url_may_have_a_port_and_a_path() {
    for (given, base) in [
        ("https://api.example", "https://api.example"),
        ("HTTPS://api.example/", "https://api.example"),
        ("https://proxy.example:8443/mde/", "https://proxy.example:8443/mde"),
        ("https://10.0.0.1:0443", "https://10.0.0.1:443"),
        ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[0:0:0:0:0:0:0:1]"),
        ("http://127.0.0.1/a/b/", "http://127.0.0.1/a/b"),
    ] {
        let endpoint = Endpoint::parse(given).expect(given);
        assert_eq!(endpoint.base(), base, "case: {given}");
        assert_eq!(endpoint.to_string(), base);
        assert_eq!(given.parse(), Ok(endpoint.clone()), "case: {given}");
        let (transport, token) = (Canned::new(stored()), AccessToken::new("t").unwrap());
        Client::builder(endpoint, token, transport.clone()).build().upload(&upload()).unwrap();
        assert_eq!(*transport.only().uri(), format!("{base}/api/libraryfiles").as_str());
    }
}

#[test]
fn plain_http_goes_only_to_a_loopback_address_written_as_a_number() {
    let hosts = "localhost localhost.evil.example 127.0.0.1.evil.example 128.0.0.1 127.1 0177.0.0.1 \
        2130706433 0.0.0.0 10.0.0.1 [::] [::2] [::ffff:127.0.0.1] api.security.microsoft.com";
    let hosts = hosts.split(' ').map(|host| (host, false));
    let loopback = ["127.0.0.1", "127.255.255.254", "[::1]"].map(|host| (host, true));
    for (host, expected) in hosts.chain(loopback) {
        assert_eq!(Endpoint::is_loopback_literal(host), expected, "case: {host}");
        for scheme in ["http", "HTTP"] {
            let refused = Endpoint::parse(&format!("{scheme}://{host}:8080")).err();
            let problem = refused.as_ref().map(InvalidInput::problem);
            let not_loopback = (!expected).then_some(&Problem::NotLoopback);
            assert_eq!(problem, not_loopback, "case: {scheme}://{host}");
        }
    }
    for base in ["ftp://a", "ws://127.0.0.1", "ftps://a.example"] {
        let refused = Endpoint::parse(base).expect_err(base);
        assert_eq!(refused.problem(), &Problem::NotHttps, "case: {base}");
    }
}

#[test]
fn what_is_more_or_less_than_a_base_url_is_refused_and_not_shown() {
    let longest = format!("{:x<2048}", "https://a.example/");
    assert!(Endpoint::parse(&longest).is_ok());
    let long = longest + "x";
    let words = "https://user@a.example https://user:hunter2@a.example https://:hunter2@a.example/ \
        http://user:hunter2@127.0.0.1 https://a.example?hunter2 https://a.example/?x=hunter2 \
        https://a.example#hunter2 http://127.0.0.1/?hunter2 https://a.example: \
        https://a.example:0 https://a.example:65536 https://a.example:https \
        https://a.example:+443 http://127.0.0.1:0 http://[::1]:+80 https://a.example\\@b.example \
        https://a%2eexample https://a!b.example https://a,b.example https://10.0.0.256 \
        https://127.1 https://[x] https://[::1]x https://[::1 https://0x7f.0.0.0x1. \
        https://a.example.1:8443/x https:// https://:443 https:a.example //a.example a.example \
        javascript:alert(1) file:///etc/passwd https://\u{e9}.example https://a.example/\u{e9}";
    let spaced =
        ["", "https://a.example:44 3", "https://a .example", " https://a.example", "https://a.b\n"];
    for base in words.split(' ').chain(spaced).chain([&*long]) {
        let refused = Endpoint::parse(base).expect_err(base);
        assert_eq!(refused.field(), "service URL");
        // Which form is asked for matters less than that the text is refused.
        assert!(matches!(refused.problem(), Problem::Form(_)), "case: {base:?}: {refused:?}");
        let shown = format!("{refused} {refused:?} {}", Error::from(refused.clone()));
        assert!(!shown.contains("hunter2") && !shown.contains("user@"), "case: {base:?}: {shown}");
    }
}

#[test]
fn the_hosts_of_the_documentation() {
    let audience = "https://api.securitycenter.microsoft.com";
    for (endpoint, host) in [
        (Endpoint::COMMERCIAL, "api.security.microsoft.com"),
        (Endpoint::US, "us.api.security.microsoft.com"),
        (Endpoint::EU, "eu.api.security.microsoft.com"),
        (Endpoint::UK, "uk.api.security.microsoft.com"),
        (Endpoint::AU, "au.api.security.microsoft.com"),
        (Endpoint::SWA, "swa.api.security.microsoft.com"),
        (Endpoint::INA, "ina.api.security.microsoft.com"),
        (Endpoint::AEA, "aea.api.security.microsoft.com"),
        (Endpoint::LEGACY, "api.securitycenter.microsoft.com"),
        (Endpoint::LEGACY_US, "api-us.securitycenter.microsoft.com"),
        (Endpoint::LEGACY_EU, "api-eu.securitycenter.microsoft.com"),
        (Endpoint::LEGACY_UK, "api-uk.securitycenter.microsoft.com"),
        (Endpoint::LEGACY_AU, "api-au.securitycenter.microsoft.com"),
    ] {
        let facts = (endpoint.audience(), endpoint.login());
        assert_eq!(facts, (audience, "https://login.microsoftonline.com"), "case: {host}");
        assert_eq!(Endpoint::parse(&format!("https://{host}")), Ok(endpoint), "written out");
    }
    for (endpoint, host, login) in [
        (Endpoint::GCC, "api-gcc", "login.microsoftonline.com"),
        (Endpoint::GCC_HIGH, "api-gov", "login.microsoftonline.us"),
        (Endpoint::DOD, "api-gov", "login.microsoftonline.us"),
    ] {
        let base = format!("https://{host}.securitycenter.microsoft.us");
        let written = Endpoint::parse(&base).unwrap().with_audience(&base);
        assert_eq!(endpoint, written.with_login(login).unwrap());
    }
}

#[test]
fn audience_and_login_host_can_be_set() {
    let endpoint = Endpoint::parse("https://new.example:8443/v2/").unwrap();
    let endpoint = endpoint.with_audience("api://x").with_login("login.example").unwrap();
    assert_eq!((endpoint.audience(), endpoint.login()), ("api://x", "https://login.example"));
    let local = endpoint.clone().with_login("http://127.0.0.1:8080/").unwrap();
    assert_eq!(local.login(), "http://127.0.0.1:8080");
    for login in ["user:hunter2@login.example", "http://login.example", "login.example?x", ""] {
        let refused = endpoint.clone().with_login(login).expect_err(login);
        assert_eq!(refused.field(), "login URL", "case: {login}");
    }
}

/// In a process of its own, because a process has one environment.
#[test]
fn the_environment_decides_the_base_url() {
    const IS_CHILD: &str = "PRINTS_ENDPOINT";
    if env::var_os(IS_CHILD).is_some() {
        println!("<{:?}>", Endpoint::from_env());
        return;
    }
    let refused = |problem| Err(InvalidInput::new("MDE_BASE_URL", problem));
    let no_url = Endpoint::parse("http://api.example").unwrap_err().problem().clone();
    #[cfg(unix)]
    let not_utf8: OsString = std::os::unix::ffi::OsStringExt::from_vec(vec![0xff]);
    #[cfg(windows)]
    let not_utf8: OsString = std::os::windows::ffi::OsStringExt::from_wide(&[0xd800]);
    for (value, expected) in [
        (None, Ok(Endpoint::COMMERCIAL)),
        (Some(OsStr::new("")), Ok(Endpoint::COMMERCIAL)),
        (Some(OsStr::new("https://api.example/x")), Endpoint::parse("https://api.example/x")),
        (Some(OsStr::new("http://api.example")), refused(no_url)),
        (Some(&*not_utf8), refused(Problem::NotUtf8)),
    ] {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "values::endpoint::the_environment_decides_the_base_url"]);
        child.arg("--nocapture").env(IS_CHILD, "").env_remove("MDE_BASE_URL");
        child.envs(value.map(|value| ("MDE_BASE_URL", value)));
        let output = child.output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains(&format!("<{expected:?}>")), "{value:?}: {printed}");
    }
}
