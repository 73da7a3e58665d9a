//! The example of the README does what it says, with no other server.

use std::path::Path;
use std::process::Command;

use graylane_testkit::{Client, Gateway, Setup, binary, run};

fn example() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/quickstart.toml")
}

#[test]
fn the_quickstart_passes_the_check_as_it_stands() {
    let ran = run(Command::new(binary()).args(["check", "-c"]).arg(example()));

    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn the_quickstart_answers_from_two_lanes_and_users_stick() {
    let text = std::fs::read_to_string(example()).unwrap();
    let anywhere = text
        .replace("127.0.0.1:8080", "127.0.0.1:0")
        .replace("127.0.0.1:9900", "127.0.0.1:0");
    assert!(anywhere.matches("127.0.0.1:0").count() >= 2, "{anywhere}");
    let gateway = Gateway::start(&anywhere);
    let mut client = gateway.client();
    let mut ask = |user: usize| {
        let response = client.get("/", &[("X-User-Id", &user.to_string())]);
        let lane = response.header("x-gray-version").unwrap_or_default().to_owned();
        assert_eq!(
            (response.status, response.text()),
            (200, format!("hello from {lane}\n"))
        );
        lane
    };

    let once: Vec<_> = (0..200).map(&mut ask).collect();
    let again: Vec<_> = (0..200).map(&mut ask).collect();

    assert_eq!(once, again);
    let canaries = once.iter().filter(|lane| *lane == "canary").count();
    assert!((30..=90).contains(&canaries), "{canaries} of 200 at 30 %");
}

#[test]
fn the_example_with_flags_does_what_the_readme_says() {
    let folder = example().parent().unwrap().to_owned();
    let text = std::fs::read_to_string(folder.join("flagged.toml")).unwrap();
    let anywhere = ["8080", "9900", "8016"].iter().fold(text, |text, port| {
        text.replace(&format!("127.0.0.1:{port}"), "127.0.0.1:0")
    });
    let flags = std::fs::read_to_string(folder.join("flags.toml")).unwrap();
    let setup = Setup::new(&anywhere)
        .file("flags.toml", &flags)
        .variable("GRAYSCALE_ON", "true");
    let gateway = setup.start();
    let ask = |fields: &[(&str, &str)]| gateway.client().get("/", fields).text();

    let before = ask(&[("X-User-Id", "10")]);
    std::fs::write(setup.path("flags.toml"), flags.replace("gray-20", "gray-0.5")).unwrap();
    gateway.until_revision(2);
    let after = ask(&[("X-User-Id", "10")]);
    let asked_for = ask(&[("X-User-Id", "10"), ("Cookie", "beta=yes")]);
    let evaluated = Client::connect(gateway.ofrep())
        .post(
            "/ofrep/v1/evaluate/flags/shop-v2",
            br#"{"context":{"targetingKey":"10"}}"#,
        )
        .text();

    assert_eq!(
        [before, after, asked_for],
        [
            "hello from canary\n",
            "hello from stable\n",
            "hello from canary\n"
        ]
    );
    assert_eq!(
        evaluated,
        r#"{"key":"shop-v2","reason":"SPLIT","variant":"off","value":false,"metadata":{"revision":2}}"#
    );
}
