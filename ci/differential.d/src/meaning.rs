//! What a request means, so that two programs' readings of it can be compared.

use graylane_testkit::strict::Request;

/// What must be the same for every reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    pub method: String,
    pub target: String,
    pub host: String,
    pub body: Vec<u8>,
}

impl Meaning {
    pub fn new(method: &str, target: &str, host: &str, body: Vec<u8>) -> Self {
        // The default port may be left out or not (RFC 9110, section 4.2.3).
        let host = host.strip_suffix(":80").unwrap_or(host);
        Self {
            method: method.to_owned(),
            target: origin_form(method, target),
            host: host.to_ascii_lowercase(),
            body,
        }
    }

    pub fn of(request: &Request) -> Self {
        Self::new(
            &request.method,
            &request.target,
            &request.host(),
            request.body.clone(),
        )
    }
}

/// Two forms of one target: readers may keep the absolute form or not. For OPTIONS an absolute target without a path is
/// `*` by RFC 9112, section 3.2.4, and `/` to readers that do not know that.
fn origin_form(method: &str, target: &str) -> String {
    let absolute = target
        .find("://")
        .filter(|_| !target.starts_with('/'))
        .map(|at| at + 3);
    let path = match absolute {
        None => target,
        Some(authority) => {
            let rest = &target[authority..];
            rest.find(['/', '?']).map_or("", |at| &rest[at..])
        }
    };
    match path {
        "" | "/" | "*" if method == "OPTIONS" => "*".to_owned(),
        path if path.is_empty() || path.starts_with('?') => format!("/{path}"),
        path => path.to_owned(),
    }
}
