//! A sink, and a file to upload to it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use mde_live_response_core::library::Sha256Digest;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub(crate) const BENCH: &str = env!("CARGO_BIN_EXE_mde-live-response-bench");

/// Name of the file. Relative, so that no count depends on the length of a path.
const FILE: &str = "file.bin";

/// So that no two scenes have the same folder.
static NUMBER: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Scene {
    sink: Child,
    url: String,
    certificate: String,
    pub(crate) folder: PathBuf,
}

impl Scene {
    pub(crate) fn new(size: usize, tls: bool) -> Self {
        let content = vec![0x5a; size];
        let digest = <[u8; 32]>::from(Sha256::digest(&content));
        let hex = Sha256Digest::from(digest).to_string();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("mde-guard-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join(FILE), content).unwrap();
        let entity = format!(r#"{{"fileName":"bench.bin","sha256":"{hex}"}}"#);
        let mut command = Command::new(BENCH);
        command.args(["sink", &entity]).args(tls.then_some("--tls"));
        let mut sink = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(sink.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| started[name].as_str().unwrap().to_owned();
        Self { sink, url: text("url"), certificate: text("certificate"), folder }
    }

    /// Of the bench's command `cost` or `repeat`, which runs in the scene's folder.
    pub(crate) fn arguments(&self, command: &str, work: &str, times: u32) -> [String; 7] {
        let times = times.to_string();
        [command, "--", work, &self.url, &self.certificate, FILE, &times].map(str::to_owned)
    }

    pub(crate) fn allocations(&self) -> f64 {
        let mut command = Command::new(BENCH);
        command.args(self.arguments("cost", "ours", 50)).current_dir(&self.folder);
        let cost: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        cost["allocations"].as_f64().unwrap()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.sink.kill();
        let _ = self.sink.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
