//! Entity tags of bulk answers.

use http::header::{HeaderMap, HeaderValue, IF_NONE_MATCH};
use xxhash_rust::xxh3::Xxh3;

/// The tag of an answer: over the revision, the context, the selector and every byte of the answer. The bytes alone would
/// do; but a client that keeps its tag over a change of context (as the web provider does unless the targeting key
/// changes) is never told "not modified" by chance of equal values.
pub(crate) fn of(digest: &[u8; 32], context: u128, set: Option<&str>, text: &[u8]) -> HeaderValue {
    let mut hash = Xxh3::new();
    hash.update(digest);
    hash.update(&context.to_le_bytes());
    hash.update(&[u8::from(set.is_some())]);
    hash.update(&(set.map_or(0, str::len) as u64).to_le_bytes());
    hash.update(set.unwrap_or_default().as_bytes());
    hash.update(text);
    let mut tag = [b'"'; 34];
    let number = hash.digest128();
    for (index, place) in tag[1..33].iter_mut().enumerate() {
        let digit = (number >> (124 - 4 * index)) & 15;
        *place = b"0123456789abcdef"[digit as usize];
    }
    // Quotes and hexadecimal digits are always a header's value.
    HeaderValue::from_bytes(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// Whether a client has the answer of that tag already (RFC 9110, 13.1.2: lists, weak tags, `*`). Quotes may be missing:
/// the protocol's own examples have none.
pub(crate) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let tag = bare(tag.as_bytes());
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|one| one == b"*" || bare(one.strip_prefix(b"W/").unwrap_or(one)) == tag)
}

fn bare(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"\"")
        .and_then(|tag| tag.strip_suffix(b"\""))
        .unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_in_every_spelling() {
        let tag = HeaderValue::from_static("\"abc\"");
        let known = |value: &'static str| {
            is_known(
                &HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(value))]),
                &tag,
            )
        };

        for value in [
            "\"abc\"",
            "W/\"abc\"",
            "abc",
            "*",
            "\"x\", \"abc\"",
            "\"x\",W/\"abc\" ",
        ] {
            assert!(known(value), "{value}");
        }
        for value in ["", "\"abd\"", "W/abcd", "\"abc", "x*"] {
            assert!(!known(value), "{value}");
        }
    }

    #[test]
    fn each_part_changes_the_tag() {
        let of = |digest: u8, context, set, text: &str| of(&[digest; 32], context, set, text.as_bytes());
        let first = of(1, 1, None, "a");

        assert_eq!(first, of(1, 1, None, "a"));
        assert_eq!(first.len(), 34);
        for other in [
            of(2, 1, None, "a"),
            of(1, 2, None, "a"),
            of(1, 1, Some(""), "a"),
            of(1, 1, Some("a"), ""),
            of(1, 1, None, "b"),
        ] {
            assert_ne!(first, other);
        }
    }
}
