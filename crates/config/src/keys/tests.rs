use std::fs;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::*;
use crate::{Config, Environment, Layers, Modules, parse};
use graylane_diagnostic::Source;

/// The header of each declared table in the configuration below, with a line that it needs and the key of that line.
const HEADERS: [(&str, &str, &str, &str); 24] = [
    ("", "", "", ""),
    ("server", "[server]", "", ""),
    (
        "listeners.<name>",
        "[listeners.web]",
        "address",
        "address = \"127.0.0.1:0\"",
    ),
    (
        "listeners.<name>.tls",
        "[listeners.web.tls]",
        "certificates",
        PAIRS,
    ),
    (
        "listeners.<name>.tls.certificates[]",
        "[[listeners.web.tls.certificates]]",
        "certificate and key",
        "certificate = \"a.pem\"\nkey = \"a.key\"",
    ),
    ("admin", "[admin]", "", ""),
    ("admin.tokens.<name>", "[admin.tokens.ops]", "sha256", OTHER),
    ("flags", "[flags]", "", ""),
    ("ofrep", "[ofrep]", "address", "address = \"127.0.0.1:8017\""),
    ("ofrep.keys.<name>", "[ofrep.keys.web]", "sha256", OTHER),
    ("limits", "[limits]", "", ""),
    ("drain", "[drain]", "", ""),
    ("gray", "[gray]", "", ""),
    ("gray.keys.<name>", "[gray.keys.web]", "file", "file = \"a.key\""),
    ("handover", "[handover]", "", ""),
    ("services.<name>", "[services.shop]", "", ""),
    ("services.<name>.timeouts", "[services.shop.timeouts]", "", ""),
    ("services.<name>.retries", "[services.shop.retries]", "", ""),
    (
        "lanes.<service>.<name>",
        "[lanes.shop.blue]",
        "respond",
        "endpoints = [\"https://a:1\"]",
    ),
    (
        "lanes.<service>.<name>.endpoints[]",
        "[[lanes.shop.blue.endpoints]]",
        "url",
        "url = \"http://a:1\"",
    ),
    (
        "lanes.<service>.<name>.tls",
        "[lanes.shop.blue.tls]",
        "",
        "certificate = \"a.pem\"\nkey = \"a.key\"",
    ),
    (
        "lanes.<service>.<name>.health",
        "[lanes.shop.blue.health]",
        "kind",
        "kind = \"http\"",
    ),
    (
        "lanes.<service>.<name>.respond",
        "[lanes.shop.blue.respond]",
        "",
        "",
    ),
    (
        "lanes.<service>.<name>.mirror",
        "[lanes.shop.blue.mirror]",
        "to and share",
        "to = \"stable\"\nshare = 10",
    ),
];

/// The baseline, and a lane that takes no share of the line.
const OTHERS: &str =
    "[lanes.shop.stable]\nendpoints = [\"b:1\"]\n[lanes.shop.green]\nflag = \"g\"\nendpoints = [\"c:1\"]\n";

const PAIRS: &str = "certificates = [{ certificate = \"a.pem\", key = \"a.key\" }]";

const OTHER: &str = "sha256 = \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"";

