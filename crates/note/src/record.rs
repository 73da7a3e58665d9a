use crate::{Endian, Kind, OWNER, TEXT_LIMIT};

/// The owner with its NUL and its padding: nine bytes count, twelve are written.
const OWNER_FIELD: [u8; 12] = *b"graylane\0\0\0\0";
const OWNER_SIZE: u32 = OWNER.len() as u32 + 1;

/// One note as it lies in the section: `Elf_Nhdr`, owner, text, padded to four bytes.
#[derive(Debug)]
#[repr(C)]
pub struct Note<const N: usize> {
    owner_size: u32,
    text_size: u32,
    kind: u32,
    owner: [u8; 12],
    text: [u8; N],
}

impl<const N: usize> Note<N> {
    /// The note of this kind with this text; `N` is [`padded`] of the text's length.
    ///
    /// # Panics
    /// At compile time: the text is empty, over [`TEXT_LIMIT`], not printable ASCII, or `N` does not fit it.
    pub const fn new(kind: Kind, text: &str) -> Self {
        let bytes = text.as_bytes();
        assert!(
            is_text(bytes),
            "the text of a note is 1 to 128 printable ASCII characters"
        );
        assert!(
            N == padded(bytes.len()),
            "the size of a note is that of its text, padded to four bytes"
        );
        let mut field = [0; N];
        let mut at = 0;
        while at < bytes.len() {
            field[at] = bytes[at];
            at += 1;
        }
        Self {
            owner_size: OWNER_SIZE,
            text_size: bytes.len() as u32,
            kind: kind as u32,
            owner: OWNER_FIELD,
            text: field,
        }
    }
}

/// A length, raised to the next multiple of four.
pub const fn padded(length: usize) -> usize {
    length.next_multiple_of(4)
}

/// Whether a note may carry these bytes. Printable ASCII only, so that a hostile file cannot steer a terminal.
pub(crate) const fn is_text(bytes: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        if !matches!(bytes[at], b' '..=b'~') {
            return false;
        }
        at += 1;
    }
    !bytes.is_empty() && bytes.len() <= TEXT_LIMIT
}

/// The bytes of one note, for tests and tools that make files. The text is taken as it is, valid or not.
pub fn encode(kind: Kind, text: &[u8], endian: Endian) -> Vec<u8> {
    let number = |value: u32| match endian {
        Endian::Little => value.to_le_bytes(),
        Endian::Big => value.to_be_bytes(),
    };
    let mut bytes = Vec::with_capacity(24 + padded(text.len()));
    bytes.extend(number(OWNER_SIZE));
    bytes.extend(number(text.len() as u32));
    bytes.extend(number(kind as u32));
    bytes.extend(OWNER_FIELD);
    bytes.extend(text);
    bytes.resize(24 + padded(text.len()), 0);
    bytes
}
