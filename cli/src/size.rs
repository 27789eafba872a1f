//! Sizes as people write them: `4096`, `64K`, `1.5MiB`, `3MB`; and counts.
//!
//! K, M and G, and KiB, MiB and GiB, are powers of 1,024; KB, MB and GB are powers of 1,000. A fraction is rounded up to a whole
//! byte. What was typed is kept, for messages.

use indicatif::{BinaryBytes, HumanCount};
use std::fmt::{self, Display, Formatter};

/// A size, and how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    pub bytes: usize,
    typed: String,
}

impl Display for Size {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.typed)
    }
}

/// Digits behind the point that are looked at: enough to tell two bytes of a GiB apart.
const DECIMALS_MAX: usize = 18;

/// Reads a size in bytes.
pub fn parse(text: &str) -> Result<Size, String> {
    let wanted = || "a size is a number of bytes, as 4096, 64K (or KiB), 1.5M, 1G, 3MB".to_owned();
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let (number, unit) = text.split_at(text.find(|c| !is_number(c)).unwrap_or(text.len()));
    let unit: u128 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(wanted()),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.len() > DECIMALS_MAX || fraction.contains('.') {
        return Err(wanted());
    }
    let too_large = || "the size is beyond 2^64 bytes".to_owned();
    let whole = whole.parse::<u64>().map_err(|_| too_large())?;
    let (numerator, denominator) = (fraction.parse::<u64>().map_err(|_| wanted())?, 10_u128.pow(fraction.len() as u32));
    let bytes = u128::from(whole) * unit + (u128::from(numerator) * unit).div_ceil(denominator);
    let bytes = usize::try_from(bytes).map_err(|_| too_large())?;
    Ok(Size { bytes, typed: text.to_owned() })
}

/// Permission bits in octal, as `chmod` takes them.
pub fn parse_mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777 && !text.starts_with('+'));
    mode.ok_or_else(|| "a mode is an octal number up to 777".to_owned())
}

/// `1.01 MiB (1,056,768 bytes)`, or the bytes alone where they say it all.
pub fn show(bytes: u64) -> String {
    if bytes < 1024 { show_bytes(bytes) } else { format!("{} ({})", BinaryBytes(bytes), show_bytes(bytes)) }
}

/// `1,056,768 bytes`.
pub fn show_bytes(bytes: u64) -> String {
    count(bytes, "byte")
}

/// `1 message`, `2,000 messages`.
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", HumanCount(number))
}

/// What a sentence about a command that stopped ends with: `2,000 messages were sent before that`.
pub fn sent(number: u64, noun: &str) -> String {
    let were = if number == 1 { "was" } else { "were" };
    format!("{} {were} sent before that", count(number, noun))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_take_units_and_fractions() {
        let good = [
            ("0", 0),
            ("4096", 4096),
            ("64K", 64 << 10),
            ("64KiB", 64 << 10),
            ("8m", 8 << 20),
            ("1G", 1 << 30),
            ("1GiB", 1 << 30),
            ("7B", 7),
            ("1.5M", 3 << 19),
            ("1.5MiB", 3 << 19),
            ("0.25K", 256),
            ("0.3K", 308),
            ("3MB", 3_000_000),
            ("64kB", 64_000),
            ("1.001gb", 1_001_000_000),
            ("17179869183.999999999G", usize::MAX),
        ];
        for (text, bytes) in good {
            assert_eq!(parse(text).map(|size| size.bytes), Ok(bytes), "{text}");
        }
        assert_eq!(parse("1.5MiB").unwrap().to_string(), "1.5MiB", "it is shown as it was typed");
    }

    #[test]
    fn what_is_not_a_size_is_refused() {
        let bad =
            ["", "K", "-1", "+1", ".5M", "1.M", "1..5", "1.2.3", "1,5M", "64KBi", "1 K", "1T", "0x10", "1e3", "."];
        for text in bad.iter().chain(&["99999999999G", "18446744073709551616", "17179869184G"]) {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn modes_are_octal() {
        assert_eq!(parse_mode("660"), Ok(0o660));
        assert_eq!(parse_mode("0600"), Ok(0o600));
        for text in ["", "888", "1000", "rw", "-1", "+7"] {
            assert!(parse_mode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_shown_exactly_and_roundly() {
        assert_eq!(show(1), "1 byte");
        assert_eq!(show(1 << 20), "1.00 MiB (1,048,576 bytes)");
    }

    #[test]
    fn a_count_agrees_with_its_noun() {
        assert_eq!(count(1, "message"), "1 message");
        assert_eq!(count(1234, "message"), "1,234 messages");
    }
}
