//! Gray headers in every dialect: who is believed, what decides, and what goes on.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::time::{SystemTime, UNIX_EPOCH};

use graylane_context::{Dialect, Key, sign};
use graylane_testkit::{Authority, Gateway, Recipe, Setup, Upstream, replace};

/// The key `edge` of every gateway here.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const OTHER: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

const ALL: &str = r#"["x-gray-version", "baggage", "x-mse-tag", "x-asm-prefer-tag", "x-opensergo-traffic", "n-d-version",
    "dubbo.tag", "x_version_tag", "x-sermant-version"]"#;

/// The lanes `stable` and `canary`, whose tag is `gray`.
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

    fn recipe(&self) -> Recipe {
        let canary = format!("endpoints = [\"{}\"]\ntag = \"gray\"\n", self.canary.address());
        Recipe::new()
            .lane("stable", &[self.stable.address()])
            .lane_lines("canary", &canary)
    }

    /// With these lines in `[gray]`, and the key `edge`.
    fn gateway(&self, recipe: &Recipe, gray: &str) -> Gateway {
        let _ = self;
        let text = recipe
            .clone()
            .more(&format!("[gray]\n{gray}\nkeys.edge.file = \"edge.key\"\n"))
            .text();
        Setup::new(&text).file("edge.key", KEY).start()
    }
}

