use super::*;
use crate::{Finding, Ignored, Signature, Stripped, explain, find};

/// As `openssl dgst -sha256 -mac HMAC -macopt hexkey:abab…` has it over the five lines.
const MAC: &str = "f2616644ea921b7b357d3ac50b47d6e110251f75447eea5524a0413fe11c5fe0";

#[test]
fn a_signature_is_what_stock_tools_make_of_the_same_text() {
    let signature = signed(("edge", 0xab), "SHOP.example.", "canary", 2_000_000_000);

    assert_eq!(signature, format!("v1:edge:2000000000:{MAC}"));
    assert_eq!(
        Signature::read(signature.as_bytes()).unwrap().to_string(),
        signature
    );
}

#[test]
fn a_peer_is_believed_in_each_dialect_and_a_stranger_in_none() {
    for dialect in Dialect::ALL {
        let value = match dialect {
            Dialect::Baggage => "a=b, gray-version=canary",
            Dialect::NdVersion => r#"{"pay":"1.0","shop":"canary"}"#,
            _ => "canary",
        };
        let asked = Asked::default().with(dialect.as_str(), value);

        assert_eq!(peer(&asked).said, Some((dialect, tag("canary"))), "{dialect}");
        let refused = stranger(&asked);
        assert_eq!(
            (refused.said, refused.stripped),
            (None, Some(Stripped::Unsigned)),
            "{dialect}"
        );
    }
}

#[test]
fn a_stranger_who_says_nothing_of_a_lane_has_nothing_stripped() {
    let plain = Asked::default()
        .with("x-user-id", "1")
        .with("baggage", "userId=alice");
    let lenient = Asked::default().with("baggage", "userId=alice, X-MSE-Tag=gray");

    assert_eq!(stranger(&plain), Verdict::default());
    assert_eq!(stranger(&lenient).stripped, Some(Stripped::Unsigned));
}

#[test]
fn a_valid_signature_makes_the_lane_believed_in_whichever_dialect_it_stands() {
    for name in ["x-gray-version", "x-mse-tag", "dubbo.tag"] {
        for key in [("edge", 0xab), ("old", 0xcd)] {
            let signature = signed(key, "shop.example", "canary", NOW + 3600);
            let asked = Asked::default()
                .with(name, "canary")
                .with("x-gray-signature", signature);

            let verdict = stranger(&asked);

            assert_eq!(verdict.said.map(|(_, tag)| tag), Some(tag("canary")), "{name}");
            assert_eq!(verdict.stripped, None);
        }
    }
}

#[test]
fn each_way_in_which_a_signature_fails_has_its_reason() {
    let good = |expires| signed(("edge", 0xab), "shop.example", "canary", expires);
    let mut broken = good(NOW + 9);
    broken.replace_range(broken.len() - 1.., if broken.ends_with('0') { "1" } else { "0" });
    let cases = [
        (good(NOW), Stripped::Expired),
        (good(NOW - 1), Stripped::Expired),
        (good(NOW + 3601), Stripped::TooLongLived),
        (good(u64::MAX), Stripped::TooLongLived),
        (broken, Stripped::Forged),
        (
            signed(("edge", 0xcd), "shop.example", "canary", NOW + 9),
            Stripped::Forged,
        ),
        (
            signed(("edge", 0xab), "pay.example", "canary", NOW + 9),
            Stripped::Forged,
        ),
        (
            signed(("edge", 0xab), "shop.example", "stable", NOW + 9),
            Stripped::Forged,
        ),
        // Another name of the same lane: what is signed is what stands in the field.
        (
            signed(("edge", 0xab), "shop.example", "gray", NOW + 9),
            Stripped::Forged,
        ),
        (
            signed(("else", 0xab), "shop.example", "canary", NOW + 9),
            Stripped::UnknownKey,
        ),
        (good(NOW + 9).replace("v1", "v2"), Stripped::Malformed),
        (good(NOW + 9).replace(":1", ":+1"), Stripped::Malformed),
        (good(NOW + 9).replace(":1", ":01"), Stripped::Malformed),
        (good(NOW + 9) + ":", Stripped::Malformed),
        (good(NOW + 9) + "00", Stripped::Malformed),
        ("v1:edge".to_owned(), Stripped::Malformed),
        (String::new(), Stripped::Malformed),
    ];

    for (signature, expected) in cases {
        let asked = Asked::default()
            .with("x-gray-version", "canary")
            .with("x-gray-signature", &signature);

        let verdict = stranger(&asked);

        assert_eq!(
            (verdict.said, verdict.stripped),
            (None, Some(expected)),
            "{signature}"
        );
    }
}

