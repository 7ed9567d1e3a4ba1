//! What a caller types: whatever is accepted keeps the rule, whatever is refused says so in a line.

use std::time::{Duration, SystemTime};

use mde_live_response_core::auth::Secret;
use mde_live_response_core::library::{Description, ParametersDescription, Sha256Digest};
use mde_live_response_core::{AccessToken, Endpoint, FileName};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::shown::shown;

/// One text, tried as everything that a text can become.
pub fn texts(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    file_name(text);
    match text.parse::<Description>() {
        Ok(description) => assert_eq!(description.as_str(), text),
        Err(error) => drop(shown(&error)),
    }
    assert_eq!(text.parse::<Description>().is_ok(), text.parse::<ParametersDescription>().is_ok());
    sha256(text);
    token(text);
    endpoint(text);
}

fn file_name(text: &str) {
    let strict = text.parse::<FileName>();
    let name = match FileName::permitting_separators(text) {
        Ok(name) => name,
        Err(error) => {
            assert!(strict.is_err());
            return drop(shown(&error));
        }
    };
    assert_eq!(strict.is_ok(), !text.contains([';', '&']));
    assert_eq!(name.as_str(), text);
    assert!((1..=255).contains(&text.len()));
    assert!(!text.chars().any(char::is_control));
    assert!(!text.contains(['"', '/', '\\', ':', '*', '?', '<', '>', '|', '\u{2028}', '\u{FEFF}']));
    assert!(!text.contains(['\u{200B}', '\u{200C}', '\u{200D}', '\u{2060}']));
    assert_eq!(text.trim(), text);
    assert!(!text.ends_with('.'));
    assert_eq!(percent_decode_str(text).decode_utf8().as_deref(), Ok(text));
    if strict.is_ok() {
        assert_eq!(FileName::from_path(format!("/some/where/{text}")).as_ref(), Ok(&name));
        // Nothing in it leads a URL elsewhere.
        let mut url = Url::parse("https://service.example/api/libraryfiles/").expect("a URL");
        url.path_segments_mut().expect("a path").pop_if_empty().push(text);
        assert_eq!(url.path_segments().expect("a path").count(), 3);
    }
}

fn sha256(text: &str) {
    match text.parse::<Sha256Digest>() {
        Ok(digest) => {
            assert_eq!(text.len(), 64);
            assert!(digest.to_string().eq_ignore_ascii_case(text));
        }
        Err(error) => drop(shown(&error)),
    }
}

fn token(text: &str) {
    match AccessToken::new(text) {
        Ok(token) => {
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
            assert_eq!(format!("{token:?}"), "AccessToken(..)");
            if let Some(claims) = token.claims() {
                let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
                drop(claims.check("https://api.securitycenter.microsoft.com", now));
                let _ = claims.permissions().count();
            }
        }
        Err(error) => drop(shown(&error)),
    }
    if let Ok(secret) = Secret::new(text) {
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }
}

fn endpoint(text: &str) {
    match Endpoint::parse(text) {
        Ok(endpoint) => {
            let Some(judged) = judged(endpoint.base()) else { return };
            assert_eq!((judged.username(), judged.password()), ("", None));
            assert_eq!((judged.query(), judged.fragment()), (None, None));
            assert_eq!(Endpoint::parse(endpoint.base()).as_ref(), Ok(&endpoint));
            assert_safe(&judged);
        }
        Err(error) => drop(shown(&error)),
    }
    if let Ok(endpoint) = Endpoint::COMMERCIAL.with_login(text) {
        let Some(judged) = judged(endpoint.login()) else { return };
        assert_safe(&judged);
    }
}

/// `https`, or `http` to this machine.
fn assert_safe(url: &Url) {
    let is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    assert!(url.scheme() == "https" || (url.scheme() == "http" && is_loopback), "{url}");
}

/// What is accepted is a URL. The judge alone also looks into labels of other scripts.
fn judged(url: &str) -> Option<Url> {
    match Url::parse(url) {
        Ok(url) => Some(url),
        Err(url::ParseError::IdnaError) => None,
        Err(error) => panic!("{url}: {error}"),
    }
}
