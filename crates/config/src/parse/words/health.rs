use std::ops::RangeInclusive;

use crate::parse::HealthKind;
use crate::parse::words::endpoint::{host_of, port_of, split};
use graylane_diagnostic::{Diagnostic, meant, quote};

/// What is asked of an endpoint.
pub(in crate::parse) fn health_kind(text: &str) -> Result<HealthKind, Diagnostic> {
    let kinds = [HealthKind::Http, HealthKind::Tcp, HealthKind::Grpc];
    if let Some(kind) = kinds.into_iter().find(|kind| kind.as_str() == text) {
        return Ok(kind);
    }
    let hint = match (text, meant(text, kinds.map(HealthKind::as_str))) {
        ("https", _) => "`http`: it goes over TLS where the endpoint is written with `https://`".to_owned(),
        (_, Some(other)) => format!("did you mean `{other}`?"),
        (_, None) => "`http`, `tcp` or `grpc`".to_owned(),
    };
    Err(Diagnostic::new(format!("{} is no kind of check", quote(text))).hint(hint))
}

/// What a check asks for, as it stands in the request.
pub(in crate::parse) fn health_path(text: &str) -> Result<Box<str>, Diagnostic> {
    let hint = if !text.starts_with('/') {
        "a path starts with `/`"
    } else if text.contains('#') {
        "what follows `#` is never sent"
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        "a path is visible ASCII: write other characters as %XX, as they stand in a request"
    } else if text.len() > 2048 {
        "at most 2,048 bytes"
    } else {
        return Ok(text.into());
    };
    Err(Diagnostic::new(format!("{} is not a path", quote(text))).hint(hint))
}

/// The value of `Host`.
pub(in crate::parse) fn health_host(text: &str) -> Result<Box<str>, Diagnostic> {
    let read = || {
        let (host, port) = split(text)?;
        let number = port.map(port_of).transpose()?;
        let host = host_of(host)?;
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.into()
        };
        Ok::<_, String>(number.map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
    };
    match read() {
        Ok(host) => Ok(host.into()),
        Err(_) => Err(Diagnostic::new(format!("{} is not a host", quote(text)))
            .hint("such as \"shop.example.org\" or \"shop.example.org:8080\", without scheme and path")),
    }
}

/// A status, or a range of them. An answer below 200 is none yet.
pub(in crate::parse) fn statuses(text: &str) -> Result<RangeInclusive<u16>, Diagnostic> {
    let status = |text: &str| {
        let is_plain = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>()
            .ok()
            .filter(|status| is_plain && (200..600).contains(status))
    };
    let range = match text.split_once('-') {
        None => status(text).map(|one| one..=one),
        Some((from, to)) => status(from).zip(status(to)).map(|(from, to)| from..=to),
    };
    let hint = match range {
        Some(range) if !range.is_empty() => return Ok(range),
        Some(_) => "the first status of a range is the smaller one",
        None => "a status from 200 to 599 such as \"204\", or a range such as \"200-299\"",
    };
    Err(Diagnostic::new(format!("{} is no status", quote(text))).hint(hint))
}

/// The name of a service as `grpc.health.v1` knows it.
pub(in crate::parse) fn grpc_service(text: &str) -> Result<Box<str>, Diagnostic> {
    if text.len() > 255 || text.contains(char::is_control) {
        return Err(
            Diagnostic::new(format!("{} is not the name of a service", quote(text)))
                .hint("at most 255 bytes, such as \"shop.v1.Cart\""),
        );
    }
    Ok(text.into())
}
