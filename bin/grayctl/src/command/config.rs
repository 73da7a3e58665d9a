//! `grayctl config`: one file per command.

mod diff;
mod key;
mod keygen;
mod show;
mod sign;
mod verify;

pub(crate) use key::{KeyError, write as write_key};

use std::io::Write;
use std::path::Path;

use graylane_config::{Environment, Folded, Modules};
use graylane_load::Asked;

use crate::cli::config::Config;
use crate::exit::Failure;

/// Runs one of them.
pub(crate) fn run(asked: &Config, out: &mut impl Write) -> Result<(), Failure> {
    match asked {
        Config::Keygen(asked) => keygen::run(asked, out),
        Config::Sign(asked) => sign::run(asked, out),
        Config::Verify(asked) => verify::run(asked, out),
        Config::Show(asked) => show::run(asked, out),
        Config::Diff(asked) => diff::run(asked, out),
    }
}

/// Reads and checks a configuration without asking who signed it. Any module may have a section: which ones a gateway
/// has, it alone knows.
pub(super) fn fold(asked: &Asked) -> Result<Folded, Failure> {
    let documents = graylane_load::Loader::preview(asked).documents()?;
    let layers = graylane_load::layers(asked, &documents);
    graylane_config::parse(&layers, asked.environment, Modules::Any)
        .map_err(|found| Failure::Invalid(found.render(layers.sources())))
}

/// What to read: a file in an environment, and nothing else.
pub(super) fn files_of(file: &Path, environment: Environment) -> Asked {
    Asked {
        file: file.to_owned(),
        environment,
        variables: Vec::new(),
        assignments: Vec::new(),
        trust: Default::default(),
    }
}
