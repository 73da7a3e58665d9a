//! Lanes and what each receives.

use super::*;

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
    let config = read(include_str!("../../../../examples/quickstart.toml"));

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
