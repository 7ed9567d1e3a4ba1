//! A server that takes uploads as fast as they come and answers all with the same entity.
//!
//! Runs as a separate process.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::Failure;

/// A sink in another process, which ends with this value.
pub(crate) struct Sink {
    child: Child,
    _stdin: Option<ChildStdin>,
    pub(crate) url: String,
    /// In PEM; empty without TLS.
    pub(crate) certificate: String,
}

impl Sink {
    pub(crate) fn start(entity: &str, tls: bool) -> Result<Self, Failure> {
        let program = std::env::current_exe()?;
        let mut command = pinned(program.to_str().ok_or("a path that is no text")?, "1");
        command.args(["sink", entity]).args(tls.then_some("--tls"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let started: serde_json::Value = serde_json::from_str(&line)?;
        let text = |name: &str| started[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            _stdin: child.stdin.take(),
            child,
            url: text("url"),
            certificate: text("certificate"),
        })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command on its own processor, if `taskset` and a second processor exist.
pub(crate) fn pinned(program: &str, processor: &str) -> Command {
    let can_pin = thread::available_parallelism().is_ok_and(|count| count.get() > 1)
        && Command::new("taskset").arg("--version").output().is_ok();
    if !can_pin {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", processor, program]);
    command
}

/// Runs this command again on its own processor. Returns whether it did.
pub(crate) fn on_a_processor_of_its_own() -> Result<bool, Failure> {
    const MARK: &str = "BENCH_IS_PINNED";
    if std::env::var_os(MARK).is_some() {
        return Ok(false);
    }
    let program = std::env::current_exe()?;
    let mut command = pinned(program.to_str().ok_or("a path that is no text")?, "0");
    let status = command.args(std::env::args_os().skip(1)).env(MARK, "1").status()?;
    status.success().then_some(true).ok_or_else(|| "the measurement failed".into())
}

pub(crate) fn run(entity: &str, tls: bool) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let (config, certificate) = if tls {
        server_config().map(|(config, pem)| (Some(config), pem))?
    } else {
        (None, String::new())
    };
    let scheme = if tls { "https://localhost" } else { "http://127.0.0.1" };
    let started =
        serde_json::json!({ "url": format!("{scheme}:{port}"), "certificate": certificate });
    println!("{started}");
    io::stdout().flush()?;
    let answer: Arc<[u8]> = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{entity}",
        entity.len()
    )
    .into_bytes()
    .into();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (config, answer) = (config.clone(), Arc::clone(&answer));
            thread::spawn(move || drop(serve(stream, config, &answer)));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn server_config() -> Result<(Arc<ServerConfig>, String), Failure> {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)?;
    Ok((Arc::new(config), certified.cert.pem()))
}

fn serve(stream: TcpStream, tls: Option<Arc<ServerConfig>>, answer: &[u8]) -> Result<(), Failure> {
    let stream = Spinning::new(stream)?;
    match tls {
        None => take(stream, answer),
        Some(config) => take(StreamOwned::new(ServerConnection::new(config)?, stream), answer),
    }
}

/// Time that a read spins before it blocks.
const SPIN: Duration = Duration::from_micros(10);

/// A stream whose reads spin before they block, because waking a sleeping thread takes longer than a small upload.
struct Spinning(TcpStream);

impl Spinning {
    /// Leaves the stream non-blocking. An answer always fits into the kernel's buffer, so writes need not block.
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self(stream))
    }
}

impl Read for Spinning {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let start = Instant::now();
        loop {
            match self.0.read(buf) {
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            if start.elapsed() > SPIN {
                break;
            }
        }
        self.0.set_nonblocking(false)?;
        let read = self.0.read(buf);
        self.0.set_nonblocking(true)?;
        read
    }
}

impl Write for Spinning {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn take(stream: impl Read + Write, answer: &[u8]) -> Result<(), Failure> {
    let mut stream = BufReader::with_capacity(1024 * 1024, stream);
    loop {
        let head = read_head(&mut stream)?;
        let value =
            |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if value("expect:").is_some() {
            stream.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        match value("content-length:") {
            Some(length) => skip(&mut stream, length.parse()?)?,
            None => skip_chunks(&mut stream)?,
        }
        stream.get_mut().write_all(answer)?;
        stream.get_mut().flush()?;
    }
}

/// In lower case; an error at the end of the connection.
fn read_head(stream: &mut impl BufRead) -> Result<String, Failure> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Err("the connection ended".into());
        }
    }
    Ok(head.to_ascii_lowercase())
}

fn skip(stream: &mut impl BufRead, mut left: usize) -> Result<(), Failure> {
    while left > 0 {
        let n = stream.fill_buf()?.len().min(left);
        if n == 0 {
            return Err("the body ended early".into());
        }
        stream.consume(n);
        left -= n;
    }
    Ok(())
}

fn skip_chunks(stream: &mut impl BufRead) -> Result<(), Failure> {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16)?;
        skip(stream, size + 2)?;
        if size == 0 {
            return Ok(());
        }
    }
}
