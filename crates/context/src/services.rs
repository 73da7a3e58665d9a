//! `n-d-version` in JSON: a version for each service, of which one is ours.

use std::fmt;

use graylane_core::{InvalidTag, Tag};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Ignored;

/// The longest object that is read, in bytes.
pub const MAX_BYTES: usize = 4096;

/// Whether the value is meant as an object.
pub fn is_object(value: &[u8]) -> bool {
    value.trim_ascii_start().starts_with(b"{")
}

/// The version that the object has for a service; `Ok(None)` where it has none.
///
/// # Errors
/// It is no object of strings, or has a key twice, or is too long, or the version is no tag.
pub fn entry(value: &[u8], service: &str) -> Result<Option<Tag>, Ignored> {
    let all = Versions::read(value)?;
    let version = all.0.iter().find(|(name, _)| is_of(name, service));
    version
        .map(|(_, version)| Tag::new(version.as_bytes()))
        .transpose()
        .map_err(InvalidTag::into)
}

/// The object with another version for a service; `None` where it is no object that could be read.
pub fn with_entry(value: &[u8], service: &str, tag: &str) -> Option<String> {
    let mut all = Versions::read(value).ok()?;
    match all.0.iter_mut().find(|(name, _)| is_of(name, service)) {
        Some((_, version)) => tag.clone_into(version),
        None => all.0.push((service.to_owned(), tag.to_owned())),
    }
    serde_json::to_string(&all).ok()
}

/// Names of services are in lower case with us, and in any case in the registries of Spring Cloud.
fn is_of(name: &str, service: &str) -> bool {
    name.eq_ignore_ascii_case(service)
}

/// The entries in their order: a list, because who comes first in a map of `serde_json` is not who came first in the text.
struct Versions(Vec<(String, String)>);

impl Versions {
    fn read(value: &[u8]) -> Result<Self, Ignored> {
        if value.len() > MAX_BYTES {
            return Err(Ignored::TooLong);
        }
        let all: Self = serde_json::from_slice(value).map_err(|_| Ignored::Malformed)?;
        let is_twice = |(at, (name, _)): (usize, &(String, String))| {
            all.0[..at].iter().any(|(other, _)| is_of(name, other))
        };
        match all.0.iter().enumerate().any(is_twice) {
            true => Err(Ignored::Repeated),
            false => Ok(all),
        }
    }
}

impl<'de> Deserialize<'de> for Versions {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Versions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Versions, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    all.push(entry);
                }
                Ok(Versions(all))
            }
        }

        from.deserialize_map(Entries)
    }
}

impl Serialize for Versions {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (name, version) in &self.0 {
            map.serialize_entry(name, version)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = br#"{"pay": "1.0", "Shop":"1.\u0031"}"#;

    #[test]
    fn the_entry_of_the_service_is_read_and_replaced_and_the_others_stay() {
        assert_eq!(entry(TEXT, "shop"), Ok(Some("1.1".parse().unwrap())));
        assert_eq!(entry(TEXT, "cart"), Ok(None));
        assert_eq!(
            with_entry(TEXT, "shop", "gray").unwrap(),
            r#"{"pay":"1.0","Shop":"gray"}"#
        );
        assert_eq!(
            with_entry(TEXT, "cart", "gray").unwrap(),
            r#"{"pay":"1.0","Shop":"1.1","cart":"gray"}"#
        );
    }

    #[test]
    fn anything_but_an_object_of_strings_without_repetition_is_ignored() {
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_BYTES));

        for text in [
            "{",
            "{}x",
            r#"{"shop":1}"#,
            r#"{"shop":{"a":"b"}}"#,
            r#"["a"]"#,
            r#"{"shop":"1;2"}"#,
        ] {
            assert_eq!(entry(text.as_bytes(), "shop"), Err(Ignored::Malformed), "{text}");
        }
        for text in [r#"{"shop":"a","shop":"b"}"#, r#"{"x":"a","X":"a"}"#] {
            assert_eq!(entry(text.as_bytes(), "shop"), Err(Ignored::Repeated), "{text}");
        }
        assert_eq!(entry(long.as_bytes(), "shop"), Err(Ignored::TooLong));
        assert_eq!(with_entry(b"{", "shop", "gray"), None);
    }
}
