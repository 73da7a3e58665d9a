//! Texts in a line.
//!
//! A client's bytes need not be UTF-8, JSON's texts must be. So a byte that is not part of UTF-8 is written as `\xHH`,
//! a backslash as `\\`, and what was cut off as `\+` and the number of bytes, all this before JSON's own escapes: no two
//! values look the same, and each can be had back. Control characters, and the separators that some readers take for
//! the end of a line (U+0085, U+2028, U+2029), become JSON's `\uXXXX`.

use std::io::Write;

/// Writes a text, quoted, of which at most `limit` bytes are kept.
pub(crate) fn text(out: &mut Vec<u8>, bytes: &[u8], limit: usize) {
    let kept = cut(bytes, limit);
    out.push(b'"');
    for chunk in kept.utf8_chunks() {
        chunk.valid().chars().for_each(|c| character(out, c));
        for byte in chunk.invalid() {
            // Writing into a Vec cannot fail, here and below.
            let _ = write!(out, "\\\\x{byte:02x}");
        }
    }
    if kept.len() < bytes.len() {
        let _ = write!(out, "\\\\+{}", bytes.len() - kept.len());
    }
    out.push(b'"');
}

/// Writes a text, or `null`.
pub(crate) fn optional(out: &mut Vec<u8>, bytes: Option<&[u8]>, limit: usize) {
    match bytes {
        Some(bytes) => text(out, bytes, limit),
        None => out.extend_from_slice(b"null"),
    }
}

/// The first bytes, not in the middle of a character.
fn cut(bytes: &[u8], limit: usize) -> &[u8] {
    if bytes.len() <= limit {
        return bytes;
    }
    let continues = |at: usize| bytes[at] & 0b1100_0000 == 0b1000_0000;
    // A character has at most four bytes; what continues for longer is no character, and may be cut anywhere.
    let end = (limit.saturating_sub(3)..=limit).rev().find(|&at| !continues(at));
    &bytes[..end.unwrap_or(limit)]
}

fn character(out: &mut Vec<u8>, c: char) {
    match c {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\\\\\"),
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
            // None of these is beyond U+FFFF.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
        c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the texts of a line stand for: the bytes, and how many were cut off.
    pub(crate) fn read_back(text: &str) -> (Vec<u8>, usize) {
        let mut bytes = Vec::new();
        let mut rest = text;
        while let Some((plain, escape)) = rest.split_once('\\') {
            bytes.extend_from_slice(plain.as_bytes());
            rest = match escape.as_bytes()[0] {
                b'\\' => {
                    bytes.push(b'\\');
                    &escape[1..]
                }
                b'x' => {
                    bytes.push(u8::from_str_radix(&escape[1..3], 16).unwrap());
                    &escape[3..]
                }
                b'+' => return (bytes, escape[1..].parse().unwrap()),
                other => panic!("an unknown escape: {other}"),
            };
        }
        bytes.extend_from_slice(rest.as_bytes());
        (bytes, 0)
    }

    fn written(bytes: &[u8], limit: usize) -> String {
        let mut out = Vec::new();
        text(&mut out, bytes, limit);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn texts_look_as_documented() {
        for (bytes, expected) in [
            (&b"plain"[..], r#""plain""#),
            (b"a\"b\\c", r#""a\"b\\\\c""#),
            (b"caf\xe9", r#""caf\\xe9""#),
            (b"\n\r\x00\x7f\x1b", r#""\u000a\u000d\u0000\u007f\u001b""#),
            ("\u{85}\u{2028}\u{2029}é".as_bytes(), "\"\\u0085\\u2028\\u2029é\""),
        ] {
            assert_eq!(written(bytes, 100), expected);
        }
    }

    #[test]
    fn a_cut_spares_characters_and_says_how_much_is_missing() {
        let text = "aééb".as_bytes();

        let cuts = [1, 2, 3, 4, 5, 6].map(|limit| written(text, limit));

        assert_eq!(
            cuts,
            [
                r#""a\\+5""#,
                r#""a\\+5""#,
                r#""aé\\+3""#,
                r#""aé\\+3""#,
                r#""aéé\\+1""#,
                r#""aééb""#
            ]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_had_back_from_one_line(bytes: Vec<u8>, limit in 4..200_usize) {
            let line = written(&bytes, limit);

            let text: String = serde_json::from_str(&line).unwrap();
            let (kept, missing) = read_back(&text);
            prop_assert!(!line.chars().any(char::is_control));
            prop_assert_eq!(&kept, &bytes[..kept.len()]);
            prop_assert_eq!(kept.len() + missing, bytes.len());
            prop_assert!(kept.len() <= limit);
        }
    }
}
