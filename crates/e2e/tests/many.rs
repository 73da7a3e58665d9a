//! Many flags.

use std::fmt::Write;

use graylane_testkit::{Recipe, Setup, Traffic};

const FLAGS: u64 = 10_000;
/// A build without optimisation, as most tests use, takes a second or more for each on a busy machine.
const RELOADS: u64 = 4;

/// Gray flags, every tenth with a rule.
fn flags(n: u64) -> String {
    let mut text = String::new();
    for flag in 0..FLAGS {
        let share = (n + flag) % 101;
        let _infallible = write!(text, "[flags.flag-{flag}]\nstate = \"gray-{share}\"\n");
        if flag % 10 == 0 {
            text += "[flags.flag-";
            let _infallible = write!(
                text,
                "{flag}.targeting]\nif = [{{ \"==\" = [{{ var = \"country\" }}, \"DE\"] }}, \"on\"]\n"
            );
        }
    }
    text
}

fn setup() -> Setup {
    Recipe::new()
        .lane_lines("stable", "respond = {}\n")
        .lane_lines("canary", "flag = \"flag-50\"\nrespond = {}\n")
        .server("state = \"state\"")
        .with_token()
        .more("[flags]\nfiles = [\"flags.toml\"]\n[ofrep]\naddress = \"127.0.0.1:0\"\n")
        .setup()
        .file("flags.toml", flags(0))
        .argument("--grayscale-on")
}

#[test]
fn ten_thousand_flags_are_replaced_while_readers_go_on() {
    let gateway = setup().start();
    let visitors = Traffic::start(gateway.address(), 1, |client, connection| {
        let answer = client.try_request("GET", "/", &[connection], b"")?;
        (answer.status == 200).then_some(()).ok_or_else(|| answer.text())
    });
    let evaluations = Traffic::start(gateway.ofrep(), 1, |client, connection| {
        let body = br#"{"context":{"targetingKey":"42"}}"#;
        let answer = client.try_request("POST", "/ofrep/v1/evaluate/flags/flag-9999", &[connection], body)?;
        let split = answer.json()["reason"] == "SPLIT";
        (answer.status == 200 && split)
            .then_some(())
            .ok_or_else(|| answer.text())
    });
    visitors.until_more(10);

    let mut times = Vec::new();
    for n in 1..=RELOADS {
        let answer = gateway.order("PUT", "/flags", flags(n)).json();
        assert_eq!(
            (&answer["outcome"], &answer["changes"]),
            (&"accepted".into(), &FLAGS.into()),
            "{answer}"
        );
        times.push(gateway.metrics().sum("graylane_config_reload_seconds", &[]) * 1000.0);
        visitors.until_more(10);
        evaluations.until_more(10);
    }

    let answers = visitors.end() + evaluations.end();
    eprintln!("{FLAGS} flags reloaded in ms: {times:.1?}; {answers} answers meanwhile");
    assert_eq!(gateway.metrics().sum("graylane_flags", &[]), FLAGS as f64);
}
