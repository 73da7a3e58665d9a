//! What a right configuration means, and what the smaller rules refuse.

mod forwarding;
mod gray;
mod health;
mod lanes;
mod mirror;
mod tls;

use graylane_config::{
    Config, Cors, Credential, Environment, Health, HealthQuestion, HostPattern, KeySource, Layers, Modules,
    Protocol, TlsVersion, Upstream, parse,
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