/// The lane of a request with these fields.
fn lane(gateway: &Gateway, fields: &[(&str, &str)]) -> String {
    gateway.client().get("/", fields).text()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A signature of the host that the test client asks for.
fn signed(key: &str, host: &str, lane: &str, expires: u64) -> String {
    let key = Key::read(key.as_bytes()).unwrap();
    sign(
        (&"edge".parse().unwrap(), &key),
        host,
        &lane.parse().unwrap(),
        expires,
    )
    .to_string()
}

fn stripped(gateway: &Gateway, reason: &str) -> f64 {
    gateway
        .metrics()
        .sum("graylane_gray_headers_stripped_total", &[("reason", reason)])
}

/// What says `lane` in a dialect.
fn value(dialect: Dialect, lane: &str) -> String {
    match dialect {
        Dialect::Baggage => format!("userId=alice,gray-version={lane}"),
        Dialect::NdVersion => format!(r#"{{"pay":"1.0","shop":"{lane}"}}"#),
        _ => lane.to_owned(),
    }
}

#[test]
fn a_trusted_peer_forces_a_lane_in_each_dialect_and_endpoints_hear_it_in_those_that_are_written() {
    let lanes = Lanes::new();
    let gateway = lanes.gateway(
        &lanes.recipe().trusting(),
        &format!("read = {ALL}\nwrite = {ALL}"),
    );

    for dialect in Dialect::ALL {
        for called in ["canary", "gray"] {
            assert_eq!(
                lane(&gateway, &[(dialect.as_str(), &value(dialect, called))]),
                "canary",
                "{dialect}"
            );
        }
    }

    for seen in lanes.canary.requests() {
        for dialect in Dialect::ALL {
            let values = seen.head.values(dialect.as_str());
            let called = if dialect.takes_names() { "canary" } else { "gray" };
            assert_eq!(values.len(), 1, "{dialect}: {values:?}");
            assert!(values[0].contains(called), "{dialect}: {values:?}");
        }
    }
    assert!(lanes.stable.requests().is_empty());
}

#[test]
fn nothing_that_a_stranger_says_of_a_lane_gets_through() {
    let lanes = Lanes::new();
    let gateway = lanes.gateway(&lanes.recipe(), &format!("read = {ALL}"));

    for dialect in Dialect::ALL {
        assert_eq!(
            lane(&gateway, &[(dialect.as_str(), &value(dialect, "canary"))]),
            "stable",
            "{dialect}"
        );
    }
    lane(
        &gateway,
        &[
            ("baggage", "userId=alice, X-MSE-Tag=gray;x, a=b"),
            ("X-Gray-Signature", "v1"),
        ],
    );
    lane(&gateway, &[("baggage", "userId=alice, a=b ;c")]);

    let seen = lanes.stable.requests();
    for one in &seen {
        assert_eq!(one.head.values("x-gray-version"), ["stable"]);
        for dialect in &Dialect::ALL[2..] {
            assert_eq!(one.head.value(dialect.as_str()), None, "{dialect}");
        }
        assert_eq!(one.head.value("x-gray-signature"), None);
    }
    let of_baggage = |at: usize| seen[at].head.value("baggage");
    assert_eq!(of_baggage(1), Some("userId=alice"));
    assert_eq!(of_baggage(9), Some("userId=alice,a=b"));
    assert_eq!(of_baggage(10), Some("userId=alice, a=b ;c"));
    assert_eq!(
        (stripped(&gateway, "unsigned"), stripped(&gateway, "malformed")),
        (9.0, 1.0)
    );
}

#[test]
fn metadata_of_a_call_over_http_2_force_a_lane_too() {
    let lanes = Lanes::new();
    let inner = lanes.gateway(&lanes.recipe().trusting(), &format!("read = {ALL}"));
    let lines = format!("endpoints = [\"{}\"]\nprotocol = \"http2\"\n", inner.address());
    // What this one does not speak goes on from a trusted peer; its own header would decide first.
    let outer = Recipe::new()
        .lane_lines("stable", &lines)
        .trusting()
        .more("[gray]\nwrite = []\nread = []\n")
        .start();

    for dialect in Dialect::ALL {
        let fields = [
            ("Content-Type", "application/grpc"),
            ("TE", "trailers"),
            (dialect.as_str(), &value(dialect, "canary")),
        ];

        assert_eq!(lane(&outer, &fields), "canary", "{dialect}");
    }
}

#[test]
fn the_first_dialect_decides_and_a_contradiction_is_counted_and_removed() {
    let lanes = Lanes::new();
    let read = r#"read = ["x-mse-tag", "baggage", "dubbo.tag"]"#;
    let gateway = lanes.gateway(&lanes.recipe().trusting(), read);
    let conflicts = || gateway.metrics().sum("graylane_gray_conflicts_total", &[]);

    let agreed = lane(
        &gateway,
        &[
            ("x-mse-tag", "gray"),
            ("baggage", "gray-version=canary"),
            ("x-sermant-version", "v9"),
        ],
    );
    let before = conflicts();
    let decided = lane(
        &gateway,
        &[
            ("dubbo.tag", "canary"),
            ("baggage", "a=b,gray-version=stable"),
            ("x-mse-tag", "stable"),
        ],
    );

    assert_eq!((agreed.as_str(), decided.as_str()), ("canary", "stable"));
    assert_eq!((before, conflicts()), (0.0, 1.0));
    let seen = lanes.stable.only_request();
    assert_eq!(seen.head.values("x-gray-version"), ["stable"]);
    assert_eq!(
        (seen.head.value("dubbo.tag"), seen.head.value("x-mse-tag")),
        (None, None)
    );
    assert_eq!(seen.head.value("baggage"), Some("a=b"));
    assert_eq!(
        lanes.canary.only_request().head.value("x-sermant-version"),
        Some("v9")
    );
}

#[test]
fn what_is_malformed_too_long_or_repeated_is_ignored_and_counted() {
    let lanes = Lanes::new();
    let gateway = lanes.gateway(&lanes.recipe().trusting(), &format!("read = {ALL}"));
    let long = "x".repeat(65);
    let baggage = format!("a={},gray-version=canary", "b".repeat(8192));
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("x-gray-version", "no lane")], "malformed"),
        (&[("n-d-version", r#"{"shop":"#)], "malformed"),
        (&[("baggage", "gray-version=%00")], "malformed"),
        (&[("x-mse-tag", &long)], "too-long"),
        (&[("baggage", &baggage)], "too-long"),
        (&[("dubbo.tag", "gray"), ("dubbo.tag", "stable")], "repeated"),
    ];

    for (at, (fields, _)) in cases.iter().enumerate() {
        let next = [fields, &[("x-sermant-version", "gray")][..]].concat();

        // Never an error, and the next dialect decides.
        assert_eq!(
            (lane(&gateway, fields), lane(&gateway, &next)),
            ("stable".into(), "canary".into()),
            "{at}"
        );
    }

    // Each request once more with another dialect; too long a `baggage` says nothing to its own and none to OpenSergo's.
    let metrics = gateway.metrics();
    let count = |reason| metrics.sum("graylane_gray_ignored_total", &[("reason", reason)]);
    assert_eq!(
        (count("malformed"), count("too-long"), count("repeated")),
        (6.0, 6.0, 2.0)
    );
}

#[test]
fn a_signed_lane_is_believed_and_nothing_else_of_its_request() {
    let lanes = Lanes::new();
    let gateway = lanes.gateway(&lanes.recipe(), &format!("read = {ALL}"));
    let signature = signed(KEY, "test.local", "gray", now() + 600);

    let answer = lane(
        &gateway,
        &[
            ("x-mse-tag", "gray"),
            ("X-Gray-Signature", &signature),
            ("X-Forwarded-For", "192.0.2.9"),
            ("x-asm-prefer-tag", "gray"),
        ],
    );

    assert_eq!(answer, "canary");
    let seen = lanes.canary.only_request();
    assert_eq!(seen.head.values("x-gray-version"), ["canary"]);
    assert_eq!(seen.head.values("x-forwarded-for"), ["127.0.0.1"]);
    for gone in ["x-gray-signature", "x-mse-tag", "x-asm-prefer-tag"] {
        assert_eq!(seen.head.value(gone), None, "{gone}");
    }
    assert_eq!(stripped(&gateway, "unsigned"), 0.0);
}

#[test]
fn a_signature_that_does_not_hold_strips_what_it_came_with() {
    let lanes = Lanes::new();
    let gateway = lanes.gateway(&lanes.recipe(), "max_age = \"10m\"");
    let good = signed(KEY, "test.local", "canary", now() + 300);
    let cases = [
        (signed(OTHER, "test.local", "canary", now() + 300), "forged"),
        (signed(KEY, "pay.example", "canary", now() + 300), "forged"),
        (signed(KEY, "test.local", "stable", now() + 300), "forged"),
        (signed(KEY, "test.local", "canary", now() - 1), "expired"),
        (signed(KEY, "test.local", "canary", now() + 900), "too-long-lived"),
        (good.replace("edge", "else"), "unknown-key"),
        (good.replace("v1:", "v1;"), "malformed"),
    ];

    for (signature, reason) in cases {
        let before = stripped(&gateway, reason);
        let fields = [
            ("X-Gray-Version", "canary"),
            ("X-Gray-Signature", signature.as_str()),
        ];

        assert_eq!(lane(&gateway, &fields), "stable", "{reason}");
        assert_eq!(stripped(&gateway, reason), before + 1.0, "{reason}");
    }
    let twice = [
        ("X-Gray-Version", "canary"),
        ("X-Gray-Signature", good.as_str()),
        ("X-Gray-Signature", good.as_str()),
    ];
    assert_eq!(lane(&gateway, &twice), "stable");
    assert_eq!(lane(&gateway, &[("X-Gray-Signature", good.as_str())]), "stable");
    assert_eq!(stripped(&gateway, "no-lane"), 1.0);
    assert_eq!(lane(&gateway, &twice[..2]), "canary");
}

#[test]
fn a_new_key_comes_into_use_without_a_restart_and_a_broken_one_does_not() {
    let lanes = Lanes::new();
    let gateway = lanes.gateway(&lanes.recipe(), "");
    let ask = |key| {
        let signature = signed(key, "test.local", "canary", now() + 300);
        lane(
            &gateway,
            &[("X-Gray-Version", "canary"), ("X-Gray-Signature", &signature)],
        )
    };
    let file = gateway.folder().join("edge.key");
    let before = (ask(KEY), ask(OTHER));

    replace(&file, "secret, but no key");
    gateway.until_rejected("is no key of signatures");
    let meanwhile = ask(KEY);
    replace(&file, OTHER);
    gateway.until_revision(2);

    assert_eq!(before, ("canary".into(), "stable".into()));
    assert_eq!(
        (meanwhile, ask(KEY), ask(OTHER)),
        ("canary".into(), "stable".into(), "canary".into())
    );
    assert!(!gateway.stderr().contains("secret"), "{}", gateway.stderr());
}

#[test]
fn a_client_with_a_named_certificate_is_believed() {
    let lanes = Lanes::new();
    let authority = Authority::new();
    let server = authority.give(&["127.0.0.1"]);
    let text = lanes
        .recipe()
        .more(
            "[listeners.secure]\naddress = \"127.0.0.1:0\"\n[listeners.secure.tls]\n\
             certificates = [{ certificate = \"s.pem\", key = \"s.key\" }]\nclient_ca = \"ca.pem\"\n\
             client_auth = \"optional\"\n[gray]\ncertificates = [\"Edge.Internal\"]\n",
        )
        .text();
    let inner = Setup::new(&text)
        .file("s.pem", &server.certificate)
        .file("s.key", &server.key)
        .file("ca.pem", authority.pem())
        .start();

    // The client is another gateway, which tells its lane.
    for protocol in ["http1", "http2"] {
        for (name, expected) in [
            (Some("edge.internal"), "canary"),
            (Some("eve.internal"), "stable"),
            (None, "stable"),
        ] {
            let issued = authority.give(&[name.unwrap_or("unused")]);
            let shown = name.map_or("", |_| ", certificate = \"c.pem\", key = \"c.key\"");
            let lines = format!(
                "endpoints = [\"https://{}\"]\nprotocol = {protocol:?}\ntls = {{ ca = \"ca.pem\"{shown} }}\n",
                inner.listener("secure")
            );
            let outer = Recipe::new()
                .lane_lines("stable", &lines)
                .lane_lines("canary", &lines)
                .trusting();
            let outer = Setup::new(&outer.text())
                .file("ca.pem", authority.pem())
                .file("c.pem", &issued.certificate)
                .file("c.key", &issued.key)
                .start();

            assert_eq!(
                lane(&outer, &[("X-Gray-Version", "canary")]),
                expected,
                "{protocol} {name:?}"
            );
        }
    }
    // Two strangers asked, each over both protocols.
    assert_eq!(stripped(&inner, "unsigned"), 4.0);
}

#[test]
fn an_explanation_tells_which_dialect_decided() {
    let lanes = Lanes::new();
    let gateway = lanes.gateway(&lanes.recipe().trusting(), &format!("read = {ALL}"));
    let query =
        "/explain?host=a&path=/&header=x-mse-tag:gray&header=dubbo.tag:stable&header=X-Gray-Version:a%20b";

    let trusted = gateway.ask(query).json();
    let stranger = gateway.ask(&format!("{query}&peer=192.0.2.1")).json();

    assert_eq!(
        (&trusted["lane"], &trusted["reason"]),
        (&"canary".into(), &"forced".into())
    );
    assert_eq!(trusted["gray"]["believed"], "peer");
    let outcomes: Vec<_> = trusted["gray"]["dialects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["dialect"].as_str().unwrap(), one["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(
        outcomes,
        [
            ("x-gray-version", "malformed"),
            ("x-mse-tag", "decides"),
            ("dubbo.tag", "contradicts")
        ]
    );
    assert_eq!(
        (&stranger["lane"], &stranger["gray"]["stripped"]),
        (&"stable".into(), &"unsigned".into())
    );
}

#[test]
fn gray_headers_of_an_endpoint_end_at_the_gateway() {
    let fields: String = Dialect::ALL
        .iter()
        .map(|one| format!("{one}: made-up\r\n"))
        .collect();
    let fields = fields + "X-Gray-Signature: made-up\r\nX-Stays: 1\r\n";
    let upstream = Upstream::start(move |turn| turn.fixed_with(200, &fields, "x"));
    let gateway = Recipe::to(upstream.address()).start();

    let answer = gateway.client().get("/", &[]);

    assert_eq!(answer.header("x-gray-version"), Some("stable"));
    for dialect in &Dialect::ALL[2..] {
        assert_eq!(answer.header(dialect.as_str()), None, "{dialect}");
    }
    assert_eq!(
        (answer.header("x-gray-signature"), answer.header("x-stays")),
        (None, Some("1"))
    );
}
