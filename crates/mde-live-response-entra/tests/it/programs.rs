//! Tokens of other programs: the Azure CLI, a command, a file.

use std::fs;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::Command;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use mde_live_response_core::auth::Credential;
use mde_live_response_core::policy::{CancelToken, Clock};
use mde_live_response_core::{Client, Effect, Endpoint, ErrorKind};
use mde_live_response_entra::{AzureCli, TokenCommand, TokenFile};
use mde_live_response_mock::{ManualClock, MockTransport, Reply};
use mde_live_response_testkit::TempDir;

use crate::upload;

/// A stand-in, in a folder with a space in its name, as on Windows.
fn az() -> AzureCli {
    let name = if cfg!(windows) { "az.cmd" } else { "az" };
    let program: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "tests", "it", "fixtures", "Azure CLI", name].iter().collect();
    AzureCli::new().with_program(program)
}

/// The tokens that uploads carry, an hour apart.
fn sent<const N: usize>(credential: impl Credential + 'static, between: impl Fn()) -> [String; N] {
    let mock = (0..N).fold(MockTransport::new(), |mock, _| mock.reply(Reply::stored()));
    let clock = mock.clock();
    let client = Client::builder(Endpoint::COMMERCIAL, credential, mock.clone());
    let client = client.clock(clock.clone()).build();
    for _ in 0..N {
        client.upload(&upload()).unwrap();
        clock.advance(Duration::from_secs(3_600));
        between();
    }
    mock.assert_done();
    mock.requests::<N>().map(|it| it.headers()["authorization"].to_str().unwrap().to_owned())
}

fn failure(credential: impl Credential + 'static, endpoint: Endpoint) -> String {
    let mock = MockTransport::new();
    let builder = Client::builder(endpoint, credential, mock.clone());
    let error = builder.clock(mock.clock()).build().upload(&upload()).unwrap_err();
    mock.assert_unused();
    assert_eq!((error.kind(), error.effect()), (&ErrorKind::NoToken, Effect::NotApplied));
    assert!(error.help().is_some());
    format!("{error:?}")
}

fn endpoint(audience: &str) -> Endpoint {
    Endpoint::COMMERCIAL.with_audience(audience)
}

#[test]
fn the_azure_cli_is_asked_for_the_audience_and_the_tenant() {
    assert_eq!(sent(az(), || ()), ["Bearer of-the-login"]);
    assert_eq!(sent(az().with_tenant("a-tenant").unwrap(), || ()), ["Bearer of-a-tenant"]);
}

/// The shell of Windows takes a command line apart in its own way, and a script `az.cmd` passes it on.
#[cfg(windows)]
#[test]
fn a_script_of_windows_gets_the_audience_as_one_word() {
    let dir = TempDir::new();
    let program = dir.write("az.cmd", "@echo [%6]>\"%~dp0got\"\r\n@echo {}\r\n");
    let (got, trace) = (dir.path().join("got"), dir.path().join("trace"));
    let redirected = format!("x&echo canary>{}", trace.display());
    for audience in
        ["https://api.example/a b", "a&b|c<d>e^f", "%PATH%", "(a,b;c=d)", "a!b", &redirected]
    {
        let _ = fs::remove_file(&got);
        let az = AzureCli::new().with_program(&program);
        let shown = failure(az, endpoint(audience));
        assert!(shown.contains("no token in JSON"), "{audience}: {shown}");
        assert!(!trace.exists(), "{audience}");
    }
    // A line end would end the command, so the script does not start.
    let _ = fs::remove_file(&got);
    let shown = failure(AzureCli::new().with_program(&program), endpoint("a\r\nb"));
    assert!(shown.contains("cannot be run") && !got.exists(), "{shown}");
}

#[test]
fn an_azure_cli_without_a_token_is_told_with_its_own_words() {
    for (audience, expected) in [
        ("https://logged-out.example", "ERROR: Please run 'az login' to setup account."),
        ("https://no-json.example", "no token in JSON"),
    ] {
        let shown = failure(az(), endpoint(audience));
        assert!(shown.contains(expected), "{audience}: {shown}");
    }
}

#[test]
fn a_missing_azure_cli_is_told() {
    let shown = failure(AzureCli::new().with_program("no-such-program"), Endpoint::COMMERCIAL);
    assert!(shown.contains("cannot be run") && shown.contains("Install"), "{shown}");
}

