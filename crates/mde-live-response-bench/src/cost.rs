//! Cost of uploads other than time: processor, memory, allocations, each measured in a new process.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use stats_alloc::Region;

use crate::rivals::{Target, rival};
use crate::sink::pinned;
use crate::{ALLOCATOR, Failure};

/// Of one upload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Processor time, user and system, in milliseconds.
    pub(crate) cpu: f64,
    /// Most memory that the process held, in KiB.
    pub(crate) peak: u64,
    pub(crate) allocations: f64,
}

/// Runs in a new process; returns the columns of the table.
pub(crate) fn measure(name: &str, target: &Target, times: u32) -> Result<Cost, Failure> {
    let program = std::env::current_exe()?;
    let output = pinned(program.to_str().ok_or("a path that is no text")?, "0")
        .args(["cost", "--", name, &target.url, &target.certificate])
        .arg(target.file())
        .arg(times.to_string())
        .stderr(Stdio::inherit())
        .output()?;
    let value: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let number = |name: &str| value[name].as_f64().unwrap_or_default();
    Ok(Cost {
        cpu: number("cpu"),
        peak: value["peak"].as_u64().unwrap_or_default(),
        allocations: number("allocations"),
    })
}

pub(crate) fn run(
    name: &str,
    url: &str,
    certificate: &str,
    file: &Path,
    times: u32,
) -> Result<(), Failure> {
    let target =
        Target { url: url.to_owned(), certificate: certificate.to_owned(), file: file.to_owned() };
    let mut rival = rival(name, target)?;
    // The first upload opens the connection and does all other one-time work.
    rival.upload()?;
    let (region, before) = (Region::new(ALLOCATOR), ticks()?);
    for _ in 0..times {
        rival.upload()?;
    }
    let allocations = region.change().allocations + region.change().reallocations;
    // A hundredth of a second each, on all that Linux runs on.
    let cpu = (ticks()? - before) * 10;
    let mean = |total: f64| total / f64::from(times);
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let value = serde_json::json!({
        "cpu": mean(cpu as f64),
        "peak": peak()?,
        "allocations": mean(allocations as f64),
    });
    println!("{value}");
    Ok(())
}

/// Processor time of this process and of those it has waited for.
fn ticks() -> Result<u64, Failure> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let tick =
        |n: usize| fields.get(n).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    Ok(tick(11) + tick(12) + tick(13) + tick(14))
}

fn peak() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
