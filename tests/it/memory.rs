//! A file is never held in memory: an upload of 20 MiB needs as much memory as one of 1 KiB.

use std::{env, fs};

use mde_live_response::{AccessToken, Endpoint, Upload};
use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::TempDir;

use crate::child;

const TEST: &str = "memory::r20_peak_memory_does_not_grow_with_the_file";
const SIZES: [usize; 2] = [1024, 20 * 1024 * 1024];
const ALLOWED_KIB: u64 = 1024;

/// Largest resident size of this process so far, in KiB, as the kernel counts it.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

/// Uploads to the emulator in the parent, then prints the peak.
fn upload_in_child() {
    let endpoint = Endpoint::from_env().unwrap();
    let token = AccessToken::new(env::var("MDE_TOKEN").unwrap()).unwrap();
    let client = mde_live_response::client(endpoint, token);
    client.upload(&Upload::from_path(env::var("IT_FILE").unwrap()).unwrap()).unwrap();
    println!("\npeak: {}", peak_kib());
}

#[test]
fn r20_peak_memory_does_not_grow_with_the_file() {
    if child::is_child() {
        return upload_in_child();
    }
    let emulator = Emulator::start().unwrap();
    let dir = TempDir::new();
    let peaks = SIZES.map(|size| {
        let path = dir.write_arg(&format!("memory-{size}.bin"), vec![7; size]);
        let environment = [
            ("MDE_BASE_URL", emulator.base_url()),
            ("MDE_TOKEN", emulator.token()),
            ("IT_FILE", &path),
        ];
        let output = child::run(TEST, &environment);
        let stdout = String::from_utf8(output.stdout).unwrap();
        let peak = stdout.lines().find_map(|line| line.strip_prefix("peak: ")).unwrap();
        peak.parse::<u64>().unwrap()
    });
    let [small, large] = peaks;
    println!("peak of 1 KiB: {small} KiB, of 20 MiB: {large} KiB");
    assert!(large <= small + ALLOWED_KIB, "1 KiB needs {small} KiB, 20 MiB needs {large} KiB");
}
