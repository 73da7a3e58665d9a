use std::io::{self, BufRead};

use crate::chain::{Chain, Fault};
use crate::hash::Head;
use crate::line::link;
use crate::lines::Lines;
use crate::log::CALL_LIMIT;

/// What one file holds, read in order to go on writing behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The length of all whole calls.
    pub(crate) good: u64,
    /// The number of the first entry.
    pub(crate) first: Option<u64>,
    /// The last entry of the last whole call, or that before the file.
    pub(crate) head: Head,
    /// How many bytes stand behind the last whole call.
    pub(crate) torn: u64,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ScanError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("line {line}: {fault}")]
    Broken { line: u64, fault: Fault },
}

/// Reads a file to its end. What is left of one call at the end is a torn tail; anything else that does not fit is damage.
///
/// A crash may leave any part of the last write: a beginning, or pages in any order with zeros between them. So behind
/// the first bad line there may still be whole ones, but only of the one call that was being written.
pub(crate) fn scan(input: impl BufRead, before: Head) -> Result<Scan, ScanError> {
    let mut lines = Lines::new(input);
    let mut chain = Chain::after(Some(before));
    let mut seen = Scan {
        good: 0,
        first: None,
        head: before,
        torn: 0,
    };
    let mut fault = None;
    while let Some(line) = lines.next()? {
        let begin = seen.head.seq + 1;
        if fault.is_none() {
            match chain.take(line.bytes) {
                Ok(link) if line.ended && !line.too_long => {
                    if chain.is_whole() {
                        seen.good = line.end;
                        seen.head = link.head;
                    }
                    seen.first = seen.first.or(Some(link.head.seq));
                    continue;
                }
                // All there but its line feed: the call was not whole.
                Ok(_) => fault = Some((line.number, Fault::Torn { bytes: 0 })),
                Err((what, _)) => {
                    if let Ok(link) = link(line.bytes)
                        && (link.part == 1 || link.call() != begin)
                    {
                        return Err(ScanError::Broken {
                            line: line.number,
                            fault: what,
                        });
                    }
                    fault = Some((line.number, what));
                }
            }
        } else if let Ok(link) = link(line.bytes)
            && (link.part == 1 || link.call() != begin)
            && let Some((line, fault)) = fault
        {
            return Err(ScanError::Broken { line, fault });
        }
        seen.torn = line.end - seen.good;
        if let Some((line, fault)) = &fault
            && seen.torn > CALL_LIMIT as u64
        {
            return Err(ScanError::Broken {
                line: *line,
                fault: fault.clone(),
            });
        }
    }
    if fault.is_none() && !chain.is_whole() {
        seen.torn = lines.offset() - seen.good;
    }
    if seen.good == 0 {
        seen.first = None;
    }
    Ok(seen)
}