#[test]
fn a_signature_is_for_one_lane_and_comes_once() {
    let good = signed(("edge", 0xab), "shop.example", "canary", NOW + 9);
    let alone = Asked::default().with("x-gray-signature", &good);
    let twice = alone
        .clone()
        .with("x-gray-signature", &good)
        .with("x-gray-version", "canary");
    // The dialect that comes first decides, so a signed one behind it does not help.
    let behind = alone
        .clone()
        .with("x-gray-version", "blue")
        .with("x-mse-tag", "canary");
    let nowhere = Asked {
        host: Some(""),
        ..Asked::default()
    }
    .with("x-gray-version", "canary")
    .with("x-gray-signature", signed(("edge", 0xab), "", "canary", NOW + 9));

    assert_eq!(stranger(&alone).stripped, Some(Stripped::NoLane));
    assert_eq!(stranger(&twice).stripped, Some(Stripped::Malformed));
    assert_eq!(stranger(&behind).stripped, Some(Stripped::Forged));
    assert_eq!(stranger(&nowhere).stripped, Some(Stripped::Forged));
}

#[test]
fn the_first_well_formed_dialect_decides_and_contradiction_is_noticed() {
    let asked = |fields: &[(&str, &str)]| {
        let mut asked = Asked::default();
        for (name, value) in fields {
            asked = asked.with(name, value);
        }
        peer(&asked)
    };

    let agreed = asked(&[
        ("x-gray-version", "canary"),
        ("x-mse-tag", "gray"),
        ("dubbo.tag", "canary"),
    ]);
    let contradicted = asked(&[("x-mse-tag", "stable"), ("baggage", "gray-version=canary")]);
    let skipped = asked(&[
        ("x-gray-version", "no lane"),
        ("n-d-version", r#"{"pay":"1"}"#),
        ("dubbo.tag", "gray"),
    ]);
    let unknown = asked(&[("x-gray-version", "blue"), ("x-mse-tag", "green")]);

    assert_eq!(agreed.said, Some((Dialect::GrayVersion, tag("canary"))));
    assert!(!agreed.is_contradicted);
    assert_eq!(contradicted.said, Some((Dialect::Baggage, tag("canary"))));
    assert!(contradicted.is_contradicted && unknown.is_contradicted);
    assert_eq!(skipped.said, Some((Dialect::DubboTag, tag("gray"))));
    assert_eq!(skipped.ignored, [1, 0, 0]);
}

#[test]
fn the_same_field_twice_counts_only_where_it_says_the_same() {
    let same = Asked::default()
        .with("x-mse-tag", "gray")
        .with("x-mse-tag", "gray");
    let other = same.clone().with("x-mse-tag", "blue");
    let found = |asked: &Asked| find(Dialect::MseTag, "gray-version", asked);

    assert_eq!(found(&same), Finding::Said(tag("gray")));
    assert_eq!(found(&other), Finding::Ignored(Ignored::Repeated));
}

#[test]
fn opensergo_also_speaks_in_baggage() {
    let asked = Asked::default().with("baggage", "x-opensergo-traffic=Gray");

    let found = find(Dialect::OpenSergo, "gray-version", &asked);

    assert_eq!(found, Finding::Said(tag("Gray")));
}

#[test]
fn an_explanation_says_which_dialect_decided_and_why_others_did_not() {
    let asked = Asked::default()
        .with("x-gray-version", "a b")
        .with("baggage", "gray-version=canary")
        .with("x-mse-tag", "gray")
        .with("dubbo.tag", "stable")
        .with("x_version_tag", "canary");
    let policy = Policy {
        read: Dialect::ALL
            .into_iter()
            .filter(|&one| one != Dialect::VersionTag)
            .collect(),
        ..policy()
    };
    let outcomes = |is_believed| {
        let explained = explain(&policy, &asked, is_believed, || NOW).unwrap();
        let all: Vec<_> = explained
            .dialects
            .iter()
            .map(|one| (one.dialect, one.outcome))
            .collect();
        (explained.believed, explained.stripped, all)
    };

    let (believed, stripped, all) = outcomes(true);

    assert_eq!((believed, stripped), ("peer", None));
    assert_eq!(
        all,
        [
            ("x-gray-version", "malformed"),
            ("baggage", "decides"),
            ("x-mse-tag", "agrees"),
            ("dubbo.tag", "contradicts"),
            ("x_version_tag", "not-read"),
        ]
    );
    let (believed, stripped, all) = outcomes(false);
    assert_eq!(
        (believed, stripped, all[1].1),
        ("nobody", Some("unsigned"), "stripped")
    );
    assert_eq!(explain(&policy, &Asked::default(), true, || NOW), None);
}

#[test]
fn what_of_baggage_goes_on_depends_on_who_sent_it_and_on_what_is_spoken() {
    let usual = Policy::default();
    let speaks = Policy {
        write: [Dialect::Baggage].into(),
        ..Policy::default()
    };
    let goes = |policy: &Policy, is_believed| {
        [
            "gray-version=a",
            "x-opensergo-traffic=a",
            "x-mse-tag=a",
            "userId=a",
        ]
        .map(|member| !policy.is_of_lane(member.as_bytes(), is_believed))
    };

    assert_eq!(goes(&usual, false), [false, false, false, true]);
    assert_eq!(goes(&usual, true), [true, true, true, true]);
    assert_eq!(goes(&speaks, true), [false, true, true, true]);
}
