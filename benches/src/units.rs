//! Quantities as people write them, and names as files have them.

/// A number of bytes in the largest unit in which it is whole.
pub fn binary(bytes: usize) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB"];
    let unit = (bytes.trailing_zeros() as usize / 10).min(units.len() - 1);
    format!("{} {}", bytes >> (10 * unit), units[unit])
}

/// A number of nanoseconds, in the unit that people use for it.
pub fn time(ns: f64) -> String {
    let (unit, name) = match ns {
        ..1e3 => (1.0, "ns"),
        ..1e6 => (1e3, "µs"),
        ..1e9 => (1e6, "ms"),
        _ => (1e9, "s"),
    };
    format!("{} {name}", (ns / unit * 1e3).round() / 1e3)
}

/// A plain number, without the tail that binary fractions have.
pub fn number(value: f64) -> String {
    format!("{}", (value * 1e6).round() / 1e6)
}

/// A file's name for this text: in lower case, with a dash for all that is neither letter nor digit.
pub fn slug(text: &str) -> String {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_like_its_table() {
        assert_eq!(slug("Latency, one way: 1 million"), "latency-one-way-1-million");
    }

    #[test]
    fn bytes_are_told_in_the_largest_whole_unit() {
        assert_eq!([8, 1536, 64 << 10, 8 << 20].map(binary), ["8 bytes", "1536 bytes", "64 KiB", "8 MiB"]);
    }

    #[test]
    fn times_and_numbers_are_short() {
        assert_eq!([0.5, 200.0, 1e3, 2.5e6, 1e9].map(time), ["0.5 ns", "200 ns", "1 µs", "2.5 ms", "1 s"]);
        assert_eq!([0.1 + 0.2, 5.0].map(number), ["0.3", "5"]);
    }
}
