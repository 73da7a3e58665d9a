//! The example of the README does what it says, with no other server.

use std::path::Path;
use std::process::Command;

use graylane_testkit::{Gateway, binary, run};

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
