//! Sizes as people write them: `4096`, `64K`, `64KiB`, `8M`, `1G`. Units are powers of 1,024.

use indicatif::{BinaryBytes, HumanCount};

/// Reads a size in bytes.
pub fn parse(text: &str) -> Result<u64, String> {
    const WANTED: &str = "a size is a number of bytes, optionally with K, M or G (or KiB, MiB, GiB) behind it";
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kib" => 10,
        "m" | "mib" => 20,
        "g" | "gib" => 30,
        _ => return Err(WANTED.to_owned()),
    };
    if number.is_empty() {
        return Err(WANTED.to_owned());
    }
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
    bytes.ok_or_else(|| "the size is beyond 2^64 bytes".to_owned())
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
    let plural = if bytes == 1 { "" } else { "s" };
    format!("{} byte{plural}", HumanCount(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_take_binary_units() {
        let good = [
            ("0", 0),
            ("4096", 4096),
            ("64K", 64 << 10),
            ("64KiB", 64 << 10),
            ("8m", 8 << 20),
            ("1G", 1 << 30),
            ("1GiB", 1 << 30),
            ("7B", 7),
        ];
        for (text, bytes) in good {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_size_is_refused() {
        for text in ["", "K", "-1", "+1", "1.5M", "64KB", "1 K", "1T", "0x10", "99999999999G", "18446744073709551616"] {
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
}
