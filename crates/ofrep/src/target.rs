//! What a path asks for.

use std::borrow::Cow;

/// The path of the event stream.
pub(crate) const STREAM: &str = "/ofrep/v1/sse";
const FLAGS: &str = "/ofrep/v1/evaluate/flags";

/// What a request is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// One flag, by its key.
    Flag(Cow<'a, str>),
    /// A key that is not percent-encoded UTF-8.
    BadKey,
    /// All flags.
    Bulk,
    /// The event stream.
    Stream,
    /// Nothing that there is.
    Nothing,
}

impl<'a> Target<'a> {
    pub(crate) fn of(path: &'a str) -> Self {
        if path == STREAM {
            return Self::Stream;
        }
        match path.strip_prefix(FLAGS) {
            Some("" | "/") => Self::Bulk,
            // A slash may stand in a key, also where a client did not encode it.
            Some(rest) => match rest.strip_prefix('/') {
                Some(key) => decode(key).map_or(Self::BadKey, Self::Flag),
                None => Self::Nothing,
            },
            None => Self::Nothing,
        }
    }
}

/// Percent-decoding of a part of a path; `None` where it is no UTF-8 or a `%` stands alone.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        (bytes, rest) = if *first == b'%' {
            let [high, low, after @ ..] = after else {
                return None;
            };
            let digit = |byte: u8| {
                char::from(byte)
                    .to_digit(16)
                    .and_then(|digit| u8::try_from(digit).ok())
            };
            bytes.push(digit(*high)? << 4 | digit(*low)?);
            (bytes, after)
        } else {
            bytes.push(*first);
            (bytes, after)
        };
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// The value of a parameter of a query, decoded; a `+` stays one, as no parameter of ours has spaces.
pub(crate) fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .and_then(|(_, value)| decode(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_what_is_asked_for() {
        let flag = |key: &str| Target::Flag(Cow::Owned(key.to_owned()));

        for (path, target) in [
            ("/ofrep/v1/evaluate/flags", Target::Bulk),
            ("/ofrep/v1/evaluate/flags/", Target::Bulk),
            ("/ofrep/v1/evaluate/flags/shop-v2", flag("shop-v2")),
            ("/ofrep/v1/evaluate/flags/a%2Fb%20%22", flag("a/b \"")),
            ("/ofrep/v1/evaluate/flags/a/b", flag("a/b")),
            ("/ofrep/v1/evaluate/flags/%E7%81%B0", flag("灰")),
            ("/ofrep/v1/evaluate/flags/a+b", flag("a+b")),
            ("/ofrep/v1/evaluate/flags/%ff", Target::BadKey),
            ("/ofrep/v1/evaluate/flags/%2", Target::BadKey),
            ("/ofrep/v1/evaluate/flags/%zz", Target::BadKey),
            ("/ofrep/v1/evaluate/flagsy", Target::Nothing),
            ("/ofrep/v1/sse", Target::Stream),
            ("/", Target::Nothing),
        ] {
            assert_eq!(Target::of(path), target, "{path}");
        }
    }

    #[test]
    fn a_parameter_is_found_by_its_whole_name_and_decoded() {
        let query = "xticket=1&ticket=a%2Db&ticket=c";

        assert_eq!(parameter(query, "ticket").as_deref(), Some("a-b"));
        assert_eq!(parameter(query, "tick"), None);
    }
}
