//! What a request may say, in any bytes, and what is believed of it.

mod any;
mod trust;

use std::time::Duration;

use graylane_core::{Dialect, Name, Tag};

use crate::{Key, Policy, Request, Verdict, judge, sign};

/// When the tests are.
const NOW: u64 = 1_000_000_000;

/// A request to `shop.example` with these fields; its service is `shop`, of which `gray` is the tag of `canary`.
#[derive(Debug, Clone, Default)]
struct Asked {
    fields: Vec<(String, Vec<u8>)>,
    host: Option<&'static str>,
}

impl Asked {
    fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let named = self.fields.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| &value[..])
    }
}

impl Request for Asked {
    fn lines(&self, dialect: Dialect) -> impl Iterator<Item = &[u8]> {
        self.all(dialect.as_str())
    }

    fn signatures(&self) -> impl Iterator<Item = &[u8]> {
        self.all("x-gray-signature")
    }

    fn host(&self) -> &str {
        self.host.unwrap_or("Shop.Example.")
    }

    fn service(&self) -> Option<&str> {
        Some("shop")
    }

    fn lane(&self, tag: &Tag) -> Option<u32> {
        match tag.as_str() {
            "stable" => Some(0),
            "canary" | "gray" => Some(1),
            _ => None,
        }
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

/// The key whose every byte is this one.
fn key(byte: u8) -> Key {
    Key::read(format!("{byte:02x}").repeat(32).as_bytes()).unwrap()
}

/// Reads all dialects, and knows the key `edge`.
fn policy() -> Policy {
    Policy {
        read: Dialect::ALL.into(),
        keys: vec![(name("edge"), key(0xab)), (name("old"), key(0xcd))],
        max_age: Duration::from_secs(3600),
        ..Policy::default()
    }
}

fn signed(key_of: (&str, u8), host: &str, lane: &str, expires: u64) -> String {
    let (named, byte) = key_of;
    sign((&name(named), &key(byte)), host, &tag(lane), expires).to_string()
}

fn stranger(asked: &Asked) -> Verdict {
    judge(&policy(), asked, false, || NOW)
}

fn peer(asked: &Asked) -> Verdict {
    judge(&policy(), asked, true, || NOW)
}
