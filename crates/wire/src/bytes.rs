//! Classes of bytes, and looking for one of them eight at a time.

/// May stand in a token (RFC 9110, section 5.6.2).
const TOKEN: u8 = 1;
/// May stand in the path of a target.
const PATH: u8 = 2;
/// May stand in the query of a target.
const QUERY: u8 = 4;
/// May stand in the name of a host.
const HOST: u8 = 8;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    mark(
        &mut classes,
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        TOKEN | PATH | QUERY | HOST,
    );
    mark(&mut classes, b"!#$%&'*+-.^_`|~", TOKEN);
    // RFC 3986, section 2.3: the other unreserved ones.
    mark(&mut classes, b"-._~", PATH | QUERY | HOST);
    // RFC 3986, section 3.3: what else a path is made of, but for the escapes, which are looked at where they stand.
    mark(&mut classes, b"!$&'()*+,;=:@/", PATH | QUERY);
    mark(&mut classes, b"%?", QUERY);
    // Not of RFC 3986, and yet what every browser sends: the URL Standard leaves these as they are.
    mark(&mut classes, b"[]|", PATH | QUERY);
    mark(&mut classes, b"\\^`{}", QUERY);
    classes
}

const fn mark(classes: &mut [u8; 256], bytes: &[u8], class: u8) {
    let mut at = 0;
    while at < bytes.len() {
        classes[bytes[at] as usize] |= class;
        at += 1;
    }
}

/// Where the bytes of a class that begin at `at` end.
#[inline]
fn end_of(bytes: &[u8], at: usize, class: u8) -> usize {
    let is_of = |byte: u8| CLASSES[usize::from(byte)] & class != 0;
    let mut rest = &bytes[at..];
    // Unrolled: a name and a segment of a path are too short for the set-up of anything cleverer.
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        for (offset, &byte) in chunk.iter().enumerate() {
            if !is_of(byte) {
                return bytes.len() - rest.len() + offset;
            }
        }
        rest = behind;
    }
    let length = rest.iter().position(|&byte| !is_of(byte));
    bytes.len() - rest.len() + length.unwrap_or(rest.len())
}

/// Where the token that begins at `at` ends.
#[inline]
pub(crate) fn token_end(bytes: &[u8], at: usize) -> usize {
    end_of(bytes, at, TOKEN)
}

/// Where what may stand in a path ends.
#[inline]
pub(crate) fn path_end(bytes: &[u8], at: usize) -> usize {
    end_of(bytes, at, PATH)
}

/// Where what may stand in a query ends.
#[inline]
pub(crate) fn query_end(bytes: &[u8], at: usize) -> usize {
    end_of(bytes, at, QUERY)
}

/// Where what may stand in the name of a host ends.
#[inline]
pub(crate) fn host_end(bytes: &[u8], at: usize) -> usize {
    end_of(bytes, at, HOST)
}

/// Whether the byte may stand in a token.
#[inline]
pub(crate) fn is_token(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & TOKEN != 0
}

/// Whether the byte is a control character: below a space, or DEL.
#[inline]
pub(crate) const fn is_control(byte: u8) -> bool {
    byte < b' ' || byte == 0x7f
}

const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = ONES * 0x80;

/// The first byte at or after `at` that is marked, or the length of the bytes; `at` is not past that. `marks` gives the high bit of each byte
/// of a word that is marked; above the lowest of those it may be wrong.
#[inline]
fn next(bytes: &[u8], at: usize, marks: impl Fn(u64) -> u64) -> usize {
    let mut rest = &bytes[at..];
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        let marks = marks(u64::from_le_bytes(*chunk)) & HIGH;
        if marks != 0 {
            return bytes.len() - rest.len() + marks.trailing_zeros() as usize / 8;
        }
        rest = behind;
    }
    let is_marked = |&byte: &u8| marks(u64::from(byte)) & 0x80 != 0;
    let length = rest.iter().position(is_marked);
    bytes.len() - rest.len() + length.unwrap_or(rest.len())
}

/// The first control character at or after `at`, or the length of the bytes. Also a tabulator is one.
#[inline]
pub(crate) fn next_control(bytes: &[u8], at: usize) -> usize {
    next(bytes, at, |word| {
        let below_space = word.wrapping_sub(ONES * 0x20) & !word;
        let delete = word ^ (ONES * 0x7f);
        // A borrow goes to the bytes above one that is rightly marked.
        below_space | (delete.wrapping_sub(ONES) & !delete)
    })
}

/// The first control character or byte past ASCII at or after `at`, or the length of the bytes: what is rarely in a
/// value, found with half the work.
#[inline]
pub(crate) fn next_unusual(bytes: &[u8], at: usize) -> usize {
    next(bytes, at, |word| {
        word | word.wrapping_add(ONES) | word.wrapping_sub(ONES * 0x20)
    })
}
