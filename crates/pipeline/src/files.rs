use std::path::PathBuf;

/// A text file beside the configuration that a module takes, see [`crate::Module::files`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleFile {
    /// Where it is: this path is watched.
    pub path: PathBuf,
    /// How its module calls it.
    pub name: Box<str>,
    /// What is in it.
    pub text: String,
    /// The offset of its first byte on the line of offsets that all texts of a configuration share. The gateway sets it,
    /// and a mistake is told at the place in the text plus this.
    pub base: usize,
}
