use graylane_core::{Dialect, InvalidTag, Tag};

use super::{pem_file, server_name};
use graylane_diagnostic::{Diagnostic, list, meant, quote};

/// A dialect, by the name of its field.
pub(in crate::parse) fn dialect(text: &str) -> Result<Dialect, Diagnostic> {
    text.parse().map_err(|_| {
        let names = || Dialect::ALL.iter().map(|dialect| dialect.as_str());
        let hint = match meant(text, names()) {
            Some(other) => format!("did you mean `{other}`?"),
            None => format!("the dialects are {}", list(names())),
        };
        Diagnostic::new(format!("{} is no dialect of gray headers", quote(text))).hint(hint)
    })
}

/// What a lane is called.
pub(in crate::parse) fn tag(text: &str) -> Result<Tag, Diagnostic> {
    text.parse().map_err(|why: InvalidTag| {
        Diagnostic::new(format!("{} is not a tag", quote(text))).hint(why.to_string())
    })
}

/// The key of a member of `baggage`: a part of what W3C Baggage allows, so that nobody needs to encode it.
pub(in crate::parse) fn member(text: &str) -> Result<Box<str>, Diagnostic> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if (1..=64).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(text.into());
    }
    Err(
        Diagnostic::new(format!("{} is not the key of a member of baggage", quote(text)))
            .hint("1 to 64 letters, digits, `-`, `_` and `.`"),
    )
}

/// The path of the file of a key of signatures.
pub(in crate::parse) fn key_file(text: &str) -> Result<Box<str>, Diagnostic> {
    /// What 32 bytes take in base64 without its end.
    const SHORTEST: usize = 43;
    let is_digit =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=');
    let is_hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if text.len() >= SHORTEST
        && text.bytes().all(is_digit)
        && (is_hexadecimal || text.ends_with('=') || !text.contains('/'))
    {
        // Not repeated: it is a secret.
        let fault = Diagnostic::new("this is a key, and not the path of its file");
        return Err(fault.hint("put it into a file of its own, and write the path here"));
    }
    pem_file(text)
}

/// A name in a certificate of a client.
pub(in crate::parse) fn certificate(text: &str) -> Result<Box<str>, Diagnostic> {
    if let Some((scheme, rest)) = text.split_once("://") {
        let is_uri = !scheme.is_empty() && !rest.is_empty() && text.len() <= 2048;
        if is_uri && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(text.into());
        }
    } else if text.parse::<std::net::IpAddr>().is_err()
        && let Ok(name) = server_name(text)
    {
        return Ok(name.to_ascii_lowercase().into());
    }
    Err(
        Diagnostic::new(format!("{} is no name of a client", quote(text))).hint(
            "a DNS name such as \"gateway.internal\" or a URI such as \"spiffe://prod/gateway\", as it stands in the certificate",
        ),
    )
}
