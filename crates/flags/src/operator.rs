//! What JsonLogic's and flagd's operators do with values. Source: jsonlogic.com, whose JavaScript coercions they are, and
//! flagd's `docs/reference/custom-operations`.

mod compare;
mod datum;
mod number;
mod packed;
mod text;
mod texts;
mod version;

pub(crate) use compare::{compare, loosely_equal, same, strictly_equal};
pub(crate) use datum::Datum;
pub(crate) use number::{extreme, number};
pub(crate) use packed::{Packed, Range};
pub(crate) use text::{Written, part, write_text};
pub(crate) use texts::Texts;
pub(crate) use version::{Relation, Version};