/// A whole configuration in which one table has one more line.
fn with(path: &str, key: &str, line: &str) -> String {
    let mut text = String::new();
    for (table, header, needed_key, needed) in HEADERS {
        // What does not fit every value of another table.
        let is_alone = table.ends_with(".respond")
            || table.ends_with(".endpoints[]")
            || table.starts_with("services.<name>.")
            || table.ends_with(".health")
            || table.ends_with(".mirror")
            || table.contains(".tls");
        // A key whose value is a table and that table exclude each other; so do `respond` and `endpoints`.
        if is_alone && path != table
            || table == "admin.tokens.<name>" && (path, key) == ("admin", "tokens")
            || table == "ofrep.keys.<name>" && (path, key) == ("ofrep", "keys")
            || table == "gray.keys.<name>" && (path, key) == ("gray", "keys")
        {
            continue;
        }
        let replaced = path == table && (key == needed_key || key == "endpoints");
        let other = path.ends_with(".respond") || path.ends_with(".endpoints[]");
        let excluded = other && !needed.is_empty() && needed_key == "respond";
        let line = if path == table { line } else { "" };
        // What says something beside another key only.
        let beside = match key {
            _ if path != table => "",
            "variant" => "flag = \"f\"",
            "client_auth" => "client_ca = \"ca.pem\"",
            "service" => "kind = \"grpc\"",
            _ => "",
        };
        let needed: String = needed
            .lines()
            .filter(|one| {
                !(replaced
                    || beside.starts_with("kind =") && one.starts_with("kind =")
                    || excluded
                    || !line.is_empty() && one.starts_with(&format!("{key} =")))
            })
            .chain([beside])
            .map(|one| format!("{one}\n"))
            .collect();
        // Over TLS a check of gRPC needs a lane of HTTP/2.
        let needed = match key {
            "service" => needed.replace("https://", "http://"),
            _ => needed,
        };
        text.push_str(&format!("{header}\n{needed}\n{line}\n"));
    }
    if (path, key) == ("gray", "certificates") {
        // Somebody must ask for them.
        text.push_str(&format!("[listeners.web.tls]\n{PAIRS}\nclient_ca = \"ca.pem\"\n"));
    }
    text + OTHERS
}

fn read(text: &str) -> Config {
    let layers = Layers::new(Source::new("test.toml", text.to_owned()));
    parse(&layers, Environment::Dev, Modules::These(&[]))
        .unwrap_or_else(|all| panic!("{}\n{text}", all.render(layers.sources())))
        .config
}

/// All values, without their places.
fn shown(config: &Config) -> String {
    let all = format!("{config:#?}");
    all.lines().filter(|line| !line.contains("span:")).collect()
}

fn every_key() -> impl Iterator<Item = (&'static Table, &'static Key)> {
    TABLES
        .iter()
        .flat_map(|table| table.keys.iter().map(move |key| (table, key)))
}

#[test]
fn every_declared_key_is_read() {
    for (table, key) in every_key() {
        let text = with(table.path, key.name, &format!("{} = 1979-05-27", key.name));
        let layers = Layers::new(Source::new("test.toml", text.clone()));

        let all = parse(&layers, Environment::Dev, Modules::These(&[])).unwrap_err();

        let place = text.find("1979").unwrap();
        let found = all
            .iter()
            .find(|one| one.span == Some(place..place + "1979-05-27".len()));
        let found = found.unwrap_or_else(|| panic!("{}.{} is not read", table.path, key.name));
        assert!(!found.message.contains("has no key"), "{found:?}");
    }
}

#[test]
fn every_example_is_accepted_and_changes_something() {
    for (table, key) in every_key() {
        let line = format!("{} = {}", key.name, key.example);

        let usual = match key.default {
            // Without the key this is no configuration, so the needed line stands in.
            Fallback::Required => read(&with(table.path, "", "")),
            _ if matches!(key.name, "endpoints" | "respond") => read(&with(table.path, "", "")),
            _ => read(&with(table.path, key.name, "")),
        };
        let changed = read(&with(table.path, key.name, &line));

        assert_ne!(shown(&usual), shown(&changed), "{}.{}", table.path, key.name);
    }
}

#[test]
fn every_declared_default_is_the_one_in_force() {
    for (table, key) in every_key() {
        let Fallback::Value(value) = key.default else {
            continue;
        };
        let line = format!("{} = {value}", key.name);

        let stated = read(&with(table.path, key.name, &line));
        let usual = read(&with(table.path, key.name, ""));

        assert_eq!(shown(&stated), shown(&usual), "{}.{}", table.path, key.name);
    }
}

#[test]
fn every_declared_range_is_the_one_in_force() {
    for (table, key) in every_key() {
        let (min, max, below, above) = match key.kind {
            // Below zero is a number that is too large.
            Kind::Count { min, max } => (min, max, min.wrapping_sub(1), max + 1),
            Kind::Size { min, max } => (min, max, min - 1, max + 1),
            _ => continue,
        };
        let accepts = |number: u64| {
            let text = with(table.path, key.name, &format!("{} = {number}", key.name));
            parse(
                &Layers::new(Source::new("test.toml", text)),
                Environment::Dev,
                Modules::These(&[]),
            )
            .is_ok()
        };

        let accepted = [min, max, below, above].map(accepts);

        assert_eq!(
            accepted,
            [true, true, false, false],
            "{}.{}",
            table.path,
            key.name
        );
    }
}

