//! `grayctl flags`: one file per command.

mod context;
mod diff;
mod explain;
mod get;
mod lint;
mod list;
mod live;
mod set;
mod source;
mod view;

pub(crate) use live::Url;
pub(crate) use set::Stated;

use std::io::Write;

use crate::cli::flags::Flags;
use crate::exit::Failure;

/// Runs one of them.
pub(crate) fn run(asked: &Flags, out: &mut impl Write) -> Result<(), Failure> {
    match asked {
        Flags::List(asked) => list::run(asked, out),
        Flags::Get(asked) => get::run(asked, out),
        Flags::Set(asked) => set::run(asked, out),
        Flags::Explain(asked) => explain::run(asked, out),
        Flags::Lint(asked) => lint::run(asked, out),
        Flags::Diff(asked) => diff::run(asked, out),
    }
}

/// The failure for a key that no flag has.
fn no_flag<'a>(key: &str, keys: impl IntoIterator<Item = &'a str>) -> Failure {
    Failure::NoFlag {
        key: key.to_owned(),
        near: graylane_diagnostic::meant(key, keys).map(str::to_owned),
    }
}
