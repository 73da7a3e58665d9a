use proptest::prelude::*;

use super::*;
use crate::json::tests::read_back;

const ALL: &str = "sample = 100";

#[test]
fn a_line_has_everything_that_is_documented_in_that_order() {
    let (canary, head) = (
        decision(1),
        head("/cart?a=1", &[("accept", b"a"), ("via", b"x"), ("via", b"y")]),
    );

    let text = text_of(ALL, &[exchange(&canary, trace(1), Some(&head))]);

    let (before, after) = text.split_at(r#"{"time":""#.len());
    let (time, rest) = after.split_at("2026-01-01T00:00:00.000Z".len());
    assert_eq!(before, r#"{"time":""#);
    assert!(humantime::parse_rfc3339(time).is_ok(), "{time}");
    assert_eq!(
        rest,
        concat!(
            r#"","trace":"00000000000000000000000000000001","service":"shop","lane":"canary","#,
            r#""reason":"weight","bucket":28899,"revision":3,"method":"GET","target":"/cart?a=1","status":200,"#,
            r#""fault":null,"duration_ms":12.345,"received":10,"sent":20,"retries":1,"endpoint":"10.0.0.1:80","#,
            r#""complete":true,"headers":{"accept":"a","via":["x","y"]}}"#,
            "\n"
        )
    );
}

#[test]
fn what_is_not_known_is_null() {
    let canary = decision(1);
    let unanswered = Exchange {
        endpoint: None,
        status: 0,
        fault: Some(Fault::UpstreamTimeout),
        ..exchange(&canary, trace(1), None)
    };

    let lines = parsed(&text_of(ALL, &[unanswered]));

    let line = &lines[0];
    for key in ["method", "target", "status", "endpoint"] {
        assert_eq!(line[key], Value::Null, "{key}");
    }
    assert_eq!(line["fault"], "upstream-timeout");
    assert_eq!(line.get("headers"), None);
}

#[test]
fn the_flag_that_chose_the_lane_is_named_with_its_variant() {
    let mut canary = decision(1);
    canary.reason = Reason::Flag;
    let chosen = Exchange {
        flag: Some(FlagNames {
            flag: "shop-\"v2\"",
            variant: "on",
        }),
        ..exchange(&canary, trace(1), None)
    };

    let text = text_of(ALL, &[chosen, exchange(&canary, trace(2), None)]);

    let lines = parsed(&text);
    assert_eq!(
        (&lines[0]["flag"], &lines[0]["variant"]),
        (&"shop-\"v2\"".into(), &"on".into())
    );
    assert_eq!((lines[1].get("flag"), lines[1].get("variant")), (None, None));
}

#[test]
fn headers_can_be_left_out() {
    let (canary, head) = (decision(1), head("/", &[("accept", b"a")]));

    let lines = parsed(&text_of(
        "sample = 100\nheaders = false",
        &[exchange(&canary, trace(1), Some(&head))],
    ));

    assert_eq!(lines[0].get("headers"), None);
}

#[test]
fn redacted_headers_keep_their_names_and_lists_add_to_the_built_in_ones() {
    let headers: [(&str, &[u8]); 6] = [
        ("authorization", b"Bearer s3cret"),
        ("cookie", b"a=s3cret"),
        ("cookie", b"b=s3cret"),
        ("x-api-key", b"s3cret"),
        ("x-mine", b"s3cret"),
        ("referer", b"https://me:s3cret@host/?code=s3cret"),
    ];
    let (canary, head) = (decision(1), head("/?mine=s3cret&token=s3cret", &headers));

    let text = text_of(
        "sample = 100\nredact_headers = [\"X-Mine\"]\nredact_query = [\"MINE\"]",
        &[exchange(&canary, trace(1), Some(&head))],
    );

    let line = &parsed(&text)[0];
    assert!(!text.contains("s3cret"), "{text}");
    assert_eq!(line["target"], "/?mine=[redacted]&token=[redacted]");
    assert_eq!(line["headers"]["authorization"], "[redacted]");
    assert_eq!(line["headers"]["cookie"][1], "[redacted]");
    assert_eq!(
        line["headers"]["referer"],
        "https://[redacted]@host/?code=[redacted]"
    );
}

#[test]
fn baseline_and_what_has_no_lane_are_never_logged() {
    let (stable, canary) = (decision(0), decision(1));
    let lost = Exchange {
        decision: None,
        ..exchange(&canary, trace(1), None)
    };

    let text = text_of(ALL, &[exchange(&stable, trace(1), None), lost]);

    assert_eq!(text, "");
}

#[test]
fn a_head_is_wanted_exactly_where_a_line_is_written() {
    let canary = decision(1);
    let memory = Memory::default();
    let recorder = Recorder::over(plan("sample = 50"), Arc::new(topology()), memory.open(), QUICK).unwrap();
    let traces = (1..500).map(trace);

    let wanted: Vec<String> = traces
        .clone()
        .filter(|&trace| recorder.wants_head(&canary, trace))
        .map(|trace| trace.to_string())
        .collect();
    traces.for_each(|trace| recorder.observe(&exchange(&canary, trace, None)));
    recorder.stop();

    let logged: Vec<String> = parsed(&memory.text())
        .iter()
        .map(|line| line["trace"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(wanted, logged);
    assert!(traces_are_decided_the_same_by_another_gateway(&wanted));
}

fn traces_are_decided_the_same_by_another_gateway(wanted: &[String]) -> bool {
    let other = Recorder::over(
        plan("sample = 50"),
        Arc::new(topology()),
        Memory::default().open(),
        QUICK,
    )
    .unwrap();
    let decided = (1..500).map(trace).filter(|&t| other.wants_head(&decision(1), t));
    decided.map(|trace| trace.to_string()).eq(wanted.iter().cloned())
}

#[test]
fn the_share_of_what_is_sampled_is_the_one_asked_for() {
    const TRACES: u128 = 200_000;
    let canary = decision(1);
    for percent in [0.0, 0.5, 10.0, 33.333, 100.0] {
        let recorder = Recorder::over(
            plan(&format!("sample = {percent:?}")),
            Arc::new(topology()),
            Memory::default().open(),
            QUICK,
        )
        .unwrap();

        let sampled = (1..=TRACES)
            .filter(|&number| recorder.wants_head(&canary, trace(number)))
            .count();

        let (share, all) = (percent / 100.0, TRACES as f64);
        // Five standard deviations of a binomial distribution.
        let tolerance = 5.0 * (all * share * (1.0 - share)).sqrt();
        let off = (sampled as f64 - all * share).abs();
        assert!(off <= tolerance, "{percent} %: {sampled} of {TRACES}");
    }
}

/// A word in any case, with some of its bytes percent-encoded, once or twice.
fn disguised(word: &'static str) -> impl Strategy<Value = String> {
    let disguise = (any::<bool>(), 0..5_u8);
    prop::collection::vec(disguise, word.len()).prop_map(move |disguises| {
        let mut out = String::new();
        for (c, (upper, how)) in word.chars().zip(disguises) {
            let c = if upper { c.to_ascii_uppercase() } else { c };
            match how {
                0 => out += &format!("%{:02x}", c as u32),
                1 => out += &format!("%{:02X}", c as u32),
                2 => out += &format!("%25{:02X}", c as u32),
                _ => out.push(c),
            }
        }
        out
    })
}

fn any_case(word: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec(any::<bool>(), word.len()).prop_map(move |upper| {
        let letters = word.chars().zip(upper);
        letters
            .map(|(c, upper)| if upper { c.to_ascii_uppercase() } else { c })
            .collect()
    })
}

/// What an attentive reader could make of a line: all layers of percent-encoding taken off.
fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(at) = (0..text.len().saturating_sub(2)).find(|&at| {
        let bytes = &text.as_bytes()[at..at + 3];
        bytes[0] == b'%' && bytes[1..].iter().all(u8::is_ascii_hexdigit)
    }) {
        let byte = u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap();
        text.replace_range(at..at + 3, &char::from(byte).to_string());
    }
    text
}

fn query_names() -> impl Strategy<Value = String> {
    let words = [
        "token",
        "password",
        "secret",
        "access_token",
        "api_key",
        "code",
        "my-own",
    ];
    prop::sample::select(words.to_vec()).prop_flat_map(disguised)
}

fn header_names() -> impl Strategy<Value = String> {
    let words = [
        "authorization",
        "cookie",
        "set-cookie",
        "proxy-authorization",
        "x-api-key",
        "x-my-own",
    ];
    prop::sample::select(words.to_vec()).prop_flat_map(any_case)
}

/// Names and values that hide nothing, with everything that could confuse.
fn noise() -> impl Strategy<Value = String> {
    "[a-z0-9/?&;#=%@:,\\[\\]\" ]{0,20}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_secret_of_a_redacted_field_never_appears_in_any_case_or_encoding(
        name in query_names(),
        secret in disguised("zq7wx"),
        header in header_names(),
        (before, after) in (noise(), noise()),
        separator in prop::sample::select(vec!["?", "&", ";", "?user[", "%3F", "%26", "%253f"]),
        equals in prop::sample::select(vec!["=", "%3D", "%253d"]),
        tail in prop::sample::select(vec!["", "%26", ";", "#", "/", "@", "//x@"]),
    ) {
        let url = format!("https://me:{secret}@host/{before}{separator}{name}{equals}{secret}{tail}{secret}&{after}");
        let headers = [(header.as_str(), secret.as_bytes()), ("referer", url.as_bytes())];
        let (canary, head) = (decision(1), head(&url, &headers));

        let text = text_of(
            "sample = 100\nmax_value = 65536\nredact_headers = [\"x-my-own\"]\nredact_query = [\"my-own\"]",
            &[exchange(&canary, trace(1), Some(&head))],
        );

        let line = &parsed(&text)[0];
        prop_assert!(!decoded(&text).to_ascii_lowercase().contains("zq7wx"), "{}", text);
        prop_assert_eq!(&line["headers"][&header], "[redacted]");
    }

    #[test]
    fn every_line_is_one_json_object_with_all_that_was_sent(
        (method, target) in (".{1,20}", "[^=@%]{1,40}"),
        mut headers in prop::collection::vec(("[a-z0-9]{1,3}", prop::collection::vec(any::<u8>(), 0..40)), 0..12),
        status in 0..600_u16,
    ) {
        // What is taken out is another test's matter.
        for (_, value) in &mut headers {
            value.retain(|b| !b"=@%".contains(b));
        }
        let borrowed: Vec<(&str, &[u8])> = headers.iter().map(|(n, v)| (n.as_str(), v.as_slice())).collect();
        let (canary, mut head) = (decision(1), head(&target, &borrowed));
        head.method = method.as_str().into();
        let shown = Exchange { status, ..exchange(&canary, trace(1), Some(&head)) };

        let text = text_of(ALL, &[shown]);

        let lines = parsed(&text);
        prop_assert_eq!(lines.len(), 1);
        prop_assert!(!text.trim_end_matches('\n').chars().any(char::is_control));
        let bytes = |value: &Value| read_back(value.as_str().unwrap()).0;
        prop_assert_eq!(bytes(&lines[0]["method"]), method.as_bytes());
        prop_assert_eq!(bytes(&lines[0]["target"]), target.as_bytes());
        for (name, _) in &headers {
            let sent: Vec<_> = headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.clone()).collect();
            let logged = match &lines[0]["headers"][name] {
                Value::Array(several) => several.iter().map(bytes).collect(),
                one => vec![bytes(one)],
            };
            prop_assert_eq!(sent, logged);
        }
    }
}

#[test]
fn a_lane_that_fell_back_names_who_answered() {
    let canary = decision(1);
    let fell_back = Exchange {
        fallback: Some(LaneId(0)),
        ..exchange(&canary, trace(1), None)
    };

    let lines = parsed(&text_of(ALL, &[fell_back, exchange(&canary, trace(2), None)]));

    assert_eq!(
        (&lines[0]["lane"], &lines[0]["fallback"]),
        (&"canary".into(), &"stable".into())
    );
    assert_eq!(lines[1].get("fallback"), None);
}
