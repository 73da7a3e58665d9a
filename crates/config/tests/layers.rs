//! How the layers are folded, who may set what, and what people read about it.

use graylane_config::{Environment, Folded, Layers, Modules, Origin, parse};
use graylane_diagnostic::Source;
use proptest::prelude::*;

const BASE: &str = "\
revision = 3
server.state = \"state\"
listeners.web.address = \"127.0.0.1:8080\"
admin.tokens.ops.sha256 = \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"

[services.shop]
salt = \"a\"

[lanes.shop.stable]
respond = {}

[lanes.shop.canary]
weight = 1
respond = {}

[lanes.shop.\"v1.2\"]
respond = {}
";

fn layers(file: Option<&str>, variables: &[(&str, &str)], assignments: &[&str]) -> Layers {
    let mut layers = Layers::new(Source::new("graylane.toml", BASE.to_owned()));
    if let Some(file) = file {
        layers.file(Source::new("graylane.staging.toml", file.to_owned()));
    }
    for (name, value) in variables {
        layers.variable(name, value);
    }
    for assignment in assignments {
        layers.set(assignment);
    }
    layers
}

fn read(layers: &Layers) -> Folded {
    parse(layers, Environment::Dev, Modules::These(&["canary-log"]))
        .unwrap_or_else(|all| panic!("{}", all.render(layers.sources())))
}

fn said(layers: &Layers, environment: Environment) -> String {
    match parse(layers, environment, Modules::These(&["canary-log"])) {
        Ok(folded) => panic!("accepted: {folded:#?}"),
        Err(all) => all.render(layers.sources()),
    }
}

/// A value and where it comes from.
fn told(folded: &Folded, key: &str) -> String {
    let found = folded.values.iter().find(|value| value.key == key);
    let value = found.unwrap_or_else(|| panic!("no {key} in {:#?}", folded.values));
    format!("{} from {}", value.value, value.origin)
}

#[test]
fn the_last_layer_that_sets_a_key_wins_and_the_others_stay() {
    let layers = layers(
        Some("[lanes.shop.canary]\nweight = 2\n[limits]\nbody = \"1MB\"\nhead = \"8KiB\"\n"),
        &[
            ("GRAYLANE_LIMITS__BODY", "2MB"),
            ("GRAYLANE_LIMITS__IDLE_TIME", "5s"),
        ],
        &["limits.body=3MB", "limits.body=4MB"],
    );

    let folded = read(&layers);

    assert_eq!(folded.config.limits.body, 4_000_000);
    assert_eq!(told(&folded, "limits.body"), "\"4MB\" from --set limits.body");
    assert_eq!(
        told(&folded, "limits.idle_time"),
        "\"5s\" from GRAYLANE_LIMITS__IDLE_TIME"
    );
    assert_eq!(
        told(&folded, "limits.head"),
        "\"8KiB\" from graylane.staging.toml:5"
    );
    assert_eq!(told(&folded, "limits.headers"), "100 from default");
    assert_eq!(
        told(&folded, "lanes.shop.canary.weight"),
        "2 from graylane.staging.toml:2"
    );
    assert_eq!(told(&folded, "revision"), "3 from graylane.toml:1");
    assert_eq!(told(&folded, "server.workers"), "(one per core) from default");
    assert_eq!(folded.config.services[0].lanes.len(), 3);
    assert_eq!(folded.files[1].revision, None);
}

#[test]
fn an_array_is_replaced_and_never_joined() {
    let layers = layers(
        Some("[server]\ntrusted_peers = [\"10.0.0.1\", \"10.0.0.2\"]\n"),
        &[],
        &["server.trusted_peers=[\"::1\"]"],
    );

    let folded = read(&layers);

    assert_eq!(
        told(&folded, "server.trusted_peers"),
        "[\"::1\"] from --set server.trusted_peers"
    );
}

#[test]
fn values_stand_as_people_write_them() {
    let cases = [
        ("lanes.shop.canary.weight=5", "lanes.shop.canary.weight", "5"),
        (
            "lanes.shop.canary.weight=0.5%",
            "lanes.shop.canary.weight",
            "\"0.5%\"",
        ),
        ("lanes.shop.\"v1.2\".weight=7", "lanes.shop.\"v1.2\".weight", "7"),
        ("limits.body=10MB", "limits.body", "\"10MB\""),
        ("limits.body=100", "limits.body", "100"),
        ("limits.idle_time=5s", "limits.idle_time", "\"5s\""),
        // A string, though the text reads as a number, a boolean or an array.
        ("services.shop.salt=2026", "services.shop.salt", "\"2026\""),
        ("services.shop.salt=true", "services.shop.salt", "\"true\""),
        ("services.shop.salt=\"x\"", "services.shop.salt", "\"x\""),
        (
            "listeners.web.address=[::1]:80",
            "listeners.web.address",
            "\"[::1]:80\"",
        ),
        ("services.shop.show_lane=on", "services.shop.show_lane", "true"),
        ("services.shop.show_lane=0", "services.shop.show_lane", "false"),
        (
            "listeners.more={address=\"[::1]:81\"}",
            "listeners.more.address",
            "\"[::1]:81\"",
        ),
        ("modules.canary-log.sample=10", "modules.canary-log.sample", "10"),
    ];
    for (assignment, key, value) in cases {
        let folded = read(&layers(None, &[], &[assignment]));

        let found = folded.values.iter().find(|one| one.key == key);
        assert_eq!(
            found.map(|one| one.value.to_string()).as_deref(),
            Some(value),
            "{assignment}"
        );
    }
}

#[test]
fn a_variable_finds_its_key_in_any_case_with_dashes_and_dots_as_underscores() {
    let cases = [
        ("GRAYLANE_LANES__SHOP__CANARY__WEIGHT", "lanes.shop.canary.weight"),
        ("graylane_lanes__shop__canary__weight", "lanes.shop.canary.weight"),
        ("GRAYLANE_LANES__SHOP__V1_2__WEIGHT", "lanes.shop.\"v1.2\".weight"),
        ("GRAYLANE_REVISION", "revision"),
        (
            "GRAYLANE_MODULES__CANARY_LOG__SAMPLE",
            "modules.canary-log.sample",
        ),
    ];
    for (name, key) in cases {
        let folded = read(&layers(None, &[(name, "9")], &[]));

        assert_eq!(told(&folded, key), format!("9 from {name}"));
    }
}

#[test]
fn variables_that_are_no_keys_are_left_alone() {
    let names = [
        "GRAYLANE_ENV",
        "GRAYLANE_TRUST",
        "GRAYLANE_BUILT_FROM",
        "GRAYLANE_SERVICE_HOST",
        "GRAYLANE_SERVICE_PORT_WEB",
        "GRAYLANE_PORT",
        "GRAYLANE_PORT_8080_TCP_ADDR",
        "PATH",
    ];
    let mut layers = layers(None, &[], &[]);

    let taken: Vec<bool> = names
        .iter()
        .map(|name| layers.variable(name, "tcp://10.0.0.1:80"))
        .collect();

    assert!(!taken.contains(&true));
    assert!(read(&layers).overrides.is_empty());
}

#[test]
fn every_layer_tells_its_own_mistakes_under_its_own_name() {
    let text = said(
        &layers(
            None,
            &[
                ("GRAYLANE_LANES__SHOP__CANRY__WEIGHT", "5"),
                ("GRAYLANE_LANES__SHOP__CANARY__WIEGHT", "5"),
            ],
            &["limits.body", "limits.body=[1"],
        ),
        Environment::Dev,
    );

    let expected = "\
error: `lanes.shop` has no `canry`
 --> environment variable GRAYLANE_LANES__SHOP__CANRY__WEIGHT:1:23
  |
1 | GRAYLANE_LANES__SHOP__CANRY__WEIGHT=5
  |                       ^^^^^
hint: did you mean `CANARY`?

error: `lanes.shop.canary` has no `wieght`
 --> environment variable GRAYLANE_LANES__SHOP__CANARY__WIEGHT:1:31
  |
1 | GRAYLANE_LANES__SHOP__CANARY__WIEGHT=5
  |                               ^^^^^^
hint: did you mean `WEIGHT`?

error: there is no value
 --> --set limits.body:1:12
  |
1 | limits.body
  |            ^
hint: an assignment is KEY=VALUE, such as lanes.shop.canary.weight=5; a name with a dot stands in quotes

error: the value begins as TOML and is none
 --> --set limits.body:1:13
  |
1 | limits.body=[1
  |             ^^
hint: such as [\"a\", \"b\"] or { status = 503 }; mind the quotes of the shell
";
    assert_eq!(text, expected);
}

#[test]
fn one_underscore_where_two_belong_is_told() {
    let text = said(
        &layers(None, &[("GRAYLANE_LIMITS_BODY", "1MB")], &[]),
        Environment::Dev,
    );

    assert!(
        text.ends_with("hint: two underscores part the parts of a key: `LIMITS__BODY`\n"),
        "{text}"
    );
}

#[test]
fn a_wrong_value_points_into_the_layer_that_has_it() {
    let text = said(
        &layers(
            Some("[limits]\nhead = \"1KiB\"\n"),
            &[("GRAYLANE_LIMITS__IDLE_TIME", "5")],
            &["lanes.shop.canary.wieght=5"],
        ),
        Environment::Dev,
    );

    let expected = "\
error: `head` is out of range: `1KiB`
 --> graylane.staging.toml:2:8
  |
2 | head = \"1KiB\"
  |        ^^^^^^
hint: it takes 8KiB to 1MiB

error: `idle_time` takes a duration, and `5` has no unit
 --> environment variable GRAYLANE_LIMITS__IDLE_TIME:1:28
  |
1 | GRAYLANE_LIMITS__IDLE_TIME=5
  |                            ^
hint: for seconds write idle_time = \"5s\"

error: `lanes.shop.canary` has no key `wieght`
 --> --set lanes.shop.canary.wieght:1:19
  |
1 | lanes.shop.canary.wieght=5
  |                   ^^^^^^
hint: did you mean `weight`?
";
    assert_eq!(text, expected);
}

#[test]
fn broken_files_are_told_together() {
    let mut layers = Layers::new(Source::new("graylane.toml", "a =\n".to_owned()));
    layers.file(Source::new("graylane.dev.toml", "\nb =\n".to_owned()));

    let text = said(&layers, Environment::Dev);

    assert!(text.contains(" --> graylane.toml:1:4\n"), "{text}");
    assert!(text.contains(" --> graylane.dev.toml:2:4\n"), "{text}");
}

#[test]
fn prod_is_locked_and_says_how_it_is_done() {
    let text = said(&layers(None, &[], &["limits.body=1MB"]), Environment::Prod);

    let expected = "\
error: `limits.body` may not be overridden: prod is locked
 --> --set limits.body:1:13
  |
1 | limits.body=1MB
  |             ^^^
hint: write it in graylane.prod.toml, raise the `revision` there, and sign the file: grayctl config sign graylane.prod.toml
";
    assert_eq!(text, expected);
}

#[test]
fn staging_and_canary_refuse_sensitive_keys_and_take_the_others() {
    for environment in [Environment::Staging, Environment::Canary] {
        let open = layers(None, &[("GRAYLANE_LIMITS__BODY", "1MB")], &[]);
        let sensitive = layers(None, &[("GRAYLANE_SERVER__TRUSTED_PEERS", "[\"10.0.0.1\"]")], &[]);
        let hidden_in_a_table = layers(None, &[], &["server={trusted_peers=[]}"]);

        let taken = parse(&open, environment, Modules::Any).map(|folded| folded.overrides.len());

        assert_eq!(taken, Ok(1));
        let text = said(&sensitive, environment);
        let expected = format!(
            "\
error: `server.trusted_peers` is sensitive: in {environment} only a file may set it
 --> environment variable GRAYLANE_SERVER__TRUSTED_PEERS:1:32
  |
1 | GRAYLANE_SERVER__TRUSTED_PEERS=[\"10.0.0.1\"]
  |                                ^^^^^^^^^^^^
hint: write it in graylane.{environment}.toml
"
        );
        assert_eq!(text, expected);
        assert!(said(&hidden_in_a_table, environment).contains("`server.trusted_peers` is sensitive"));
    }
}

#[test]
fn an_override_tells_what_was_there_before() {
    let layers = layers(
        None,
        &[("GRAYLANE_LANES__SHOP__CANARY__WEIGHT", "5")],
        &["lanes.shop.canary.weight=6", "limits.body=1MB"],
    );

    let folded = read(&layers);

    let told: Vec<String> = folded
        .overrides
        .iter()
        .map(|one| {
            let old = one.old.as_ref().map_or("nothing".to_owned(), ToString::to_string);
            format!("{}: {old} -> {} by {}", one.key, one.new, one.origin)
        })
        .collect();
    assert_eq!(
        told,
        [
            "lanes.shop.canary.weight: 1 -> 5 by GRAYLANE_LANES__SHOP__CANARY__WEIGHT",
            "lanes.shop.canary.weight: 5 -> 6 by --set lanes.shop.canary.weight",
            "limits.body: nothing -> \"1MB\" by --set limits.body",
        ]
    );
    assert_eq!(folded.overrides[2].origin, Origin::Flag("limits.body".to_owned()));
}

#[test]
fn a_secret_is_a_digest_in_values_overrides_and_messages() {
    let other = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let set = format!("admin.tokens.ops.sha256={other}");
    let table = format!("admin.tokens={{web={{sha256=\"{}\"}}}}", other.replace('9', "8"));
    let wrong = "admin.tokens.ops.sha256=hunter2".to_owned();
    let broken = "[admin.tokens.ops]\nsha256 = hunter2\n";

    let folded = read(&layers(None, &[], &[&set, &table]));
    let messages = [
        said(&layers(None, &[], &[&wrong]), Environment::Dev),
        said(
            &layers(None, &[("GRAYLANE_ADMIN__TOKENS__OPS__SHA256", "hunter2")], &[]),
            Environment::Dev,
        ),
        said(&layers(Some(broken), &[], &[]), Environment::Dev),
        said(
            &layers(Some("admin.token = \"hunter2\"\n"), &[], &[]),
            Environment::Dev,
        ),
        // A token where its table belongs, in every spelling.
        said(
            &layers(Some("[admin.tokens]\nops = \"hunter2\"\n"), &[], &[]),
            Environment::Dev,
        ),
        said(
            &layers(Some("[admin.tokens.\"ops\"]\n\nvalue = \"hunter2\"\n"), &[], &[]),
            Environment::Dev,
        ),
        said(
            &layers(Some("admin.tokens.ops = \"hunter2\"\n"), &[], &[]),
            Environment::Dev,
        ),
        said(
            &layers(Some("admin = { tokens = { ops = \"hunter2\" } }\n"), &[], &[]),
            Environment::Dev,
        ),
        said(
            &layers(
                Some("[ofrep]\naddress = \"127.0.0.1:2\"\nkeys = { web = \"hunter2\" }\n"),
                &[],
                &[],
            ),
            Environment::Dev,
        ),
        said(
            &layers(None, &[], &["admin.tokens.ops=hunter2"]),
            Environment::Dev,
        ),
        said(
            &layers(None, &[("GRAYLANE_ADMIN__TOKENS__OPS", "hunter2")], &[]),
            Environment::Dev,
        ),
    ];

    let shown = format!("{folded:?}");
    assert!(!shown.contains(&other[8..]), "{shown}");
    assert!(told(&folded, "admin.tokens.ops.sha256").starts_with("sha256:"));
    for message in messages {
        assert!(!message.contains("hunter2"), "{message}");
        assert!(message.contains("*******"), "{message}");
    }
}

#[test]
fn what_looks_like_a_secret_of_a_module_is_a_digest_too() {
    let file = "[modules.canary-log]\nAccess_Token = \"hunter2\"\npeers = [{ password = \"hunter2\" }]\n\
                sample = 5\nauth = { client.secret = \"hunter2\", by = \"me\" }\n";
    let set = "modules.canary-log.sink.sha256=\"hunter2\"";
    let over = "modules.canary-log.peers=[]";
    let layers = layers(Some(file), &[], &[set, over]);

    let folded = read(&layers);
    let staging = said(&layers, Environment::Staging);
    let before = read(&self::layers(Some(file), &[], &[]));

    for shown in [
        format!("{:?} {:?}", folded.values, folded.overrides),
        format!("{:?}", before.values),
        staging,
    ] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    for key in ["Access_Token", "peers", "auth.client.secret"] {
        let told = told(&before, &format!("modules.canary-log.{key}"));
        assert!(told.starts_with("sha256:"), "{told}");
    }
    assert!(told(&before, "modules.canary-log.sample").starts_with("5 from"));
    assert!(told(&before, "modules.canary-log.auth.by").starts_with("\"me\" from"));
}

#[test]
fn files_of_flags_are_named_by_files_only_and_without_going_up() {
    let set = layers(None, &[], &["flags.files=[\"team.json\"]"]);
    let up = layers(
        Some("flags.files = [\"a..b.toml\", \"team/../../x.toml\"]\n"),
        &[],
        &[],
    );

    let overridden = said(&set, Environment::Staging);
    let refused = said(&up, Environment::Staging);

    assert!(
        overridden.starts_with("error: `flags.files` is sensitive"),
        "{overridden}"
    );
    assert_eq!(
        refused.trim_end(),
        "\
error: `team/../../x.toml` goes up with `..`
 --> graylane.staging.toml:1:29
  |
1 | flags.files = [\"a..b.toml\", \"team/../../x.toml\"]
  |                             ^^^^^^^^^^^^^^^^^^^
hint: put the file below the folder of the configuration, or write its whole path"
    );
}

#[test]
fn every_environment_but_dev_needs_a_state_folder_and_prod_a_revision_in_each_file() {
    let text =
        "listeners.web.address = \"127.0.0.1:1\"\nservices.shop = {}\nlanes.shop.stable.respond = {}\n";
    let mut layers = Layers::new(Source::new("graylane.toml", text.to_owned()));
    layers.file(Source::new("graylane.prod.toml", "revision = 1\n".to_owned()));

    let dev = parse(&layers, Environment::Dev, Modules::Any).map(drop);
    let [staging, prod] =
        [Environment::Staging, Environment::Prod].map(|environment| said(&layers, environment));

    assert_eq!(dev, Ok(()));
    let state = "\
error: staging needs a folder for its audit log
 --> graylane.toml
hint: add [server] with state = \"/var/lib/graylane\"
";
    let revision = "
error: prod needs a revision in graylane.toml
 --> graylane.toml
hint: add `revision = 1` above the first table, and raise it with every change
";
    assert_eq!(staging, state);
    assert_eq!(prod, state.replace("staging", "prod") + revision);
}

#[test]
fn two_names_that_a_variable_cannot_tell_apart_are_told() {
    let layers = layers(
        Some("[lanes.shop.v1_2]\nrespond = {}\n"),
        &[("GRAYLANE_LANES__SHOP__V1_2__WEIGHT", "1")],
        &[],
    );

    let text = said(&layers, Environment::Dev);

    assert!(
        text.starts_with("error: `V1_2` may mean `v1.2` or `v1_2`\n"),
        "{text}"
    );
    assert!(
        text.ends_with("hint: say which one with --set, or in a file\n"),
        "{text}"
    );
}

proptest! {
    #[test]
    fn no_layers_make_it_panic_and_every_mistake_can_be_shown(
        file in "[ -~\n]{0,80}",
        name in "[A-Za-z_.-]{0,30}",
        value in ".{0,30}",
        assignment in "(lanes|limits|a|\"b\\.|'|\\.){0,4}=?.{0,20}",
        environment in 0_usize..4,
    ) {
        let mut layers = layers(Some(&file), &[], &[&assignment]);
        layers.variable(&format!("GRAYLANE_{name}"), &value);

        let result = parse(&layers, Environment::ALL[environment], Modules::Any);

        if let Err(all) = result {
            prop_assert!(!all.render(layers.sources()).is_empty());
            prop_assert!(!all.reports(layers.sources()).is_empty());
        }
    }

    #[test]
    fn of_any_layers_with_one_key_the_last_counts(weights in proptest::collection::vec((0_u32..4, 0_u32..100), 1..8)) {
        let key = "lanes.shop.canary.weight";
        let mut sorted = weights;
        // Files before variables before assignments, as a process has them.
        sorted.sort_by_key(|(sort, _)| *sort);
        let mut layers = layers(None, &[], &[]);
        for (sort, weight) in &sorted {
            match sort {
                0 | 1 => layers.file(Source::new("f.toml", format!("{key} = {weight}\n"))),
                2 => drop(layers.variable("GRAYLANE_LANES__SHOP__CANARY__WEIGHT", &weight.to_string())),
                _ => layers.set(&format!("{key}={weight}")),
            }
        }

        let folded = read(&layers);

        let last = sorted.last().map(|(_, weight)| weight * 1000);
        let lanes = &folded.config.services[0].lanes;
        let canary = lanes.iter().find(|lane| lane.name.as_str() == "canary");
        prop_assert_eq!(canary.map(|lane| lane.weight.steps()), last);
    }
}