#[test]
fn every_duration_has_a_lower_and_an_upper_bound() {
    for (table, key) in every_key() {
        let Kind::Time { min, max } = key.kind else {
            continue;
        };
        let step = Duration::from_millis(1);
        let accepts = |time: Duration| {
            let time = crate::units::show_time(time);
            let text = with(table.path, key.name, &format!("{} = \"{time}\"", key.name));
            parse(
                &Layers::new(Source::new("test.toml", text)),
                Environment::Dev,
                Modules::These(&[]),
            )
            .is_ok()
        };

        let accepted = [min.saturating_sub(step), min, max, max + step].map(accepts);

        assert_eq!(
            accepted,
            // Nothing is below none at all.
            [min.is_zero(), true, true, false],
            "{}.{}",
            table.path,
            key.name
        );
    }
}

#[test]
fn the_reference_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/configuration.md");
    if std::env::var_os("GRAYLANE_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, reference()).unwrap();
    }

    let page = fs::read_to_string(&path).unwrap_or_default();

    assert!(
        page == reference(),
        "run the tests of graylane-config with GRAYLANE_BLESS=1 and commit the page"
    );
}

#[test]
fn the_full_example_shows_every_key() {
    let text = include_str!("../../../../examples/full.toml");
    let root = DeTable::parse(text).unwrap();

    read(text);

    for (table, key) in every_key() {
        let tables = tables_at(root.get_ref(), table.path);
        let shown = tables.iter().any(|found| found.get(key.name).is_some());
        assert!(shown, "{}.{} is not in examples/full.toml", table.path, key.name);
    }
}

/// The tables at a path, in which `<…>` stands for any name.
fn tables_at<'t>(root: &'t DeTable<'t>, path: &str) -> Vec<&'t DeTable<'t>> {
    let parts = path.split('.').filter(|part| !part.is_empty());
    parts.fold(vec![root], |tables, part| {
        let (part, is_array) = match part.strip_suffix("[]") {
            Some(part) => (part, true),
            None => (part, false),
        };
        let below = |table: &'t DeTable<'t>| {
            let fits = move |name: &str| part.starts_with('<') || name == part;
            table
                .iter()
                .filter(move |(name, _)| fits(name.get_ref()))
                .flat_map(move |(_, value)| match value.get_ref() {
                    DeValue::Table(table) => vec![table],
                    DeValue::Array(items) if is_array => items
                        .iter()
                        .filter_map(|item| item.get_ref().as_table())
                        .collect(),
                    _ => Vec::new(),
                })
        };
        tables.into_iter().flat_map(below).collect()
    })
}

/// Which keys differ between two configurations, of those that are read at the start only.
fn restarted(table: &Table, key: &Key, line: &str) -> Vec<String> {
    let usual = match key.default {
        Fallback::Required => read(&with(table.path, "", "")),
        _ if matches!(key.name, "endpoints" | "respond") => read(&with(table.path, "", "")),
        _ => read(&with(table.path, key.name, "")),
    };
    usual.restart_needed(&read(&with(table.path, key.name, line)))
}

#[test]
fn a_change_needs_a_restart_exactly_where_the_table_says_so() {
    for (table, key) in every_key() {
        let line = format!("{} = {}", key.name, key.example);

        let keys = restarted(table, key, &line);

        let path = format!("{}.{}", table.path.replace("<name>", "web"), key.name);
        match key.effect {
            Effect::Restart => assert_eq!(keys, [path]),
            Effect::Live => assert!(keys.is_empty(), "{path}: {keys:?}"),
        }
    }
}

#[test]
fn every_sort_of_guard_is_declared() {
    let guard = |path: &str, name: &str| table(path).unwrap().key(name).unwrap().guard;

    let guards = [
        guard("limits", "body"),
        guard("server", "trusted_peers"),
        guard("admin.tokens.<name>", "sha256"),
    ];

    assert_eq!(guards, [Guard::Open, Guard::Sensitive, Guard::Secret]);
}
