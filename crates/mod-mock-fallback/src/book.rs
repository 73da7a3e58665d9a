//! All mocks, in the order in which they are tried.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use graylane_pipeline::{ModuleFile, SettingsError};

use crate::entry::Text;
use crate::mock::Mock;
use crate::tally::Counts;

/// Mocks at most.
const MOST: usize = 1_000;

/// All mocks: the first that fits is the most specific one.
#[derive(Debug, Default)]
pub(crate) struct Book(Vec<Mock>);

impl Book {
    /// Reads the mocks of all files.
    ///
    /// # Errors
    /// The first mistake: in a mock, or between two.
    pub(crate) fn read(files: &[ModuleFile]) -> Result<Self, SettingsError> {
        let mut all: Vec<(Mock, Text<'_>)> = Vec::new();
        let mut names = HashMap::new();
        for file in files.iter().filter(|file| file.name.ends_with(".toml")) {
            let text = Text(file);
            for (number, entry) in (1..).zip(text.entries()?) {
                let span = entry.span();
                let mock = Mock::read(text, number, entry, files)?;
                if let Some(other) = names.insert(mock.name.clone(), mock.place.clone()) {
                    return Err(text.wrong(
                        span,
                        format!(
                            "two mocks are called `{}`: the other stands in {}",
                            mock.name,
                            shown(&other)
                        ),
                        "a name is how people find a mock: give it to one",
                    ));
                }
                if all.len() == MOST {
                    return Err(text.wrong(span, format!("more than {MOST} mocks"), "are these all mocks?"));
                }
                all.push((mock, text));
            }
        }
        // Stable, so of two that are alike the later one comes second, and is told.
        all.sort_by(|(one, _), (other, _)| specific(one, other));
        for pair in all.windows(2) {
            let [(one, _), (other, text)] = pair else { continue };
            if specific(one, other) == Ordering::Equal {
                return Err(text.wrong(
                    other.span.clone(),
                    format!(
                        "`{}` fits the same requests as `{}` in {}",
                        other.name,
                        one.name,
                        shown(&one.place)
                    ),
                    "leave one out, or let one have another method, path or service",
                ));
            }
        }
        Ok(Self(all.into_iter().map(|(mock, _)| mock).collect()))
    }

    /// The mock for a request, with what stands for the names in its path.
    pub(crate) fn find<'r>(
        &self,
        service: &str,
        method: &str,
        path: &'r str,
    ) -> Option<(&Mock, Vec<&'r str>)> {
        self.0.iter().find_map(|mock| {
            let of_service = mock.service.as_deref().is_none_or(|known| known == service);
            let of_method = mock
                .method
                .as_deref()
                .is_none_or(|known| known == method || (known == "GET" && method == "HEAD"));
            if !of_service || !of_method {
                return None;
            }
            Some((mock, mock.path.matched(path)?))
        })
    }

    /// The mocks.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Mock> {
        self.0.iter()
    }

    /// Lets those that were there before, by name, go on counting.
    pub(crate) fn keep_counts(&mut self, earlier: &Self) {
        let known: HashMap<&str, &Arc<Counts>> =
            earlier.iter().map(|mock| (&*mock.name, &mock.served)).collect();
        for mock in &mut self.0 {
            if let Some(served) = known.get(&*mock.name) {
                mock.served = Arc::clone(served);
            }
        }
    }
}

/// By path, then service, then method; what is said before what is not. One for `HEAD` before one for `GET`, which is for `HEAD`
/// as well.
fn specific(one: &Mock, other: &Mock) -> Ordering {
    let rest = |mock: &Mock| {
        (
            mock.service.is_none(),
            mock.service.clone(),
            mock.method.is_none(),
            mock.method.as_deref() != Some("HEAD"),
            mock.method.clone(),
        )
    };
    one.path
        .cmp(&other.path)
        .then_with(|| rest(one).cmp(&rest(other)))
}

fn shown((file, line): &(Box<str>, usize)) -> String {
    format!("{file}:{line}")
}
