use graylane_wire::{Table, parse_trailers};

use super::*;

const BAGGAGE: &str =
    "baggage: userId=alice, gray-version=evil;x, x-opensergo-traffic=evil, X-MSE-Tag=evil,a=b";

fn speaks(read: &[Dialect], write: &[Dialect]) -> Policy {
    Policy {
        read: read.into(),
        write: write.into(),
        ..Policy::default()
    }
}

/// The lines that go on of these, for the lane `canary` with the tag `gray` of the service `shop`.
fn onward(policy: &Policy, is_believed: bool, lines: &[&str]) -> Vec<String> {
    let mut table = Table::new();
    let section = lines.iter().map(|line| format!("{line}\r\n")).collect::<String>() + "\r\n";
    let fields = parse_trailers(section.as_bytes(), &mut table).unwrap();
    let onward = Onward {
        policy,
        spoken: Spoken::new(policy),
        is_believed,
        service: "shop",
        lane: "canary",
        tag: "gray",
    };
    let mut out = Vec::new();
    let dropped = onward.dropped(fields);
    fields.copy_to(&mut out, |field| !dropped.contains(field.known));
    onward.write(fields, dropped, &mut out);
    let text = String::from_utf8(out).unwrap();
    text.split_terminator("\r\n").map(str::to_owned).collect()
}

#[test]
fn every_dialect_has_a_field_of_its_name() {
    for dialect in Dialect::ALL {
        let field = known(dialect);

        assert_eq!(field.name(), dialect.as_str());
        assert_eq!(LANE_FIELDS.contains(field), dialect != Dialect::Baggage);
        assert!(FIELDS.contains(field));
    }
}

#[test]
fn each_dialect_that_is_written_says_the_lane_and_nothing_else_does() {
    let came: Vec<String> = Dialect::ALL.iter().map(|one| format!("{one}: evil")).collect();
    let came: Vec<&str> = came.iter().map(String::as_str).collect();

    for is_believed in [true, false] {
        assert_eq!(
            onward(&speaks(&Dialect::ALL, &Dialect::ALL), is_believed, &came),
            [
                "x-gray-version: canary",
                "x-mse-tag: gray",
                "x-asm-prefer-tag: gray",
                "x-opensergo-traffic: gray",
                "n-d-version: gray",
                "dubbo.tag: gray",
                "x_version_tag: gray",
                "x-sermant-version: gray",
                "baggage: gray-version=canary,evil",
            ]
        );
        assert_eq!(
            onward(&speaks(&Dialect::ALL, &[]), is_believed, &came[2..]),
            [""; 0]
        );
    }
}

#[test]
fn what_is_not_spoken_goes_on_from_a_believed_peer_only() {
    let came = [
        "X-Gray-Version: a",
        "X-MSE-Tag: b",
        "Baggage: gray-version=c",
        "X-Plain: d",
    ];
    let usual = Policy::default();

    assert_eq!(
        onward(&usual, true, &came),
        [
            "X-MSE-Tag: b",
            "Baggage: gray-version=c",
            "X-Plain: d",
            "x-gray-version: canary"
        ]
    );
    assert_eq!(
        onward(&usual, false, &came),
        ["X-Plain: d", "x-gray-version: canary"]
    );
}

#[test]
fn of_baggage_only_what_names_a_lane_is_taken_out() {
    let both = speaks(&[Dialect::Baggage], &[Dialect::Baggage]);
    let read = speaks(&[Dialect::Baggage], &[]);
    let came = [BAGGAGE, "baggage: c=d", "X-Plain: d"];

    assert_eq!(
        onward(&both, true, &came),
        [
            "X-Plain: d",
            "baggage: gray-version=canary,userId=alice,x-opensergo-traffic=evil,X-MSE-Tag=evil,a=b,c=d"
        ]
    );
    assert_eq!(
        onward(&both, false, &came),
        ["X-Plain: d", "baggage: gray-version=canary,userId=alice,a=b,c=d"]
    );
    assert_eq!(
        onward(&read, false, &came),
        ["X-Plain: d", "baggage: userId=alice,a=b,c=d"]
    );
    assert_eq!(
        onward(&both, true, &["X-Plain: d"])[1],
        "baggage: gray-version=canary"
    );
    // Not touched where there is nothing to take out.
    let fine = ["baggage: a = b ; c, d=e"];
    assert_eq!(onward(&read, false, &fine), fine);
}

#[test]
fn versions_of_other_services_stay_where_the_peer_is_believed() {
    let policy = speaks(&[Dialect::NdVersion], &[Dialect::NdVersion]);
    let came = [r#"n-d-version: {"pay":"1.0","shop":"2"}"#];

    assert_eq!(
        onward(&policy, true, &came),
        [r#"n-d-version: {"pay":"1.0","shop":"gray"}"#]
    );
    assert_eq!(onward(&policy, false, &came), ["n-d-version: gray"]);
}
