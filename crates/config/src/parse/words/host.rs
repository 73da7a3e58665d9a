use std::net::Ipv6Addr;

use crate::HostPattern;
use graylane_diagnostic::Diagnostic;
use graylane_diagnostic::quote;

/// An entry of `hosts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostWord {
    /// `*`
    Any,
    Pattern(HostPattern),
}

/// A host, `*.below` or `*`.
pub(crate) fn host(text: &str) -> Result<HostWord, Diagnostic> {
    if text == "*" {
        return Ok(HostWord::Any);
    }
    let lower = text.to_ascii_lowercase();
    if let Some(address) = lower.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        // A client writes the address as it likes; the shortest form (RFC 5952) is what most send.
        if let Ok(address) = address.parse::<Ipv6Addr>() {
            return Ok(HostWord::Pattern(HostPattern::Exact(
                format!("[{address}]").into(),
            )));
        }
    }
    let (below, name) = match lower.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, lower.as_str()),
    };
    if let Some(hint) = fault_in(name) {
        return Err(Diagnostic::new(format!("{} is not a host", quote(text))).hint(hint));
    }
    Ok(HostWord::Pattern(if below {
        HostPattern::Below(format!(".{name}").into())
    } else {
        HostPattern::Exact(name.into())
    }))
}

fn fault_in(name: &str) -> Option<String> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    Some(if name.contains("://") {
        "a host without a scheme: \"shop.example.org\"".to_owned()
    } else if name.parse::<Ipv6Addr>().is_ok() {
        format!("an IPv6 address stands in brackets: \"[{name}]\"")
    } else if let Some((host, _)) = name.split_once(':') {
        format!(
            "a host without a port, because it is matched on every listener: {}",
            quote(host)
        )
    } else if name.contains('/') {
        "a host without a path; that goes into `paths`".to_owned()
    } else if name.contains('*') {
        "`*` stands alone, or first as in \"*.example.org\"".to_owned()
    } else if let Some(shorter) = name.strip_suffix('.') {
        format!(
            "without the dot at the end, which is ignored in requests: {}",
            quote(shorter)
        )
    } else if !name.is_ascii() {
        "a host is ASCII: write an international name in its `xn--` form".to_owned()
    } else if name.len() > 253 || !name.split('.').all(is_label) {
        "labels of 1 to 63 letters, digits, `-` and `_`, parted by dots, 253 characters in all".to_owned()
    } else {
        return None;
    })
}
