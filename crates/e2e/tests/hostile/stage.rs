//! A gateway before an upstream that keeps every byte, and what is found there after a case.

use std::cell::RefCell;
use std::fmt::Write;

use graylane_testkit::strict::{self, Request};
use graylane_testkit::{Gateway, LIMIT, Recipe, Recorder, eventually};

/// Sent behind each case, on the same connection: whoever takes a part of the case for something else takes a part of
/// this as well, or loses it, and that shows. It also ends the connection, so that nothing is waited for in vain.
const AFTER: &str = "GET /after HTTP/1.1\r\nHost: after\r\nConnection: close\r\n\r\n";

/// An answer of the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fault: String,
    pub(crate) closes: bool,
}

/// What a case did.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The answers, in their order.
    pub(crate) answers: Vec<Answer>,
    /// The whole requests that reached the upstream, without the one behind the case.
    pub(crate) seen: Vec<Request>,
    /// Whether the one behind the case reached it.
    pub(crate) after: bool,
    /// What reached the upstream and is no whole request: it must have been broken off, not left open.
    pub(crate) broken_off: Vec<String>,
    /// What no strict reader takes, or what was left half said on an open connection.
    pub(crate) wrong: Vec<String>,
}

/// One gateway and one upstream for many cases, one after the other.
pub(crate) struct Stage {
    pub(crate) recorder: Recorder,
    pub(crate) gateway: Gateway,
    /// How far each connection of the upstream was read.
    read: RefCell<Vec<usize>>,
    cases: RefCell<usize>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(|recipe| recipe)
    }

    pub(crate) fn with(change: impl FnOnce(Recipe) -> Recipe) -> Self {
        let recorder = Recorder::start();
        // Whoever waits for more than was sent is told so soon.
        let recipe = Recipe::to(recorder.address())
            .limit("header_time = \"2s\"")
            .limit("idle_time = \"700ms\"");
        let gateway = change(recipe).start();
        Self {
            recorder,
            gateway,
            read: RefCell::default(),
            cases: RefCell::default(),
        }
    }

    /// Sends the bytes and a request behind them, and reads until the gateway closes.
    pub(crate) fn play(&self, case: impl AsRef<[u8]>) -> Outcome {
        self.play_alone([case.as_ref(), AFTER.as_bytes()].concat())
    }

    /// As [`Stage::play`], without the request behind.
    pub(crate) fn play_alone(&self, bytes: impl AsRef<[u8]>) -> Outcome {
        let mut client = self.gateway.client();
        // The gateway may refuse before everything is sent: what it answered is still read below.
        let _ = client.wire().send(bytes);
        let mut answers = Vec::new();
        while let Ok(response) = client.try_response(false) {
            let closes = response.head.values("connection") == ["close"];
            answers.push(Answer {
                status: response.status,
                fault: response.fault().to_owned(),
                closes,
            });
        }
        client.until_closed();
        self.collect(answers)
    }

    /// What reached the upstream since the last case. A request of our own goes last: when it has arrived, so has
    /// whatever the gateway sent before it.
    pub(crate) fn collect(&self, answers: Vec<Answer>) -> Outcome {
        let probe = format!("/probe/{}", self.cases.borrow());
        *self.cases.borrow_mut() += 1;
        assert_eq!(self.gateway.client().get(&probe, &[]).status, 200, "{answers:?}");
        let mut outcome = Outcome {
            answers,
            seen: Vec::new(),
            after: false,
            broken_off: Vec::new(),
            wrong: Vec::new(),
        };
        let mut read = self.read.borrow_mut();
        for index in 0..self.recorder.streams().len() {
            if read.len() <= index {
                read.push(0);
            }
            let (bytes, _) = self.recorder.streams().swap_remove(index);
            let stream = strict::stream(&bytes[read[index]..]);
            let rest = &bytes[read[index] + stream.end..];
            read[index] = bytes.len();
            for request in stream.requests {
                match request.target.as_str() {
                    "/after" => outcome.after = true,
                    target if target == probe => {}
                    _ => outcome.seen.push(request),
                }
            }
            let rest = String::from_utf8_lossy(rest).into_owned();
            if let Some(what) = stream.wrong {
                outcome.wrong.push(format!("{what}: {rest:?}"));
            } else if !rest.is_empty() {
                eventually(LIMIT, "what was broken off is closed", || {
                    !self.recorder.streams()[index].1
                });
                outcome.broken_off.push(rest);
            }
        }
        outcome
    }
}

impl Outcome {
    /// Refused with one of these statuses and a closed connection; not one whole request went on.
    pub(crate) fn refused(&self, statuses: &[u16]) -> Result<(), String> {
        let right = match self.answers.as_slice() {
            [answer] => statuses.contains(&answer.status) && !answer.fault.is_empty() && answer.closes,
            _ => false,
        };
        let nothing = self.seen.is_empty() && !self.after && self.wrong.is_empty();
        self.verdict(right && nothing, "is not refused")
    }

    /// Forwarded as exactly one request with this target and body, and what is behind it as another.
    pub(crate) fn forwarded(&self, target: &str, body: &[u8]) -> Result<(), String> {
        let statuses: Vec<_> = self.answers.iter().map(|answer| answer.status).collect();
        let right = match self.seen.as_slice() {
            [seen] => seen.target == target && seen.body == body,
            _ => false,
        };
        let whole = self.after && self.wrong.is_empty() && self.broken_off.is_empty();
        self.verdict(
            right && whole && statuses == [200, 200],
            "is not forwarded as one request",
        )
    }

    /// One or the other: both leave no second reading.
    pub(crate) fn refused_or_forwarded(&self, target: &str, body: &[u8]) -> Result<(), String> {
        self.refused(&[400]).or_else(|_| self.forwarded(target, body))
    }

    fn verdict(&self, right: bool, what: &str) -> Result<(), String> {
        if right {
            return Ok(());
        }
        let mut text = format!("{what}: {:?}", self.answers);
        for seen in &self.seen {
            let body = String::from_utf8_lossy(&seen.body);
            let _infallible = write!(
                text,
                "\n    upstream saw {} {} {body:?}",
                seen.method, seen.target
            );
        }
        for (kind, pieces) in [("a part", &self.broken_off), ("what is wrong", &self.wrong)] {
            for piece in pieces {
                let _infallible = write!(text, "\n    upstream saw {kind}: {piece:?}");
            }
        }
        Err(text)
    }
}

/// Plays every case and judges it by its name and what it did; fails with all that went wrong.
pub(crate) fn judge<C: AsRef<[u8]>>(
    cases: impl IntoIterator<Item = (String, C)>,
    right: impl Fn(&str, &Outcome) -> Result<(), String>,
) {
    let stage = Stage::new();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, bytes) in cases {
        count += 1;
        if let Err(what) = right(&name, &stage.play(&bytes)) {
            let bytes = String::from_utf8_lossy(bytes.as_ref());
            wrong.push(format!("{name} {what}\n    sent {bytes:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} cases:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// A POST to `/case` with these further lines, each ended by CRLF, and what is behind the head.
pub(crate) fn post(lines: &str, body: &str) -> String {
    format!("POST /case HTTP/1.1\r\nHost: a\r\n{lines}\r\n{body}")
}
