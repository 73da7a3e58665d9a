use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::LoadError;

/// Bytes of a file that are read at most; parsers refuse far fewer.
pub const MAX_FILE: u64 = 16 << 20;

/// Reads a whole file.
///
/// # Errors
/// It is not there, may not be read, or is too long.
pub fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(|source| LoadError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(LoadError::TooLong {
            path: path.to_owned(),
        });
    }
    Ok(bytes)
}