/// A token without a signature that expires at this time, in seconds since 1970.
fn expiring(end: u64) -> String {
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(r#"{"alg":"none"}"#.into()), part(format!(r#"{{"exp":{end}}}"#)), "x")
}

#[test]
fn a_file_is_read_again_when_its_token_expires_and_one_line_end_is_dropped() {
    let dir = TempDir::new();
    let start = ManualClock::new().time_of_day().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let [first, second] = [expiring(start + 600), expiring(start + 7_200)];
    let path = dir.write("token", format!("{first}\r\n"));
    let change = || {
        dir.write("token", &second);
    };
    let expected = [&first, &second].map(|token| format!("Bearer {token}"));
    assert_eq!(sent(TokenFile::new(path), change), expected);
}

#[test]
fn a_command_runs_again_when_its_token_expires() {
    let start = ManualClock::new().time_of_day().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let token = expiring(start + 600);
    let command = TokenCommand::new(format!("echo {token}"));
    let expected = [&token, &token].map(|token| format!("Bearer {token}"));
    assert_eq!(sent(command, || ()), expected);
}

#[test]
fn text_that_is_no_token_ends_the_call_and_is_not_shown() {
    let dir = TempDir::new();
    for text in ["", "canary canary", "canary\n\n", &"canary".repeat(11_000)] {
        let shown = failure(TokenFile::new(dir.write("token", text)), Endpoint::COMMERCIAL);
        assert!(shown.contains("the token file ") && !shown.contains("canary"), "{shown}");
    }
    let long = dir.write("token", "a".repeat(64 * 1024 + 1));
    let shown = failure(TokenFile::new(&long), Endpoint::COMMERCIAL);
    let expected = format!("the token file {} has more than 64 KiB", long.display());
    assert!(shown.contains(&expected), "{shown}");
    let shown = failure(TokenFile::new(dir.path().join("none")), Endpoint::COMMERCIAL);
    assert!(shown.contains("does not exist"), "{shown}");
    for (command, expected) in [
        ("exit 3", "ended with exit"),
        ("echo canary canary", "printed no token"),
        ("echo canary&& exit 1", "ended with exit"),
    ] {
        let shown = failure(TokenCommand::new(command), Endpoint::COMMERCIAL);
        assert!(shown.contains(expected) && !shown.contains("canary"), "{command}: {shown}");
    }
}

#[test]
fn a_command_may_print_64_kib() {
    let dir = TempDir::new();
    let print = |text: &str| {
        let path = dir.write("token", text);
        let program = if cfg!(windows) { "type" } else { "cat" };
        TokenCommand::new(format!("{program} \"{}\"", path.display()))
    };
    let longest = "a".repeat(64 * 1024);
    assert_eq!(sent(print(&longest), || ()), [format!("Bearer {longest}")]);
    let shown = failure(print(&format!("{longest}a")), Endpoint::COMMERCIAL);
    assert!(shown.contains("printed more than 64 KiB"), "{shown}");
}

/// Ends a call while its credential hangs, by a cancel and by the deadline. `begun` returns when it has begun.
fn ended<C: Credential + 'static, T>(hang: impl Fn(&Path) -> C, begun: impl Fn(&Path) -> T) {
    for is_cancelled in [true, false] {
        let (dir, mock, cancel) = (TempDir::new(), MockTransport::new(), CancelToken::new());
        let path = dir.path().join("a-path");
        let client = Client::builder(Endpoint::COMMERCIAL, hang(&path), mock.clone());
        let client = client.clock(mock.clock()).build().cancelled_by(&cancel);
        let error = thread::scope(|scope| {
            let call = scope.spawn(|| client.upload(&upload()).unwrap_err());
            let _kept = begun(&path);
            if is_cancelled {
                cancel.cancel();
            } else {
                mock.clock().advance(Duration::from_secs(301));
            }
            call.join().unwrap()
        });
        mock.assert_unused();
        let kind = if is_cancelled { ErrorKind::Cancelled } else { ErrorKind::NoToken };
        assert_eq!((error.kind(), error.effect()), (&kind, Effect::NotApplied));
        assert!(is_cancelled || error.to_string().contains("deadline"), "{error}");
    }
}

#[test]
fn a_command_that_hangs_ends_with_the_deadline_or_a_cancel() {
    let commands: &[fn(&Path) -> String] = if cfg!(windows) {
        // An endless loop of the shell itself.
        &[|path| format!("echo x>\"{}\"& for /L %i in (0,0,1) do @rem", path.display())]
    } else {
        // The second one closes its output and goes on.
        &[
            |path| format!("touch '{}'; exec sleep 1000", path.display()),
            |path| format!("exec >&-; touch '{}'; exec sleep 1000", path.display()),
        ]
    };
    for command in commands {
        let hang = |path: &Path| TokenCommand::new(command(path));
        ended(hang, |path| {
            while !path.exists() {
                thread::yield_now();
            }
        });
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_stays_silent_ends_with_the_deadline_or_a_cancel() {
    let hang = |path: &Path| {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        TokenFile::new(path)
    };
    // Opening it for writing waits for the reader.
    ended(hang, |path| fs::OpenOptions::new().write(true).open(path).unwrap());
}
