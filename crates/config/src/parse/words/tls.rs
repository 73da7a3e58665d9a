use crate::parse::words::endpoint::host_of;
use crate::{Protocol, TlsVersion};
use graylane_diagnostic::{Diagnostic, quote};

/// The oldest version of TLS that is spoken.
pub(in crate::parse) fn version(text: &str) -> Result<TlsVersion, Diagnostic> {
    match text {
        "1.2" => Ok(TlsVersion::V1_2),
        "1.3" => Ok(TlsVersion::V1_3),
        // RFC 8996 took them out of use.
        "1.0" | "1.1" | "1" => Err(Diagnostic::new(format!("TLS {text} is not spoken"))
            .hint("it is broken (RFC 8996): \"1.2\" is the oldest version that there is")),
        _ => Err(Diagnostic::new(format!("{} is no version of TLS", quote(text))).hint("\"1.2\" or \"1.3\"")),
    }
}

/// Whether a client must show a certificate.
pub(in crate::parse) fn client_auth(text: &str) -> Result<bool, Diagnostic> {
    match text {
        "optional" => Ok(false),
        "required" => Ok(true),
        _ => Err(Diagnostic::new(format!(
            "{} does not say whether clients need a certificate",
            quote(text)
        ))
        .hint("\"optional\" or \"required\"; without `client_ca` clients are not asked")),
    }
}

/// What endpoints speak.
pub(in crate::parse) fn protocol(text: &str) -> Result<Protocol, Diagnostic> {
    match text {
        "http1" => Ok(Protocol::Http1),
        "http2" => Ok(Protocol::Http2),
        _ => Err(
            Diagnostic::new(format!("{} is no protocol of endpoints", quote(text)))
                .hint("\"http1\" or \"http2\"; TLS is chosen by `https://` before an endpoint"),
        ),
    }
}

/// The name in an endpoint's certificate.
pub(in crate::parse) fn server_name(text: &str) -> Result<Box<str>, Diagnostic> {
    let bare = text
        .parse::<std::net::IpAddr>()
        .map(|address| address.to_string());
    match bare.map(Into::into).or_else(|_| host_of(text)) {
        // A dot at the end is of the resolver's, and of no certificate.
        Ok(name) if !name.ends_with('.') => Ok(name),
        _ => Err(
            Diagnostic::new(format!("{} is not the name of a server", quote(text)))
                .hint("a DNS name or an address, without port, such as \"shop.internal\""),
        ),
    }
}

/// The path of a file of PEM. With `..` it would depend on where links lead which file that is.
pub(in crate::parse) fn pem_file(text: &str) -> Result<Box<str>, Diagnostic> {
    if text.trim_start().starts_with("-----BEGIN") {
        // Not repeated: it may be a private key.
        let fault = Diagnostic::new("this is a certificate or a key, and not the path of its file");
        return Err(fault.hint("put it into a file of its own, and write the path here"));
    }
    if text.split('/').any(|part| part == "..") {
        let fault = Diagnostic::new(format!("{} goes up with `..`", quote(text)));
        return Err(fault.hint("put the file below the folder of the configuration, or write its whole path"));
    }
    if text.is_empty() || text.contains(char::is_control) {
        return Err(Diagnostic::new(format!("{} is not a path", quote(text)))
            .hint("such as \"certificates/shop.pem\""));
    }
    Ok(text.into())
}
