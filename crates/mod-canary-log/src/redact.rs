//! What must not be in a line.
//!
//! Names are compared by their letters and digits alone, without case: `X-Api-Key`, `x_api_key` and `xApiKey` are one
//! name, because servers differ in what they take for the same, and a secret that one of them would find must not be
//! in the log. For the same reason a query is read in every way at once: names may be percent-encoded once or several
//! times (a URL within a URL), may follow `?`, `&`, `;` or `#`, and may be parts such as in `user[password]`. A value
//! ends at the next literal `&` and nowhere else.

/// What stands in the place of what was taken out.
pub(crate) const REDACTED: &[u8] = b"[redacted]";

/// A set of names.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<Box<[u8]>>);

/// The bytes of a name that count.
fn fold(name: &[u8]) -> impl Iterator<Item = u8> + Clone {
    name.iter()
        .filter(|b| b.is_ascii_alphanumeric() || !b.is_ascii())
        .map(u8::to_ascii_lowercase)
}

impl Names {
    /// Adds a name; says no where it has no letter and no digit, since it would then match nothing, or everything.
    pub(crate) fn add(&mut self, name: &str) -> bool {
        let folded: Box<[u8]> = fold(name.as_bytes()).collect();
        let names_something = !folded.is_empty();
        if names_something {
            self.0.push(folded);
        }
        names_something
    }

    /// Whether the name is in the set.
    pub(crate) fn contain(&self, name: &[u8]) -> bool {
        let name = fold(name);
        self.0.iter().any(|known| known.iter().copied().eq(name.clone()))
    }

    /// Whether the name or a part of it, as in `user[password]`, is in the set.
    fn contain_part_of(&self, name: &[u8]) -> bool {
        let part_ends = |b: &u8| b.is_ascii() && !b.is_ascii_alphanumeric() && !matches!(b, b'_' | b'-');
        self.contain(name) || name.split(part_ends).any(|part| self.contain(part))
    }
}

/// The names of what is taken out.
#[derive(Debug)]
pub(crate) struct Redaction {
    /// Of headers.
    pub(crate) headers: Names,
    /// Of query parameters.
    pub(crate) query: Names,
}

impl Redaction {
    /// Writes a request's target, or another text that may hold URLs, to `out`, without the values of redacted query
    /// parameters and without the user information of URLs. `name` is scratch space.
    pub(crate) fn scrub(&self, text: &[u8], name: &mut Vec<u8>, out: &mut Vec<u8>) {
        out.clear();
        name.clear();
        let (mut at, mut done, mut after_slash) = (0, 0, false);
        while at < text.len() {
            let (byte, next) = decode(text, at);
            let second_slash = byte == b'/' && after_slash;
            after_slash = byte == b'/';
            let secret = match byte {
                b'=' if self.query.contain_part_of(name) => Some((next, end_of_value(text, next))),
                b'/' if second_slash => end_of_user(text, next).map(|end| (next, end)),
                _ => None,
            };
            if let Some((from, to)) = secret {
                // What begins within or right after another secret only makes that one longer.
                if from > done {
                    out.extend_from_slice(&text[done..from]);
                    out.extend_from_slice(REDACTED);
                }
                done = done.max(to);
            }
            match byte {
                b'?' | b'&' | b';' | b'#' | b'=' | b'/' => name.clear(),
                byte => name.push(byte),
            }
            // Not behind the secret: what looks like user information may hold the name of a parameter whose value goes
            // on after it, and the other way round.
            at = next;
        }
        out.extend_from_slice(&text[done..]);
    }
}

/// The byte at a place, with all layers of percent-encoding taken off, and the place of the next one.
fn decode(text: &[u8], at: usize) -> (u8, usize) {
    let (mut byte, mut next) = (text[at], at + 1);
    while byte == b'%' {
        let Some(decoded) = text.get(next..next + 2).and_then(hex) else {
            break;
        };
        (byte, next) = (decoded, next + 2);
    }
    (byte, next)
}

