use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use graylane_core::Channel;

use crate::debug::{DebugLines, NoLines, debug_lines};
use crate::report::{content, report};
use crate::{InspectError, Report, SourcesError, sources};

/// What `ci/channel` left of one channel in `<dist>/<channel>/`.
#[derive(Debug)]
pub struct Artifact {
    pub(crate) channel: Channel,
    pub(crate) content: Vec<u8>,
    pub(crate) report: Result<Report, InspectError>,
    pub(crate) dep_info: Result<BTreeSet<String>, SourcesError>,
    pub(crate) debug: Option<Result<DebugLines, NoLines>>,
}

/// A file of an artifact that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}", path.display())]
pub struct ArtifactError {
    /// The file.
    pub path: PathBuf,
    /// What the system or the limits say.
    #[source]
    pub source: InspectError,
}

impl Artifact {
    /// Reads `graylane`, its dep-info `graylane.d` and, where it is, `graylane.debug` in this folder.
    ///
    /// # Errors
    /// One of the first two cannot be read. What they say is judged by [`crate::prove`], not here.
    pub fn open(folder: &Path, channel: Channel) -> Result<Self, ArtifactError> {
        let path = folder.join("graylane");
        let content = content(&path).map_err(|source| ArtifactError { path, source })?;
        let path = folder.join("graylane.d");
        let dep_info = fs::read_to_string(&path).map_err(|error| ArtifactError {
            path,
            source: InspectError::Unreadable(error),
        })?;
        let debug = folder.join("graylane.debug");
        let debug = debug.exists().then(|| match crate::report::content(&debug) {
            Ok(content) => debug_lines(&content),
            Err(_) => Err(NoLines),
        });
        Ok(Self {
            channel,
            report: report(&content),
            content,
            dep_info: sources(&dep_info),
            debug,
        })
    }
}
