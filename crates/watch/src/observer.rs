use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::digest::Digest;
use crate::files::{Files, Identity, Read};

/// How files are watched.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The time between two looks.
    pub every: Duration,
    /// After this time a file is read although its identity is the same: clocks of file systems are coarse, and a rewrite
    /// may keep the size.
    pub reread: Duration,
    /// How long a file may be away, unreadable or too large before that is reported; and how long content that is ready
    /// waits for other files.
    pub settle: Duration,
    /// The largest file that is read, in bytes.
    pub limit: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            every: Duration::from_millis(250),
            reread: Duration::from_secs(10),
            settle: Duration::from_secs(2),
            limit: 32 << 20,
        }
    }
}

/// A file to be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Where.
    pub path: PathBuf,
    /// The content that the caller has already; `None` reports whatever is found first. Without it, what happens between
    /// the caller's reading and the first look would be lost.
    pub known: Option<Digest>,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The file has other content than what was known or reported last.
    Changed {
        /// The file.
        path: PathBuf,
        /// All of it, as it was read.
        content: Arc<[u8]>,
        /// Its SHA-256.
        digest: Digest,
    },
    /// The content cannot be had, for a while now.
    Troubled {
        /// The file.
        path: PathBuf,
        /// Why.
        trouble: Trouble,
    },
    /// After [`Troubled`](Self::Troubled), the content that was known is there again.
    Returned {
        /// The file.
        path: PathBuf,
    },
}

/// Why the content of a file cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing is there.
    Vanished,
    /// More than [`Options::limit`].
    TooLarge,
    /// A folder, pipe or device.
    NotAFile,
    /// The system refuses.
    Unreadable(ErrorKind),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // The second where a folder on the way became a file.
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::Vanished,
            kind => Self::Unreadable(kind),
        }
    }
}

/// Looks at files when it is told to, and says what changed.
#[derive(Debug)]
pub struct Observer {
    options: Options,
    files: Vec<State>,
}

/// What is remembered of one file. Contents are not: only what was read in the current look is held.
#[derive(Debug)]
struct State {
    path: PathBuf,
    known: Option<Digest>,
    /// The identity that came before the last reading, and when that was.
    read: Option<(Identity, Instant)>,
    candidate: Option<Candidate>,
    /// What is the trouble, and since when.
    trouble: Option<(Trouble, Instant)>,
    /// The trouble of which the caller knows.
    said: Option<Trouble>,
}

/// Content that is not known.
#[derive(Debug, Clone)]
struct Candidate {
    digest: Digest,
    content: Arc<[u8]>,
    /// Since when two looks in a row had it.
    ready: Option<Instant>,
}

impl Observer {
    /// Watches these files.
    pub fn new(files: Vec<Watched>, options: Options) -> Self {
        let mut observer = Self {
            options,
            files: Vec::new(),
        };
        observer.set_files(files);
        observer
    }

    /// Watches these files from now on. What is known of those that stay is kept, unless the caller knows other content.
    pub fn set_files(&mut self, files: Vec<Watched>) {
        let mut old = std::mem::take(&mut self.files);
        for file in files {
            if self.files.iter().any(|state| state.path == file.path) {
                continue;
            }
            let kept = old.iter().position(|state| state.path == file.path);
            let mut state = kept.map_or_else(|| State::new(&file.path), |at| old.swap_remove(at));
            if let Some(known) = file.known.filter(|known| state.known != Some(*known)) {
                state.known = Some(known);
                // It has to be compared with what is there.
                state.read = None;
            }
            self.files.push(state);
        }
    }

    /// Looks at every file once. `now` must not go back.
    pub fn look(&mut self, now: Instant, files: &mut dyn Files) -> Vec<Event> {
        let mut events = Vec::new();
        for state in &mut self.files {
            match state.look(now, &self.options, files) {
                Ok(()) => {
                    state.trouble = None;
                    // Where there is a candidate, its change will say that the trouble is over.
                    if state.candidate.is_none() && state.said.take().is_some() {
                        events.push(Event::Returned {
                            path: state.path.clone(),
                        });
                    }
                }
                Err(trouble) => {
                    state.read = None;
                    state.candidate = None;
                    events.extend(state.troubled(trouble, now, self.options.settle));
                }
            }
        }
        events.extend(self.changes(now));
        for candidate in self.files.iter_mut().filter_map(|state| state.candidate.as_mut()) {
            // The next look reads it again.
            candidate.content = Arc::default();
        }
        events
    }

    /// What is ready, unless something else is about to be.
    fn changes(&mut self, now: Instant) -> Vec<Event> {
        let candidates = || self.files.iter().filter_map(|state| state.candidate.as_ref());
        let is_moving = candidates().any(|candidate| candidate.ready.is_none());
        let waited = candidates().filter_map(|candidate| candidate.ready).min();
        let waited = waited.is_some_and(|since| now.duration_since(since) >= self.options.settle);
        if is_moving && !waited {
            return Vec::new();
        }
        let mut events = Vec::new();
        for state in &mut self.files {
            let Some(candidate) = state.candidate.take_if(|candidate| candidate.ready.is_some()) else {
                continue;
            };
            state.known = Some(candidate.digest);
            state.said = None;
            events.push(Event::Changed {
                path: state.path.clone(),
                content: candidate.content,
                digest: candidate.digest,
            });
        }
        events
    }
}

impl State {
    fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            known: None,
            read: None,
            candidate: None,
            trouble: None,
            said: None,
        }
    }

    /// Looks at the file, reading it where that may show something new.
    fn look(&mut self, now: Instant, options: &Options, files: &mut dyn Files) -> Result<(), Trouble> {
        let identity = files.identity(&self.path)?;
        if !identity.regular {
            return Err(Trouble::NotAFile);
        }
        if identity.size > options.limit {
            return Err(Trouble::TooLarge);
        }
        let is_fresh = self.read.is_some_and(|(before, at)| {
            before == identity && now.duration_since(at) < options.reread && self.candidate.is_none()
        });
        if is_fresh {
            return Ok(());
        }
        let Read::Content(content) = files.read(&self.path, options.limit)? else {
            return Err(Trouble::TooLarge);
        };
        // The identity from before reading: what is written meanwhile shows in the next look.
        self.read = Some((identity, now));
        let digest = Digest::of(&content);
        self.candidate = if self.known == Some(digest) {
            None
        } else {
            let before = self.candidate.take().filter(|before| before.digest == digest);
            Some(Candidate {
                digest,
                content: content.into(),
                ready: before.map(|before| before.ready.unwrap_or(now)),
            })
        };
        Ok(())
    }

    fn troubled(&mut self, trouble: Trouble, now: Instant, settle: Duration) -> Option<Event> {
        let since = match self.trouble {
            Some((before, since)) if before == trouble => since,
            // Another trouble than before has to last as well before it is said.
            _ => now,
        };
        self.trouble = Some((trouble, since));
        let is_news = self.said != Some(trouble) && now.duration_since(since) >= settle;
        is_news.then(|| {
            self.said = Some(trouble);
            Event::Troubled {
                path: self.path.clone(),
                trouble,
            }
        })
    }
}

#[cfg(test)]
mod tests;
