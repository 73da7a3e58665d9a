//! The fields of a request, as far as they may say its lane; from a stranger and from somebody who is believed.
#![no_main]

use graylane_context::{Dialect, Key, Policy, Request, Tag, Verdict, baggage, explain, judge, services};
use graylane_wire::{Fields, Table, parse_trailers};
use libfuzzer_sys::fuzz_target;

struct Asked<'a> {
    fields: Fields<'a>,
    /// What stands in place of the `baggage` that came.
    baggage: Option<&'a [u8]>,
}

impl Asked<'_> {
    fn named(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let lines = self.fields.iter();
        let named = move |field: &graylane_wire::Field<'_>| field.name.eq_ignore_ascii_case(name.as_bytes());
        lines.filter(named).map(|field| field.value)
    }
}

impl Request for Asked<'_> {
    fn lines(&self, dialect: Dialect) -> impl Iterator<Item = &[u8]> {
        let is_replaced = self.baggage.is_some();
        let came = self.named(dialect.as_str()).filter(move |_| !is_replaced);
        came.chain(self.baggage.filter(|_| dialect == Dialect::Baggage))
    }

    fn signatures(&self) -> impl Iterator<Item = &[u8]> {
        self.named("x-gray-signature")
    }

    fn host(&self) -> &str {
        "shop.example"
    }

    fn service(&self) -> Option<&str> {
        Some("shop")
    }

    fn lane(&self, tag: &Tag) -> Option<u32> {
        ["stable", "canary"]
            .iter()
            .position(|lane| *lane == tag.as_str())
            .map(|_| 0)
    }
}

fuzz_target!(|input: &[u8]| {
    let key = Key::read("5c".repeat(32).as_bytes()).expect("32 bytes");
    let policy = Policy {
        read: Dialect::ALL.into(),
        keys: vec![("edge".parse().expect("a name"), key)],
        ..Policy::default()
    };
    let section = [input, b"\r\n"].concat();
    let mut table = Table::new();
    let Ok(fields) = parse_trailers(&section, &mut table) else {
        return;
    };
    let asked = Asked {
        fields,
        baggage: None,
    };
    let now = || 1_000_000_000;

    let stranger = judge(&policy, &asked, false, now);
    assert_eq!(stranger.said, None, "nobody has the key");
    let believed = judge(&policy, &asked, true, now);
    let explained = explain(&policy, &asked, true, now);
    let decides = |one: &graylane_context::ExplainedDialect| one.outcome == "decides";
    let told = explained.is_some_and(|all| all.dialects.iter().any(decides));
    assert_eq!(told, believed.said.is_some());
    let left: Vec<&[u8]> = baggage::members(asked.lines(Dialect::Baggage))
        .filter(|member| !policy.is_of_lane(member, false))
        .collect();
    let left = left.join(&b","[..]);
    let rest = Asked {
        fields,
        baggage: Some(&left),
    };
    let verdict = judge(&policy, &rest, true, now);
    assert_eq!(
        Verdict {
            ignored: [0; 3],
            ..verdict
        },
        Verdict::default(),
        "what is left says nothing"
    );
    for line in asked
        .lines(Dialect::NdVersion)
        .filter(|line| services::is_object(line))
    {
        if let Some(written) = services::with_entry(line, "shop", "gray") {
            let read = services::entry(written.as_bytes(), "shop");
            assert!(read == Ok("gray".parse().ok()) || written.len() > services::MAX_BYTES);
        }
    }
});
