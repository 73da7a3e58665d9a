//! Texts that are meant to hurt: each is read or refused with a place, in a memory and with work that its size bounds.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod measure;

use graylane_diagnostic::Source;
use graylane_flags::{Definitions, FlagSet, MAX_TEXT, Options, ReadOptions};
use measure::{Cost, cost};

/// What the first mistake is and where it stands; `None` where all is right.
fn mistake(name: &str, text: &str) -> Option<(String, usize, usize)> {
    let source = Source::new(name, text.to_owned());
    let read = Definitions::read([&source], ReadOptions::default());
    let compiled = read.and_then(|reading| FlagSet::compile(&reading.definitions, Options::default()));
    let first = compiled.err()?.reports(&source).remove(0);
    Some((first.message, first.line.unwrap(), first.column.unwrap()))
}

/// Reads in every way and shows every mistake.
fn survive(name: &str, text: &str) {
    let source = Source::new(name, text.to_owned());
    for quarantine in [false, true] {
        let options = ReadOptions {
            quarantine,
            ..ReadOptions::default()
        };
        let read = Definitions::read([&source], options);
        let compiled = read.and_then(|reading| FlagSet::compile(&reading.definitions, Options::default()));
        if let Err(faults) = compiled {
            assert!(!faults.render(&source).is_empty());
        }
    }
}

fn flag(targeting: &str) -> String {
    format!(
        r#"{{"flags": {{"f": {{"state": "on", "variants": {{"on": true}}, "defaultVariant": "on", "targeting": {targeting}}}}}}}"#
    )
}

#[test]
fn nesting_of_a_hundred_thousand_levels_is_refused_on_a_small_stack() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let within = |text: String| {
        format!("[flags.f]\nstate = true\nvariants = {{ on = true }}\ntargeting = '''{text}'''\n")
    };
    let texts = [
        ("a.json", deep("[", "]")),
        ("a.json", deep("{\"a\":", "}")),
        (
            "a.json",
            flag(&format!(
                "{}1{}",
                "{\"!\":[".repeat(100_000),
                "]}".repeat(100_000)
            )),
        ),
        ("a.toml", format!("a = {}", deep("[", "]"))),
        ("a.toml", format!("a = {}", deep("{a=", "}"))),
        ("a.toml", format!("[a{}]", ".a".repeat(100_000))),
        ("a.toml", format!("[[a{}]]", ".a".repeat(100_000))),
        ("a.toml", format!("a{} = 1", ".a".repeat(100_000))),
        ("a.toml", within(deep("[", "]"))),
        ("a.toml", within(deep("{\"!\":", "}"))),
    ];

    let small = std::thread::Builder::new().stack_size(512 << 10);
    let work = move || texts.map(|(name, text)| mistake(name, &text).unwrap().0);
    let messages = small.spawn(work).unwrap().join().unwrap();

    assert_eq!(messages, ["nested more than 64 deep"; 10]);
}

#[test]
fn a_number_that_is_none_is_refused_where_it_stands() {
    let digits = "9".repeat(400);
    let cut = format!("`{}…` is too large", "9".repeat(60));
    let json = |number: &str| mistake("a.json", &flag(&format!("{{\"!\": {number}}}")));
    let toml = |number: &str| mistake("a.toml", &format!("[flags.f]\nmetadata = {{ x = {number} }}\n"));
    let at = |message: &str, (line, column)| Some((message.to_owned(), line, column));

    for (number, message) in [
        ("1e999", "`1e999` is too large"),
        ("-1e999", "`-1e999` is too large"),
        (digits.as_str(), cut.as_str()),
        ("NaN", "`NaN` is not JSON"),
        ("-Infinity", "`-Infinity` is not a number"),
    ] {
        assert_eq!(json(number), at(message, (1, 102)), "{number}");
    }
    for (number, message) in [
        ("1e999", "`1e999` is not a finite number"),
        ("-1.5e999", "`-1.5e999` is not a finite number"),
        (digits.as_str(), cut.as_str()),
        ("nan", "`nan` is not a finite number"),
        ("-inf", "`-inf` is not a finite number"),
    ] {
        assert_eq!(toml(number), at(message, (2, 18)), "{number}");
    }
    // Small ones are zero, and many digits are only precise.
    for number in ["1e-999", &format!("0.{digits}"), &format!("1{}", "0".repeat(300))] {
        assert_eq!(json(number), None, "{number}");
    }
}

