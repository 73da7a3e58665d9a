//! No text makes the reader panic, overflow the stack or take a time that its size does not bound.

use graylane_config::{Environment, Layers, MAX_TEXT, Modules, parse};
use graylane_diagnostic::Source;
use proptest::prelude::*;

/// Reads and renders: both must come to an end.
fn survives(text: String) -> bool {
    let layers = Layers::new(Source::new("graylane.toml", text));
    match parse(&layers, Environment::Dev, Modules::These(&["breaker"])) {
        Ok(_) => true,
        Err(all) => {
            assert!(!all.render(layers.sources()).is_empty());
            assert!(
                all.iter()
                    .all(|one| one.span.as_ref().is_none_or(|span| span.start <= span.end))
            );
            false
        }
    }
}

/// Pieces that together are nearly a configuration.
const PIECES: [&str; 40] = [
    "[listeners.web]\n",
    "address = ",
    "\"127.0.0.1:80\"\n",
    "[services.shop]\n",
    "[lanes.shop.stable]\n",
    "[lanes.shop.a]\n",
    "[lanes.shop.b]\n",
    "[lanes.shop.c]\n",
    "weight = ",
    "reserve = ",
    "[0, 5]\n",
    "[3, 9]\n",
    "grow = ",
    "\"high\"\n",
    "5\n",
    "\"0.5%\"\n",
    "-1\n",
    "1e9\n",
    "nan\n",
    "99999999999999999999\n",
    "respond = {}\n",
    "respond = { status = 204, body = \"x\" }\n",
    "endpoints = ",
    "[\"a:1\", \"http://b\"]\n",
    "[[lanes.shop.a]]\n",
    "[lanes]\n",
    "lanes = 1\n",
    "[modules.breaker]\n",
    "x = 0x1F\n",
    "hosts = ",
    "[\"*\"]\n",
    "paths = ",
    "baseline = ",
    "\"a\"\n",
    "[limits]\n",
    "idle_time = ",
    "1979-05-27\n",
    "\"灰\u{202e}\"\n",
    "'''\n",
    "{ a.b.c = [",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        survives(text);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        survives(String::from_utf8_lossy(&bytes).into_owned());
    }

    #[test]
    fn anything_like_a_configuration_is_read_or_refused(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60),
    ) {
        survives(pieces.concat());
    }

    #[test]
    fn any_change_of_one_character_is_read_or_refused(at in 0..1000_usize, c in any::<char>(), insert in any::<bool>()) {
        let mut chars: Vec<char> = include_str!("../../../examples/full.toml").chars().collect();
        let at = at * chars.len() / 1000;
        if insert { chars.insert(at, c) } else { chars[at] = c }

        survives(chars.into_iter().collect());
    }

    #[test]
    fn any_right_configuration_is_read(services in prop::collection::vec(service(), 1..6)) {
        let mut text = "[listeners.web]\naddress = \"127.0.0.1:0\"\n".to_owned();
        for (i, service) in services.iter().enumerate() {
            let name = format!("s{i}");
            text.push_str(&service.replace("NAME", &name));
        }

        let layers = Layers::new(Source::new("graylane.toml", text));
        let config = parse(&layers, Environment::Dev, Modules::These(&[])).map_err(|all| TestCaseError::fail(all.render(layers.sources())))?.config;

        prop_assert_eq!(config.services.len(), services.len());
        for service in &config.services {
            let total: u32 = service.lanes.iter().map(|lane| lane.weight.steps()).sum();
            prop_assert_eq!(total, 100_000);
            for (i, lane) in service.lanes.iter().enumerate() {
                prop_assert_eq!(lane.interval.is_none(), i == service.baseline);
                let width = lane.interval.map_or(lane.weight.steps(), |interval| interval.width());
                prop_assert_eq!(width, lane.weight.steps());
            }
        }
    }
}

/// The text of a right service called NAME, which serves its own host.
fn service() -> impl Strategy<Value = String> {
    let lanes = prop_oneof![
        // One lane, or two that share the whole.
        (0..=100_000_u32, 0..=100_000_u32, 0..3_usize).prop_map(|(a, b, number)| {
            let shares = [a, (100_000 - a).min(b)];
            shares[..number]
                .iter()
                .map(|steps| (*steps, None))
                .collect::<Vec<_>>()
        }),
        // More, each in a reserve of its own.
        prop::collection::vec((1..10_000_u32, 0..=100_u32), 3..8).prop_map(|lanes| {
            let mut start = 0;
            let place = |(width, share): (u32, u32)| {
                let reserve = (start, start + width);
                start += width;
                (width * share / 100, Some(reserve))
            };
            lanes.into_iter().map(place).collect()
        }),
    ];
    let upstream = prop_oneof![
        Just("respond = { body = \"x\" }".to_owned()),
        prop::collection::btree_set(1..=65_535_u16, 1..5).prop_map(|ports| format!(
            "endpoints = [{}]",
            ports
                .iter()
                .map(|port| format!("\"a.b:{port}\", "))
                .collect::<String>()
        )),
    ];
    (lanes, upstream, any::<bool>(), 0..8_usize).prop_map(|(lanes, upstream, show, at)| {
        let percent = |steps: u32| format!("{}.{:03}", steps / 1_000, steps % 1_000);
        let mut headers: Vec<String> = lanes
            .iter()
            .enumerate()
            .map(|(i, (weight, reserve))| {
                let mut text = format!("[lanes.NAME.l{i}]\nweight = {}\n{upstream}\n", percent(*weight));
                if let Some((from, to)) = reserve {
                    text += &format!("reserve = [{}, \"{}%\"]\n", percent(*from), percent(*to));
                }
                text
            })
            .collect();
        headers.insert(at.min(headers.len()), format!("[lanes.NAME.base]\n{upstream}\n"));
        format!(
            "[services.NAME]\nhosts = [\"NAME.example.org\"]\nbaseline = \"base\"\nshow_lane = {show}\n{}",
            headers.concat()
        )
    })
}

