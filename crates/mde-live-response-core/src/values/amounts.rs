//! Sizes, waits and times of day in words.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MIB: u64 = 1024 * 1024;

/// A size: in bytes up to 1 MiB, then in MiB with one decimal.
pub(crate) fn size(bytes: u64) -> String {
    if bytes < MIB {
        return format!("{bytes} bytes");
    }
    let tenths = (u128::from(bytes) * 10 + u128::from(MIB / 2)) / u128::from(MIB);
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} MiB"),
        (whole, tenth) => format!("{whole}.{tenth} MiB"),
    }
}

/// Two sizes that differ, with their exact bytes if they would read alike.
pub(crate) fn sizes(one: u64, other: u64) -> (String, String) {
    match (size(one), size(other)) {
        (a, b) if a == b => (format!("{a} ({one} bytes)"), format!("{b} ({other} bytes)")),
        pair => pair,
    }
}

/// Shows a time in words, rounded up: in seconds below two minutes, then in at most two units.
///
/// # Examples
///
/// ```
/// use mde_live_response::error::span;
/// use std::time::Duration;
///
/// let shown = [90, 150, 7_200, 90_001].map(|seconds| span(Duration::from_secs(seconds)).to_string());
/// assert_eq!(shown, ["90 s", "2 min 30 s", "2 h", "1 d 2 h"]);
/// ```
#[must_use]
pub fn span(time: Duration) -> impl fmt::Display {
    let seconds = time.as_millis().div_ceil(1000);
    let (large, small, names) = match seconds {
        0..120 => return format!("{seconds} s"),
        120..3_600 => (60, 1, ("min", "s")),
        3_600..86_400 => (3_600, 60, ("h", "min")),
        _ => (86_400, 3_600, ("d", "h")),
    };
    let (count, per) = (seconds.div_ceil(small), large / small);
    match (count / per, count % per) {
        (large, 0) => format!("{large} {}", names.0),
        (large, small) => format!("{large} {} {small} {}", names.0, names.1),
    }
}

/// The time of day, rounded up to a minute, such as `00:57 UTC`.
pub(crate) fn time_of_day(at: SystemTime) -> String {
    let minutes = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().div_ceil(60);
    format!("{:02}:{:02} UTC", minutes / 60 % 24, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::{Duration, MIB, UNIX_EPOCH, sizes, span, time_of_day};

    #[test]
    fn amounts_are_shown_in_words() {
        for (one, other, shown) in [
            (300, 255, ["300 bytes", "255 bytes"]),
            (MIB, 255, ["1 MiB", "255 bytes"]),
            (24_536_678, 20 * MIB, ["23.4 MiB", "20 MiB"]),
            (20 * MIB + 1, 20 * MIB, ["20 MiB (20971521 bytes)", "20 MiB (20971520 bytes)"]),
            (u64::MAX, MIB - 1, ["17592186044416 MiB", "1048575 bytes"]),
        ] {
            assert_eq!(sizes(one, other), (shown[0].to_owned(), shown[1].to_owned()));
        }
        for (millis, shown) in [
            (0, "0 s"),
            (1, "1 s"),
            (119_000, "119 s"),
            (119_001, "2 min"),
            (3_599_000, "59 min 59 s"),
            (3_601_000, "1 h 1 min"),
            (86_399_000, "24 h"),
            (86_400_000, "1 d"),
            (u64::MAX, "213503982334 d 15 h"),
        ] {
            assert_eq!(span(Duration::from_millis(millis)).to_string(), shown, "{millis} ms");
        }
        for (seconds, shown) in [(0, "00:00 UTC"), (3_361, "00:57 UTC"), (86_399, "00:00 UTC")] {
            assert_eq!(time_of_day(UNIX_EPOCH + Duration::from_secs(seconds)), shown);
        }
    }
}
