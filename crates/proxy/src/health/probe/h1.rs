//! A GET over HTTP/1.1.

use graylane_wire::{self as wire, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Finding;
use crate::stream::Stream;
use crate::table;

/// The head of an answer.
const LIMITS: Limits = Limits {
    head: 16 * 1024,
    fields: 128,
};
/// Interim answers: an endpoint that sends them without end is broken.
const MAX_INTERIM: usize = 10;

/// The status of the answer. Its body is not read.
pub(super) async fn ask(mut stream: Stream, authority: &str, path: &str) -> Result<u16, Finding> {
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: graylane-health\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.map_err(Finding::broken)?;
    stream.flush().await.map_err(Finding::broken)?;
    let mut text = Vec::new();
    for _ in 0..=MAX_INTERIM {
        let (status, length) = answer(&mut stream, &mut text).await?;
        match status {
            101 => return Err(Finding::broken("it switched to another protocol unasked")),
            100..200 => text.drain(..length),
            _ => return Ok(status),
        };
    }
    Err(Finding::broken("interim answers without end"))
}

/// The status of the next answer, and the length of its head.
async fn answer(stream: &mut Stream, text: &mut Vec<u8>) -> Result<(u16, usize), Finding> {
    let mut scanned = 0;
    loop {
        let parsed = table::with(|table| {
            let response = wire::parse_response(text, LIMITS, &mut scanned, false, table)?;
            Ok(response.map(|response| (response.status, response.length)))
        });
        match parsed {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => {}
            Err(refusal) => {
                let refusal: wire::Refusal = refusal;
                return Err(Finding::broken(refusal));
            }
        }
        // The parser refuses a head that is longer than its limit, so this ends.
        text.reserve(1024);
        let read = stream.read_buf(text).await.map_err(Finding::broken)?;
        if read == 0 {
            return Err(Finding::broken("it closed without an answer"));
        }
    }
}
