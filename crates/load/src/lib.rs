//! From files and variables to the layers of a configuration: what may be read, and whether it counts.
//!
//! Constraints: reads and never writes; a file has [`MAX_FILE`] bytes at most, one of certificates [`MAX_PEM`]. In a locked
//! environment nothing is handed on that anybody on the machine may change, no private key that anybody may read, and,
//! certificates and their keys apart, nothing that no trusted key has signed: the bytes that were verified are the bytes
//! that are parsed.
//!
//! Mechanism: a [`Loader`] reads the file and, beside it, the one of the environment, and later what they name; [`layers`]
//! puts the variables and the assignments of the command line on top.

mod error;
mod loader;
mod pem;
mod read;
mod rights;
mod trust;

pub use error::LoadError;
pub use loader::{Instead, Loader};
pub use pem::MAX_PEM;
pub use read::{MAX_FILE, read};
pub use rights::refuse_writable;
pub use trust::{draft_path, signature_path, trusted_keys, verify};

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use graylane_config::{Environment, Layers, Signed};
use graylane_diagnostic::Source;

/// What to read.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The configuration file.
    pub file: PathBuf,
    /// Which file beside it is read as well, and what counts.
    pub environment: Environment,
    /// The variables of the process; those that are no keys are left out.
    pub variables: Vec<(OsString, OsString)>,
    /// The assignments of `--set`.
    pub assignments: Vec<String>,
    /// The keys whose signature counts, in a locked environment.
    pub trust: PathBuf,
}

/// A file as it was read.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
    /// Who signed it, where signatures count.
    pub signed: Option<Signed>,
}

/// The file of an environment beside a file: `graylane.prod.toml` beside `graylane.toml`.
pub fn environment_file(file: &Path, environment: Environment) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let extension = file
        .extension()
        .map_or("toml".into(), |extension| extension.to_string_lossy());
    file.with_file_name(format!("{stem}.{environment}.{extension}"))
}

/// The layers: the documents, then the variables in the order of their names, then the assignments.
pub fn layers(asked: &Asked, documents: &[Document]) -> Layers {
    let mut sources = documents
        .iter()
        .map(|document| Source::new(document.path.display().to_string(), document.text.clone()));
    let first = sources
        .next()
        .unwrap_or_else(|| Source::new(asked.file.display().to_string(), String::new()));
    let mut layers = Layers::new(first);
    for source in sources {
        layers.file(source);
    }
    let mut variables = asked.variables.clone();
    variables.sort();
    for (name, value) in &variables {
        layers.variable(&name.to_string_lossy(), &value.to_string_lossy());
    }
    for assignment in &asked.assignments {
        layers.set(assignment);
    }
    layers
}

#[cfg(test)]
mod tests;
