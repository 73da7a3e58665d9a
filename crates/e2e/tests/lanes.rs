//! Who gets which lane: the share, that it sticks, and who may force it.

use std::net::IpAddr;

use graylane_testkit::{Client, Gateway, Recipe, Upstream};

const USERS: usize = 4_000;

/// Two upstreams, each of which answers with its lane.
struct Lanes {
    stable: Upstream,
    canary: Upstream,
}

impl Lanes {
    fn new() -> Self {
        Self {
            stable: Upstream::fixed("stable"),
            canary: Upstream::fixed("canary"),
        }
    }

    fn recipe(&self, weight: f64) -> Recipe {
        Recipe::new().lane("stable", &[self.stable.address()]).weighted(
            "canary",
            weight,
            &[self.canary.address()],
        )
    }
}

/// The lane of one request, as three witnesses agree on it: who answered, what the response says, and the status.
fn lane(client: &mut Client, target: &str, fields: &[(&str, &str)]) -> String {
    let response = client.get(target, fields);
    assert_eq!(
        (response.status, response.header("x-gray-version")),
        (200, Some(response.text().as_str()))
    );
    response.text()
}

/// The lane of each user, where `ask` makes the request of one.
fn lanes(gateway: &Gateway, users: usize, ask: impl Fn(&mut Client, usize) -> String) -> Vec<String> {
    let mut client = gateway.client();
    (0..users).map(|user| ask(&mut client, user)).collect()
}

fn by_header(client: &mut Client, user: usize) -> String {
    lane(client, "/", &[("X-User-Id", &format!("user-{user}"))])
}

/// Fails when the count is further from the share than five standard deviations: once in 1.7 million runs by chance,
/// and here never by chance, because the hash is fixed.
fn assert_share(lanes: &[String], share: f64) {
    let count = lanes.iter().filter(|lane| *lane == "canary").count() as f64;
    let (expected, all) = (share * lanes.len() as f64, lanes.len() as f64);
    let bound = 5.0 * (all * share * (1.0 - share)).sqrt();
    assert!(
        (count - expected).abs() <= bound,
        "{count} of {all}, expected {expected} within {bound}"
    );
}

#[test]
fn a_key_from_a_header_gets_its_share_and_sticks() {
    let upstreams = Lanes::new();
    let gateway = upstreams.recipe(30.0).start();

    let once = lanes(&gateway, USERS, by_header);
    let again = lanes(&gateway, USERS, by_header);

    assert_share(&once, 0.3);
    assert_eq!(once, again);
    for (upstream, name) in [(&upstreams.stable, "stable"), (&upstreams.canary, "canary")] {
        let told = upstream.requests();
        assert!(
            !told.is_empty()
                && told
                    .iter()
                    .all(|seen| seen.head.value("x-gray-version") == Some(name))
        );
    }
}

