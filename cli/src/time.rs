//! Durations as people write and read them.

use indicatif::HumanDuration;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads a duration: seconds, or a number with `ns`, `us`, `ms`, `s`, `m` (or `min`) or `h` behind it.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wanted = || "a duration is a number of seconds, or a number with us, ms, s, min or h behind it".to_owned();
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let (number, unit) = text.split_at(text.find(|c| !is_number(c)).unwrap_or(text.len()));
    let seconds_per_unit = match unit {
        "" | "s" => 1.0,
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(wanted()),
    };
    let number: f64 = number.parse().map_err(|_| wanted())?;
    Duration::try_from_secs_f64(number * seconds_per_unit).map_err(|_| "the duration is too long".to_owned())
}

/// `0.5 s`, `3 minutes`: a limit that somebody set.
pub fn show_limit(limit: Duration) -> String {
    if limit < Duration::from_secs(10) {
        format!("{} s", limit.as_secs_f64())
    } else {
        HumanDuration(limit).to_string()
    }
}

/// `3 minutes ago`, for a moment in nanoseconds of the Unix epoch.
pub fn ago(unix_ns: u64) -> String {
    match SystemTime::now().duration_since(UNIX_EPOCH + Duration::from_nanos(unix_ns)) {
        Ok(age) if age < Duration::from_secs(1) => "just now".to_owned(),
        Ok(age) => format!("{} ago", HumanDuration(age)),
        // The clock was set back, or the file lies.
        Err(_) => "in the future".to_owned(),
    }
}

/// `850 ns`, `1.23 µs`, `45.6 ms`: three digits are enough to compare.
pub fn show_ns(ns: u64) -> String {
    let scaled = |per_unit: f64, unit: &str| {
        let value = ns as f64 / per_unit;
        let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
        format!("{value:.decimals$} {unit}")
    };
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => scaled(1e3, "µs"),
        1_000_000..1_000_000_000 => scaled(1e6, "ms"),
        _ => scaled(1e9, "s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds_unless_they_say_otherwise() {
        let good = [
            ("2", 2_000_000_000),
            ("0", 0),
            ("0.5", 500_000_000),
            ("1.5s", 1_500_000_000),
            ("500ms", 500_000_000),
            ("20us", 20_000),
            ("1min", 60_000_000_000),
            ("2m", 120_000_000_000),
            ("1h", 3_600_000_000_000),
        ];
        for (text, ns) in good {
            assert_eq!(parse(text).map(|duration| duration.as_nanos()), Ok(ns), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in ["", "ms", "-1", "1 s", "1d", "1.2.3", "inf", "NaN", "1e3", ".", "99999999999999999999h"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nanoseconds_are_shown_with_three_digits() {
        assert_eq!(show_ns(850), "850 ns");
        assert_eq!(show_ns(1_234), "1.23 µs");
        assert_eq!(show_ns(45_678), "45.7 µs");
        assert_eq!(show_ns(456_789_000), "457 ms");
        assert_eq!(show_ns(2_000_000_000), "2.00 s");
    }

    #[test]
    fn a_moment_that_has_not_come_is_not_an_error() {
        assert_eq!(ago(u64::MAX), "in the future");
    }
}
