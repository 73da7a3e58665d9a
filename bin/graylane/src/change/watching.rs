//! Which files are watched, and what of that is news.

use std::path::PathBuf;

use graylane_load::signature_path;
use graylane_watch::{Digest, Event, Watched};

use crate::load::Loaded;

/// The files, with the content that is in use.
pub(super) fn watched(loaded: &Loaded) -> Vec<Watched> {
    let known = |path: &PathBuf| loaded.content(path).map(Digest::of);
    let all = loaded.paths();
    all.into_iter()
        .map(|path| Watched {
            known: known(&path),
            path,
        })
        .collect()
}

/// Whether the files are to be read again. That the file of the environment is still not there is nothing new, and a reload
/// that finds nothing changed would take back what `/readyz` says of a text that was refused.
pub(super) fn is_news(event: &Event, in_use: &Loaded) -> bool {
    let optional = &in_use.files[1];
    let is_absent = in_use.content(optional).is_none();
    match event {
        Event::Troubled { path, .. } => !is_absent || (path != optional && *path != signature_path(optional)),
        Event::Changed { .. } | Event::Returned { .. } => true,
    }
}
