use graylane_note::{Endian, Notes};
use object::Endianness;
use object::elf::{FileHeader32, FileHeader64, PT_LOAD, PT_NOTE};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::read::{Error, FileKind, ReadRef};

/// What the headers of an ELF file lead to.
pub(crate) struct Elf<'a> {
    pub(crate) notes: Notes,
    /// Empty where the section headers were removed.
    pub(crate) sections: Vec<Section<'a>>,
}

pub(crate) struct Section<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) size: u64,
    /// The bytes, as they lie in the file.
    pub(crate) data: &'a [u8],
    pub(crate) compressed: bool,
}

/// Why bytes are not read as an ELF file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ElfError {
    #[error("not an ELF file")]
    NotElf,
    #[error("cut off: a segment lies past its end")]
    CutOff,
    #[error("damaged")]
    Damaged(#[from] Error),
}

/// Reads the notes by the program headers, which survive where section headers do not.
pub(crate) fn read(bytes: &[u8]) -> Result<Elf<'_>, ElfError> {
    match FileKind::parse(bytes) {
        Ok(FileKind::Elf32) => read_as::<FileHeader32<Endianness>>(bytes),
        Ok(FileKind::Elf64) => read_as::<FileHeader64<Endianness>>(bytes),
        Ok(_) => Err(ElfError::NotElf),
        // A file of less than 16 bytes has no kind to the reader; its first bytes tell whether it was to be ELF.
        Err(error) if bytes.starts_with(b"\x7fELF") => Err(ElfError::Damaged(error)),
        Err(_) => Err(ElfError::NotElf),
    }
}

fn read_as<Header: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Result<Elf<'_>, ElfError> {
    let header = Header::parse(bytes)?;
    let endian = header.endian()?;
    let order = match endian {
        Endianness::Little => Endian::Little,
        Endianness::Big => Endian::Big,
    };
    let mut notes = Notes::default();
    for segment in header.program_headers(endian, bytes)? {
        let kind = segment.p_type(endian);
        if kind != PT_LOAD && kind != PT_NOTE {
            continue;
        }
        // Loaded segments are looked at too: a download that broke off still has its notes, which lie at the front.
        let (offset, size) = segment.file_range(endian);
        let data = bytes.read_bytes_at(offset, size).map_err(|()| ElfError::CutOff)?;
        if kind == PT_NOTE {
            notes.absorb(data, segment.p_align(endian).into(), order);
        }
    }
    // Section headers are a convenience: where they are gone or damaged, the notes are still there.
    Ok(Elf {
        notes,
        sections: sections::<Header>(header, endian, bytes).unwrap_or_default(),
    })
}

fn sections<'a, Header: FileHeader<Endian = Endianness>>(
    header: &Header,
    endian: Endianness,
    bytes: &'a [u8],
) -> Result<Vec<Section<'a>>, Error> {
    let table = header.sections(endian, bytes)?;
    let mut sections = Vec::new();
    for section in table.iter() {
        sections.push(Section {
            name: table.section_name(endian, section)?,
            size: section.sh_size(endian).into(),
            data: section.data(endian, bytes).unwrap_or_default(),
            compressed: section.sh_flags(endian).contains(object::elf::SHF_COMPRESSED),
        });
    }
    Ok(sections)
}
