//! The phases of an exchange, the modules that hook into them, and the decision record.
//!
//! An exchange goes through *accept, colour, decide, forward, answer, observe*. A [`Module`] is an optional behaviour:
//! in or out of a binary at compile time. Once started it is an [`Instance`], which says in [`Phases`] which hooks it
//! wants; the others are never called. Hooks are synchronous, may not block and may not allocate in the steady state:
//! they run on the thread that serves the exchange, in table order.
//!
//! This crate knows no sockets, no HTTP library and no module.

mod decision;
mod exchange;
mod files;
mod hooks;
mod module;
mod rescue;
mod settings;
mod text;
mod topology;

pub use decision::{Decision, FlagChoice, KeySource, Reason};
pub use exchange::{Attempt, Exchange, Fault, FlagNames, Head, Outcome, TraceId};
pub use files::ModuleFile;
pub use hooks::{Hooks, NotRenewed};
pub use module::{Health, Instance, Module, Page, PageRequest, Phases, StartError};
pub use rescue::{Reply, Rescue, Trouble};
pub use settings::{Settings, SettingsError, Spanned};
pub use text::MetricsText;
pub use topology::{Earlier, EndpointId, EndpointInfo, LaneId, LaneInfo, Topology};
