//! Flag definitions -> compiled rules -> evaluation with reason and explanation.
//!
//! Constraints
//! - Pure: no file, no socket, no clock; what time it is, the [`Context`] says.
//! - Definitions are read, checked and compiled when they are loaded. An evaluation allocates nothing, takes no lock and
//!   parses nothing; a [`FlagSet`] never changes, so readers never wait for a reload.
//! - The words are OpenFeature's, the model and the rules are flagd's, and so are the answers, to the bit: the bucketing
//!   is versioned in the flag set, because another one redraws every cohort.
//!
//! Bucketing: `flagd-v1` is flagd's before March 2026, `flagd-v2` that of the releases from then on, and `flagd-v3`, the
//! default, that of those from October 2026 on ([`Bucketing`]). A flag set names one of them, and who takes over a set of
//! flagd names the one by which flagd and its providers have drawn it so far.
//!
//! Mechanism: text (TOML or flagd's JSON) -> a tree with places ([`Node`]) -> [`Definitions`], every flag checked ->
//! [`FlagSet`], every rule a program.

mod bucketing;
mod canonical;
mod context;
mod define;
mod definition;
mod explain;
mod hash;
mod operator;
mod program;
mod read;
mod registry;
mod resolution;
mod set;
mod tape;
mod tree;
mod value;

pub use bucketing::Bucketing;
pub use context::{Context, Fields};
pub use define::{ReadOptions, Reading};
pub use definition::{Definition, Definitions, Kind, Metadata, Prerequisite, Split, State, Variant};
pub use explain::{Answer, Condition, Draw, Explanation, Operand, Share, Waiting};
pub use read::{MAX_DEPTH, MAX_TEXT, read_json, read_toml};
pub use registry::{
    Bound, Flag, FlagType, RegisterError, Registered, Registry, Report, Type, WrongType, freeze_registered,
    register,
};
pub use resolution::{EvaluateError, Reason, Resolution};
pub use set::{CompiledFlag, FlagId, FlagSet, Options};
pub use tape::Rule;
pub use tree::{Data, Key, Node, Number, Text};
pub use value::{Value, ValueRef};