#[test]
fn marks_and_line_ends_of_other_systems_are_read_and_control_characters_are_not() {
    let right = flag("{}");
    let toml = "[flags.f]\nstate = true\nvariants = { on = true }\n";

    assert_eq!(mistake("a.json", &format!("\u{feff}{right}")), None);
    assert_eq!(mistake("a.json", &right.replace(' ', "\r\n")), None);
    assert_eq!(mistake("a.toml", &format!("\u{feff}{toml}")), None);
    assert_eq!(mistake("a.toml", &toml.replace('\n', "\r\n")), None);
    for (name, text) in [
        ("a.json", right.replace("\"f\"", "\"\0\"")),
        ("a.json", format!("{right}\0")),
        ("a.json", format!("\0{right}")),
        ("a.json", format!("\u{feff}\u{feff}{right}")),
        ("a.toml", format!("{toml}\0")),
        ("a.toml", toml.replace("flags.f", "flags.\"\0\"")),
    ] {
        assert!(mistake(name, &text).is_some(), "{name}: {text:?}");
    }
    // Where it is escaped it is a character like any other.
    assert_eq!(mistake("a.json", &right.replace("\"f\"", "\"\\u0000\"")), None);
}

#[test]
fn a_key_that_stands_twice_is_refused_where_the_second_one_stands() {
    let json = "{\"flags\": {\n\"a\": {},\n\"b\": {},\n\"a\": {}}}";
    let many: String = (0..10_000).map(|i| format!("\"k{i}\": 1,\n")).collect();

    assert_eq!(
        mistake("a.json", json),
        Some(("`a` stands twice".to_owned(), 4, 1))
    );
    assert_eq!(
        mistake("a.json", &format!("{{{many}\"k7\": 1}}")),
        Some(("`k7` stands twice".to_owned(), 10_001, 1))
    );
    assert_eq!(
        mistake("a.toml", "[flags.a]\n[flags.b]\n[flags.a]\n").unwrap().1,
        3
    );
}

#[test]
fn a_text_over_the_largest_size_is_refused_unread() {
    for name in ["a.json", "a.toml"] {
        let source = Source::new(name, "[".repeat(MAX_TEXT + 1));

        let mut found = None;
        let taken = cost(|| found = Definitions::read([&source], ReadOptions::default()).err());

        let message = format!("the text has {} bytes, more than {MAX_TEXT}", MAX_TEXT + 1);
        assert_eq!(found.unwrap().to_string(), message);
        assert!(taken.all < 10_000, "{taken:?}");
    }
}

#[test]
fn many_keys_and_many_flags_are_read() {
    let one = r#"{"state": "on", "variants": {"on": true, "off": false}, "defaultVariant": "on"}"#;
    let flags: String = (0..10_000).map(|i| format!("\"flag-{i}\": {one},")).collect();
    let keys: String = (0..1_000_000).map(|i| format!("\"{i}\":0,")).collect();
    let near: String = (0..20_000).map(|i| format!("\"flag-{i}\":0,")).collect();
    let source = Source::new("a.json", format!("{{\"flags\": {{{flags} \"last\": {one}}}}}"));

    let reading = Definitions::read([&source], ReadOptions::default()).unwrap();
    let tiny = mistake(
        "a.json",
        &flag("{}").replace("{\"on\": true}", &format!("{{\"on\": {{{keys} \"last\": 0}}}}")),
    );
    let unknown = mistake("a.json", &format!("{{{near}\"flags\": {{}}}}"));

    assert_eq!(reading.definitions.flags.len(), 10_001);
    assert_eq!(tiny, None);
    assert_eq!(unknown, None);
}

