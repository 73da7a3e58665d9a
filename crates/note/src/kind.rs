/// What a note says: the type field of the ELF note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Kind {
    /// A channel's feature was on.
    Channel = 1,
    /// Version and commit.
    Build = 2,
    /// The module's crate was linked.
    Linked = 3,
    /// The code around the marker was emitted. The number stands in the assembler text of `emitted!` too.
    Emitted = 4,
}

impl Kind {
    pub(crate) const fn from_number(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::Channel),
            2 => Some(Self::Build),
            3 => Some(Self::Linked),
            4 => Some(Self::Emitted),
            _ => None,
        }
    }
}
