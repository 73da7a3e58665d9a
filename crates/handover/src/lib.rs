//! Listeners and state from the old process to the new one, nothing dropped.
//!
//! Constraints:
//! - At every moment of a handover somebody accepts, or is about to: a listener has one open file description that both
//!   processes hold, so that what waits in its queue belongs to whoever accepts next. Nothing is bound a second time.
//! - Whatever happens before the commit (death, silence, garbage, a worse service), the old process goes on as before.
//! - If the old process dies, the new one goes on, as nobody else is there.
//! - Nobody but the same user, or root, is heard, and only in a folder that is private to that user.
//! - Whatever the other side sends has a limit of size and of time, and is closed where nobody asked for it.
//!
//! Mechanism: the old process listens at a [`Door`] in a private [`Folder`] all the time. Blocking calls with limits of
//! time, on threads of their own: a handover is rare, and must not depend on a runtime that is being drained.
//!
//! | new process ([`Taker`])       |     | old process ([`Giver`])                                        |
//! |-------------------------------|-----|----------------------------------------------------------------|
//! | `HELLO`                       | ->  |                                                                |
//! |                               | <-  | `HELLO`, or `REFUSED` and why                                  |
//! |                               | <-  | `LISTENERS` with descriptors, the door among them; `STATE`     |
//! | warms up, probes itself       |     | serves                                                         |
//! | `READY` and what it claims    | ->  | stops accepting, closes nothing                                |
//! | accepts                       | <-  | `GO`                                                           |
//! | `ACCEPTING`, then `BEAT`s     | ->  | watches ([`Trial`])                                            |
//! |                               | <-  | `COMMIT`, or `RETURN` and why: it accepts again at once        |
//! | `COMMITTED`                   | ->  | closes its listeners, drains                                   |
//! | serves it, and says `TAKEN`   | <-  | `CONNECTION`: one that was idle; at last `FAREWELL` with the ledger |
//! | or cannot: `GAVE-UP`          | ->  | keeps it, and sends no more of them                            |
//! | sent back: drains; `FAREWELL` | ->  | has accepted all the while; [`Parted`]                         |
//!
//! Either side is a chain of types, so that a step cannot be called out of order. A third kind of visitor is the
//! operator's command, [`Caller`]: it asks for a switch and is told how it goes.
//!
//! This crate knows descriptors, names, bytes, limits of time and the order of steps; nothing of proxies.

mod caller;
mod claim;
mod door;
mod ended;
mod errand;
mod folder;
mod frame;
mod giver;
mod hello;
mod kernel;
mod limits;
mod link;
mod listeners;
mod messages;
mod operator;
mod peer;
mod poll;
mod state;
pub mod systemd;
mod taker;
mod talk;
mod trial;
mod verdict;
mod visit;

pub use caller::{CallError, Caller, News, Switching};
pub use door::{Door, DoorError, HeldDoor};
pub use ended::{Ended, Step};
pub use errand::{Errand, Question};
pub use folder::{Folder, FolderError};
pub use giver::{Committed, Giver, Giving, NotCommitted, Parted, Probation, Ready, Warming};
pub use hello::{Hello, Refusal};
pub use limits::Patience;
pub use link::LinkError;
pub use listeners::{Handed, Handing};
pub use operator::{Fate, Outcome, Progress, Wanted};
pub use peer::{Death, Peer, Trust};
pub use state::{State, StateError};
pub use taker::{Arrival, Beating, Course, Inherited, LastWord, Settling, TakeError, Taker, Turn, WarmingUp};
pub use trial::{Beat, Down, Judgement, Lacking, Rules, Served, Trial, Worse};
pub use verdict::{Verdict, upper_share};
pub use visit::{Visit, VisitError, Visitor};

/// The newest version of the protocol that this build speaks.
pub const PROTOCOL: u16 = 1;
/// The oldest one.
pub const OLDEST_PROTOCOL: u16 = 1;
