//! Secrets are found before the text is parsed, because a message about broken TOML shows the line as well.
//!
//! So this goes by the words on a line and in the header above it, and hides too much rather than too little: somebody
//! may have written the token itself where its hash belongs.

use graylane_diagnostic::Source;

use crate::keys::{GUESSES, Guard, TABLES};

/// Hides the value on each line of a secret key.
pub(super) fn secrets(source: &mut Source) {
    let keys = TABLES.iter().flat_map(|table| table.keys);
    let words: Vec<&str> = keys
        .filter(|key| key.guard == Guard::Secret)
        .map(|key| key.name)
        .chain(GUESSES)
        .collect();
    let mut hidden = Vec::new();
    let lower = source.text().to_ascii_lowercase();
    let mut start = 0;
    let mut in_secret_table = false;
    for line in lower.split_inclusive('\n') {
        if line.trim_start().starts_with('[') {
            in_secret_table = words.iter().any(|word| line.contains(word));
        }
        let value = match in_secret_table {
            true => line.find('=').map(|at| at + 1),
            false => value_of(line, &words),
        };
        if let Some(value) = value {
            hidden.push(start + value..start + line.trim_end().len().max(value));
        }
        start += line.len();
    }
    source.hide(hidden);
}

/// Where the value starts of the first key that has one of these words in it.
fn value_of(line: &str, words: &[&str]) -> Option<usize> {
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.\"' \t".contains(&byte);
    // Each byte is looked at once, however many signs there are on the line.
    let mut key = 0;
    for (at, byte) in line.bytes().enumerate() {
        if byte == b'=' && words.iter().any(|word| line[key..at].contains(word)) {
            return Some(at + 1);
        }
        if !is_key(byte) {
            key = at + 1;
            // Within a character of several bytes no key begins.
            while !line.is_char_boundary(key) {
                key += 1;
            }
        }
    }
    None
}
