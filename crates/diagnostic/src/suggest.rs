//! Words for messages: what was probably meant, lists, quotations.

use crate::diagnostic::printable;

/// The longest quotation, in characters.
const LONGEST: usize = 60;

/// A word from the file, in backticks, without control characters and cut to a bearable length.
pub fn quote(text: &str) -> String {
    format!("`{}`", cut(text))
}

/// The same without backticks.
pub fn cut(text: &str) -> String {
    let cut: String = text.chars().take(LONGEST).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    printable(&cut) + more
}

/// "`a`, `b` and `c`".
pub fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(quote).collect();
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// The allowed word that was probably meant.
pub fn meant<'a>(word: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nothing that is so long is close to a word of ours, and the distance costs the product of the lengths.
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_ascii_lowercase().replace('-', "_");
    let length = word.chars().count();
    let most = |other: &str| (other.len() / 3).clamp(1, 3);
    allowed
        .into_iter()
        // The distance is at least the difference of the lengths, which costs nothing: a file may have a million words.
        .filter(|other| other.chars().count().abs_diff(length) <= most(other))
        .map(|other| (distance(&word, &other.replace('-', "_")), other))
        .filter(|(distance, other)| *distance <= most(other))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

/// The number of characters to insert, remove, replace or swap with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let other = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + other);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_meant() {
        let allowed = ["weight", "reserve", "grow", "endpoints", "respond", "idle_time"];

        for (word, expected) in [
            ("wieght", Some("weight")),
            ("Weight", Some("weight")),
            ("weights", Some("weight")),
            ("endpoint", Some("endpoints")),
            ("idle-time", Some("idle_time")),
            ("grwo", Some("grow")),
            ("row", Some("grow")),
            ("color", None),
            ("", None),
        ] {
            assert_eq!(meant(word, allowed), expected, "{word}");
        }
    }

    #[test]
    fn a_quotation_is_short_and_harmless() {
        let long = quote(&"x".repeat(1000));

        assert_eq!(long.chars().count(), LONGEST + 3);
        assert_eq!(quote("a\u{1b}b"), "`a\\u{1b}b`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(list([]), "");
    }
}
