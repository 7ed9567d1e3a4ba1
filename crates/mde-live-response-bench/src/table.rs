//! Medians of ratios and their spread, for people and as JSON.

use serde_json::{Value, json};

use crate::cost::Cost;

/// All rivals at one size, plain or over TLS.
pub(crate) struct Section {
    pub(crate) size: u64,
    pub(crate) tls: bool,
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Seconds, round by round.
    pub(crate) times: Vec<f64>,
    pub(crate) cost: Cost,
}

/// Quarter, half and three quarters of some figures in order.
struct Spread {
    low: f64,
    median: f64,
    high: f64,
}

fn spread(mut figures: Vec<f64>) -> Spread {
    figures.sort_by(f64::total_cmp);
    let at = |quarters: usize| {
        let n = (figures.len().saturating_sub(1)) * quarters / 4;
        figures.get(n).copied().unwrap_or(f64::NAN)
    };
    Spread { low: at(1), median: at(2), high: at(3) }
}

impl Section {
    /// A rival against another, round by round.
    fn ratio(&self, name: &str, to: &str) -> Option<Spread> {
        let times =
            |name: &str| self.rows.iter().find(|row| row.name == name).map(|row| &row.times);
        let ratios = times(name)?.iter().zip(times(to)?).map(|(a, b)| a / b);
        Some(spread(ratios.collect()))
    }

    fn title(&self) -> String {
        format!("{} bytes, {}", self.size, if self.tls { "TLS" } else { "plain" })
    }
}

/// Targets: rival, against which one, at which size, over TLS or not, at most which ratio.
const TARGETS: [(&str, &str, u64, bool, f64); 9] = [
    ("ours", "bare ureq, hashing", 20_000_000, false, 1.02),
    ("ours", "bare ureq, hashing", 20_000_000, true, 1.02),
    ("ours", "bare ureq, hashing", 1024, false, 1.05),
    ("ours", "bare ureq, hashing", 1024, true, 1.05),
    ("ours", "raw, hashing", 20_000_000, false, 1.05),
    ("bare ureq", "raw", 20_000_000, false, 1.05),
    ("ours", "raw, hashing", 20_000_000, true, 1.05),
    ("ours", "raw, hashing", 1024, false, 1.20),
    ("ours", "raw, hashing", 1024, true, 1.30),
];

/// A target beside the measured ratio.
struct Target {
    text: String,
    ratio: Spread,
    most: f64,
}

impl Target {
    fn is_met(&self) -> bool {
        self.ratio.median <= self.most
    }
}

fn targets(sections: &[Section]) -> Vec<Target> {
    let target = |&(name, to, size, tls, most): &(&str, &str, u64, bool, f64)| {
        let section = sections.iter().find(|it| it.size == size && it.tls == tls)?;
        let text = format!("{name} x {to}, {}", section.title());
        Some(Target { text, ratio: section.ratio(name, to)?, most })
    };
    TARGETS.iter().filter_map(target).collect()
}

pub(crate) fn print(sections: &[Section]) {
    for section in sections {
        println!("\n{}", section.title());
        println!(
            "| | ms | x raw | quarter to three quarters | x raw, hashing | CPU ms | peak KiB | allocations |"
        );
        println!("|---|---|---|---|---|---|---|---|");
        for row in &section.rows {
            let ms = spread(row.times.iter().map(|time| time * 1000.0).collect()).median;
            let Some(raw) = section.ratio(row.name, "raw") else { continue };
            let Some(hashing) = section.ratio(row.name, "raw, hashing") else { continue };
            let Cost { cpu, peak, allocations } = row.cost;
            println!(
                "| {} | {ms:.3} | {:.2} | {:.2}-{:.2} | {:.2} | {cpu:.2} | {peak} | {allocations:.0} |",
                row.name, raw.median, raw.low, raw.high, hashing.median
            );
        }
    }
    println!(
        "\n| target | measured | quarter to three quarters | at most | |\n|---|---|---|---|---|"
    );
    for target in targets(sections) {
        let met = if target.is_met() { "met" } else { "NOT MET" };
        let Target { text, ratio: Spread { low, median, high }, most } = target;
        println!("| {text} | {median:.3} | {low:.3}-{high:.3} | {most:.2} | {met} |");
    }
    for tls in [false, true] {
        let peak = |size| {
            let section = sections.iter().find(|it| it.size == size && it.tls == tls)?;
            section.rows.iter().find(|row| row.name == "ours").map(|row| row.cost.peak)
        };
        if let (Some(large), Some(small)) = (peak(20_000_000), peak(1024)) {
            let over = large.saturating_sub(small);
            let met = if over <= 64 { "met" } else { "NOT MET" };
            let title = if tls { "TLS" } else { "plain" };
            println!("| peak of 20 MB over 1 KiB, {title}, KiB | {over} | | 64 | {met} |");
        }
    }
}

pub(crate) fn print_json(sections: &[Section]) {
    let targets: Vec<_> = targets(sections).iter().map(of_target).collect();
    let sections: Vec<_> = sections.iter().map(of_section).collect();
    println!("{:#}", json!({ "version": 1, "sections": sections, "targets": targets }));
}

fn of_target(target: &Target) -> Value {
    let Spread { low, median, high } = target.ratio;
    json!({
        "target": target.text,
        "ratio": [low, median, high],
        "atMost": target.most,
        "isMet": target.is_met(),
    })
}

fn of_section(section: &Section) -> Value {
    let rows: Vec<_> = section
        .rows
        .iter()
        .map(|row| {
            let seconds = spread(row.times.clone());
            let raw = section.ratio(row.name, "raw").map(|it| [it.low, it.median, it.high]);
            let hashing =
                section.ratio(row.name, "raw, hashing").map(|it| [it.low, it.median, it.high]);
            json!({
                "name": row.name,
                "rounds": row.times.len(),
                "seconds": [seconds.low, seconds.median, seconds.high],
                "xRaw": raw,
                "xRawHashing": hashing,
                "cpuMs": row.cost.cpu,
                "peakKib": row.cost.peak,
                "allocations": row.cost.allocations,
            })
        })
        .collect();
    json!({ "bytes": section.size, "tls": section.tls, "rivals": rows })
}
