//! Text -> typed values, each with its place.

pub(crate) mod depth;
mod draft;
mod forwarding;
mod gray;
mod handover;
mod health;
pub(crate) mod length;
mod mirror;
mod owned;
mod section;
mod tls;
mod values;
mod words;

pub(crate) use draft::{
    CredentialDraft, Draft, LaneDraft, LaneGroup, ListenerDraft, OfrepDraft, ServiceDraft,
};
pub(crate) use gray::{GrayDraft, GrayKeyDraft};
pub(crate) use health::{HealthDraft, HealthKind};
pub(crate) use mirror::MirrorDraft;
pub(crate) use owned::Owned;
pub(crate) use section::{Faults, Field};
pub(crate) use tls::{KeyPairDraft, ListenerTlsDraft, UpstreamTlsDraft};
pub(crate) use values::whole_number;
pub(crate) use words::{Grow, HostWord};

use toml::de::DeTable;

use crate::origin::{self, Override, Value};
use crate::{Config, Environment, Layers, layers, validate};
use graylane_diagnostic::quote;
use graylane_diagnostic::{Diagnostic, Diagnostics, Source};

/// The longest text, in bytes.
pub const MAX_TEXT: usize = 1 << 20;

/// The names that `[modules.<name>]` may have: those of every build, so that all channels can share a file.
#[derive(Debug, Clone, Copy)]
pub enum Modules<'a> {
    /// Any.
    Any,
    /// These.
    These(&'a [&'a str]),
}

/// What the layers say together.
#[derive(Debug, Clone)]
pub struct Folded {
    /// The configuration.
    pub config: Config,
    /// Every value that is set and every default, with its origin.
    pub values: Vec<Value>,
    /// What came from outside a file, in the order in which it was applied.
    pub overrides: Vec<Override>,
    /// The files, with their revisions.
    pub files: Vec<FileRevision>,
}

/// A file with the revision that it states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRevision {
    /// The file, as messages call it.
    pub name: String,
    /// Its top-level key `revision`.
    pub revision: Option<u64>,
}

/// Folds the layers and reads the configuration.
///
/// # Errors
/// The mistakes: where a layer cannot be read or may not set what it sets, those of all layers; else all in the values
/// that do not follow from one another.
pub fn parse(layers: &Layers, environment: Environment, modules: Modules<'_>) -> Result<Folded, Diagnostics> {
    let tree = match layers::fold(layers, environment, modules) {
        Ok(tree) => tree,
        Err(faults) => return Err(all_of(faults)),
    };
    let mut faults = Faults::default();
    let draft = draft::read(&tree.root, modules, &mut faults);
    let config = validate::validate(draft, &mut faults);
    environment_needs(environment, &config, &tree.files, &mut faults);
    let faults = faults.into_all();
    if !faults.is_empty() {
        return Err(all_of(faults));
    }
    Ok(Folded {
        config,
        values: origin::values(&tree.root, layers),
        overrides: tree.overrides,
        files: tree.files,
    })
}

/// The revision that a file states, whatever else is wrong with it.
pub fn revision(text: &str) -> Option<u64> {
    let source = Source::new("", text.to_owned());
    let table = file(&source).ok()?;
    whole_number(table.get("revision")?.get_ref())
}

fn all_of(faults: Vec<Diagnostic>) -> Diagnostics {
    // Never empty where this is called; were it so, one mistake without words would still refuse the text.
    Diagnostics::collect(faults).unwrap_or_else(|| Diagnostic::new("the configuration is wrong").into())
}

/// What only some environments ask for.
fn environment_needs(environment: Environment, config: &Config, files: &[FileRevision], faults: &mut Faults) {
    if environment != Environment::Dev && config.server.state.is_none() {
        let fault = Diagnostic::new(format!("{environment} needs a folder for its audit log"));
        faults.add(fault.hint("add [server] with state = \"/var/lib/graylane\""));
    }
    let lanes = config.services.iter().flat_map(|service| &service.lanes);
    for tls in lanes.filter_map(|lane| lane.tls.as_ref()) {
        if environment.is_locked() && !tls.verify {
            let fault = Diagnostic::new(format!("{environment} verifies the certificates of endpoints"));
            let hint = "take `verify = false` away; name the certificates of your own authority with `ca`";
            faults.add(fault.hint(hint).at(tls.span.clone()));
        }
    }
    for file in files
        .iter()
        .filter(|file| environment.is_locked() && file.revision.is_none())
    {
        let fault = Diagnostic::new(format!("{environment} needs a revision in {}", file.name));
        faults.add(fault.hint("add `revision = 1` above the first table, and raise it with every change"));
    }
}

/// One file on its own, with places from its own start.
pub(crate) fn file(source: &Source) -> Result<DeTable<'_>, Diagnostic> {
    let text = source.text();
    if text.len() > MAX_TEXT {
        let length = text.len();
        let error = Diagnostic::new(format!("the text has {length} bytes, more than {MAX_TEXT}"));
        return Err(error.hint("a configuration is smaller than 1 MiB: is this the right file?"));
    }
    depth::check(text)?;
    match DeTable::parse(text) {
        Ok(table) => {
            length::check(table.get_ref())?;
            Ok(table.into_inner())
        }
        Err(error) => Err(syntax(source, &error)),
    }
}

/// A mistake that `toml` found, in our words where we have better ones.
fn syntax(source: &Source, error: &toml::de::Error) -> Diagnostic {
    let end = source.text().len();
    let span = error.span().unwrap_or(end..end);
    let at = source.text().get(span.clone()).unwrap_or_default();
    let base = source.base();
    let (line, part) = source.excerpt(&(span.start + base..span.end + base));
    let value = line[..part.start]
        .split_once('=')
        .map(|(_, before)| format!("{before}{}", &line[part.start..]));
    let found = match value.as_deref().map(str::trim_start) {
        _ if error.message() == "duplicate key" => Diagnostic::new(format!("{} stands twice", quote(at)))
            .hint("a key and a table header may each stand once: merge the two"),
        Some("") => Diagnostic::new("the value is missing").hint("a value stands on the same line as its key"),
        Some(value) if !value.starts_with(['"', '\'', '[', '{']) => Diagnostic::new(error.message())
            .hint("every value but a number, `true` and `false` stands in quotes: \"127.0.0.1:8080\", \"16KiB\", \"5s\""),
        _ => Diagnostic::new(error.message()).hint("this is not TOML: see https://toml.io/en/v1.0.0"),
    };
    found.at(span)
}
