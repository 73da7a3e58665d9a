use std::ffi::{c_int, c_void};

use crate::{Endian, Notes};

/// Whether this target carries notes.
pub const SUPPORTED: bool = true;

#[doc(hidden)]
#[macro_export]
macro_rules! place {
    ($kind:ident, $text:expr) => {
        const _: () = {
            const TEXT: &str = $text;
            // `#[used]` is not optional: without it the static is gone with and without LTO.
            #[used]
            #[unsafe(link_section = ".note.graylane")]
            static NOTE: $crate::Note<{ $crate::padded(TEXT.len()) }> =
                $crate::Note::new($crate::Kind::$kind, TEXT);
        };
    };
}

/// Writes the note that this code was emitted: `graylane_note::emitted!("breaker");` inside a function.
///
/// It is an assembler directive, not an instruction: the function costs the same with and without it, and the note is
/// there exactly where the compiler emitted the code around it (see the crate's remark on builds without LTO).
// Labels are numbers, because an inlined function writes them more than once. The 4 is `Kind::Emitted`. `%note` rather
// than `@note`: some assemblers take `@` for a comment.
#[macro_export]
macro_rules! emitted {
    ($name:literal) => {
        // SAFETY: the template switches to the note section, writes data there and switches back. It has no
        // instruction, so it touches no register, no memory, no flag and no stack of the running code.
        unsafe {
            ::core::arch::asm!(
                ".pushsection .note.graylane,\"a\",%note",
                ".balign 4",
                ".long 9",
                ".long 884f - 883f",
                ".long 4",
                ".asciz \"graylane\"",
                ".balign 4",
                ::core::concat!("883: .ascii \"", $name, "\""),
                "884:",
                ".balign 4",
                ".popsection",
                options(nomem, nostack, preserves_flags)
            )
        }
    };
}

/// The notes of the running program, from its own memory: they cannot differ from what runs, and need no `/proc`.
///
/// Takes some microseconds and allocates; meant to be called once.
pub fn own() -> Notes {
    let mut notes = Notes::default();
    #[expect(unsafe_code, reason = "the loader hands out program headers by callback only")]
    // SAFETY: the callback has the signature that dl_iterate_phdr(3) asks for, and the pointer that it gets is to
    // `notes`, which lives longer than the call and is not touched by anybody else meanwhile.
    unsafe {
        libc::dl_iterate_phdr(Some(read_program), (&raw mut notes).cast());
    }
    notes
}

/// Reads the first object that the loader shows, which is the program itself, and stops there.
#[expect(unsafe_code, reason = "a callback of the C library that walks mapped memory")]
unsafe extern "C" fn read_program(
    object: *mut libc::dl_phdr_info,
    _size: usize,
    notes: *mut c_void,
) -> c_int {
    // SAFETY: the loader passes a valid object, and `own` passes its notes.
    let (object, notes) = unsafe { (&*object, &mut *notes.cast::<Notes>()) };
    if object.dlpi_phdr.is_null() {
        return 1;
    }
    // SAFETY: the loader's table of program headers has `dlpi_phnum` entries and stays mapped while the program runs.
    let headers = unsafe { std::slice::from_raw_parts(object.dlpi_phdr, usize::from(object.dlpi_phnum)) };
    for note in headers.iter().filter(|header| header.p_type == libc::PT_NOTE) {
        let (start, length) = (note.p_vaddr as usize, note.p_memsz as usize);
        let Some(end) = start.checked_add(length) else {
            continue;
        };
        let readable = |load: &libc::Elf64_Phdr| {
            let (from, size) = (load.p_vaddr as usize, load.p_memsz as usize);
            load.p_type == libc::PT_LOAD
                && load.p_flags & libc::PF_R != 0
                && from <= start
                && end <= from.saturating_add(size)
        };
        if length == 0 || !headers.iter().any(readable) {
            continue;
        }
        let address = (object.dlpi_addr as usize).wrapping_add(start);
        // SAFETY: the range lies inside a segment that the loader has mapped readable, nobody writes to it, and the
        // program's own segments are never unmapped.
        let segment =
            unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance::<u8>(address), length) };
        notes.absorb(segment, note.p_align, Endian::NATIVE);
    }
    1
}
