//! What a right configuration means, and what the smaller rules refuse.

use graylane_config::{
    Config, Cors, Credential, Environment, HostPattern, KeySource, Layers, Modules, Protocol, TlsVersion,
    Upstream, parse,
};
use graylane_diagnostic::Source;
use serde::Deserialize as _;
use toml::Spanned;

const START: &str = "[listeners.web]\naddress = \"127.0.0.1:8080\"\n[lanes.shop.stable]\nrespond = {}\n";

fn read(text: &str) -> Config {
    let layers = Layers::new(Source::new("graylane.toml", text.to_owned()));
    parse(&layers, Environment::Dev, Modules::These(&["breaker"]))
        .unwrap_or_else(|all| panic!("{}", all.render(layers.sources())))
        .config
}

/// The lines at fault of a text behind the start, counted from 1.
fn refused(text: &str) -> Vec<usize> {
    let layers = Layers::new(Source::new("graylane.toml", format!("{START}{text}")));
    match parse(&layers, Environment::Dev, Modules::These(&["breaker"])) {
        Ok(_) => Vec::new(),
        Err(all) => all
            .reports(layers.sources())
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
    let place = section.value().get_ref().get("rate").unwrap().span();
    assert_eq!((&*section.name, &text[place]), ("breaker", "0.5"));
    assert_eq!(&text[section.value().span()], "[modules.breaker]");
}

/// A module's settings, read as `graylane_pipeline::Settings` reads them.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    failures: Spanned<u32>,
    rate: f64,
}

