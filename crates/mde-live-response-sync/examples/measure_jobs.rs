//! Measures how long 40 small files take, if the service answers each call after 0.5 s:
//!
//! * one call at a time: 20.5 s, which is one listing and 40 uploads;
//! * 8 calls at once: 3 s, which is one listing and 5 rounds of uploads (bound: 3.5 s).
//!
//! ```text
//! cargo run --release -p mde-live-response-sync --example measure_jobs
//! ```
//!
//! The service is a server on loopback. Prints both times and the number of connections, and fails above the bound.

use std::error::Error as StdError;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mde_live_response::http::Request;
use mde_live_response::sync::{self, Desired, DesiredFile, Jobs, Rules};
use mde_live_response::{AccessToken, Endpoint};
use mde_live_response_mock::FakeLibrary;

type Failure = Box<dyn StdError + Send + Sync>;

const FILES: usize = 40;
const LATENCY: Duration = Duration::from_millis(500);
const BOUND: Duration = Duration::from_millis(3_500);

fn main() -> ExitCode {
    let run = || -> Result<bool, Failure> {
        let (one, _) = measure(1)?;
        println!("{FILES} files, 1 call at a time: {one:.2?}");
        let (eight, connections) = measure(8)?;
        println!(
            "{FILES} files, 8 calls at once: {eight:.2?} (bound {BOUND:?}), {connections} connections"
        );
        Ok(eight <= BOUND)
    };
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The time for all files, and the number of connections.
fn measure(jobs: usize) -> Result<(Duration, usize), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr()?))?;
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let library = FakeLibrary::new();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            let library = library.clone();
            // Ends when the client closes the connection.
            thread::spawn(move || drop(serve(&stream, &library)));
        }
    });

    let files = (0..FILES).map(|n| -> Result<_, Failure> {
        let content = format!("Write-Output {n}\n");
        Ok(DesiredFile::new(format!("script-{n}.ps1").parse()?, content.into_bytes())?)
    });
    let desired = Desired::new(files.collect::<Result<Vec<_>, _>>()?)?;
    let plan = sync::plan(&desired, &[], &Rules::new("measure".parse()?));
    let client = mde_live_response::client(endpoint, AccessToken::new("an-access-token")?);
    let start = Instant::now();
    let report = Jobs::new(jobs).apply(&client, &plan, |_, _| {})?;
    let took = start.elapsed();
    if !report.is_complete() {
        return Err(format!("{report:?}").into());
    }
    Ok((took, connections.load(Ordering::SeqCst)))
}

/// Answers request after request, each after [`LATENCY`].
fn serve(stream: &TcpStream, library: &FakeLibrary) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut from = BufReader::new(stream);
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let mut words = line.split(' ');
        let (method, path) = words.next().zip(words.next()).ok_or("the connection is closed")?;
        let mut head = Request::builder().method(method).uri(path);
        let mut len = 0;
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            if name.eq_ignore_ascii_case("content-length") {
                len = value.parse()?;
            }
            head = head.header(name, value);
        }
        let mut body = vec![0; len];
        from.read_exact(&mut body)?;
        thread::sleep(LATENCY);
        let (head, ()) = head.body(())?.into_parts();
        let answer = library.begin(&head).map_or_else(|answer| answer, |call| call.finish(&body));
        let (status, body) = (answer.status().as_u16(), answer.body());
        let head = format!(
            "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        (&*stream).write_all(&[head.as_bytes(), body].concat())?;
    }
}
