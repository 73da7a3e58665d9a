//! W3C Baggage: members of a list, of which one may name a lane.
//!
//! Reading is strict: the key as it is written, and within the limits of the specification. Removing is lenient: whatever
//! some reader might take for the member goes, because readers differ in case, in white space and in whether they decode
//! keys.

use graylane_core::{InvalidTag, Tag};

use crate::{Finding, Ignored};

/// The limits of W3C Baggage up to 2023; the later ones are lower, and no sender is bound to them.
pub const MAX_BYTES: usize = 8192;
/// The same in members.
pub const MAX_MEMBERS: usize = 180;

/// The members of all lines, without the white space around them; empty ones are left out.
pub fn members<'a>(lines: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = &'a [u8]> {
    lines
        .flat_map(|line| line.split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
}

/// Whether some reader might take the member for the one of this name.
pub fn is_called(member: &[u8], name: &str) -> bool {
    let end = member.iter().position(|byte| matches!(byte, b'=' | b';'));
    let key = bare(&member[..end.unwrap_or(member.len())]);
    let mut decoded = Decoded { rest: key };
    let mut wanted = name.bytes();
    loop {
        match (decoded.next(), wanted.next()) {
            (None, None) => return true,
            (Some(byte), Some(other)) if byte.eq_ignore_ascii_case(&other) => {}
            // White space that was encoded is trimmed by those who decode first.
            (Some(byte), None) => {
                return !byte.is_ascii_graphic() && decoded.all(|byte| !byte.is_ascii_graphic());
            }
            _ => return false,
        }
    }
}

/// Without what any reader might take for white space, encoded or not.
fn bare(mut key: &[u8]) -> &[u8] {
    while let Some((first, rest)) = key.split_first() {
        let mut decoded = Decoded { rest: key };
        match decoded.next() {
            Some(byte) if byte.is_ascii_graphic() => break,
            _ if *first == b'%' => key = decoded.rest,
            _ => key = rest,
        }
    }
    key
}

/// Bytes, percent-decoded; what is no encoding stands for itself.
struct Decoded<'a> {
    rest: &'a [u8],
}

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        if first == b'%'
            && let [high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            self.rest = after;
            return Some(high << 4 | low);
        }
        self.rest = rest;
        Some(first)
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// What the member of this name says.
pub(crate) fn find<'a>(lines: impl Iterator<Item = &'a [u8]>, name: &str) -> Finding {
    let (mut bytes, mut count, mut found) = (0, 0, None);
    for line in lines {
        bytes += line.len() + 1;
        if bytes > MAX_BYTES + 1 {
            return Finding::Ignored(Ignored::TooLong);
        }
        for member in members([line].into_iter()) {
            count += 1;
            if count > MAX_MEMBERS {
                return Finding::Ignored(Ignored::TooLong);
            }
            let Some(value) = value_of(member, name) else {
                continue;
            };
            let tag = tag(value);
            if found.is_some_and(|other| other != tag) {
                return Finding::Ignored(Ignored::Repeated);
            }
            found = Some(tag);
        }
    }
    match found {
        None => Finding::Absent,
        Some(Ok(tag)) => Finding::Said(tag),
        Some(Err(why)) => Finding::Ignored(why),
    }
}

/// The value of the member, where it has this key, without its properties.
fn value_of<'a>(member: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let at = member.iter().position(|&byte| byte == b'=')?;
    let (key, value) = member.split_at(at);
    if key.trim_ascii() != name.as_bytes() {
        return None;
    }
    let value = value[1..].split(|&byte| byte == b';').next();
    value.map(<[u8]>::trim_ascii)
}

fn tag(value: &[u8]) -> Result<Tag, Ignored> {
    let mut bytes = [0; Tag::MAX];
    let (mut length, decoded) = (0, Decoded { rest: value });
    for byte in decoded {
        *bytes.get_mut(length).ok_or(Ignored::TooLong)? = byte;
        length += 1;
    }
    Tag::new(&bytes[..length]).map_err(InvalidTag::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&str]) -> Finding {
        find(lines.iter().map(|line| line.as_bytes()), "gray-version")
    }

    fn said(tag: &str) -> Finding {
        Finding::Said(tag.parse().unwrap())
    }

    #[test]
    fn a_member_is_read_wherever_it_stands() {
        for lines in [
            &["gray-version=canary"][..],
            &["userId=alice , gray-version = canary;ttl=1;x , a=b"],
            &["a=b", "c=d,gray-version=c%61n%61ry"],
            &["gray-version=canary,gray-version=canary"],
        ] {
            assert_eq!(found(lines), said("canary"), "{lines:?}");
        }
        assert_eq!(
            found(&["Gray-Version=canary,a=gray-version,gray-version"]),
            Finding::Absent
        );
    }

    #[test]
    fn what_is_malformed_too_long_or_said_twice_is_ignored() {
        let many = "a=b,".repeat(MAX_MEMBERS) + "gray-version=canary";
        let long = format!("a={},gray-version=canary", "x".repeat(MAX_BYTES));
        let value = format!("gray-version={}", "x".repeat(Tag::MAX + 1));

        assert_eq!(found(&["gray-version=a b"]), Finding::Ignored(Ignored::Malformed));
        assert_eq!(
            found(&["gray-version=%0acanary"]),
            Finding::Ignored(Ignored::Malformed)
        );
        assert_eq!(found(&["gray-version="]), Finding::Ignored(Ignored::Malformed));
        assert_eq!(
            found(&["gray-version=a", "gray-version=b"]),
            Finding::Ignored(Ignored::Repeated)
        );
        for text in [&many, &long, &value] {
            assert_eq!(found(&[text]), Finding::Ignored(Ignored::TooLong));
        }
    }

    #[test]
    fn what_some_reader_might_take_for_the_member_is_called_like_it() {
        for member in [
            "gray-version=x",
            "GRAY-VERSION =x",
            "gray-version",
            "gray-version;a=b",
            "\u{a0}gray-version\u{a0}=x",
            "gr%61y-version=x",
            "%67%72%61%79-version%20=x",
            "%20gray-version=x",
        ] {
            assert!(is_called(member.as_bytes(), "gray-version"), "{member}");
        }
        for member in [
            "gray-versions=x",
            "gray-versio=x",
            "x=gray-version",
            "a;gray-version=x",
            "",
            "%",
        ] {
            assert!(!is_called(member.as_bytes(), "gray-version"), "{member}");
        }
    }
}
