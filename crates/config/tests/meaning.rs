//! What a right configuration means, and what the smaller rules refuse.

use graylane_config::{Config, HostPattern, KeySource, Upstream, parse};
use graylane_diagnostic::Source;
use serde::Deserialize as _;
use toml::Spanned;

const START: &str = "[listeners.web]\naddress = \"127.0.0.1:8080\"\n[lanes.shop.stable]\nrespond = {}\n";

fn read(text: &str) -> Config {
    let source = Source::new("graylane.toml", text.to_owned());
    parse(&source, &["breaker"]).unwrap_or_else(|all| panic!("{}", all.render(&source)))
}

/// The lines at fault of a text behind the start, counted from 1.
fn refused(text: &str) -> Vec<usize> {
    let source = Source::new("graylane.toml", format!("{START}{text}"));
    match parse(&source, &["breaker"]) {
        Ok(_) => Vec::new(),
        Err(all) => all
            .reports(&source)
            .iter()
            .map(|one| one.line.map_or(0, |line| line - 4))
            .collect(),
    }
}

/// Name, weight in steps and interval of a lane.
type Shown = (String, u32, Option<(u32, u32)>);

/// Each lane of the first service.
fn lanes(config: &Config) -> Vec<Shown> {
    let interval = |lane: &graylane_config::Lane| lane.interval.map(|i| (i.start(), i.end()));
    config.services[0]
        .lanes
        .iter()
        .map(|lane| (lane.name.to_string(), lane.weight.steps(), interval(lane)))
        .collect()
}

#[test]
fn the_quick_start_is_two_lanes_behind_one_listener() {
    let config = read(include_str!("../../../examples/quickstart.toml"));

    let shop = &config.services[0];
    assert_eq!(config.listeners[0].address.port(), 8080);
    assert_eq!(config.server.trusted_peers.len(), 2);
    assert!(shop.show_lane && shop.hosts.is_empty() && *shop.paths == ["/".into()]);
    assert_eq!(shop.key[0], KeySource::Header("x-user-id".into()));
    assert_eq!(&*shop.salt, "shop");
    assert_eq!(shop.lanes[shop.baseline].name.as_str(), "stable");
    assert_eq!(
        lanes(&config),
        [
            ("stable".to_owned(), 70_000, None),
            ("canary".to_owned(), 30_000, Some((0, 30_000)))
        ]
    );
    let Upstream::Respond(respond) = &shop.lanes[1].upstream else {
        panic!("a built-in answer")
    };
    assert_eq!((respond.status, &*respond.body), (200, "hello from canary\n"));
}

#[test]
fn two_lanes_grow_from_the_two_ends_in_file_order() {
    // In the order of the alphabet it would be `a` that grows from the low end.
    let config = read(&format!(
        "{START}[services.shop]\n[lanes.shop.b.respond]\n[lanes.shop.a]\nweight = 2\nrespond = {{}}\n"
    ));

    let config_b_weight = read(&format!(
        "{START}[services.shop]\n[lanes.shop.b]\nweight = \"0.001%\"\nrespond = {{}}\n[lanes.shop.a]\nweight = 99.999\nrespond = {{}}\n"
    ));

    assert_eq!(
        lanes(&config)[1..],
        [
            ("b".to_owned(), 0, Some((0, 0))),
            ("a".to_owned(), 2_000, Some((98_000, 100_000)))
        ]
    );
    assert_eq!(
        lanes(&config_b_weight),
        [
            ("stable".to_owned(), 0, None),
            ("b".to_owned(), 1, Some((0, 1))),
            ("a".to_owned(), 99_999, Some((1, 100_000)))
        ]
    );
}

#[test]
fn a_stated_end_makes_the_order_of_lanes_meaningless() {
    let a = "[lanes.shop.a]\nweight = 10\ngrow = \"high\"\nrespond = {}\n";
    let b = "[lanes.shop.b]\nweight = 20\nrespond = {}\n";

    let mut ab = lanes(&read(&format!("{START}[services.shop]\n{a}{b}")));
    let mut ba = lanes(&read(&format!("{START}[services.shop]\n{b}{a}")));
    let alone = lanes(&read(&format!("{START}[services.shop]\n{a}")));

    ab.sort();
    ba.sort();
    assert_eq!(ab, ba);
    assert_eq!(ab[0], ("a".to_owned(), 10_000, Some((90_000, 100_000))));
    assert_eq!(ab[1], ("b".to_owned(), 20_000, Some((0, 20_000))));
    assert_eq!(alone[1], ab[0]);
}

