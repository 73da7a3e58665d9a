use std::task::Waker;

use graylane_flags::FlagSet;

use super::*;
use crate::publish::{Published, Publisher};
use crate::server::Shared;
use crate::settings::Settings;

fn published(revision: u64) -> Published {
    Published {
        flags: Arc::new(FlagSet::default()),
        revision,
        digest: [0; 32],
    }
}

/// A stream with its connection and the place where sets are published.
fn stream() -> (Events, Arc<Conn>, Publisher) {
    let publisher = Publisher::new(published(1));
    let settings = Settings::default();
    let shared = Arc::new(Shared::new(settings.clone(), publisher.clone()));
    let conn = Conn::new(&shared, &settings.limits, false);
    let response = open(&conn, &HeaderMap::new(), None);
    let Answer::Events(events) = response.into_body() else {
        panic!("no stream");
    };
    (*events, conn, publisher)
}

fn poll(events: &mut Events) -> Option<String> {
    match events.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(event) => {
            Some(String::from_utf8(event.expect("a stream that goes on").into()).expect("text"))
        }
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn a_stream_that_is_blocked_takes_no_event_and_then_the_newest_alone() {
    let (mut events, conn, publisher) = stream();
    assert!(poll(&mut events).is_some());

    conn.not_sent();
    for revision in 2..10 {
        publisher.publish(published(revision));
        assert_eq!(poll(&mut events), None);
    }
    conn.sent_all();

    assert!(poll(&mut events).is_some_and(|event| event.starts_with("id: 9-")));
    assert_eq!(poll(&mut events), None);
}
