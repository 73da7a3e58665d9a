//! Strings of one shape each.

mod endpoint;
mod forwarding;
mod gray;
mod health;
mod host;
mod method;
mod tls;

pub(super) use endpoint::endpoint;
pub(super) use forwarding::{fallback, retry_on};
pub(super) use gray::{certificate, dialect, key_file, member, tag};
pub(super) use health::{grpc_service, health_host, health_kind, health_path, statuses};
pub(crate) use host::{HostWord, host};
pub(super) use method::method;
pub(super) use tls::{client_auth, pem_file, protocol, server_name, version};

use std::net::{IpAddr, SocketAddr};

use graylane_core::Name;
use ipnet::IpNet;

use crate::{KeySource, Sha256};
use graylane_diagnostic::Diagnostic;
use graylane_diagnostic::{cut, meant, quote};

/// From which end of the line of buckets a lane grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grow {
    Low,
    High,
}

impl Grow {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

/// The name of a listener, a service or a lane.
pub(super) fn name(text: &str) -> Result<Name, Diagnostic> {
    text.parse().map_err(|_| {
        let fault = Diagnostic::new(format!("{} is not a name", quote(text)));
        match text.to_ascii_lowercase().parse::<Name>() {
            Ok(lower) => fault.hint(format!("names are in lower case: `{lower}`")),
            Err(_) => fault.hint("1 to 63 of a-z, 0-9, `-`, `_` and `.`, starting with a letter or a digit"),
        }
    })
}

/// An address to listen on.
pub(super) fn address(text: &str) -> Result<SocketAddr, Diagnostic> {
    text.parse().map_err(|_| {
        let hint = match text.rsplit_once(':') {
            Some(("", port)) if port.parse::<u16>().is_ok() => {
                format!("for every interface write \"0.0.0.0:{port}\" or \"[::]:{port}\"")
            }
            Some(("localhost", port)) if port.parse::<u16>().is_ok() => {
                format!("an address, not a name: \"127.0.0.1:{port}\"")
            }
            Some((host, port))
                if host.parse::<IpAddr>().is_ok() && port.parse::<u64>().is_ok_and(|p| p > 65_535) =>
            {
                "a port goes from 0 to 65535".to_owned()
            }
            _ if text.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()) => {
                format!("the port is missing: \"{text}:8080\"")
            }
            _ if text.parse::<IpAddr>().is_ok() => {
                format!("brackets and a port are missing: \"[{text}]:8080\"")
            }
            _ => "an address and a port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"".to_owned(),
        };
        Diagnostic::new(format!("{} is not an address to listen on", quote(text))).hint(hint)
    })
}

/// A peer: a network, or one address. Bits of the address below the network's prefix are dropped.
pub(super) fn peer(text: &str) -> Result<IpNet, Diagnostic> {
    let network = text.parse::<IpNet>().map(|network| network.trunc());
    network
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| {
            Diagnostic::new(format!("{} is neither a network nor an address", quote(text)))
                .hint("such as \"10.0.0.0/8\", \"192.0.2.7\" or \"fd00::/8\"")
        })
}

/// A path prefix, without the slash that it may end in.
pub(super) fn path(text: &str) -> Result<Box<str>, Diagnostic> {
    let is_dots = |segment: &str| {
        matches!(
            segment.to_ascii_lowercase().replace("%2e", ".").as_str(),
            "." | ".."
        )
    };
    let hint = if !text.starts_with('/') {
        "a path starts with `/`"
    } else if text.contains(['?', '#']) {
        "a path ends before `?` and `#`"
    } else if text.contains("//") {
        "a path has no empty segments: `//`"
    } else if text.split('/').any(is_dots) {
        "a path has no segments `.` and `..`: clients resolve them before they ask"
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        "a path is visible ASCII: write other characters as %XX, as they stand in a request"
    } else {
        let shorter = text.trim_end_matches('/');
        return Ok(if shorter.is_empty() { "/" } else { shorter }.into());
    };
    Err(Diagnostic::new(format!("{} is not a path", quote(text))).hint(hint))
}