#[test]
fn reserves_give_each_lane_its_own_part_of_the_line() {
    let lane = |name: &str, rest: &str| format!("[lanes.shop.{name}]\nrespond = {{}}\n{rest}\n");
    let text = [
        lane("a", "reserve = [50, 100]\nweight = 50"),
        lane("b", "reserve = [0, \"10%\"]\nweight = 0.5"),
        lane("c", "reserve = [10, 20.5]"),
    ];

    let config = read(&format!("{START}[services.shop]\n{}", text.concat()));

    assert_eq!(
        lanes(&config),
        [
            ("stable".to_owned(), 49_500, None),
            ("a".to_owned(), 50_000, Some((50_000, 100_000))),
            ("b".to_owned(), 500, Some((0, 500))),
            ("c".to_owned(), 0, Some((10_000, 10_000))),
        ]
    );
}

#[test]
fn hosts_and_paths_are_kept_in_one_form() {
    let config = read(&format!(
        "{START}[services.shop]\nhosts = [\"Shop.Org\", \"*.Shop.Org\"]\npaths = [\"/a/\", \"/b\"]\nkey = [\"cookie:U\", \"client\"]\n"
    ));

    let shop = &config.services[0];
    assert_eq!(
        shop.hosts,
        [
            HostPattern::Exact("shop.org".into()),
            HostPattern::Below(".shop.org".into())
        ]
    );
    assert_eq!(shop.paths, ["/a".into(), "/b".into()]);
    assert_eq!(
        shop.key,
        [KeySource::Cookie("U".into()), KeySource::ClientAddress]
    );
}

#[test]
fn the_section_of_a_module_keeps_its_places() {
    let text = format!("{START}[services.shop]\n[modules.breaker]\nfailures = 5\nrate = 0.5\n");

    let config = read(&text);

    let section = &config.modules[0];
    let place = section.value.get_ref().get("rate").unwrap().span();
    assert_eq!((&*section.name, &text[place]), ("breaker", "0.5"));
    assert_eq!(&text[section.value.span()], "[modules.breaker]");
}

/// A module's settings, read as `graylane_pipeline::Settings` reads them.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    failures: Spanned<u32>,
    rate: f64,
}

fn settings(config: &Config) -> Result<Settings, toml::de::Error> {
    let section = &config.modules[0].value;
    let table = section.get_ref().as_table().cloned().unwrap_or_default();
    Settings::deserialize(toml::de::Deserializer::from(Spanned::new(section.span(), table)))
}

#[test]
fn a_module_reads_its_section_after_the_text_is_gone() {
    let right = format!("{START}[services.shop]\n[modules.breaker]\nfailures = 0x1F\nrate = 5e-1\n");
    let wrong = format!("{right}limit = 3\n");

    let read_right = settings(&read(&right)).unwrap();
    let read_wrong = settings(&read(&wrong)).unwrap_err();

    assert_eq!((*read_right.failures.get_ref(), read_right.rate), (31, 0.5));
    assert_eq!(&right[read_right.failures.span()], "0x1F");
    assert_eq!(&wrong[read_wrong.span().unwrap()], "limit");
}

#[test]
fn a_byte_order_mark_moves_nothing() {
    let source = Source::new("graylane.toml", "\u{feff}x = 1\n".to_owned());

    let all = parse(&source, &[]).unwrap_err();

    let report = &all.reports(&source)[0];
    assert_eq!((report.line, report.column), (Some(1), Some(1)));
    assert!(report.message.contains("`x`"), "{report:?}");
}

