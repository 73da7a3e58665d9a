use crate::{Metadata, Value};

/// The metadata of a set is laid under that of each flag. So much may that be, in bytes.
const BUDGET: usize = 64 << 20;

/// What the metadata of several files have in common, and how much of it is copied.
#[derive(Debug)]
pub(super) struct Copies {
    common: Metadata,
    left: Option<usize>,
}

impl Copies {
    pub(super) fn new<'m>(mut files: impl Iterator<Item = &'m Metadata>) -> Self {
        let first = files.next().cloned().unwrap_or_default();
        // Names are few where there is more than one file, or `too_many` holds soon.
        let common = files.fold(first, |mut common, file| {
            let file: std::collections::HashMap<&str, &Value> =
                file.iter().map(|(name, value)| (&**name, value)).collect();
            common.retain(|(name, value)| file.get(&**name) == Some(&value));
            common
        });
        Self {
            common,
            left: Some(BUDGET),
        }
    }

    /// What only this file has.
    pub(super) fn different(&self, file: &Metadata) -> Metadata {
        let common: std::collections::HashSet<&str> = self.common.iter().map(|(name, _)| &**name).collect();
        let different = file.iter().filter(|(name, _)| !common.contains(&**name));
        different.cloned().collect()
    }

    /// Adds the metadata of a flag's file that are not those of all files.
    pub(super) fn lay_under(&mut self, own: &mut Metadata, different: &Metadata, file: &Metadata) {
        self.left = self.left.and_then(|left| left.checked_sub(cost(file)));
        if self.left.is_none() {
            return;
        }
        let count = own.len();
        for (name, value) in different {
            if own[..count].iter().all(|(other, _)| other != name) {
                own.push((name.clone(), value.clone()));
            }
        }
    }

    pub(super) fn too_many(&self) -> bool {
        self.left.is_none()
    }

    pub(super) fn into_common(self) -> Metadata {
        self.common
    }
}

fn cost(metadata: &Metadata) -> usize {
    let texts = metadata.iter().map(|(name, value)| match value {
        Value::Text(text) => name.len() + text.len(),
        _ => name.len(),
    });
    texts.sum::<usize>() + size_of_val(metadata.as_slice())
}
