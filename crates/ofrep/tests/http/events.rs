//! The event stream.

use std::time::Duration;

use graylane_ofrep::{Limits, Settings};
use serde_json::Value;

use crate::kit::{Line, Site, key, set, until, usual};
use crate::schema;

const STREAM: &str = "/ofrep/v1/sse";

/// An open stream.
struct Stream(Line);

/// An event: its id and what it tells.
#[derive(Debug)]
struct Event {
    id: String,
    data: Value,
}

impl Stream {
    fn open(site: &Site, target: &str, headers: &[&str]) -> Self {
        Self::open_on(site.line(), target, headers)
    }

    fn open_on(mut line: Line, target: &str, headers: &[&str]) -> Self {
        let mut head = format!("GET {target} HTTP/1.1\r\nhost: flags\r\n");
        for header in headers {
            head += &format!("{header}\r\n");
        }
        line.send(head + "\r\n");
        let reply = line.head().expect("an answer");
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), Some("text/event-stream"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        Self(line)
    }

    /// The lines up to the next empty one, without the framing of chunks; none at the end of the stream.
    fn block(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.0.text_line() {
            let is_size = !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_hexdigit());
            if line == "0" || (line.is_empty() && !lines.is_empty()) {
                return lines;
            }
            if !line.is_empty() && !is_size {
                lines.push(line);
            }
        }
        Vec::new()
    }

    fn event(&mut self) -> Event {
        let lines = self.block();
        let field = |name: &str| {
            let found = lines
                .iter()
                .find_map(|line| line.strip_prefix(&format!("{name}: ")));
            found.unwrap_or_else(|| panic!("{name} in {lines:?}")).to_owned()
        };
        assert_eq!(field("event"), "message");
        let data = serde_json::from_str(&field("data")).unwrap();
        schema::conforms("sseEventData", &data);
        assert_eq!(data["type"], "refetchEvaluation");
        Event {
            id: field("id"),
            data,
        }
    }

    /// Whether the server ends it.
    fn ends(&mut self) -> bool {
        self.block().is_empty()
    }
}

#[test]
fn a_stream_tells_the_revision_at_first_and_each_one_that_follows() {
    let site = Site::new();
    let mut stream = Stream::open(&site, STREAM, &[]);

    let first = stream.event();
    site.publisher.publish(set(&usual(2), 2));
    let second = stream.event();

    assert!(first.id.starts_with("1-"), "{first:?}");
    assert!(second.id.starts_with("2-"), "{second:?}");
    assert_eq!(second.data["etag"], second.id.as_str());
    assert!(second.data["lastModified"].as_u64().unwrap() > 1_700_000_000);
    assert_eq!(site.server.counters().events(), 1);
}

#[test]
fn one_that_comes_back_is_told_only_if_something_changed() {
    let site = Site::new();
    let id = Stream::open(&site, STREAM, &[]).event().id;
    let known = format!("last-event-id: {id}");

    let mut same = Stream::open(&site, STREAM, &[&known]);
    assert_eq!(same.block(), ["retry: 2000"]);
    site.publisher.publish(set(&usual(2), 2));
    let mut moved = Stream::open(&site, STREAM, &[&known]);

    assert!(moved.event().id.starts_with("2-"));
    assert!(same.event().id.starts_with("2-"));
}

#[test]
fn the_same_set_again_is_no_event() {
    let site = Site::new();
    let mut stream = Stream::open(&site, STREAM, &[]);
    stream.event();

    site.publisher.publish(set(&usual(1), 1));
    site.publisher.publish(set(&usual(2), 2));

    assert!(stream.event().id.starts_with("2-"));
}

#[test]
fn a_quiet_stream_shows_that_it_is_alive() {
    let limits = Limits {
        heartbeat: Duration::from_millis(20),
        ..Limits::default()
    };
    let site = Site::with(Settings {
        limits,
        ..Settings::default()
    });
    let mut stream = Stream::open(&site, STREAM, &[]);
    stream.event();

    assert_eq!(stream.block(), [":"]);
    assert_eq!(stream.block(), [":"]);
}

#[test]
fn there_is_a_limit_of_streams_and_a_place_that_is_left_is_free() {
    let limits = Limits {
        streams: 2,
        ..Limits::default()
    };
    let site = Site::with(Settings {
        limits,
        ..Settings::default()
    });
    let one = Stream::open(&site, STREAM, &[]);
    let _two = Stream::open(&site, STREAM, &[]);

    let refused = site.ask("GET", STREAM, &[], "");
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("5")));
    refused.json("generalErrorResponse");
    assert_eq!(site.server.counters().refused(), 1);
    drop(one);
    until("the stream is gone", || {
        site.server.counters().streams_open() == 1
    });

    Stream::open(&site, STREAM, &[]).event();
}

#[test]
fn a_reader_that_takes_nothing_is_let_go_and_holds_no_events() {
    let limits = Limits {
        answer_time: Duration::from_millis(100),
        ..Limits::default()
    };
    let site = Site::with(Settings {
        limits,
        ..Settings::default()
    });
    let mut stream = Stream::open(&site, STREAM, &[]);
    stream.event();

    let mut revision = 1;
    until("the stream is closed", || {
        revision += 1;
        site.publisher.publish(set(r#"{"flags":{}}"#, revision));
        site.server.counters().dropped() == 1
    });

    assert!(site.server.counters().events() < revision);
    until("its place is free", || site.server.counters().streams_open() == 0);
}

#[test]
fn a_reader_that_takes_up_again_gets_the_newest_at_once() {
    let site = Site::new();
    let mut stream = Stream::open_on(site.narrow_line(), STREAM, &[]);
    let mut other = site.line();
    let mut revision = 1;
    until("the stream is blocked", || {
        let before = site.server.counters().events();
        revision += 1;
        site.publisher.publish(set(r#"{"flags":{}}"#, revision));
        // The server has one thread: once it has answered these, it has looked at the stream.
        other.ask("GET", "/", &[], "");
        other.ask("GET", "/", &[], "");
        site.server.counters().events() == before
    });

    let newest = format!("{revision}-");
    let read = std::iter::repeat_with(|| stream.event().id).take_while(|id| !id.starts_with(&newest));

    assert!(read.count() > 0);
}

#[test]
fn a_stream_ends_with_its_key() {
    let settings = Settings {
        keys: vec![key("one", "first"), key("two", "second")],
        ..Settings::default()
    };
    let site = Site::with(settings.clone());
    let mut one = Stream::open(&site, STREAM, &["authorization: Bearer first"]);
    let mut two = Stream::open(&site, STREAM, &["x-api-key: second"]);
    one.event();
    two.event();

    site.server.replace(Settings {
        keys: vec![key("two", "second")],
        ..settings
    });

    assert!(one.ends());
    site.publisher.publish(set(&usual(2), 2));
    assert!(two.event().id.starts_with("2-"));
}

#[test]
fn streams_end_when_the_server_stops() {
    let site = Site::new();
    let mut stream = Stream::open(&site, STREAM, &[]);
    stream.event();

    let cut = site.server.stop(Duration::from_secs(10));

    assert_eq!(cut, 0);
    assert!(stream.ends());
}
