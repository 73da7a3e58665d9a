//! A file system in memory in which any operation may fail and which may lose power at any time.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::disk::{Disk, DiskFile};

/// What a crash does to one byte: synced ones stay; others, also those of which a failed sync lost track, may or may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Synced,
    Dirty,
    Forgotten,
}

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<(u8, Fate)>,
    durable: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Naming {
    Create(String, usize),
    Rename(String, String),
}

#[derive(Debug, Default)]
struct State {
    files: Vec<Content>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    pending: Vec<Naming>,
    /// Operations so far; those in `failing` fail.
    operations: usize,
    failing: BTreeSet<usize>,
    full: bool,
}

/// The folder. Clones are the same folder.
#[derive(Debug, Clone, Default)]
pub(super) struct Unsteady(Arc<Mutex<State>>);

#[derive(Debug)]
struct Handle(Unsteady, usize);

fn apply(names: &mut BTreeMap<String, usize>, naming: &Naming) {
    match naming {
        Naming::Create(name, id) => _ = names.insert(name.clone(), *id),
        Naming::Rename(from, to) => {
            let id = names.remove(from).unwrap();
            names.insert(to.clone(), id);
        }
    }
}

impl Unsteady {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// The next operation that changes something, or its failure.
    fn operation(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        state.operations += 1;
        let now = state.operations;
        if state.failing.remove(&now) {
            return Err(io::Error::other("injected"));
        }
        Ok(state)
    }

    /// Lets the `nth` operation from now on fail, 0 being the next.
    pub(super) fn fail(&self, nth: usize) {
        let mut state = self.state();
        let at = state.operations + 1 + nth;
        state.failing.insert(at);
    }

    pub(super) fn clear_failures(&self) {
        self.state().failing.clear();
    }

    pub(super) fn operations(&self) -> usize {
        self.state().operations
    }

    /// From now on there is no space, or there is again.
    pub(super) fn set_full(&self, full: bool) {
        self.state().full = full;
    }

    /// The power goes: what was not synced is there or not, as `coin` says.
    pub(super) fn crash(&self, mut coin: impl FnMut(usize) -> usize) {
        const BLOCK: usize = 128;
        let mut state = self.state();
        let kept = coin(state.pending.len() + 1);
        let pending = std::mem::take(&mut state.pending);
        let mut names = std::mem::take(&mut state.durable_names);
        for naming in &pending[..kept] {
            apply(&mut names, naming);
        }
        state.durable_names = names.clone();
        state.names = names;
        for file in &mut state.files {
            let (now, durable) = (file.bytes.len(), file.durable.len());
            let len = match now > durable {
                true => durable + coin(now - durable + 1),
                false => [now, durable][coin(2)],
            };
            // Half of the time what is there is a beginning, else it may have holes.
            let in_order = coin(2) == 0;
            let blocks: Vec<_> = (0..=len / BLOCK).map(|_| in_order || coin(4) > 0).collect();
            let after = (0..len).map(|at| {
                let old = file.durable.get(at).copied().unwrap_or(0);
                match file.bytes.get(at) {
                    Some((byte, Fate::Synced)) => *byte,
                    Some((byte, _)) if blocks[at / BLOCK] => *byte,
                    _ => old,
                }
            });
            file.durable = after.collect();
            file.bytes = file.durable.iter().map(|byte| (*byte, Fate::Synced)).collect();
        }
    }

    /// Copies everything, as it can be read now, into a real folder.
    pub(super) fn copy_to(&self, folder: &Path) {
        for old in std::fs::read_dir(folder).unwrap() {
            std::fs::remove_file(old.unwrap().path()).unwrap();
        }
        let state = self.state();
        for (name, id) in &state.names {
            let bytes: Vec<_> = state.files[*id].bytes.iter().map(|(byte, _)| *byte).collect();
            std::fs::write(folder.join(name), bytes).unwrap();
        }
    }
}

impl Disk for Unsteady {
    fn names(&mut self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn open(&mut self, name: &str) -> io::Result<Option<Box<dyn DiskFile>>> {
        let id = self.state().names.get(name).copied();
        Ok(id.map(|id| Box::new(Handle(self.clone(), id)) as _))
    }

    fn create(&mut self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.operation()?;
        if state.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let id = state.files.len();
        state.files.push(Content::default());
        let naming = Naming::Create(name.to_owned(), id);
        apply(&mut state.names, &naming);
        state.pending.push(naming);
        Ok(Box::new(Handle(self.clone(), id)))
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.operation()?;
        if state.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let naming = Naming::Rename(from.to_owned(), to.to_owned());
        apply(&mut state.names, &naming);
        state.pending.push(naming);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.operation()?;
        state.pending.clear();
        state.durable_names = state.names.clone();
        Ok(())
    }

    fn is_named(&mut self, file: &dyn DiskFile, name: &str) -> io::Result<bool> {
        let id = file.identity()?.1;
        Ok(self
            .state()
            .names
            .get(name)
            .is_some_and(|named| *named as u64 == id))
    }
}

impl DiskFile for Handle {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.state().files[self.1].bytes.len() as u64)
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.0.state();
        let bytes = state.files[self.1].bytes.iter().skip(offset as usize);
        let read = into.iter_mut().zip(bytes).map(|(into, (byte, _))| *into = *byte);
        Ok(read.count())
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let offset = offset as usize;
        let put = |state: &mut State, bytes: &[u8]| {
            let file = &mut state.files[self.1].bytes;
            let end = offset + bytes.len();
            let len = file.len().max(end);
            file.resize(len, (0, Fate::Dirty));
            for (place, byte) in file[offset..end].iter_mut().zip(bytes) {
                *place = (*byte, Fate::Dirty);
            }
        };
        let Ok(mut state) = self.0.operation() else {
            // Some of it was written before the failure.
            put(&mut self.0.state(), &bytes[..bytes.len() / 2]);
            return Err(io::Error::other("injected"));
        };
        if state.full {
            put(&mut state, &bytes[..bytes.len().min(10)]);
            return match bytes.len() {
                0..=10 => Err(io::ErrorKind::StorageFull.into()),
                _ => Ok(10),
            };
        }
        put(&mut state, bytes);
        Ok(bytes.len())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let mut state = self.0.operation()?;
        let file = &mut state.files[self.1].bytes;
        file.resize(len as usize, (0, Fate::Dirty));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let failed = self.0.operation().err();
        let mut state = self.0.state();
        let file = &mut state.files[self.1];
        if let Some(error) = failed {
            // As kernels do: what could not be written counts as clean from now on, and later syncs pass over it.
            let dirty = file.bytes.iter_mut().filter(|(_, fate)| *fate == Fate::Dirty);
            dirty.for_each(|(_, fate)| *fate = Fate::Forgotten);
            return Err(error);
        }
        let old = std::mem::take(&mut file.durable);
        let kept = file.bytes.iter_mut().enumerate().map(|(at, (byte, fate))| {
            if *fate == Fate::Forgotten {
                return old.get(at).copied().unwrap_or(0);
            }
            *fate = Fate::Synced;
            *byte
        });
        file.durable = kept.collect();
        Ok(())
    }

    fn identity(&self) -> io::Result<(u64, u64)> {
        Ok((0, self.1 as u64))
    }
}
