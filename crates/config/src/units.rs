//! Sizes, durations and percentages as people write them.

use std::time::Duration;

const SIZES: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Reads `16KiB`, `10 MB` or `512B`; `None` for anything else and for more than 2^64 bytes.
pub(crate) fn size(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.strip_prefix(' ').unwrap_or(unit);
    let (_, factor) = SIZES.into_iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// The shortest exact way to write a size.
pub(crate) fn show_size(bytes: u64) -> String {
    let best = SIZES
        .into_iter()
        .filter(|(_, factor)| bytes > 0 && bytes.is_multiple_of(*factor))
        .max_by_key(|(_, factor)| *factor);
    match best {
        Some((unit, factor)) => format!("{}{unit}", bytes / factor),
        None => format!("{bytes}B"),
    }
}

/// Reads `5s`, `500ms` or `1m 30s`.
pub(crate) fn time(text: &str) -> Option<Duration> {
    // humantime reads a lone `0`; here a number never stands without its unit.
    let has_unit = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    has_unit.then(|| humantime::parse_duration(text).ok()).flatten()
}

/// The shortest exact way to write a duration.
pub(crate) fn show_time(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}

/// A number of steps of 0.001 % as a percentage.
pub(crate) fn show_percent(steps: u64) -> String {
    let text = format!("{}.{:03}", steps / 1_000, steps % 1_000);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_reads_what_people_write() {
        for (text, bytes) in [
            ("0B", Some(0)),
            ("16KiB", Some(16_384)),
            ("10MB", Some(10_000_000)),
            ("10 MB", Some(10_000_000)),
            ("1GiB", Some(1 << 30)),
            ("10", None),
            ("10M", None),
            ("1.5MB", None),
            ("-1B", None),
            ("MB", None),
            ("", None),
            ("10  MB", None),
            ("99999999999TB", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
    }

    #[test]
    fn a_size_is_shown_in_its_largest_exact_unit() {
        for text in ["1B", "16KiB", "10MB", "1GiB", "1025B", "2MiB", "0B"] {
            assert_eq!(show_size(size(text).unwrap()), text);
        }
    }

    #[test]
    fn a_duration_needs_a_unit() {
        assert_eq!(time("5s"), Some(Duration::from_secs(5)));
        assert_eq!(time("1m 30s"), Some(Duration::from_secs(90)));
        assert_eq!(time("0s"), Some(Duration::ZERO));
        for text in ["5", "0", "", "s", "-5s", "99999999999999999999y"] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn a_percentage_has_no_idle_zeros() {
        assert_eq!(show_percent(120_000), "120 %");
        assert_eq!(show_percent(500), "0.5 %");
        assert_eq!(show_percent(100_001), "100.001 %");
        assert_eq!(show_percent(0), "0 %");
    }
}
