use std::net::Ipv6Addr;

use crate::bytes;
use crate::refusal::Refusal;

/// Checks `uri-host [ ":" port ]` (RFC 9110, section 7.2), and gives where the port's colon stands. A name is made
/// of letters, digits, `-`, `.`, `_` and `~`: what RFC 3986 allows beyond that (escapes, `!$&'()*+,;=`) is no name of a
/// host anywhere, and such lists are a way to confuse who reads it. An empty port is a port (RFC 3986, section 3.2.3).
#[inline]
pub(crate) fn host_end(value: &[u8]) -> Result<usize, Refusal> {
    let end = bytes::host_end(value, 0);
    let end = match value.get(end) {
        None | Some(b':') if end > 0 => end,
        Some(b'[') if end == 0 => address_end(value).ok_or(Refusal::Host)?,
        _ => return Err(Refusal::Host),
    };
    match &value[end..] {
        [] => Ok(end),
        [b':', port @ ..] if is_port(port) => Ok(end),
        _ => Err(Refusal::Host),
    }
}

/// Where an address of IP version 6 in brackets ends. There is no other kind of address in brackets.
fn address_end(value: &[u8]) -> Option<usize> {
    let close = value.iter().position(|&byte| byte == b']')?;
    let inside = std::str::from_utf8(&value[1..close]).ok()?;
    inside.parse::<Ipv6Addr>().ok().map(|_| close + 1)
}

fn is_port(port: &[u8]) -> bool {
    let number = |port: &[u8]| {
        port.iter()
            .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
    };
    port.len() <= 5 && port.iter().all(u8::is_ascii_digit) && number(port) <= u32::from(u16::MAX)
}
