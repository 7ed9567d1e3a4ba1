//! Proxies of the environment: the same as curl, which judges the same tables if it is installed.

use std::ffi::OsString;

use mde_live_response_core::error::Problem;
use mde_live_response_testkit::program;
use mde_live_response_ureq::Proxy;

use crate::support::*;

type Variables<'a> = &'a [(&'static str, &'a str)];

fn read(variables: Variables<'_>) -> Result<Option<Proxy>, (&'static str, Problem)> {
    let value = |name| variables.iter().find(|it| it.0 == name).map(|it| OsString::from(it.1));
    Proxy::from_lookup(value).map_err(|error| (error.field(), error.problem().clone()))
}

/// The proxy for this host, as host and port; empty if there is none.
fn proxy_for(host: &str, variables: Variables<'_>) -> String {
    let proxy = read(variables).unwrap().filter(|proxy| !proxy.is_bypassed(host));
    proxy.map(|it| format!("{}:{}", it.host(), it.port())).unwrap_or_default()
}

/// Asks curl for `https://HOST:1/`, and returns whether it asked the proxy. `None` without curl.
///
/// In the variables, `PROXY` stands for the proxy's address. Names lead to this machine, where nothing listens.
fn asks_proxy(host: &str, variables: Variables<'_>) -> Option<bool> {
    let mut curl = program("curl", &["-q", "--version"])?;
    let proxy =
        Server::start(Speech::Plain, [vec![ReadHead, say("HTTP/1.1 403 No\r\n\r\n"), Close]]);
    for (name, value) in variables {
        curl.env(name, value.replace("PROXY", &proxy.address().to_string()));
    }
    curl.args([
        "-q",
        "-s",
        "-m",
        "20",
        "--resolve",
        "*:1:127.0.0.1",
        &format!("https://{host}:1/"),
    ]);
    assert!(!curl.output().unwrap().status.success());
    Some(!proxy.finish().is_empty())
}

/// The cases are of curl's documentation and its own tests.
#[test]
fn t35_no_proxy_is_read_as_by_curl() {
    let long = "localhost,".to_owned() + &"127.0.0.1.".repeat(12);
    for (list, host, is_bypassed) in [
        ("*", "www.example.com", true),
        ("*", "[::1]", true),
        ("local.com", "local.com", true),
        ("local.com", "www.local.com", true),
        ("local.com", "www.notlocal.com", false),
        ("local.com", "LOCAL.com", true),
        ("LOCAL.com", "www.local.com", true),
        ("localhost,.example.com,.example.de", "www.example.com", true),
        ("localhost,.example.com,.example.de", "www.example.com.", true),
        ("localhost,.example.com,.example.de", "example.com", true),
        ("localhost,.example.com.,.example.de", "www.example.com", true),
        ("localhost,example.com,.example.de", "nexample.com", false),
        ("foo,,,,,              bar, ::1/64", "BAr", true),
        (" foo , bar ", "bar", true),
        ("www2.example.com, .example.net", "www.example.com", false),
        ("localhost .example.com", "localhost", true),
        ("foobar,*", "www.example.com", false),
        ("*.example.com", "www.example.com", false),
        (".", "www.example.com", false),
        (",", "www.example.com", false),
        ("www.example.com:1", "www.example.com", false),
        ("https://www.example.com", "www.example.com", false),
        ("127.0.0.1,localhost", "127.0.0.1", true),
        ("127.0.0.1/8,localhost,", "127.0.0.1", true),
        ("127.0.0.1/28", "127.0.0.1", true),
        ("127.0.0.0/8", "127.9.9.9", true),
        ("foo, bar, 127.2.0.0/16", "127.2.1.1", true),
        ("127.2.0.0/24", "127.2.1.1", false),
        ("127.2.0.0/23", "127.2.1.1", true),
        ("127.2.0.0/32", "127.2.0.1", false),
        ("127.2.0.0/33", "127.2.0.0", false),
        ("127.2.0.0", "127.2.0.1", false),
        ("0.0.0.0/0", "127.0.0.1", false),
        ("127.0.0.1/0", "127.0.0.1", true),
        ("127.0.0", "127.0.0.1", false),
        (".0.0.1", "127.0.0.1", false),
        ("127.0.0.1:1", "127.0.0.1", false),
        ("127.0.0.1.", "127.0.0.1", false),
        (&long, "127.0.0.1", false),
        ("localhost", "127.0.0.1", false),
        ("127.0.0.1", "localhost", false),
        ("foo, bar, 127.0.0.0/8", "[::1]", false),
        ("foo, bar, ::1/64", "[::1]", true),
        ("0:0::1", "[::1]", true),
        ("::1/128", "[::1]", true),
        ("::1/129", "[::1]", false),
        ("::2/112", "[::1]", true),
        ("[::1]", "[::1]", false),
        ("::/0", "[::1]", false),
    ] {
        let proxy = if is_bypassed { "" } else { "proxy.example:3128" };
        let variables = |proxy| [("https_proxy", proxy), ("no_proxy", list)];
        let found = proxy_for(host, &variables("http://proxy.example:3128"));
        assert_eq!(found, proxy, "case: {list:?}, {host}");
        // Older versions, such as 7.88, find no IPv6 address, against curl's own tests.
        if host == "[::1]" && is_bypassed && list != "*" {
            continue;
        }
        if let Some(asked) = asks_proxy(host, &variables("http://PROXY")) {
            assert_eq!(asked, !is_bypassed, "curl says otherwise: {list:?}, {host}");
        }
    }
    // Those versions also separate by blanks.
    for (list, host) in
        [("localhost x,foobar", "foobar"), ("localhost .example.com", "example.com")]
    {
        let found = proxy_for(host, &[("ALL_PROXY", "proxy.example"), ("NO_PROXY", list)]);
        assert_eq!(found, "proxy.example:1080", "case: {list:?}, {host}");
    }
}

