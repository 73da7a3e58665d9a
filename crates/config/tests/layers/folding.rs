//! Which layer wins, and which one a mistake is in.

use super::*;

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
