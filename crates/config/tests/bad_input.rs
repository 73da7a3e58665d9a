//! Texts that are meant to hurt: each is refused with a place, in a memory and with work that its size bounds.

#[path = "../../flags/tests/measure/mod.rs"]
mod measure;

use graylane_config::{Environment, Layers, MAX_TEXT, Modules, parse};
use graylane_diagnostic::Source;
use measure::{Cost, cost};

const RIGHT: &str = "[listeners.web]\naddress = \"127.0.0.1:0\"\n[services.shop]\n\
                     [lanes.shop.stable]\nrespond = { body = \"x\" }\n";

type Place = Option<(usize, usize)>;

/// The first mistake in a file and in assignments, with its place; `None` where all is right.
fn mistake(text: &str, assignments: &[&str]) -> Option<(String, Place)> {
    let mut layers = Layers::new(Source::new("graylane.toml", text.to_owned()));
    assignments.iter().for_each(|one| layers.set(one));
    let faults = parse(&layers, Environment::Dev, Modules::These(&["breaker"])).err()?;
    assert!(!faults.render(layers.sources()).is_empty());
    let first = faults.reports(layers.sources()).remove(0);
    Some((first.message, first.line.zip(first.column)))
}

#[test]
fn nesting_of_a_hundred_thousand_levels_is_refused_on_a_small_stack() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let texts = [
        format!("a = {}", deep("[", "]")),
        format!("a = {}", deep("{a=", "}")),
        format!("[a{}]", ".a".repeat(100_000)),
        format!("a{} = 1", ".a".repeat(100_000)),
    ];
    let assignments = [
        format!("modules.breaker.x={}", deep("[", "]")),
        format!("modules.breaker.x={}", deep("{a=", "}")),
    ];

    let small = std::thread::Builder::new().stack_size(512 << 10);
    let work = move || {
        let of_texts = texts.iter().map(|text| mistake(text, &[]));
        let of_assignments = assignments.iter().map(|one| mistake(RIGHT, &[one]));
        of_texts.chain(of_assignments).collect::<Vec<_>>()
    };
    let found = small.spawn(work).unwrap().join().unwrap();

    for one in found {
        let (message, place) = one.unwrap();
        assert_eq!(message, "nested more than 32 deep");
        assert!(place.is_some());
    }
}

#[test]
fn a_number_that_is_none_is_refused_where_it_stands() {
    let digits = "9".repeat(400);
    let negative = format!("-{digits}");
    for number in ["1e999", "nan", "-inf", &digits, &negative] {
        let (message, place) = mistake(&format!("{RIGHT}[limits]\nheaders = {number}\n"), &[]).unwrap();
        assert_eq!(place, Some((7, 11)), "{message}");
        assert!(message.chars().count() < 150, "{message}");

        for key in [
            "lanes.shop.stable.weight",
            "limits.body",
            "limits.idle_time",
            "revision",
        ] {
            let (message, _) = mistake(RIGHT, &[&format!("{key}={number}")]).unwrap();
            assert!(message.chars().count() < 150, "{key}: {message}");
        }
    }
    let time = format!("{digits}s");
    for time in [
        &time,
        "99999999999999999999y",
        "-1s",
        "NaNs",
        "18446744073709551615s 1s",
    ] {
        let assignment = format!("limits.idle_time={time}");
        assert!(mistake(RIGHT, &[&assignment]).is_some(), "{time}");
    }
    let size = format!("{digits}MB");
    for size in [&size, "18446744073709551615TB", "1e3B", "\u{661}B"] {
        let assignment = format!("limits.body={size}");
        assert!(mistake(RIGHT, &[&assignment]).is_some(), "{size}");
    }
}

#[test]
fn marks_and_line_ends_of_other_systems_are_read_and_control_characters_are_not() {
    assert_eq!(mistake(RIGHT, &[]), None);
    assert_eq!(mistake(&format!("\u{feff}{RIGHT}"), &[]), None);
    assert_eq!(mistake(&RIGHT.replace('\n', "\r\n"), &[]), None);
    for text in [
        format!("{RIGHT}\0"),
        format!("\0{RIGHT}"),
        RIGHT.replace("web", "\"\0\""),
        RIGHT.replace('\n', "\r"),
    ] {
        assert!(mistake(&text, &[]).is_some(), "{text:?}");
    }
}