/// Texts made of one piece many times, with a number in it.
fn hostile(times: usize) -> Vec<(&'static str, String)> {
    let many = |piece: fn(usize) -> String| (0..times).map(piece).collect::<Vec<_>>().join(",");
    let lines = |piece: fn(usize) -> String| (0..times).map(piece).collect::<String>();
    let long = "k".repeat(times * 20);
    let toml = "[flags.f]\nstate = true\nvariants = { on = true }\n";
    vec![
        (
            "a.json",
            format!(
                "{{\"flags\": {{{}}}}}",
                many(|i| format!("\"f{i}\": {{\"stat\": 1, \"variant\": 2}}"))
            ),
        ),
        (
            "a.json",
            flag(&format!(
                "{{\"or\": [{}]}}",
                many(|i| format!("{{\"iff\": [{i}]}}"))
            )),
        ),
        (
            "a.json",
            flag(&format!(
                "{{\"or\": [{}]}}",
                many(|i| format!("{{\"$ref\": \"e{i}\"}}"))
            )),
        ),
        (
            "a.json",
            flag(&format!(
                "{{\"or\": [{}]}}",
                many(|i| format!("{{\"sem_ver\": [\"x\", {i}, \"1\"]}}"))
            )),
        ),
        (
            "a.json",
            flag(&format!(
                "{{\"fractional\": [{}]}}",
                many(|i| format!("[\"on\", -{i}]"))
            )),
        ),
        (
            "a.json",
            flag("{}").replace("\"on\": true", &many(|i| format!("\"v{i}\": null"))),
        ),
        (
            "a.json",
            flag("{}").replace("\"on\": true", &many(|i| format!("\"v{i}\": {}", i % 2))),
        ),
        (
            "a.json",
            flag("{}").replace(
                "\"targeting\"",
                &format!("\"metadata\": {{{}}}, \"x\"", many(|i| format!("\"m{i}\": []"))),
            ),
        ),
        (
            "a.json",
            flag("{}").replace(
                "\"targeting\"",
                &format!(
                    "\"prerequisites\": [{}], \"x\"",
                    many(|i| format!("{{\"flag\": \"g{i}\"}}"))
                ),
            ),
        ),
        ("a.json", flag("{}").replace("\"f\"", &format!("\"{long}\""))),
        ("a.json", flag("{}").replace("\"on\"", &format!("\"{long}\""))),
        (
            "a.json",
            flag(&format!("{{\"var\": \"{}\"}}", "a.".repeat(times * 10))),
        ),
        (
            "a.toml",
            format!(
                "{toml}[flags.f.metadata]\n{}",
                lines(|i| format!("k{i} = 1979-05-27\n"))
            ),
        ),
        (
            "a.toml",
            format!("{toml}[flags.f.metadata]\n{}", lines(|i| format!("k{i} = nan\n"))),
        ),
        ("a.toml", format!("{toml}{}", lines(|i| format!("stat{i} = 1\n")))),
        ("a.toml", lines(|i| format!("[flags.f{i}]\nstat = 1\n"))),
        (
            "a.toml",
            format!("[flags.\"{long}\"]\n{}", lines(|i| format!("k{i} = 1\n"))),
        ),
        (
            "a.toml",
            format!(
                "{toml}targeting = '''{{\"or\": [{}]}}'''\n",
                many(|i| format!("{{\"iff\": [{i}]}}"))
            ),
        ),
    ]
}

#[test]
fn memory_and_copying_grow_with_the_text_and_not_faster() {
    const MORE: usize = 4;
    let of = |(name, text): &(&str, String)| (text.len(), cost(|| survive(name, text)));

    for (small, large) in hostile(1_000).iter().zip(&hostile(1_000 * MORE)) {
        let head: String = large.1.chars().take(140).collect();
        let (_, few) = of(small);
        let (length, taken @ Cost { peak, all }) = of(large);

        // Four times the text: four times the work, and some more for what grows by doubling.
        assert!(
            all < few.all * (MORE * 2) + 100_000,
            "{head}: {few:?}, then {taken:?}"
        );
        assert!(
            peak < length * 80 + 1_000_000,
            "{head}: {length} bytes take {peak}"
        );
    }
}