#[test]
fn what_says_nothing_or_contradicts_itself_is_refused() {
    for (text, lines) in [
        ("[services.shop]", vec![]),
        ("[services.shop]\nhosts = []", vec![2]),
        ("[services.shop]\nhosts = [\"*\",\n \"a.org\"]", vec![2]),
        ("[services.shop]\nhosts = [\"a.org\",\n \"A.org\"]", vec![3]),
        ("[services.shop]\npaths = []", vec![2]),
        ("[services.shop]\npaths = [\"/a\",\n \"/a/\"]", vec![3]),
        ("[services.shop]\nkey = [\"client\",\n \"header:x\"]", vec![3]),
        ("[services.shop]\nkey = [\"header:X\",\n \"header:x\"]", vec![3]),
        ("[services.shop]\nbaseline = 1", vec![2]),
        ("[services.shop]\nbaseline = \"stabel\"", vec![2]),
        ("[services.shop]\n[listeners]\nb = {}\nc = 1", vec![3, 4]),
        ("[services.shop]\n[listeners]\nB.address = \"[::1]:1\"", vec![3]),
        (
            "[services.shop]\n[listeners]\na.address = \"[::1]:0\"\nb.address = \"[::1]:0\"",
            vec![],
        ),
        (
            "[services.shop]\n[listeners]\na.address = \"127.0.0.1:9900\"",
            vec![3],
        ),
        ("[services.shop]\n[lanes.shop.a]", vec![2]),
        ("[services.shop]\n[lanes.shop.a]\nendpoints = []", vec![3]),
        (
            "[services.shop]\n[lanes.shop.a]\nendpoints = [\"a:1\",\n \"http://A:1\"]",
            vec![4],
        ),
        (
            "[services.shop]\n[lanes.shop.a]\nendpoints = [\"a:1\"]\nrespond = {}",
            vec![4],
        ),
        (
            "[services.shop]\n[lanes.shop.a]\nrespond = { status = 199 }",
            vec![3],
        ),
        (
            "[services.shop]\n[lanes.shop.a]\nrespond = { status = 304, body = \"x\" }",
            vec![3],
        ),
        (
            "[services.shop]\n[lanes.shop.a]\nrespond = { status = 204 }",
            vec![],
        ),
        ("[services.shop]\n[lanes.shop.a]\nrespond = 1", vec![3]),
        ("[services.shop]\n[lanes.shop]\na = 1", vec![3]),
        ("[services.shop]\n[lanes.shop.A]\nrespond = {}", vec![2]),
        (
            "[services.shop]\n[lanes.shop.a]\nrespond = {}\nweight = 0.0001",
            vec![4],
        ),
        (
            "[services.shop]\n[lanes.shop.a]\nrespond = {}\nweight = -1",
            vec![4],
        ),
        (
            "[services.shop]\n[lanes.shop.a]\nrespond = {}\nweight = nan",
            vec![4],
        ),
        (
            "[services.shop]\n[lanes.shop.a]\nrespond = {}\nreserve = [5, 5]",
            vec![4],
        ),
        (
            "[services.shop]\n[lanes.shop.a]\nrespond = {}\nreserve = [5]",
            vec![4],
        ),
        (
            "[services.shop]\n[lanes.shop.a]\nrespond = {}\nreserve = 5",
            vec![4],
        ),
        (
            "[services.shop]\n[lanes.shop.a]\nrespond = {}\ngrow = \"up\"",
            vec![4],
        ),
        (
            "[services.shop]\n[lanes.shop]\na = { respond = {}, grow = \"low\" }\nb = { respond = {}, grow = \"low\" }",
            vec![4],
        ),
        (
            "[services.shop]\n[lanes.shop]\na = { respond = {}, reserve = [0, 5] }\nb = { respond = {} }",
            vec![4],
        ),
        ("[[services.shop]]", vec![1]),
        ("[services]\nshop = {}\n[modules]\nbreaker = 1", vec![4]),
    ] {
        assert_eq!(refused(text), lines, "{text}");
    }
}

#[test]
fn the_rules_of_all_services_are_bounded() {
    let hosts: String = (0..100).map(|i| format!("\"hNUMBER.a{i}.org\", ")).collect();
    let paths: String = (0..100).map(|i| format!("\"/{i}\", ")).collect();
    let service = format!(
        "[services.sNUMBER]\nhosts = [{hosts}]\npaths = [{paths}]\n[lanes.sNUMBER.stable]\nrespond = {{}}\n"
    );
    let services = |number: usize| -> String {
        (0..number)
            .map(|i| service.replace("NUMBER", &i.to_string()))
            .collect()
    };

    // The service of the start has one rule.
    let most = refused(&format!("{}[services.shop]\n", services(4)));
    let more = refused(&format!("{}[services.shop]\n", services(5)));

    assert_eq!(most, []);
    assert_eq!(more.len(), 1);
}

#[test]
fn a_service_has_a_bounded_number_of_lanes() {
    let lanes = |number: usize| -> String {
        (0..number)
            .map(|i| format!("[lanes.shop.l{i}]\nreserve = [{i}, {}]\nrespond = {{}}\n", i + 1))
            .collect()
    };

    let most = refused(&format!("[services.shop]\n{}", lanes(63)));
    let more = refused(&format!("[services.shop]\n{}", lanes(64)));

    assert_eq!(most, []);
    assert_eq!(more.len(), 1);
}
