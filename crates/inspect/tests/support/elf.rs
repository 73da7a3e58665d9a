//! The smallest ELF file with notes: header, one program header, the notes. No section headers, as after wiping them.
//! Mounted by `#[path]` wherever such a file is needed.

use graylane_note::{Endian, Kind, encode};

/// Little-endian, 64 bits, one `PT_NOTE` segment at the end.
pub(crate) fn elf(notes: &[u8]) -> Vec<u8> {
    let size = notes.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    for half in [3_u16, 62] {
        file.extend(half.to_le_bytes());
    }
    file.extend(1_u32.to_le_bytes());
    // Entry, program headers, section headers.
    for word in [0_u64, 64, 0] {
        file.extend(word.to_le_bytes());
    }
    file.extend(0_u32.to_le_bytes());
    // Sizes and counts: header, program headers, section headers.
    for half in [64_u16, 56, 1, 64, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    // PT_NOTE, readable.
    for word in [4_u32, 4] {
        file.extend(word.to_le_bytes());
    }
    for word in [120_u64, 120, 120, size, size, 4] {
        file.extend(word.to_le_bytes());
    }
    file.extend(notes);
    file
}

/// The notes of a build: channels, `version commit`, and modules that are both linked and emitted.
pub(crate) fn notes(channels: &[&str], build: &str, modules: &[&str]) -> Vec<u8> {
    let note = |kind, text: &str| encode(kind, text.as_bytes(), Endian::Little);
    let mut bytes = b"\x04\0\0\0\x04\0\0\0\x03\0\0\0GNU\0\xab\xcd\xef\x01".to_vec();
    for channel in channels {
        bytes.extend(note(Kind::Channel, channel));
    }
    bytes.extend(note(Kind::Build, build));
    for module in modules {
        if !module.contains(':') {
            bytes.extend(note(Kind::Linked, module));
        }
        bytes.extend(note(Kind::Emitted, module));
    }
    bytes
}
