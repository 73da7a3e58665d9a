//! An exchange as a line.

use std::io::Write;
use std::time::SystemTime;

use graylane_pipeline::{Decision, Exchange, Head, Topology};

use crate::json;
use crate::redact::{REDACTED, Redaction};

/// How lines are written.
#[derive(Debug)]
pub(crate) struct Format {
    pub(crate) redaction: Redaction,
    pub(crate) max_value: usize,
    pub(crate) headers: bool,
}

/// Space that is used again for each line of a thread.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    line: Vec<u8>,
    value: Vec<u8>,
    name: Vec<u8>,
}

/// Writing into a Vec cannot fail.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => { let _ = write!($out, $($arg)*); };
}

impl Format {
    /// The line, with its end, in the scratch space.
    pub(crate) fn line<'s>(
        &self,
        exchange: &Exchange<'_>,
        decision: &Decision,
        topology: &Topology,
        ended: SystemTime,
        scratch: &'s mut Scratch,
    ) -> &'s [u8] {
        let Scratch { line, value, name } = scratch;
        line.clear();
        let lane = topology.lane(decision.lane);
        put!(
            line,
            r#"{{"time":"{}","trace":"{}","service":"{}","lane":"{}","reason":"{}","bucket":{},"revision":{}"#,
            humantime::format_rfc3339_millis(ended),
            exchange.trace,
            lane.service,
            lane.lane,
            decision.reason.as_str(),
            decision.bucket,
            decision.revision,
        );
        if let Some(chosen) = exchange.flag {
            line.extend_from_slice(br#","flag":"#);
            json::text(line, chosen.flag.as_bytes(), self.max_value);
            line.extend_from_slice(br#","variant":"#);
            json::text(line, chosen.variant.as_bytes(), self.max_value);
        }
        let method = exchange.head.map(|head| head.method.as_bytes());
        line.extend_from_slice(br#","method":"#);
        json::optional(line, method, self.max_value);
        let target = exchange
            .head
            .map(|head| self.scrubbed(head.target.as_bytes(), name, value));
        line.extend_from_slice(br#","target":"#);
        json::optional(line, target, self.max_value);
        match exchange.status {
            0 => line.extend_from_slice(br#","status":null"#),
            status => {
                put!(line, r#","status":{status}"#);
            }
        }
        line.extend_from_slice(br#","fault":"#);
        json::optional(
            line,
            exchange.fault.map(|fault| fault.as_str().as_bytes()),
            usize::MAX,
        );
        let micros = exchange.duration.as_micros();
        put!(
            line,
            r#","duration_ms":{}.{:03},"received":{},"sent":{},"retries":{}"#,
            micros / 1_000,
            micros % 1_000,
            exchange.received,
            exchange.sent,
            exchange.retries,
        );
        if let Some(baseline) = exchange.fallback {
            put!(line, r#","fallback":"{}""#, topology.lane(baseline).lane);
        }
        let endpoint = exchange
            .endpoint
            .map(|id| topology.endpoint(id).address.as_bytes());
        line.extend_from_slice(br#","endpoint":"#);
        json::optional(line, endpoint, usize::MAX);
        put!(line, r#","complete":{}"#, exchange.complete);
        if let Some(head) = exchange.head.filter(|_| self.headers) {
            self.headers(head, line, value, name);
        }
        line.extend_from_slice(b"}\n");
        line
    }

    /// An object with the name of each header once; where one came several times its value is an array.
    fn headers(&self, head: &Head, line: &mut Vec<u8>, value: &mut Vec<u8>, name: &mut Vec<u8>) {
        line.extend_from_slice(br#","headers":{"#);
        let mut first = true;
        for (i, (header, _)) in head.headers.iter().enumerate() {
            let same = |other: &&(Box<str>, Box<[u8]>)| other.0 == *header;
            if head.headers[..i].iter().any(|other| same(&other)) {
                continue;
            }
            if !std::mem::take(&mut first) {
                line.push(b',');
            }
            json::text(line, header.as_bytes(), self.max_value);
            line.push(b':');
            let redacted = self.redaction.headers.contain(header.as_bytes());
            let mut several = head.headers[i..].iter().filter(same).peekable();
            let mut before: &[u8] = b"";
            let mut after: &[u8] = b"";
            while let Some((_, bytes)) = several.next() {
                if several.peek().is_some() && after.is_empty() {
                    (before, after) = (b"[", b"]");
                }
                line.extend_from_slice(before);
                before = b",";
                let shown = if redacted {
                    REDACTED
                } else {
                    self.scrubbed(bytes, name, value)
                };
                json::text(line, shown, self.max_value);
            }
            line.extend_from_slice(after);
        }
        line.push(b'}');
    }

    fn scrubbed<'a>(&self, text: &'a [u8], name: &mut Vec<u8>, value: &'a mut Vec<u8>) -> &'a [u8] {
        // Without any of these there is neither a parameter nor user information.
        if !text.iter().any(|b| matches!(b, b'=' | b'@' | b'%')) {
            return text;
        }
        self.redaction.scrub(text, name, value);
        value
    }
}
