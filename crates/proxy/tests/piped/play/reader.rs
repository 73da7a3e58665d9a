//! A small reader of HTTP/1.1, of no code under test. Strict, it takes only what has one meaning; lenient, it finds the same
//! messages in what client and endpoints say, and may take more than the gateway does.

use std::fmt;

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Empty,
    Length(usize),
    Chunked,
    UntilClose,
}

/// A request or an answer.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// The parts of the start line: method, target, version, or version, status, reason.
    pub(crate) start: [Vec<u8>; 3],
    /// Names in lower case.
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) framing: Framing,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
    /// Whether its body came to its end.
    pub(crate) complete: bool,
    /// Where it begins.
    pub(crate) from: usize,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Next {
    Message(Message),
    /// Nothing at all.
    Nothing,
    /// The beginning of a head.
    Cut,
    /// No message.
    Junk(&'static str),
}

/// What an answer's framing depends on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked {
    pub(crate) is_head: bool,
    pub(crate) is_old: bool,
}

/// Bytes in one direction, and how far they are read.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    strict: bool,
    /// Whether the sender has ended its side behind the bytes.
    ended: bool,
}

type Found<T> = Result<T, &'static str>;

impl<'a> Reader<'a> {
    pub(crate) fn strict(bytes: &'a [u8], ended: bool) -> Self {
        let strict = true;
        Self {
            bytes,
            at: 0,
            strict,
            ended,
        }
    }

