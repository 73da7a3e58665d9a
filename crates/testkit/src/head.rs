use std::io;

/// Header or trailer fields, in order, as received.
pub type Fields = Vec<(String, String)>;

/// The head of a request or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The request line or status line.
    pub first: String,
    /// The fields.
    pub fields: Fields,
}

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// Neither is given.
    Unsaid,
}

impl Head {
    /// Reads a head strictly: CRLF, no folding, no space before a colon, no control character.
    ///
    /// # Errors
    /// Anything that two readers might understand differently.
    pub fn parse(bytes: &[u8]) -> io::Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("the head is not UTF-8", ""))?;
        let text = text
            .strip_suffix("\r\n\r\n")
            .ok_or_else(|| wrong("the head has no end", text))?;
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default().to_owned();
        if first.split(' ').count() < 2 || first.chars().any(char::is_control) {
            return Err(wrong("this is no first line", &first));
        }
        let fields = lines.map(field).collect::<io::Result<_>>()?;
        Ok(Self { first, fields })
    }

    /// The value of the field, where it is there exactly once.
    ///
    /// # Panics
    /// When it is there twice: a test that asks for one value does not expect two.
    pub fn value(&self, name: &str) -> Option<&str> {
        let values = self.values(name);
        assert!(values.len() < 2, "`{name}` is there more than once: {self:?}");
        values.first().copied()
    }

    /// Every value of the field.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.fields
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Whether the field is there.
    pub fn has(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }

    /// The method of a request.
    pub fn method(&self) -> &str {
        self.first.split(' ').next().unwrap_or_default()
    }

    /// The target of a request.
    pub fn target(&self) -> &str {
        self.first.split(' ').nth(1).unwrap_or_default()
    }

    /// The status of an answer.
    ///
    /// # Panics
    /// When the first line is no status line.
    pub fn status(&self) -> u16 {
        let word = self
            .first
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.split(' ').nth(1));
        word.and_then(|word| word.parse().ok())
            .unwrap_or_else(|| panic!("no status line: {}", self.first))
    }

    /// How the body ends.
    ///
    /// # Errors
    /// A head that says it twice, or in a way that readers differ about.
    pub(crate) fn framing(&self) -> io::Result<Framing> {
        let (lengths, codings) = (self.values("content-length"), self.values("transfer-encoding"));
        match (lengths.as_slice(), codings.as_slice()) {
            ([], []) => Ok(Framing::Unsaid),
            ([], [coding]) if coding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
            ([length], []) if !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) => {
                length
                    .parse()
                    .map(Framing::Length)
                    .map_err(|_| wrong("the length is out of range", length))
            }
            _ => Err(wrong("the framing is ambiguous", &format!("{self:?}"))),
        }
    }
}

/// One field line, without its line end.
pub(crate) fn field(line: &str) -> io::Result<(String, String)> {
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| wrong("a field without a colon", line))?;
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(token) {
        return Err(wrong("this is no field name", line));
    }
    if value.chars().any(|c| c.is_control() && c != '\t') {
        return Err(wrong("a control character in a value", line));
    }
    Ok((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}

pub(crate) fn wrong(what: &str, where_: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what}: {where_:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_gives_its_fields_in_any_case_and_order() {
        let head = Head::parse(b"GET /a HTTP/1.1\r\nHost: x\r\nX-Two: 1\r\nx-two:2 \r\n\r\n").unwrap();

        assert_eq!(
            (head.method(), head.target(), head.value("host")),
            ("GET", "/a", Some("x"))
        );
        assert_eq!(head.values("X-TWO"), ["1", "2"]);
    }

    #[test]
    fn a_head_that_readers_could_differ_about_is_refused() {
        for text in [
            "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            "GET / HTTP/1.1\r\nA: 1\r\n folded\r\n\r\n",
            "GET / HTTP/1.1\r\nA: 1\n\r\n\r\n",
            "GET / HTTP/1.1\r\nA: \0\r\n\r\n",
            "GET / HTTP/1.1\r\nA: 1\r\n",
            "GET\r\n\r\n",
        ] {
            assert!(Head::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn framing_said_twice_is_refused() {
        let framing = |fields: &str| {
            Head::parse(format!("POST / HTTP/1.1\r\n{fields}\r\n").as_bytes())
                .unwrap()
                .framing()
        };

        assert_eq!(framing("Content-Length: 3\r\n").unwrap(), Framing::Length(3));
        assert_eq!(
            framing("Transfer-Encoding: chunked\r\n").unwrap(),
            Framing::Chunked
        );
        assert_eq!(framing("A: b\r\n").unwrap(), Framing::Unsaid);
        for fields in [
            "Content-Length: 3\r\nContent-Length: 3\r\n",
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: identity, chunked\r\n",
            "Content-Length: +3\r\n",
        ] {
            assert!(framing(fields).is_err(), "{fields}");
        }
    }
}