fn settings(config: &Config) -> Result<Settings, toml::de::Error> {
    let section = config.modules[0].value();
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
    let layers = Layers::new(Source::new("graylane.toml", "\u{feff}x = 1\n".to_owned()));

    let all = parse(&layers, Environment::Dev, Modules::These(&[])).unwrap_err();

    let report = &all.reports(layers.sources())[0];
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

#[test]
fn a_lane_with_a_flag_takes_no_share_from_the_others() {
    let config = read(&format!(
        "{START}[services.shop]\n[lanes.shop]\na = {{ respond = {{}}, weight = 5 }}\nb = {{ respond = {{}}, weight = 6 }}\n\
         c = {{ respond = {{}}, flag = \"v2\" }}\nd = {{ respond = {{}}, flag = \"v2\", variant = \"blue\" }}\n"
    ));

    let flags: Vec<_> = config.services[0]
        .lanes
        .iter()
        .map(|lane| {
            lane.flag
                .as_ref()
                .map(|flag| (&*flag.key, flag.variant.as_deref()))
        })
        .collect();

    assert_eq!(
        flags,
        [None, None, None, Some(("v2", None)), Some(("v2", Some("blue")))]
    );
    assert_eq!(
        lanes(&config),
        [
            ("stable".to_owned(), 89_000, None),
            ("a".to_owned(), 5_000, Some((0, 5_000))),
            ("b".to_owned(), 6_000, Some((94_000, 100_000))),
            ("c".to_owned(), 0, None),
            ("d".to_owned(), 0, None),
        ]
    );
}

#[test]
fn a_token_opens_the_admin_port_and_a_key_the_flags() {
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    let config = read(&format!(
        "revision = 7\n{START}[services.shop]\n[admin]\naddress = \"0.0.0.0:9900\"\ntokens.ops.sha256 = \"{hash}\"\n\
         [ofrep]\naddress = \"[::]:8016\"\ncors = [\"*\"]\nkeys.web.sha256 = \"{hash}\"\n[flags]\nfiles = [\"a.toml\", \"b.json\"]\n"
    ));

    let ofrep = config.ofrep.as_ref().unwrap();
    assert_eq!(config.revision, Some(7));
    assert_eq!(
        config.admin.tokens,
        ofrep
            .keys
            .iter()
            .map(|key| Credential {
                name: "ops".parse().unwrap(),
                ..key.clone()
            })
            .collect::<Vec<_>>()
    );
    assert_eq!(
        (config.admin.tokens[0].sha256.to_hex(), &ofrep.cors),
        (hash.to_owned(), &Cors::Any)
    );
    assert_eq!(
        config
            .flags
            .files
            .iter()
            .map(|file| &*file.path)
            .collect::<Vec<_>>(),
        ["a.toml", "b.json"]
    );
    assert!(!format!("{config:?}").contains(&hash[8..]));
}

#[test]
fn no_limit_can_be_nothing_and_an_empty_table_keeps_every_default() {
    let limits = [
        "head",
        "headers",
        "body",
        "header_time",
        "idle_time",
        "connections",
        "connect_time",
        "response_time",
    ];

    let usual = read(&format!("{START}[services.shop]\n"));
    let empty = read(&format!("{START}[services.shop]\n[limits]\n"));

    assert_eq!(usual.limits, graylane_config::Limits::default());
    assert_eq!(empty.limits, usual.limits);
    for key in limits {
        let zero = if key.ends_with("time") { "\"0s\"" } else { "0" };
        assert_eq!(
            refused(&format!("[services.shop]\n[limits]\n{key} = {zero}\n")),
            [3],
            "{key}"
        );
    }
}

#[test]
fn small_rules_of_flags_tokens_and_origins_are_kept() {
    for (text, lines) in [
        ("[services.shop]\n[flags]\nfiles = [\"a\", \"a\"]\n", vec![3]),
        ("[services.shop]\n[flags]\nfiles = [\"\"]\n", vec![3]),
        ("[services.shop]\n[ofrep]\n", vec![2]),
        (
            "[services.shop]\n[ofrep]\naddress = \"127.0.0.1:8080\"\n",
            vec![3],
        ),
        (
            "[services.shop]\n[ofrep]\naddress = \"127.0.0.1:9900\"\n",
            vec![3],
        ),
        (
            "[services.shop]\n[ofrep]\naddress = \"127.0.0.1:1\"\ncors = [\"*\", \"https://a\"]\n",
            vec![4],
        ),
        (
            "[services.shop]\n[ofrep]\naddress = \"127.0.0.1:1\"\ncors = [\"a.example\"]\n",
            vec![4],
        ),
        (
            "[services.shop]\n[ofrep]\naddress = \"127.0.0.1:1\"\ncors = [\"https://a.example/x\"]\n",
            vec![4],
        ),
        (
            "[services.shop]\n[ofrep]\naddress = \"127.0.0.1:1\"\ncors = [\"https://A.example\"]\n",
            vec![4],
        ),
        ("[services.shop]\n[admin.tokens.ops]\n", vec![2]),
        ("[services.shop]\n[admin.tokens.ops]\nsha256 = \"abc\"\n", vec![3]),
        (
            "[services.shop]\n[admin]\naddress = \"0.0.0.0:1\"\n[admin.tokens]\n",
            vec![3],
        ),
        ("[services.shop]\n[server]\nstate = \"\"\n", vec![3]),
        (
            "[services.shop]\n[lanes.shop.a]\nrespond = {}\nflag = \"\"\n",
            vec![4],
        ),
        (
            "[services.shop]\n[lanes.shop.a]\nrespond = {}\nflag = \"a\"\nvariant = \"\"\n",
            vec![5],
        ),
    ] {
        assert_eq!(refused(text), lines, "{text}");
    }
}

#[test]
fn a_listener_is_secured_by_its_certificates_in_their_order() {
    let config = read(&format!(
        "{START}[services.shop]\n[listeners.web.tls]\nclient_ca = \"ca.pem\"\ncertificates = [\
         {{ certificate = \"a.pem\", key = \"a.key\" }}, {{ certificate = \"b.pem\", key = \"b.key\" }}]\n"
    ));

    let listener = &config.listeners[0];
    let tls = listener.tls.as_ref().unwrap();
    let names = tls
        .certificates
        .iter()
        .map(|pair| (&*pair.certificate.path, &*pair.key.path));
    assert_eq!(
        names.collect::<Vec<_>>(),
        [("a.pem", "a.key"), ("b.pem", "b.key")]
    );
    assert_eq!((tls.min_version, listener.http2), (TlsVersion::V1_2, true));
    let client = tls.client.as_ref().unwrap();
    assert_eq!((&*client.ca.path, client.required), ("ca.pem", true));
}

#[test]
fn endpoints_with_https_are_verified_by_the_systems_certificates_unless_another_is_named() {
    let lane = |lines: &str| {
        let config = read(&format!("{START}[services.shop]\n[lanes.shop.canary]\n{lines}\n"));
        config.services[0].lanes[1].clone()
    };

    let cleartext = lane("endpoints = [\"http://a:1\"]");
    let usual = lane("endpoints = [\"https://a\"]");
    let named = lane(
        "endpoints = [\"https://a\"]\nprotocol = \"http2\"\ntls = { ca = \"ca.pem\", server_name = \"b\" }",
    );

    assert!(cleartext.tls.is_none() && cleartext.protocol == Protocol::Http1);
    let usual = usual.tls.unwrap();
    assert!(usual.verify && usual.ca.is_none() && usual.server_name.is_none());
    assert_eq!(named.protocol, Protocol::Http2);
    let named = named.tls.unwrap();
    assert!(named.verify);
    assert_eq!(named.ca.map(|ca| ca.path).as_deref(), Some("ca.pem"));
    assert_eq!(named.server_name.as_deref(), Some("b"));
}

#[test]
fn what_makes_no_sense_of_tls_is_refused_where_it_stands() {
    let lane = "[services.shop]\n[lanes.shop.canary]\nendpoints = [\"https://a\"]\n";
    let listener = "[services.shop]\n[listeners.web.tls]\n";
    for (text, line) in [
        (format!("{listener}min_version = \"1.2\"\n"), 2),
        (format!("{listener}certificates = []\n"), 3),
        (format!("{listener}certificates = [{{}}]\n"), 3),
        (
            format!("{listener}certificates = [{{ certificate = \"a.pem\" }}]\n"),
            3,
        ),
        (format!("{listener}certificates = [\"a.pem\"]\n"), 3),
        (
            format!("{listener}certificates = [{{ certificate = \"../a.pem\", key = \"a.key\" }}]\n"),
            3,
        ),
        (format!("{lane}protocol = \"http3\"\n"), 4),
        (format!("{lane}tls = {{ key = \"a.key\" }}\n"), 4),
        (format!("{lane}tls = {{ verify = false, ca = \"a.pem\" }}\n"), 4),
        (format!("{lane}tls = {{ server_name = \"a:1\" }}\n"), 4),
        (
            "[services.shop]\n[lanes.shop.canary]\nrespond = {}\nprotocol = \"http2\"\n".to_owned(),
            4,
        ),
    ] {
        assert_eq!(refused(&text), [line], "{text}");
    }
}

#[test]
fn the_same_server_with_and_without_tls_is_one_endpoint_twice() {
    let lines =
        refused("[services.shop]\n[lanes.shop.canary]\nendpoints = [\"https://a:1\", \"http://a:1\"]\n");

    assert_eq!(lines, [3]);
}