    pub(crate) fn lenient(bytes: &'a [u8], ended: bool) -> Self {
        let strict = false;
        Self {
            bytes,
            at: 0,
            strict,
            ended,
        }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    pub(crate) fn request(&mut self) -> Next {
        if !self.strict && self.rest().starts_with(b"\r\n") {
            self.at += 2;
        }
        self.message(|start, fields, strict| {
            let [method, target, version] = start;
            if method.is_empty() || !method.iter().copied().all(is_token) {
                return Err("a method");
            }
            if target.is_empty() || target.iter().any(|byte| !byte.is_ascii_graphic()) {
                return Err("a target");
            }
            if strict && !(target[0] == b'/' || (target == b"*" && method == b"OPTIONS")) {
                return Err("a target in another form");
            }
            let is_old = version == b"HTTP/1.0" && !strict;
            if !is_old && version != b"HTTP/1.1" {
                return Err("a version");
            }
            match (length(fields)?, is_chunked(fields)?) {
                (Some(_), true) => Err("two framings"),
                (None, true) if is_old => Err("a coding in an old version"),
                (None, true) => Ok(Framing::Chunked),
                (Some(length), false) => Ok(Framing::Length(length)),
                (None, false) => Ok(Framing::Empty),
            }
        })
    }

    pub(crate) fn answer(&mut self, asked: Asked) -> Next {
        self.message(|start, fields, strict| {
            let [version, status, _] = start;
            if version != b"HTTP/1.1" && (strict || version != b"HTTP/1.0") {
                return Err("a version");
            }
            let status = match status.as_slice() {
                [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'] => status,
                _ => return Err("a status"),
            };
            let (length, is_chunked) = (length(fields)?, is_chunked(fields)?);
            let has_none = status[0] == b'1' || status == b"204";
            if strict && has_none && (length.is_some() || is_chunked) {
                return Err("the framing of a body that cannot be");
            }
            if strict && length.is_some() && is_chunked {
                return Err("two framings");
            }
            if asked.is_old && strict && is_chunked {
                return Err("chunks for who does not know them");
            }
            Ok(match length {
                _ if asked.is_head || has_none || status == b"304" => Framing::Empty,
                _ if is_chunked => Framing::Chunked,
                Some(length) => Framing::Length(length),
                None => Framing::UntilClose,
            })
        })
    }

    fn message(&mut self, framing: impl Fn(&[Vec<u8>; 3], &Fields, bool) -> Found<Framing>) -> Next {
        let (from, rest) = (self.at, self.rest());
        if rest.is_empty() {
            return Next::Nothing;
        }
        let Some(end) = position(rest, b"\r\n\r\n") else {
            return match is_clean(rest) || !self.strict {
                true => Next::Cut,
                false => Next::Junk("a bare CR, LF or control in a head that was cut"),
            };
        };
        self.at += end + 4;
        let read = || {
            let head = &rest[..end];
            let (line, lines) = match position(head, b"\r\n") {
                Some(at) => (&head[..at], &head[at..]),
                None => (head, &head[end..]),
            };
            let mut parts = line.splitn(3, |byte| *byte == b' ').map(<[u8]>::to_vec);
            let start = std::array::from_fn(|_| parts.next().unwrap_or_default());
            let fields = fields(lines.strip_prefix(b"\r\n").unwrap_or_default())?;
            let framing = framing(&start, &fields, self.strict)?;
            if !is_clean(head) {
                return Err("a bare CR, LF or control");
            }
            Ok((start, fields, framing))
        };
        let (start, fields, framing) = match read() {
            Ok(read) => read,
            Err(why) => return Next::Junk(why),
        };
        let mut message = Message {
            start,
            fields,
            framing,
            body: Vec::new(),
            trailers: Vec::new(),
            complete: true,
            from,
        };
        match self.body(&mut message) {
            Err(why) if self.strict => Next::Junk(why),
            Err(_) => {
                // Nothing behind it can be found.
                message.complete = false;
                self.at = self.bytes.len();
                Next::Message(message)
            }
            Ok(complete) => {
                message.complete = complete;
                Next::Message(message)
            }
        }
    }

    fn body(&mut self, message: &mut Message) -> Found<bool> {
        match message.framing {
            Framing::Empty => Ok(true),
            Framing::Length(length) => Ok(self.take(length, &mut message.body)),
            Framing::UntilClose => {
                self.take(usize::MAX, &mut message.body);
                Ok(self.ended)
            }
            Framing::Chunked => loop {
                let Some(line) = self.line()? else {
                    return Ok(false);
                };
                let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
                if self.strict && digits.len() < line.len() {
                    return Err("a chunk extension");
                }
                let size = std::str::from_utf8(digits).map_err(|_| "a chunk size")?;
                let is_hex = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_hexdigit());
                let size = usize::from_str_radix(size, 16).ok().filter(|_| is_hex);
                let size = size.ok_or("a chunk size")?;
                if size == 0 {
                    return self.trailers(message);
                }
                if !self.take(size, &mut message.body) {
                    return Ok(false);
                }
                match self.rest() {
                    [b'\r', b'\n', ..] => self.at += 2,
                    [] | [b'\r'] => {
                        self.at = self.bytes.len();
                        return Ok(false);
                    }
                    _ => return Err("no line end behind a chunk"),
                }
            },
        }
    }

    fn trailers(&mut self, message: &mut Message) -> Found<bool> {
        loop {
            let Some(line) = self.line()? else {
                return Ok(false);
            };
            if line.is_empty() {
                return Ok(true);
            }
            message.trailers.push(field(line)?);
        }
    }

    /// A line without its end; `None` where it was cut.
    fn line(&mut self) -> Found<Option<&'a [u8]>> {
        let rest = self.rest();
        let Some(end) = position(rest, b"\r\n") else {
            self.at = self.bytes.len();
            return if is_clean(rest) {
                Ok(None)
            } else {
                Err("a bare CR, LF or control")
            };
        };
        self.at += end + 2;
        if is_clean(&rest[..end]) {
            Ok(Some(&rest[..end]))
        } else {
            Err("a bare CR, LF or control")
        }
    }

    fn take(&mut self, length: usize, into: &mut Vec<u8>) -> bool {
        let there = length.min(self.bytes.len() - self.at);
        into.extend_from_slice(&self.rest()[..there]);
        self.at += there;
        there == length
    }
}

