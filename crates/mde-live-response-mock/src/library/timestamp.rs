//! Points in time as the service and Entra write them.
//!
//! The service writes `2026-01-31T09:30:00.1234567Z`, and Entra `2026-01-31 09:30:00Z`.

use std::time::{Duration, SystemTime};

/// Days from the first of March of the year 0 to the first of January 1970.
const DAYS_TO_1970: u64 = 719_468;
const DAYS_IN_400_YEARS: u64 = 146_097;
const SECONDS_IN_DAY: u64 = 86_400;

/// The time in UTC, its second's fraction cut to 1 to 9 digits. A time before 1970 is written as 1970.
pub(super) fn text(at: SystemTime, digits: u32) -> String {
    let since = since_1970(at);
    let (date, time) = date_and_time(since);
    let fraction = since.subsec_nanos() / 10_u32.pow(9 - digits.clamp(1, 9));
    let width = digits as usize;
    format!("{date}T{time}.{fraction:0width$}Z")
}

/// As [`text`], in Entra's form: without a fraction.
pub(super) fn entra_text(at: SystemTime) -> String {
    let (date, time) = date_and_time(since_1970(at));
    format!("{date} {time}Z")
}

fn since_1970(at: SystemTime) -> Duration {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn date_and_time(since_1970: Duration) -> (String, String) {
    let seconds = since_1970.as_secs();
    let (year, month, day) = civil_from_days(seconds / SECONDS_IN_DAY);
    let second = seconds % SECONDS_IN_DAY;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    (format!("{year:04}-{month:02}-{day:02}"), format!("{hour:02}:{minute:02}:{second:02}"))
}

/// Year, month and day of a day counted from 1970-01-01.
///
/// Counts years from March, so that the leap day is the last of its year and months follow a pattern of
/// 153 days in five.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + DAYS_TO_1970;
    let (era, day_of_era) = (days / DAYS_IN_400_YEARS, days % DAYS_IN_400_YEARS);
    let leaps = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leaps) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let (month, carry) =
        if month_from_march < 10 { (month_from_march + 3, 0) } else { (month_from_march - 9, 1) };
    (era * 400 + year_of_era + carry, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_calendar_has_them() {
        let cases = [
            (0, "1970-01-01T00:00:00.0Z"),
            (951_782_399, "2000-02-28T23:59:59.0Z"),
            (951_782_400, "2000-02-29T00:00:00.0Z"),
            (951_868_800, "2000-03-01T00:00:00.0Z"),
            (1_767_225_599, "2025-12-31T23:59:59.0Z"),
            (4_107_542_400, "2100-03-01T00:00:00.0Z"),
            (253_402_300_799, "9999-12-31T23:59:59.0Z"),
        ];
        for (seconds, expected) in cases {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(text(at, 1), expected, "case: {seconds}");
            let entra = expected.replace('T', " ").replace(".0Z", "Z");
            assert_eq!(entra_text(at), entra, "case: {seconds}");
        }
        // Windows tells time in steps of 100 ns.
        let at = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_012_345_600);
        assert_eq!(text(at, 7), "1970-01-01T00:00:01.0123456Z");
        assert_eq!(text(at, 9), "1970-01-01T00:00:01.012345600Z");
        assert_eq!(text(SystemTime::UNIX_EPOCH - Duration::from_secs(1), 1), cases[0].1);
    }
}