/// `PROXY` stands for a proxy that curl can ask, `OTHER` for another one.
#[test]
fn t35_the_first_variable_in_the_order_of_curl_counts() {
    const OTHER: &str = "http://127.0.0.1:2";
    let cases: [(Variables<'_>, bool); 15] = [
        (&[], false),
        (&[("https_proxy", "http://PROXY"), ("HTTPS_PROXY", OTHER)], true),
        (&[("https_proxy", OTHER), ("HTTPS_PROXY", "http://PROXY")], false),
        (&[("https_proxy", ""), ("HTTPS_PROXY", "http://PROXY")], true),
        (&[("HTTPS_PROXY", "http://PROXY"), ("all_proxy", OTHER)], true),
        (&[("all_proxy", "http://PROXY"), ("ALL_PROXY", OTHER)], true),
        (&[("ALL_PROXY", "http://PROXY")], true),
        (&[("http_proxy", "http://PROXY"), ("HTTP_PROXY", "http://PROXY")], false),
        (&[("HTTPS_PROXY", "PROXY")], true),
        (&[("HTTPS_PROXY", "HTTP://PROXY/")], true),
        (&[("HTTPS_PROXY", "http://me:secret@PROXY")], true),
        (&[("HTTPS_PROXY", "http://me@PROXY")], true),
        (&[("HTTPS_PROXY", "http://PROXY"), ("no_proxy", "x"), ("NO_PROXY", "*")], true),
        (&[("HTTPS_PROXY", "http://PROXY"), ("no_proxy", "*"), ("NO_PROXY", "x")], false),
        (&[("HTTPS_PROXY", "http://PROXY"), ("no_proxy", ""), ("NO_PROXY", "*")], false),
    ];
    for (variables, is_used) in cases {
        let named = variables
            .iter()
            .map(|(name, value)| (*name, value.replace("PROXY", "proxy.example:3128")));
        let named: Vec<_> = named.collect();
        let borrowed: Vec<_> = named.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let found = proxy_for("www.example.com", &borrowed);
        assert_eq!(found == "proxy.example:3128", is_used, "case: {variables:?}: {found}");
        if let Some(asked) = asks_proxy("www.example.com", variables) {
            assert_eq!(asked, is_used, "curl says otherwise: {variables:?}");
        }
    }
    let default = [("HTTPS_PROXY", "http://proxy.example")];
    assert_eq!(proxy_for("www.example.com", &default), "proxy.example:1080", "curl's default");
}

#[test]
fn t35_a_proxy_that_is_not_supported_is_refused_by_the_name_of_its_variable() {
    for (name, url, said) in [
        ("HTTPS_PROXY", "socks5://canary:canary@proxy.example:1080", "SOCKS is not supported"),
        ("all_proxy", "SOCKS4a://proxy.example", "SOCKS is not supported"),
        ("https_proxy", "https://canary:canary@proxy.example", "https://) is not supported"),
        ("ALL_PROXY", "ftp://canary@proxy.example:3128", "http://host:port"),
    ] {
        let (field, problem) = read(&[(name, url)]).unwrap_err();
        let is_said = matches!(problem, Problem::Form(form) if form.contains(said));
        assert!(field == name && is_said, "case: {url}: {field}, {problem:?}");
        assert!(read(&[(name, url), ("NO_PROXY", "*")]).unwrap().is_none());
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        let error = Proxy::from_lookup(|_| Some(OsString::from_vec(vec![b'\xff']))).unwrap_err();
        assert_eq!((error.field(), error.problem()), ("no_proxy", &Problem::NotUtf8));
    }
}

#[test]
fn t35_a_host_that_is_bypassed_is_reached_without_the_proxy() {
    for (list, is_reached) in [("", false), ("elsewhere.example", false), ("localhost", true)] {
        let server = Server::start(Speech::TlsAs(Identity::Good), [served(1)]);
        let base = format!("https://localhost:{}", server.address().port());
        let proxy = Proxy::new("http://127.0.0.1:1").unwrap().with_bypass(list);
        let client = builder_over(&base, transport().proxy(Some(proxy))).build();
        let expected = if is_reached { STORED } else { not_applied(Kind::Proxy) };
        assert_eq!(upload_by(&client, &small()), expected, "case: {list:?}");
        drop(client);
        assert_eq!(server.finish().len(), usize::from(is_reached));
    }
}