impl Message {
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let named = self.fields.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| value.as_slice())
    }

    /// The value of a field that stands there once.
    pub(crate) fn only(&self, name: &str) -> Option<&[u8]> {
        let mut all = self.all(name);
        all.next().filter(|_| all.next().is_none())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Of an answer.
    pub(crate) fn status(&self) -> u16 {
        std::str::from_utf8(&self.start[1]).map_or(0, |text| text.parse().unwrap_or_default())
    }

    pub(crate) fn method(&self) -> &[u8] {
        &self.start[0]
    }

    /// Of a request: path and query.
    pub(crate) fn target(&self) -> &[u8] {
        let target = &self.start[1];
        let scheme = [&b"http://"[..], b"https://"].into_iter().find(|scheme| {
            let begins = target.get(..scheme.len());
            begins.is_some_and(|begins| begins.eq_ignore_ascii_case(scheme))
        });
        let Some(behind) = scheme.map(|scheme| &target[scheme.len()..]) else {
            return target;
        };
        match behind.iter().position(|byte| matches!(byte, b'/' | b'?')) {
            Some(at) => &behind[at..],
            None if self.method() == b"OPTIONS" => b"*",
            None => b"/",
        }
    }

    pub(crate) fn asks(&self) -> Asked {
        Asked {
            is_head: self.method() == b"HEAD",
            is_old: self.start[2] == b"HTTP/1.0",
        }
    }
}

impl Message {
    /// What is known of a request of which only so much came.
    pub(crate) fn cut(head: &[u8], from: usize) -> Self {
        let mut parts = head.splitn(3, |byte| *byte == b' ').map(<[u8]>::to_vec);
        Self {
            start: std::array::from_fn(|_| parts.next().unwrap_or_default()),
            fields: Vec::new(),
            framing: Framing::Empty,
            body: Vec::new(),
            trailers: Vec::new(),
            complete: false,
            from,
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        writeln!(
            f,
            "{} {:?}, complete: {}",
            text(&self.start.join(&b' ')),
            self.framing,
            self.complete
        )?;
        for (name, value) in self.fields.iter().chain(&self.trailers) {
            writeln!(f, "    {name}: {}", text(value))?;
        }
        writeln!(f, "    body: {}", text(&self.body[..self.body.len().min(400)]))
    }
}

type Fields = Vec<(String, Vec<u8>)>;

fn fields(lines: &[u8]) -> Found<Fields> {
    let mut fields = Vec::with_capacity(12);
    let mut rest = lines;
    while !rest.is_empty() {
        let end = position(rest, b"\r\n").unwrap_or(rest.len());
        fields.push(field(&rest[..end])?);
        rest = rest.get(end + 2..).unwrap_or_default();
    }
    Ok(fields)
}

fn field(line: &[u8]) -> Found<(String, Vec<u8>)> {
    let colon = line
        .iter()
        .position(|byte| *byte == b':')
        .ok_or("a line without a colon")?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || !name.iter().copied().all(is_token) {
        return Err("a field's name");
    }
    Ok((
        String::from_utf8_lossy(name).to_ascii_lowercase(),
        value.trim_ascii().to_vec(),
    ))
}

fn length(fields: &Fields) -> Found<Option<usize>> {
    let mut all = fields.iter().filter(|(name, _)| name == "content-length");
    let Some((_, value)) = all.next() else {
        return Ok(None);
    };
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    match number {
        Some(number) if is_number && all.next().is_none() => Ok(Some(number)),
        _ => Err("a length"),
    }
}

fn is_chunked(fields: &Fields) -> Found<bool> {
    let mut all = fields.iter().filter(|(name, _)| name == "transfer-encoding");
    match (all.next(), all.next()) {
        (None, _) => Ok(false),
        (Some((_, value)), None) if value.eq_ignore_ascii_case(b"chunked") => Ok(true),
        _ => Err("a coding"),
    }
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == wanted[0]) {
        if bytes[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// Whether all line ends are CR LF, but for a last CR, and no other controls but tabs are there.
fn is_clean(text: &[u8]) -> bool {
    text.iter().enumerate().all(|(at, byte)| match byte {
        b'\r' => text.get(at + 1).is_none_or(|next| *next == b'\n'),
        b'\n' => at > 0 && text[at - 1] == b'\r',
        b'\t' => true,
        _ => *byte >= b' ' && *byte != 0x7f,
    })
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
