//! Ids one after another, in bounded memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::cli::flags::Diff;
use crate::exit::Failure;

/// Bytes of an id at most; more on one line is no list of ids.
const LONGEST: u64 = 64 << 10;
/// Ids between two looks at the clock.
const LOOK: u64 = 1 << 16;
/// Who waits longer wants to see that something happens.
const PATIENCE: Duration = Duration::from_secs(2);

/// Ids from a file, or made up.
pub(super) struct Ids {
    from: From,
    /// The current one.
    id: String,
    line: Vec<u8>,
    count: u64,
    started: Instant,
    /// Whether progress was shown, and must be wiped.
    shown: bool,
}

enum From {
    File {
        path: PathBuf,
        lines: Box<dyn BufRead>,
        line: u64,
    },
    Sample {
        left: u64,
        state: u64,
    },
}

impl Ids {
    pub(super) fn open(asked: &Diff) -> Result<Self, Failure> {
        let from = match &asked.ids {
            None => From::Sample {
                left: asked.sample.unwrap_or(0),
                state: asked.seed,
            },
            Some(path) => {
                let lines: Box<dyn BufRead> = if path.as_os_str() == "-" {
                    Box::new(io::stdin().lock())
                } else {
                    let file = File::open(path).map_err(|source| unreadable(path.clone(), source))?;
                    Box::new(BufReader::with_capacity(1 << 18, file))
                };
                From::File {
                    path: path.clone(),
                    lines,
                    line: 0,
                }
            }
        };
        Ok(Self {
            from,
            id: String::new(),
            line: Vec::new(),
            count: 0,
            started: Instant::now(),
            shown: false,
        })
    }

    /// The next id; empty lines are none.
    pub(super) fn next(&mut self) -> Result<Option<&str>, Failure> {
        let found = match &mut self.from {
            From::Sample { left, state } => {
                self.id.clear();
                let any = *left > 0;
                if any {
                    *left -= 1;
                    self.id = format!("{:016x}", next_of(state));
                }
                any
            }
            From::File { path, lines, line } => {
                let failed = |source| unreadable(path.clone(), source);
                read(lines, &mut self.line, &mut self.id, line).map_err(failed)?
            }
        };
        if !found {
            return Ok(None);
        }
        self.count += 1;
        if self.count.is_multiple_of(LOOK) {
            self.progress();
        }
        Ok(Some(&self.id))
    }

    /// How many there were.
    pub(super) fn finish(self) -> u64 {
        if self.shown {
            // There is nobody left to tell if stderr is gone.
            _ = write!(io::stderr(), "\r\x1b[K");
        }
        self.count
    }

    fn progress(&mut self) {
        if self.started.elapsed() < PATIENCE || !io::stderr().is_terminal() {
            return;
        }
        self.shown = true;
        _ = write!(io::stderr(), "\r{} ids", self.count);
    }
}

fn unreadable(path: PathBuf, source: io::Error) -> Failure {
    Failure::File {
        verb: "read",
        path,
        source,
    }
}

/// Reads the next line that is not empty; false at the end.
fn read(lines: &mut dyn BufRead, bytes: &mut Vec<u8>, id: &mut String, line: &mut u64) -> io::Result<bool> {
    let wrong = |line: u64, what: &str| {
        let message = format!("line {line} {what}");
        Err(io::Error::new(io::ErrorKind::InvalidData, message))
    };
    loop {
        bytes.clear();
        *line += 1;
        let length = (&mut *lines).take(LONGEST + 1).read_until(b'\n', bytes)?;
        if length == 0 {
            return Ok(false);
        }
        if length as u64 > LONGEST {
            return wrong(*line, "is too long for an id");
        }
        let Ok(text) = str::from_utf8(bytes.trim_ascii_end()) else {
            return wrong(*line, "is not UTF-8");
        };
        if !text.is_empty() {
            id.clear();
            id.push_str(text);
            return Ok(true);
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a permutation of its counter, so no number comes twice.
fn next_of(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut x = *state;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
