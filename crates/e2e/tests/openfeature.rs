//! Flags over HTTP while they change.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use graylane_testkit::{Client, Gateway, LIMIT, Recipe, Traffic, eventually};
use serde_json::Value;

const BODY: &[u8] = br#"{"context":{"targetingKey":"42"}}"#;
const RELOADS: u64 = 200;

/// Two flags that always change together.
fn flags(n: u64) -> String {
    let flag = |key: &str| {
        format!(
            "[flags.{key}]\nstate = \"enabled\"\ndefaultVariant = \"now\"\n[flags.{key}.variants]\nnow = {n}\n"
        )
    };
    flag("one") + &flag("two")
}

fn gateway() -> Gateway {
    Recipe::new()
        .lane_lines("stable", "respond = {}\n")
        .with_token()
        .more("[flags]\nfiles = [\"flags.toml\"]\n[ofrep]\naddress = \"127.0.0.1:0\"\n")
        .setup()
        .file("flags.toml", flags(1))
        .start()
}

/// All flags, as the protocol's bulk evaluation gives them.
fn ask(client: &mut Client, connection: (&str, &str)) -> Result<Value, String> {
    let fields = [("Content-Type", "application/json"), connection];
    let answer = client.try_request("POST", "/ofrep/v1/evaluate/flags", &fields, BODY)?;
    match answer.status {
        200 => Ok(answer.json()),
        status => Err(format!("{status}: {}", answer.text())),
    }
}

/// The revision of an answer, all of whose parts must be of that revision.
fn revision(answer: &Value) -> Option<u64> {
    let revision = answer["metadata"]["revision"].as_u64()?;
    let is_of_it = |flag: &Value| {
        flag["value"].as_u64() == Some(revision) && flag["metadata"]["revision"].as_u64() == Some(revision)
    };
    let flags = answer["flags"].as_array()?;
    (flags.len() == 2 && flags.iter().all(is_of_it)).then_some(revision)
}

#[test]
fn no_answer_fails_or_has_flags_of_two_revisions_and_none_is_older_than_one_before() {
    let gateway = gateway();
    // What was in use at the latest when a request was sent.
    let latest = std::sync::Arc::new(AtomicU64::new(1));
    let seen = std::sync::Arc::new(Mutex::new(BTreeSet::new()));
    let traffic = Traffic::start(gateway.ofrep(), 2, {
        let (latest, seen) = (std::sync::Arc::clone(&latest), std::sync::Arc::clone(&seen));
        move |client, connection| {
            let before = latest.load(SeqCst);
            let answer = ask(client, connection)?;
            let revision = revision(&answer).ok_or_else(|| format!("mixed: {answer}"))?;
            seen.lock().unwrap().insert(revision);
            (revision >= before)
                .then_some(())
                .ok_or_else(|| format!("{revision} after {before} was in use"))
        }
    });

    for n in 2..=RELOADS + 1 {
        let answer = gateway.order("PUT", "/flags", flags(n));
        assert_eq!(answer.json()["revision"], n, "{}", answer.text());
        latest.store(n, SeqCst);
    }
    traffic.until_more(10);
    let answers = traffic.end();

    let seen = seen.lock().unwrap().len();
    eprintln!("{answers} answers of {seen} revisions during {RELOADS} reloads");
    assert!(seen > 10, "{seen}");
}

#[test]
fn a_reload_changes_the_tag_and_a_known_tag_gets_304() {
    let gateway = gateway();
    let mut client = Client::connect(gateway.ofrep());
    let mut ask = |tag: &str| {
        let fields = [("Content-Type", "application/json"), ("If-None-Match", tag)];
        let answer = client
            .try_request("POST", "/ofrep/v1/evaluate/flags", &fields, BODY)
            .unwrap();
        (
            answer.status,
            answer.header("etag").unwrap_or_default().to_owned(),
        )
    };

    let (first, tag) = ask("\"none\"");
    let (known, _) = ask(&tag);
    gateway.order("PUT", "/flags", flags(2));
    let (changed, other) = ask(&tag);

    assert_eq!((first, known, changed), (200, 304, 200));
    assert_ne!(tag, other);
}

#[test]
fn a_stream_tells_of_each_reload() {
    let gateway = gateway();
    let mut stream = Client::connect(gateway.ofrep());
    stream.send("GET /ofrep/v1/sse HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n");
    let (head, _) = stream.response_head().unwrap();
    let mut text = String::new();
    let mut until = |count: usize| {
        eventually(LIMIT, &format!("{count} events came"), || {
            let bytes = stream.wire().some().unwrap();
            text.push_str(&String::from_utf8_lossy(&bytes));
            text.matches("refetchEvaluation").count() >= count
        });
    };

    until(1);
    gateway.order("PUT", "/flags", flags(2));
    until(2);
    // The same flags again are no news.
    gateway.order("PUT", "/flags", flags(2));
    gateway.order("PUT", "/flags", flags(3));
    until(3);

    assert_eq!(head.value("content-type"), Some("text/event-stream"));
    assert_eq!(text.matches("refetchEvaluation").count(), 3, "{text}");
}

#[test]
fn keys_and_origins_of_the_flag_server_change_live() {
    let gateway = gateway();
    let text = std::fs::read_to_string(gateway.file()).unwrap();
    let with_key = format!(
        "{text}cors = [\"https://app.example\"]\n[ofrep.keys.web]\n\
         sha256 = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"\n"
    );
    let ask = |field: (&str, &str)| {
        let fields = [("Origin", "https://app.example"), ("Connection", "close"), field];
        Client::connect(gateway.ofrep())
            .try_request("POST", "/ofrep/v1/evaluate/flags", &fields, BODY)
            .unwrap()
    };
    let open = ask(("X-A", "b"));

    gateway.order("PUT", "/config", with_key);

    let with = ask(("X-API-Key", "test"));
    assert_eq!(
        (open.status, open.header("access-control-allow-origin")),
        (200, None)
    );
    assert_eq!(ask(("X-A", "b")).status, 401);
    assert_eq!(
        (with.status, with.header("access-control-allow-origin")),
        (200, Some("https://app.example"))
    );
}
