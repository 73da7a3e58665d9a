//! What each command does.

mod check;
mod explain;
mod modules;
mod serve;

pub(crate) use check::check;
pub(crate) use explain::{Described, Undecided, explain};
pub(crate) use modules::{list as module_list, modules};
pub(crate) use serve::serve;
