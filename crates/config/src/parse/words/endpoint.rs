use std::net::{Ipv4Addr, Ipv6Addr};

use crate::Endpoint;
use graylane_diagnostic::Diagnostic;
use graylane_diagnostic::quote;

/// `https://host:port` (without it 443), `http://host:port` (80) or `host:port`.
pub(crate) fn endpoint(text: &str) -> Result<Endpoint, Diagnostic> {
    read(text).map_err(|hint| Diagnostic::new(format!("{} is not an endpoint", quote(text))).hint(hint))
}

fn read(text: &str) -> Result<Endpoint, String> {
    let (scheme, authority) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
        None => (None, text),
    };
    match scheme.as_deref() {
        None | Some("http" | "https") => {}
        Some(_) => return Err("the scheme is http or https: \"http://10.0.0.7:8080\"".to_owned()),
    }
    let tls = scheme.as_deref() == Some("https");
    if let Some(end) = authority.find(['/', '?', '#']) {
        return Err(format!(
            "a server without a path, because the request's own path is passed on: {}",
            quote(&text[..text.len() - authority.len() + end])
        ));
    }
    if authority.contains('@') {
        return Err("a server without user and password".to_owned());
    }
    let (host, port) = split(authority)?;
    let port = match (port, &scheme) {
        (Some(port), _) => port_of(port)?,
        (None, Some(_)) => {
            if tls {
                443
            } else {
                80
            }
        }
        (None, None) => {
            return Err(format!(
                "the port is missing: {}",
                quote(&format!("{authority}:8080"))
            ));
        }
    };
    Ok(Endpoint {
        host: host_of(host)?,
        port,
        tls,
        weight: 1,
    })
}

/// The host with its brackets, and what stands after the colon.
pub(super) fn split(authority: &str) -> Result<(&str, Option<&str>), String> {
    if authority.parse::<Ipv6Addr>().is_ok() {
        return Err(format!(
            "an IPv6 address stands in brackets: \"[{authority}]:8080\""
        ));
    }
    let end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    Ok(match authority[end..].split_once(':') {
        Some((middle, port)) => (&authority[..end + middle.len()], Some(port)),
        None => (authority, None),
    })
}

pub(super) fn port_of(text: &str) -> Result<u16, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port > 0);
    port.ok_or_else(|| "a port goes from 1 to 65535".to_owned())
}

pub(super) fn host_of(text: &str) -> Result<Box<str>, String> {
    if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address: Ipv6Addr = address
            .parse()
            .map_err(|_| "an IPv6 address stands in brackets, such as \"[::1]:8080\"".to_owned())?;
        return Ok(address.to_string().into());
    }
    let host = text.to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    // A resolver takes a dot at the end: it means that no search domain is appended.
    let labels = host.strip_suffix('.').unwrap_or(&host);
    // `256.0.0.1` is no name either: what ends in digits is an address (WHATWG URL, "ends in a number").
    let number = labels
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let fine = if number {
        host.parse::<Ipv4Addr>().is_ok()
    } else {
        labels.len() <= 253 && labels.split('.').all(is_label)
    };
    if fine {
        return Ok(host.into());
    }
    Err("a host and a port, such as \"http://10.0.0.7:8080\" or \"shop.internal:8080\"".to_owned())
}
