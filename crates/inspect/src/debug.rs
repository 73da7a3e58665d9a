use std::collections::BTreeSet;

use crate::elf::{self, Section};

/// The folder of the modules, as the compiler names sources of the workspace.
const MODULES: &[u8] = b"crates/mod-";
/// In the lines of every gateway: without it the file has no line tables of the workspace.
const CONTROL: &[u8] = b"bin/graylane/src";

/// What the debug file of an artifact says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DebugLines {
    pub(crate) build_id: Option<String>,
    pub(crate) modules: BTreeSet<String>,
}

/// A debug file that is no witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoLines;

/// Looks for the modules' folders among the names in the debug sections.
///
/// The names are searched as text instead of walking the line tables: the tables of a link name a folder only if one of
/// their lines comes from it, and one dependency less is one more person who can follow the proof.
///
/// # Errors
/// No debug sections, compressed ones, or none that know the gateway's own folder.
pub(crate) fn debug_lines(bytes: &[u8]) -> Result<DebugLines, NoLines> {
    let elf = elf::read(bytes).map_err(|_| NoLines)?;
    let names: Vec<&Section<'_>> = elf
        .sections
        .iter()
        .filter(|section| section.name.starts_with(b".debug_"))
        .collect();
    if names.iter().any(|section| section.compressed) {
        return Err(NoLines);
    }
    let mut modules = BTreeSet::new();
    let mut control = false;
    for section in names {
        control |= find(section.data, CONTROL).is_some();
        collect(section.data, &mut modules);
    }
    if control {
        Ok(DebugLines {
            build_id: elf.notes.build_id,
            modules,
        })
    } else {
        Err(NoLines)
    }
}

fn collect(mut data: &[u8], modules: &mut BTreeSet<String>) {
    while let Some(at) = find(data, MODULES) {
        data = &data[at + MODULES.len()..];
        let length = data
            .iter()
            .take_while(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            .count();
        if length > 0 && data.get(length) == Some(&b'/') {
            modules.insert(String::from_utf8_lossy(&data[..length]).into_owned());
        }
    }
}

fn find(data: &[u8], what: &[u8]) -> Option<usize> {
    // Most bytes are no `c` or `b`, so this is quick enough for debug sections of a hundred megabytes.
    let first = *what.first()?;
    let mut from = 0;
    while let Some(step) = data.get(from..)?.iter().position(|byte| *byte == first) {
        if data[from + step..].starts_with(what) {
            return Some(from + step);
        }
        from += step + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_folders_are_found_among_other_names() {
        let mut modules = BTreeSet::new();

        collect(
            b"crates/\0crates/mod-breaker/src\0crates/mod-\0xcrates/mod-canary-log/src/lib.rs\0",
            &mut modules,
        );

        assert_eq!(modules.into_iter().collect::<Vec<_>>(), ["breaker", "canary-log"]);
    }

    #[test]
    fn what_is_no_elf_file_has_no_debug_lines() {
        assert_eq!(
            debug_lines(b"crates/mod-breaker/src bin/graylane/src"),
            Err(NoLines)
        );
    }
}
