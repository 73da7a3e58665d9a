use crate::bytes::{path_end, query_end};
use crate::head::{Stop, unexpected};
use crate::refusal::Refusal;

/// Where the parts of a target stand (RFC 9112, section 3.2).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    /// The authority, of a target in absolute form.
    pub(crate) authority: Option<(usize, usize)>,
    /// Where the path begins. It may be empty in absolute form.
    pub(crate) path: usize,
    /// Where the `?` stands.
    pub(crate) query: Option<usize>,
    /// The space behind it.
    pub(crate) end: usize,
}

/// Reads a target up to the space behind it.
#[inline]
pub(crate) fn target(bytes: &[u8], start: usize) -> Result<Target, Stop> {
    let (authority, path) = match bytes.get(start) {
        Some(b'/') => (None, start),
        Some(b'*') => {
            let end = start + 1;
            return match bytes.get(end) {
                Some(b' ') => Ok(Target {
                    authority: None,
                    path: start,
                    query: None,
                    end,
                }),
                _ => Err(unexpected(bytes, end, Refusal::Target)),
            };
        }
        _ => {
            let (from, to) = authority(bytes, start)?;
            (Some((from, to)), to)
        }
    };
    let path_end = checked_path_end(bytes, path)?;
    let (query, end) = match bytes.get(path_end) {
        Some(b'?') => (Some(path_end), query_end(bytes, path_end + 1)),
        _ => (None, path_end),
    };
    if bytes.get(end) != Some(&b' ') {
        return Err(unexpected(bytes, end, Refusal::Target));
    }
    Ok(Target {
        authority,
        path,
        query,
        end,
    })
}

/// Where the path ends. Its escapes are checked, because readers disagree about what a broken one means, and NUL ends a
/// text for some of them; in a query nobody but the service itself looks at them.
#[inline]
fn checked_path_end(bytes: &[u8], start: usize) -> Result<usize, Stop> {
    let mut end = path_end(bytes, start);
    while bytes.get(end) == Some(&b'%') {
        match bytes[end + 1..] {
            [b'0', b'0', ..] => return Err(Refusal::Escape.into()),
            [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                end = path_end(bytes, end + 3);
            }
            [high, ..] if !high.is_ascii_hexdigit() => {
                return Err(unexpected(bytes, end + 1, Refusal::Escape));
            }
            [] | [_] => return Err(Stop::More),
            _ => return Err(unexpected(bytes, end + 2, Refusal::Escape)),
        }
    }
    Ok(end)
}

/// The authority of a target in absolute form; what it is made of is checked by comparing it with Host.
#[cold]
fn authority(bytes: &[u8], start: usize) -> Result<(usize, usize), Stop> {
    let rest = &bytes[start..];
    let scheme = [&b"http://"[..], b"https://"]
        .into_iter()
        .find(|scheme| {
            let there = scheme.len().min(rest.len());
            scheme[..there].eq_ignore_ascii_case(&rest[..there])
        })
        .ok_or_else(|| {
            let end = path_end(bytes, start);
            if end == start {
                unexpected(bytes, end, Refusal::Target)
            } else {
                Refusal::Target.into()
            }
        })?;
    if rest.len() < scheme.len() {
        return Err(Stop::More);
    }
    let from = start + scheme.len();
    let to = bytes[from..]
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b' ' | b'#') || !byte.is_ascii_graphic())
        .map(|length| from + length)
        .ok_or(Stop::More)?;
    if bytes[from..to].contains(&b'@') {
        return Err(Refusal::UserInformation.into());
    }
    Ok((from, to))
}