/// A text of the largest size, made of one piece between a start and an end.
fn filled(start: &str, piece: &str, end: &str) -> String {
    let times = (MAX_TEXT - start.len() - end.len()) / piece.len();
    format!("{start}{}{end}", piece.repeat(times))
}

#[test]
fn no_depth_overflows_the_stack() {
    let texts = [
        filled("a = ", "[", ""),
        filled("a = ", "{a=", ""),
        filled("a = ", "[{a=", ""),
        filled("[a", ".a", "]\n"),
        filled("[[a", " . 'a'", "]]\n"),
        filled("a", ".\"a\"", " = 1"),
        filled("a = { a", ".a", " = 1 }"),
        filled("a = [{ a", ".a", " = 1 }]"),
        filled("", "{ a.b.c.d.e.f.g.h = ", ""),
        // As deep as `toml` itself allows.
        format!(
            "x = {}1{}",
            format!("{{ a{} = ", ".a".repeat(78)).repeat(79),
            " }".repeat(79)
        ),
        // As deep as the check allows.
        format!(
            "[modules.breaker{}]\na{} = {{}} x",
            ".a".repeat(30),
            ".a".repeat(31)
        ),
        format!("[modules.x{}]\na{} = {{}}", ".a".repeat(30), ".a".repeat(31)),
    ];

    // A stack much smaller than that of any thread that reads a configuration.
    let small = std::thread::Builder::new().stack_size(512 << 10);
    let accepted = small.spawn(|| texts.map(survives)).unwrap().join().unwrap();

    assert!(accepted.iter().all(|accepted| !accepted));
}

#[test]
fn a_text_of_the_largest_size_is_read_in_time() {
    let numbered = |piece: fn(usize) -> String| {
        let mut text = String::new();
        for i in 0.. {
            let piece = piece(i);
            if text.len() + piece.len() > MAX_TEXT {
                break;
            }
            text.push_str(&piece);
        }
        text
    };
    let hosts = |i: usize| {
        let hosts: String = (0..100).map(|j| format!("\"h{i}.{j}\",")).collect();
        let paths: String = (0..100).map(|j| format!("\"/{j}\",")).collect();
        format!("[services.s{i}]\nhosts = [{hosts}]\npaths = [{paths}]\n")
    };
    let texts = [
        numbered(|i| format!("k{i} = 1\n")),
        numbered(|i| format!("[lanes.x{i}]\n")),
        numbered(|i| format!("[services.x{i}]\n[lanes.y{i}]\n")),
        numbered(|i| format!("[lanes.shop.x{i}]\nrespond = {{}}\n")) + "[services.shop]\n",
        numbered(|i| format!("[listeners.x{i}]\naddress = \"127.0.0.1:1\"\n")),
        numbered(|i| format!("[limits.x{i}]\n")),
        numbered(hosts),
        filled("", "[[a]]\n", ""),
        filled("a = [", "1,\n", "]"),
        filled("[services.s]\nhosts = [", "\"a b\",", "]"),
        "x".repeat(MAX_TEXT),
        "\n".repeat(MAX_TEXT),
    ];

    for text in texts {
        let start = std::time::Instant::now();
        let head: String = text.chars().take(40).collect();

        survives(text);

        // Far above what any takes, far below what work with the square of the size would take.
        assert!(start.elapsed().as_secs() < 60, "{head}: {:?}", start.elapsed());
    }
}

#[test]
fn a_text_over_the_largest_size_is_refused_unread() {
    let layers = Layers::new(Source::new("graylane.toml", " ".repeat(MAX_TEXT + 1)));

    let all = parse(&layers, Environment::Dev, Modules::These(&[])).unwrap_err();

    assert_eq!(all.to_string(), "the text has 1048577 bytes, more than 1048576");
}

#[test]
fn looking_for_secrets_takes_a_time_that_the_length_bounds() {
    for piece in ["token", "token.", "token=", "sha256 = ", "灰token"] {
        let text = piece.repeat(MAX_TEXT / piece.len());

        assert!(!survives(text));
    }
}