#[test]
fn a_key_from_a_cookie_or_a_query_gets_the_lane_of_the_same_key_in_a_header() {
    let upstreams = Lanes::new();
    let gateway = upstreams
        .recipe(30.0)
        .key(r#"["header:X-User-Id", "cookie:uid", "query:uid"]"#)
        .start();

    let header = lanes(&gateway, USERS, by_header);
    let cookie = lanes(&gateway, USERS, |client, user| {
        lane(
            client,
            "/?uid=ignored",
            &[("Cookie", &format!("a=b; uid=user-{user}; UID=x"))],
        )
    });
    let query = lanes(&gateway, USERS, |client, user| {
        lane(client, &format!("/p?a=b&uid=user-{user}&c"), &[("Cookie", "a=b")])
    });

    assert_share(&header, 0.3);
    assert!(header == cookie && header == query);
}

#[test]
fn a_key_from_the_client_address_sticks_to_it() {
    let upstreams = Lanes::new();
    let gateway = upstreams.recipe(40.0).key(r#"["client"]"#).start();
    let ask = |n: usize| {
        let from = IpAddr::from([127, 3, (n / 250) as u8, (n % 250) as u8 + 1]);
        // What a stranger claims about its address must not move it.
        lane(
            &mut Client::connect_from(from, gateway.address()),
            "/",
            &[("X-Forwarded-For", &format!("10.0.0.{}", n % 250))],
        )
    };

    let once: Vec<_> = (0..600).map(ask).collect();
    let again: Vec<_> = (0..600).map(ask).collect();

    assert_share(&once, 0.4);
    assert_eq!(once, again);
}

#[test]
fn the_client_behind_a_trusted_peer_is_the_one_it_names() {
    let upstreams = Lanes::new();
    let gateway = upstreams.recipe(30.0).key(r#"["client"]"#).trusting().start();
    let address = |user: usize| format!("198.51.{}.{}", user / 250, user % 250 + 1);

    let plain = lanes(&gateway, USERS, |client, user| {
        lane(client, "/", &[("X-Forwarded-For", &address(user))])
    });
    // Only the last address that is no trusted peer counts: what stands before it, a stranger may have written.
    let longer = lanes(&gateway, USERS, |client, user| {
        lane(
            client,
            "/",
            &[(
                "X-Forwarded-For",
                &format!("10.9.8.7, {}, 127.0.0.1", address(user)),
            )],
        )
    });

    assert_share(&plain, 0.3);
    assert_eq!(plain, longer);
}

#[test]
fn every_process_and_every_worker_gives_the_same_answer() {
    let upstreams = Lanes::new();
    let one = upstreams.recipe(25.0).server("workers = 1").start();
    let four = upstreams.recipe(25.0).server("workers = 4").start();

    let first = lanes(&one, 1_000, by_header);
    let second: Vec<_> = (0..10)
        .flat_map(|part| {
            // A new connection for each part, so that different workers answer.
            let mut client = four.client();
            (0..100)
                .map(move |n| by_header(&mut client, part * 100 + n))
                .collect::<Vec<_>>()
        })
        .collect();
    drop(one);
    let restarted = lanes(&upstreams.recipe(25.0).start(), 1_000, by_header);

    assert!(first == second && first == restarted);
}

#[test]
fn raising_a_weight_only_adds_users_to_the_lane() {
    let upstreams = Lanes::new();

    let at = |weight| lanes(&upstreams.recipe(weight).start(), 1_000, by_header);
    let (none, some, more, all) = (at(0.0), at(10.0), at(35.0), at(100.0));

    assert!(none.iter().all(|lane| lane == "stable") && all.iter().all(|lane| lane == "canary"));
    assert_share(&some, 0.1);
    assert_share(&more, 0.35);
    assert!(
        some.iter()
            .zip(&more)
            .all(|(before, after)| before == "stable" || after == "canary")
    );
}

#[test]
fn two_canary_lanes_never_trade_users() {
    let upstreams = Lanes::new();
    let other = Upstream::fixed("other");
    let at = |canary, second| {
        let recipe = upstreams
            .recipe(canary)
            .weighted("other", second, &[other.address()]);
        lanes(&recipe.start(), 1_000, by_header)
    };

    let (before, after) = (at(10.0, 60.0), at(40.0, 60.0));

    for (old, new) in before.iter().zip(&after) {
        assert!(
            old == new || (old == "stable" && new == "canary"),
            "{old} -> {new}"
        );
    }
    let others = before.iter().filter(|lane| *lane == "other").count();
    assert!((520..=680).contains(&others), "{others}");
}

#[test]
fn a_trusted_peer_forces_a_lane() {
    let upstreams = Lanes::new();
    let gateway = upstreams.recipe(0.0).trusting().start();
    let mut client = gateway.client();

    let forced = lane(&mut client, "/", &[("X-Gray-Version", "canary")]);
    let back = lane(&mut client, "/", &[("X-Gray-Version", "stable")]);

    assert_eq!((forced.as_str(), back.as_str()), ("canary", "stable"));
    assert_eq!(
        upstreams.canary.only_request().head.value("x-gray-version"),
        Some("canary")
    );
}

#[test]
fn a_trusted_peer_that_forces_an_unknown_lane_gets_the_baseline() {
    let upstreams = Lanes::new();
    let gateway = upstreams.recipe(100.0).trusting().start();

    let lane = lane(
        &mut gateway.client(),
        "/",
        &[("X-Gray-Version", "blue"), ("X-User-Id", "1")],
    );

    assert_eq!(lane, "stable");
    assert_eq!(
        upstreams.stable.only_request().head.value("x-gray-version"),
        Some("stable")
    );
}

#[test]
fn a_stranger_cannot_force_a_lane_nor_pass_its_wish_on() {
    let upstreams = Lanes::new();
    let gateway = upstreams.recipe(0.0).start();

    let lane = lane(
        &mut gateway.client(),
        "/",
        &[("X-Gray-Version", "canary"), ("x-gray-version", "canary")],
    );

    assert_eq!(lane, "stable");
    assert_eq!(
        upstreams.stable.only_request().head.value("x-gray-version"),
        Some("stable")
    );
    assert_eq!(
        gateway.metrics().sum("graylane_gray_headers_stripped_total", &[]),
        1.0
    );
}

#[test]
fn the_response_tells_the_lane_only_where_asked_for() {
    let upstream = Upstream::start(|turn| turn.fixed_with(200, "X-Gray-Version: made-up\r\n", "x"));
    let text = Recipe::to(upstream.address()).text();
    let hiding = Gateway::start(&text.replace("show_lane = true", "show_lane = false"));
    let showing = Gateway::start(&text);

    let hidden = hiding.client().get("/", &[]);
    let shown = showing.client().get("/", &[]);

    assert_eq!(
        (hidden.header("x-gray-version"), shown.header("x-gray-version")),
        (None, Some("stable"))
    );
}

#[test]
fn a_lane_with_several_endpoints_uses_all_of_them() {
    let (one, two) = (Upstream::fixed("stable"), Upstream::fixed("stable"));
    let gateway = Recipe::new()
        .lane("stable", &[one.address(), two.address()])
        .start();

    lanes(&gateway, 40, by_header);

    let (first, second) = (one.requests().len(), two.requests().len());
    assert!(
        first >= 10 && second >= 10 && first + second == 40,
        "{first} {second}"
    );
}
