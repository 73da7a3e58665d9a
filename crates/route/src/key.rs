//! The targeting key of a request: the first configured source that has a value, else the client's address.

use graylane_config as config;
use graylane_pipeline::KeySource;
use graylane_wire::Known;

use crate::Asked;

/// A configured source, compiled.
#[derive(Debug)]
pub(crate) enum Source {
    /// In lower case.
    Header(Box<str>),
    Cookie(Box<str>),
    Query(Box<str>),
    ClientAddress,
}

impl Source {
    pub(crate) fn compile(source: &config::KeySource) -> Self {
        match source {
            config::KeySource::Header(name) => Self::Header(name.clone()),
            config::KeySource::Cookie(name) => Self::Cookie(name.clone()),
            config::KeySource::Query(name) => Self::Query(name.clone()),
            config::KeySource::ClientAddress => Self::ClientAddress,
        }
    }

    /// As it is written in the configuration.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Header(name) => format!("header:{name}"),
            Self::Cookie(name) => format!("cookie:{name}"),
            Self::Query(name) => format!("query:{name}"),
            Self::ClientAddress => "client".to_owned(),
        }
    }

    /// The value, if it is there and not empty.
    #[inline]
    fn value<'a>(&self, asked: &Asked<'a>) -> Option<&'a [u8]> {
        let value = match self {
            Self::Header(name) => asked.headers.get(name),
            Self::Cookie(name) => asked
                .headers
                .all(Known::Cookie)
                .find_map(|line| pair(line, b';', name.as_bytes())),
            Self::Query(name) => pair(asked.query.as_bytes(), b'&', name.as_bytes()),
            Self::ClientAddress => Some(asked.client.as_bytes()),
        };
        value.filter(|value| !value.is_empty())
    }
}

/// The key and where it was found.
#[inline]
pub(crate) fn find_key<'a>(sources: &[Source], asked: &Asked<'a>) -> (&'a [u8], KeySource) {
    for (index, source) in sources.iter().enumerate() {
        if let Some(value) = source.value(asked) {
            let found = match source {
                Source::ClientAddress => KeySource::ClientAddress,
                // The configuration has at most 16 sources.
                _ => KeySource::Configured(index as u8),
            };
            return (value, found);
        }
    }
    (asked.client.as_bytes(), KeySource::ClientAddress)
}

/// The value of the first `name=value` in a list; a value in double quotes is taken without them (RFC 6265, 4.1.1).
pub(crate) fn pair<'a>(list: &'a [u8], separator: u8, name: &[u8]) -> Option<&'a [u8]> {
    list.split(|&byte| byte == separator).find_map(|item| {
        let value = item.trim_ascii().strip_prefix(name)?.strip_prefix(b"=")?;
        Some(
            value
                .strip_prefix(b"\"")
                .and_then(|rest| rest.strip_suffix(b"\""))
                .unwrap_or(value),
        )
    })
}