fn hex(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    // `from_str_radix` alone would take a sign.
    let all_digits = digits.iter().all(u8::is_ascii_hexdigit);
    all_digits.then(|| u8::from_str_radix(text, 16).ok()).flatten()
}

fn end_of_value(text: &[u8], from: usize) -> usize {
    let length = text[from..].iter().position(|&b| b == b'&');
    length.map_or(text.len(), |length| from + length)
}

/// Where the user information that begins here ends, if there is any: before the last `@` of the authority. An encoded
/// slash may be part of a password, so only a literal one ends the authority.
fn end_of_user(text: &[u8], from: usize) -> Option<usize> {
    let ends = |b: &u8| matches!(b, b'/' | b'?' | b'#' | b' ');
    let length = text[from..].iter().position(ends);
    let end = length.map_or(text.len(), |length| from + length);
    let (mut at, mut found) = (from, None);
    while at < end {
        let (byte, next) = decode(text, at);
        if byte == b'@' {
            found = Some(at);
        }
        at = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(text: &str) -> String {
        let mut redaction = Redaction {
            headers: Names::default(),
            query: Names::default(),
        };
        for name in ["token", "access_token", "password"] {
            redaction.query.add(name);
        }
        let mut out = b"left over".to_vec();
        redaction.scrub(text.as_bytes(), &mut b"left over".to_vec(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_values_of_redacted_parameters_are_taken_out_and_nothing_else() {
        for (text, expected) in [
            ("/a?b=c&token=x&d=e", "/a?b=c&token=[redacted]&d=e"),
            ("/a?TOKEN=x", "/a?TOKEN=[redacted]"),
            ("/a?to%6ben=x", "/a?to%6ben=[redacted]"),
            ("/a?%74%6F%6B%65%6E=x&b=c", "/a?%74%6F%6B%65%6E=[redacted]&b=c"),
            ("/a?token%3Dx", "/a?token%3D[redacted]"),
            ("/a?accessToken=x;y=z", "/a?accessToken=[redacted]"),
            ("/a?user[password]=x", "/a?user[password]=[redacted]"),
            ("/a?token%20=x", "/a?token%20=[redacted]"),
            ("a, token=x", "a, token=[redacted]"),
            ("/a?user%5Bpassword%5D=x", "/a?user%5Bpassword%5D=[redacted]"),
            ("/a;token=x", "/a;token=[redacted]"),
            ("/a?token=x%26y&b=c", "/a?token=[redacted]&b=c"),
            ("/a?next=%2Fb%3Ftoken%3Dx", "/a?next=%2Fb%3Ftoken%3D[redacted]"),
            (
                "/a?next=%252Fb%253Ftoken%253Dx",
                "/a?next=%252Fb%253Ftoken%253D[redacted]",
            ),
            ("/a?token=&b=c", "/a?token=[redacted]&b=c"),
            ("token=x", "token=[redacted]"),
            ("/a?tokens=x&tok=en", "/a?tokens=x&tok=en"),
            ("/token/x?a=%zz%", "/token/x?a=%zz%"),
            ("", ""),
        ] {
            assert_eq!(scrubbed(text), expected, "{text}");
        }
    }

    #[test]
    fn the_user_information_of_a_url_is_taken_out() {
        for (text, expected) in [
            ("http://me:secret@host/a@b", "http://[redacted]@host/a@b"),
            ("http://me:s%2Fe@host/", "http://[redacted]@host/"),
            ("http://me:s@e&f@host/", "http://[redacted]@host/"),
            (
                "http%3A%2F%2Fme%3Asecret%40host",
                "http%3A%2F%2F[redacted]%40host",
            ),
            ("http://host/a@b", "http://host/a@b"),
            ("/a/b@c", "/a/b@c"),
            ("//a?token=b@c&d@e", "//a?token=[redacted]&d@e"),
            ("//a%3Ftoken=b@c&d", "//[redacted]&d"),
            ("/?token=//a@b&c", "/?token=[redacted]&c"),
            ("/?token=//a&b@c", "/?token=[redacted]@c"),
        ] {
            assert_eq!(scrubbed(text), expected, "{text}");
        }
    }
}