#[test]
fn a_key_that_stands_twice_is_refused_where_the_second_one_stands() {
    let twice = format!("{RIGHT}[limits]\nhead = \"1KiB\"\nhead = \"1KiB\"\n");

    assert_eq!(
        mistake(&twice, &[]),
        Some(("`head` stands twice".to_owned(), Some((8, 1))))
    );
}

#[test]
fn a_key_that_is_too_long_is_refused_where_it_stands() {
    let long = "k".repeat(600);
    let shown = |place| Some((format!("the key `{}…` is too long", &long[..60]), Some(place)));
    let breaker = |line: String| format!("{RIGHT}[modules.breaker]\n{line}\n");

    let in_file = mistake(&breaker(format!("{long} = 1")), &[]);
    let in_parts = mistake(&breaker(format!("{0}.{0}.{0} = 1", &long[..200])), &[]);
    let in_array = mistake(&breaker(format!("x = [{{ {long} = 1 }}]")), &[]);
    let assigned = mistake(RIGHT, &[&format!("modules.breaker.{long}=1")]);
    let in_value = mistake(RIGHT, &[&format!("modules.breaker.x={{ {long} = 1 }}")]);
    let longest = mistake(&breaker(format!("{} = 1", &long[..490])), &[]);

    assert_eq!(in_file, shown((7, 1)));
    assert_eq!(in_parts, shown((7, 403)));
    assert_eq!(in_array, shown((7, 8)));
    assert_eq!(assigned, shown((1, 1)));
    assert_eq!(in_value, shown((1, 1)));
    assert_eq!(longest, None);
}

/// Texts made of one piece many times, with a number in it.
fn hostile(times: usize) -> Vec<String> {
    let lines = |piece: fn(usize) -> String| (0..times).map(piece).collect::<String>();
    let long = "k".repeat(times * 10);
    let numbers = lines(|i| format!("k{i} = 1\n"));
    vec![
        format!("{RIGHT}[modules.breaker]\n{numbers}"),
        format!("{RIGHT}[modules.breaker.\"{long}\"]\n{numbers}"),
        format!(
            "[lanes.\"{long}\"]\n{}",
            lines(|i| format!("l{i} = {{ wieght = 1 }}\n"))
        ),
        format!("[services.\"{long}\"]\n{numbers}"),
        lines(|i| format!("[lanes.shop.l{i}]\nwieght = 1\n")),
        lines(|i| format!("[services.s{i}]\nhost = []\n")),
        lines(|i| format!("[listners.l{i}]\n")),
        lines(|i| format!("listener{i} = 1\n")),
        format!("[services.shop]\nhosts = [{}]", lines(|i| format!("\"{i} \","))),
        format!("x = [{}]", lines(|i| format!("{{ k{i} = nan }},"))),
        format!("x = \"{long}"),
        lines(|_| "token = \"\n".to_owned()),
        "token".repeat(times * 2),
    ]
}

#[test]
fn memory_and_copying_grow_with_the_text_and_not_faster() {
    const MORE: usize = 4;
    let of = |text: &String| (text.len(), cost(|| drop(mistake(text, &[]))));

    for (small, large) in hostile(1_000).iter().zip(&hostile(1_000 * MORE)) {
        let head: String = large.chars().take(160).collect();
        let (_, few) = of(small);
        let (length, taken @ Cost { peak, all }) = of(large);

        assert!(length <= MAX_TEXT);
        // Four times the text: four times the work, and some more for what grows by doubling.
        assert!(
            all < few.all * (MORE * 2) + 100_000,
            "{head}: {few:?}, then {taken:?}"
        );
        assert!(
            peak < length * 100 + 1_000_000,
            "{head}: {length} bytes take {peak}"
        );
    }
}
