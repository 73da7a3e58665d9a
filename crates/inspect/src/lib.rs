//! Reads any binary, and judges the artifacts of all channels of one commit together.
//!
//! Constraints: a file that cannot be understood is an error, never "clean"; hostile bytes never panic and never make
//! this crate allocate more than the file's own size, which is bounded; nothing is executed.
//!
//! Invariants of a proof:
//! - A module is *absent* from an artifact only if the same reader found it in another artifact of the same commit.
//!   Otherwise it is *not proven*, which is a surprise.
//! - Two witnesses that nobody writes by hand stand against the markers: the source files in cargo's dep-info and the
//!   source files in the debug lines of the same link (tied to the artifact by its build id).
//! - What an artifact holds is compared with a committed [`Expectation`].
//!
//! Mechanism: [`inspect`] reads one file by its program headers ([`Report`]); [`Artifact::open`] reads what `ci/channel`
//! left of one channel; [`prove`] judges.
//!
//! What is proven is the absence of mistakes, not of malice: who can edit a module can also delete its marker and its
//! line in the expectation. And only for what has a marker: a row of the table, or a statement named in a marker.

mod artifact;
mod debug;
mod elf;
mod expectation;
mod proof;
mod report;
mod sources;
mod surprise;

pub use artifact::{Artifact, ArtifactError};
pub use expectation::{Expectation, ExpectationError, State};
pub use proof::{Cell, Proof, Refusal, Row, prove};
pub use report::{InspectError, Module, Report, SIZE_LIMIT, inspect};
pub use sources::{SourcesError, Witness, sources};
pub use surprise::Surprise;
