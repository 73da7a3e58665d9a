use std::collections::BTreeSet;

use crate::record::is_text;
use crate::{Endian, Kind, OWNER};

/// `NT_GNU_BUILD_ID` of the owner `GNU`.
const GNU_BUILD_ID: u32 = 3;
const HEADER: usize = 12;

/// Version and commit of a build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Build {
    /// The version of the package.
    pub version: String,
    /// The commit of the tree, or `unknown`.
    pub commit: String,
}

/// What the notes of a binary say. Sets, because an inlined function writes its marker once per copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// The channel features that were on. A build that may be shipped has exactly one.
    pub channels: BTreeSet<String>,
    /// Version and commit; exactly one, unless two programs were merged.
    pub builds: BTreeSet<Build>,
    /// The modules whose crate was linked.
    pub linked: BTreeSet<String>,
    /// The modules and statements whose code was emitted.
    pub emitted: BTreeSet<String>,
    /// The GNU build id, in lower-case hexadecimal.
    pub build_id: Option<String>,
    /// Notes that could not be read: cut off, of an unknown kind, or with a text that is none.
    pub unreadable: usize,
}

impl Notes {
    /// Adds the notes of one `PT_NOTE` segment. `align` is the segment's: 8 pads to eight bytes, everything else to four.
    ///
    /// Never panics, whatever the bytes are. What cannot be read is counted in [`Notes::unreadable`].
    pub fn absorb(&mut self, segment: &[u8], align: u64, endian: Endian) {
        let align = if align == 8 { 8 } else { 4 };
        let mut rest = segment;
        while rest.iter().any(|byte| *byte != 0) {
            let Some((record, length)) = Record::first_of(rest, align, endian) else {
                self.unreadable += 1;
                return;
            };
            self.add(&record);
            rest = rest.get(length..).unwrap_or_default();
        }
    }

    /// Whether the root notes are there: at least one channel and one build. Without them nothing is known, and no
    /// module may be called absent.
    pub fn are_rooted(&self) -> bool {
        !self.channels.is_empty() && !self.builds.is_empty()
    }

    fn add(&mut self, record: &Record<'_>) {
        if record.owner == b"GNU\0" && record.kind == GNU_BUILD_ID {
            self.build_id = Some(record.text.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        if record.owner.strip_suffix(b"\0") != Some(OWNER.as_bytes()) {
            return;
        }
        let text = str::from_utf8(record.text)
            .ok()
            .filter(|text| is_text(text.as_bytes()));
        let (Some(kind), Some(text)) = (Kind::from_number(record.kind), text) else {
            self.unreadable += 1;
            return;
        };
        match (kind, text.split_once(' ')) {
            (Kind::Channel, _) => _ = self.channels.insert(text.to_owned()),
            (Kind::Linked, _) => _ = self.linked.insert(text.to_owned()),
            (Kind::Emitted, _) => _ = self.emitted.insert(text.to_owned()),
            (Kind::Build, Some((version, commit))) => {
                _ = self.builds.insert(Build {
                    version: version.to_owned(),
                    commit: commit.to_owned(),
                });
            }
            (Kind::Build, None) => self.unreadable += 1,
        }
    }
}

struct Record<'a> {
    owner: &'a [u8],
    text: &'a [u8],
    kind: u32,
}

impl<'a> Record<'a> {
    /// The first record of these bytes and the length that it takes, padding included.
    fn first_of(bytes: &'a [u8], align: usize, endian: Endian) -> Option<(Self, usize)> {
        let number = |at: usize| -> Option<u32> {
            let field = bytes.get(at..at + 4)?.try_into().ok()?;
            Some(match endian {
                Endian::Little => u32::from_le_bytes(field),
                Endian::Big => u32::from_be_bytes(field),
            })
        };
        let owner_size = usize::try_from(number(0)?).ok()?;
        let text_size = usize::try_from(number(4)?).ok()?;
        let owner_end = HEADER.checked_add(owner_size)?;
        let text_start = owner_end.checked_next_multiple_of(align)?;
        let text_end = text_start.checked_add(text_size)?;
        let record = Self {
            owner: bytes.get(HEADER..owner_end)?,
            text: bytes.get(text_start..text_end)?,
            kind: number(8)?,
        };
        Some((record, text_end.checked_next_multiple_of(align)?))
    }
}

#[cfg(test)]
mod tests;