/// Where a targeting key may stand.
pub(super) fn key_source(text: &str) -> Result<KeySource, Diagnostic> {
    const KINDS: [&str; 4] = ["header", "cookie", "query", "client"];
    let (kind, name) = match text.split_once(':') {
        Some((kind, name)) => (kind, Some(name)),
        None => (text, None),
    };
    let fault = |hint: String| {
        Err(Diagnostic::new(format!("{} is not a source of a targeting key", quote(text))).hint(hint))
    };
    match (kind, name) {
        ("client", None) => Ok(KeySource::ClientAddress),
        ("client", Some(_)) => fault("`client` alone is the client's address".to_owned()),
        ("header", Some(name)) if is_token(name) => Ok(KeySource::Header(name.to_ascii_lowercase().into())),
        ("cookie", Some(name)) if is_token(name) => Ok(KeySource::Cookie(name.into())),
        ("query", Some(name)) if is_parameter(name) => Ok(KeySource::Query(name.into())),
        ("header" | "cookie", Some(_)) => fault(format!(
            "the name of a {kind} has letters, digits and !#$%&'*+-.^_`|~"
        )),
        ("query", Some(_)) => {
            fault("the name of a parameter is visible ASCII without & = # and ?".to_owned())
        }
        ("header" | "cookie" | "query", None) => fault(format!("the name is missing: \"{kind}:NAME\"")),
        _ => fault(match meant(kind, KINDS) {
            Some("client") => "did you mean `client`?".to_owned(),
            Some(other) => format!("did you mean `{other}:{}`?", name.unwrap_or("NAME")),
            None => "`header:NAME`, `cookie:NAME`, `query:NAME` or `client`".to_owned(),
        }),
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn is_parameter(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"&=#?".contains(&byte))
}

/// From which end of the line a lane grows.
pub(super) fn grow(text: &str) -> Result<Grow, Diagnostic> {
    match text {
        "low" => Ok(Grow::Low),
        "high" => Ok(Grow::High),
        _ => Err(Diagnostic::new(format!("{} is no end of the line", quote(text))).hint("`low` or `high`")),
    }
}

/// What the hash is salted with.
pub(super) fn salt(text: &str) -> Result<Box<str>, Diagnostic> {
    if text.is_empty() {
        return Err(Diagnostic::new("the salt is empty").hint("leave it out to use the service's name"));
    }
    Ok(text.into())
}

/// A header value (RFC 9110, section 5.5), of visible ASCII so that every client reads the same.
pub(super) fn content_type(text: &str) -> Result<Box<str>, Diagnostic> {
    let inner = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if !inner || text.is_empty() || text.trim() != text {
        let fault = Diagnostic::new(format!("{} is not a media type", quote(text)));
        return Err(fault.hint("such as \"text/html; charset=utf-8\""));
    }
    Ok(text.into())
}

/// The path of a file or a folder.
pub(super) fn file(text: &str) -> Result<Box<str>, Diagnostic> {
    if text.is_empty() || text.contains(char::is_control) {
        return Err(Diagnostic::new(format!("{} is not a path", quote(text))).hint("such as \"flags.toml\""));
    }
    Ok(text.into())
}

/// The path of a file of flags. With `..` it would depend on where links lead which file that is.
pub(super) fn flag_file(text: &str) -> Result<Box<str>, Diagnostic> {
    if text.split('/').any(|part| part == "..") {
        let fault = Diagnostic::new(format!("{} goes up with `..`", quote(text)));
        return Err(fault.hint("put the file below the folder of the configuration, or write its whole path"));
    }
    file(text)
}

/// The key of a flag. Which keys there are is known only when the flags are read.
pub(super) fn flag(text: &str) -> Result<Box<str>, Diagnostic> {
    if text.is_empty() {
        return Err(
            Diagnostic::new("the key of a flag is empty").hint("leave `flag` out for a lane with a weight")
        );
    }
    Ok(text.into())
}

/// A variant of a flag.
pub(super) fn variant(text: &str) -> Result<Box<str>, Diagnostic> {
    if text.is_empty() {
        return Err(Diagnostic::new("the variant is empty")
            .hint("leave it out to mean the variant with the value `true`"));
    }
    Ok(text.into())
}

/// The SHA-256 of a token. What stands there instead may be the token itself, so it is not repeated.
pub(super) fn sha256(text: &str) -> Result<Sha256, Diagnostic> {
    Sha256::from_hex(text).ok_or_else(|| {
        let length = text.chars().count();
        Diagnostic::new(format!(
            "this is not a SHA-256: it has {length} characters, not 64 hexadecimal digits"
        ))
        .hint("the file holds the token's hash, never the token: printf %s \"$TOKEN\" | sha256sum")
    })
}

/// The origin of a web page as a browser writes it (RFC 6454, section 6.2), or `*`.
pub(super) fn origin(text: &str) -> Result<Box<str>, Diagnostic> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let hint = match rest {
        None if text == "*" => return Ok(text.into()),
        None => "an origin starts with `https://` or `http://`".to_owned(),
        Some(rest) if rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_graphic()) => {
            "such as \"https://app.example\"".to_owned()
        }
        Some(rest) => match rest.find(['/', '?', '#', '@', '*', ',']) {
            Some(end) if rest[end..].starts_with(['/', '?', '#']) && end > 0 => {
                let kept = &text[..text.len() - rest.len() + end];
                format!("an origin ends before the path: \"{}\"", cut(kept))
            }
            Some(_) => "an origin is a scheme, one host and a port; `*` alone means any".to_owned(),
            None => match text.to_ascii_lowercase() {
                lower if lower == text => return Ok(text.into()),
                lower => format!("browsers write it in lower case: \"{}\"", cut(&lower)),
            },
        },
    };
    Err(Diagnostic::new(format!("{} is not an origin", quote(text))).hint(hint))
}

#[cfg(test)]
mod tests;
