//! The conversation with the process before, as the new one.

mod proving;
mod pulse;
mod talk;

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread::{self, JoinHandle};

use graylane_handover::{FolderError, Hello, TakeError};
use tokio::sync::mpsc;

use super::House;
use crate::exit::{Failure, HANDOVER, INTERNAL, NOT_TAKEN_OVER};
use crate::start::Inheritance;

/// A handover that this process asked for, up to its probation. Dropped, it gives up.
#[derive(Debug)]
pub(crate) struct Taking {
    commands: std_mpsc::Sender<Command>,
    news: mpsc::UnboundedReceiver<News>,
    thread: JoinHandle<()>,
}

/// What the process before said to being ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// This process may accept, and is watched.
    Go,
    /// The one before is dead: this one is alone.
    Alone,
}

/// Why nothing was inherited.
#[derive(Debug)]
pub(crate) enum NotInherited {
    /// There is no process to take over from.
    Nobody(Failure),
    /// There is one.
    Failed(Failure),
}

enum Command {
    Ready(Vec<String>),
    Accepting(Arc<House>),
    GiveUp(String),
}

enum News {
    Inherited(Inheritance),
    Nobody(Failure),
    Turn(Turn),
    Failed(Failure),
}

#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Take(#[from] TakeError),
}

impl Taking {
    /// Asks the process that is met in that folder.
    pub(crate) fn begin(path: PathBuf, hello: Hello) -> std::io::Result<Self> {
        let (commands, orders) = std_mpsc::channel();
        let (told, news) = mpsc::unbounded_channel();
        let thread = thread::Builder::new()
            .name("handover".to_owned())
            .spawn(move || {
                if let Err(error) = talk::run(&path, &hello, &orders, &told) {
                    // Where the main task is gone, so is the process.
                    let failed = failure(&path, &error);
                    let _ = told.send(match error {
                        NotTaken::Take(TakeError::NobodyThere) => News::Nobody(failed),
                        _ => News::Failed(failed),
                    });
                }
            })?;
        Ok(Self {
            commands,
            news,
            thread,
        })
    }

    /// What came from the process before.
    pub(crate) async fn inherited(&mut self) -> Result<Inheritance, NotInherited> {
        match self.news.recv().await {
            Some(News::Inherited(inheritance)) => Ok(inheritance),
            Some(News::Nobody(failure)) => Err(NotInherited::Nobody(failure)),
            Some(News::Failed(failure)) => Err(NotInherited::Failed(failure)),
            _ => Err(NotInherited::Failed(bug())),
        }
    }

    /// Says that this process is ready to serve those listeners, and waits for its turn.
    pub(crate) async fn ready(&mut self, claimed: Vec<String>) -> Result<Turn, Failure> {
        let _ = self.commands.send(Command::Ready(claimed));
        match self.news.recv().await {
            Some(News::Turn(turn)) => Ok(turn),
            Some(News::Failed(failure)) => Err(failure),
            _ => Err(bug()),
        }
    }

    /// Says that this process accepts; the probation begins.
    pub(crate) fn accepting(self, house: Arc<House>) {
        let _ = self.commands.send(Command::Accepting(house));
    }

    /// Gives up, and says why.
    pub(crate) fn give_up(self, reason: &str) {
        let _ = self.commands.send(Command::GiveUp(reason.to_owned()));
        // So that it is said before the process ends. A step has its limits, so this does.
        let _ = self.thread.join();
    }
}

fn failure(path: &Path, error: &NotTaken) -> Failure {
    match error {
        NotTaken::Folder(error) => Failure::new(HANDOVER, error, &error.hint()),
        NotTaken::Take(error @ TakeError::NobodyThere) => Failure::new(
            NOT_TAKEN_OVER,
            format_args!("{error}: no process is met in {}", path.display()),
            "start without --take-over, or with --take-over=if-running",
        ),
        NotTaken::Take(error) => Failure::new(
            NOT_TAKEN_OVER,
            crate::change::chain(error),
            "the process before goes on; its log says more",
        ),
    }
}

fn bug() -> Failure {
    Failure::new(
        INTERNAL,
        "the thread of the handover is gone",
        "this is a bug: please report it",
    )
}
