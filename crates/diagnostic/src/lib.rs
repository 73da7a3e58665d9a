//! A mistake in a text that people wrote: what is wrong, where, and what to do about it.
//!
//! Constraints: no I/O. What a message quotes can neither reorder a line nor control a terminal, and is never longer than
//! a line.
//!
//! Mechanism: as in a compiler, the texts that are read together ([`Sources`]) share one line of byte offsets. A span is
//! then enough to tell both the text and the place in it, so a value that carries its span knows its origin, and the
//! layers of a configuration can be merged without any other bookkeeping.

mod diagnostic;
mod nesting;
mod source;
mod suggest;

pub use diagnostic::{Diagnostic, Diagnostics, Report, printable};
pub use nesting::too_deep_toml;
pub use source::{Source, Sources, Texts};
pub use suggest::{cut, list, meant, quote};
