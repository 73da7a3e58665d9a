use std::time::Duration;

/// How long the other side may take over what needs no work of it.
///
/// What does need work (warming up, a probation) has a limit of its own, an argument of that step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long a visitor may take over its first message. Default: 5 s.
    pub first: Duration,
    /// How long one message may take on its way, and how long an answer that needs no work. Default: 10 s.
    pub answer: Duration,
    /// How long the new process may take to accept once it is its turn, and to confirm that it goes on alone: nobody else
    /// accepts in that time. Default: 3 s.
    pub turn: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            turn: Duration::from_secs(3),
        }
    }
}

/// The most bytes of one message's body.
pub(crate) const BODY: usize = 1 << 20;
/// The most descriptors of one message: `SCM_MAX_FD` of the kernel.
pub(crate) const BATCH: usize = 253;
/// The most listeners of one handover.
pub(crate) const LISTENERS: usize = 4000;
/// The most bytes of a name.
pub(crate) const NAME: usize = 255;
/// The most bytes of an entry of a state: with its name it fits a message.
pub(crate) const ENTRY: usize = 1_000_000;
/// The most entries of a state, and the most bytes of all of them.
pub(crate) const ENTRIES: usize = 256;
pub(crate) const STATE: usize = 16 << 20;
/// The most visitors at a time.
pub(crate) const VISITORS: usize = 8;
/// The most characters of a word with which the other side says who it is.
pub(crate) const WORD: usize = 200;
/// The most characters of a reason that the other side gives.
pub(crate) const REASON: usize = 1000;
/// How long a last word or a piece of news may take to go out; nobody waits for whoever does not read it.
pub(crate) const PARTING: Duration = Duration::from_secs(1);
/// How long a process that hung up may take to be seen as ended by the kernel.
pub(crate) const DYING: Duration = Duration::from_secs(2);
/// How often a wait looks whether it was called off.
pub(crate) const LOOK: Duration = Duration::from_millis(50);
