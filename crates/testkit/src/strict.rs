//! A reader of requests that shares no code with the product: it tells what a stream of bytes says, and refuses to say
//! anything where RFC 9110 and 9112 leave, or careless readers take, more than one meaning.
//!
//! It works on a whole stream that somebody kept, not on a socket, so the same bytes always give the same reading.

#[cfg(test)]
mod tests;

/// A name or a value, as it stood.
pub type Bytes = Vec<u8>;

/// One whole request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The target as it stood.
    pub target: String,
    /// The minor version: 0 or 1.
    pub minor: u8,
    /// The fields in their order; values without the white space around them.
    pub fields: Vec<(String, Bytes)>,
    /// The body, without its framing.
    pub body: Bytes,
    /// The fields after a chunked body.
    pub trailers: Vec<(String, Bytes)>,
    /// How many bytes of the stream the head took.
    pub head: usize,
    /// How many bytes of the stream it took.
    pub length: usize,
}

impl Request {
    /// Every value of the field.
    pub fn values(&self, name: &str) -> Vec<&[u8]> {
        values(&self.fields, name)
    }

    /// The value of `Host`: there is exactly one.
    pub fn host(&self) -> String {
        String::from_utf8_lossy(self.values("host").first().copied().unwrap_or_default()).into_owned()
    }

    /// Whether the connection may go on after this request (RFC 9112, section 9.3).
    pub fn is_last(&self) -> bool {
        let has = |word: &str| {
            let values = self.values("connection");
            let mut words = values.iter().flat_map(|value| value.split(|&byte| byte == b','));
            words.any(|each| each.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
        };
        has("close") || self.minor == 0 && !has("keep-alive")
    }
}

/// What stands at the start of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// A request, whole.
    Whole(Box<Request>),
    /// The beginning of one, or nothing at all: so far nothing is wrong.
    Part,
    /// What no strict reader takes.
    Wrong(&'static str),
}

/// All that stands in a stream: whole requests, and how it went on after the last of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stream {
    /// The whole requests.
    pub requests: Vec<Request>,
    /// Where they end.
    pub end: usize,
    /// What is wrong behind them; nothing where the stream just ends, between two requests or within one.
    pub wrong: Option<&'static str>,
}

/// Reads a whole stream.
pub fn stream(bytes: &[u8]) -> Stream {
    let mut read = Stream::default();
    loop {
        match request(&bytes[read.end..]) {
            Reading::Whole(request) => {
                read.end += request.length;
                read.requests.push(*request);
            }
            Reading::Part => return read,
            Reading::Wrong(what) => {
                read.wrong = Some(what);
                return read;
            }
        }
    }
}

/// Reads the request at the start of these bytes.
pub fn request(bytes: &[u8]) -> Reading {
    let mut reader = Reader { bytes, at: 0 };
    match reader.request() {
        Ok(request) => Reading::Whole(Box::new(request)),
        Err(Stop::Part) => Reading::Part,
        Err(Stop::Wrong(what)) => Reading::Wrong(what),
    }
}

enum Stop {
    Part,
    Wrong(&'static str),
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

enum Framing {
    Length(u64),
    Chunked,
}

impl<'a> Reader<'a> {
    fn request(&mut self) -> Result<Request, Stop> {
        let (method, target, minor) = request_line(self.line()?)?;
        let fields = self.fields()?;
        let head = self.at;
        let hosts = values(&fields, "host");
        let [host] = hosts.as_slice() else {
            return Err(Stop::Wrong("not exactly one Host"));
        };
        check_host(host)?;
        check_target(&method, &target, host)?;
        let (body, trailers) = match framing(&fields, minor)? {
            Framing::Length(length) => (self.exactly(length)?.to_vec(), Vec::new()),
            Framing::Chunked => self.chunks()?,
        };
        Ok(Request {
            method,
            target,
            minor,
            fields,
            body,
            trailers,
            head,
            length: self.at,
        })
    }

    /// A line without its CRLF. Anything below a space but a tab is wrong wherever it stands.
    fn line(&mut self) -> Result<&'a [u8], Stop> {
        let rest = &self.bytes[self.at..];
        let control = |&byte: &u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
        match rest.iter().position(control) {
            Some(end) if rest[end] == b'\r' => match rest.get(end + 1) {
                Some(b'\n') => {
                    self.at += end + 2;
                    Ok(&rest[..end])
                }
                Some(_) => Err(Stop::Wrong("a bare carriage return")),
                None => Err(Stop::Part),
            },
            Some(end) if rest[end] == b'\n' => Err(Stop::Wrong("a bare line feed")),
            Some(_) => Err(Stop::Wrong("a control character")),
            None => Err(Stop::Part),
        }
    }

    /// Field lines up to an empty one.
    fn fields(&mut self) -> Result<Vec<(String, Bytes)>, Stop> {
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(fields);
            }
            let colon = line.iter().position(|&byte| byte == b':');
            let colon = colon.ok_or(Stop::Wrong("a field line without a colon"))?;
            let name = token(&line[..colon]).ok_or(Stop::Wrong("a field name that is no token"))?;
            fields.push((name, line[colon + 1..].trim_ascii().to_vec()));
        }
    }

    fn exactly(&mut self, length: u64) -> Result<&'a [u8], Stop> {
        let rest = &self.bytes[self.at..];
        let length = usize::try_from(length).map_err(|_| Stop::Part)?;
        if rest.len() < length {
            return Err(Stop::Part);
        }
        self.at += length;
        Ok(&rest[..length])
    }

    fn chunks(&mut self) -> Result<(Bytes, Vec<(String, Bytes)>), Stop> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            let (size, extension) = line.split_at(digits);
            let size = hexadecimal(size).ok_or(Stop::Wrong("a chunk size"))?;
            if !extension.is_empty() && extension.trim_ascii_start().first() != Some(&b';') {
                return Err(Stop::Wrong("a chunk size with something behind it"));
            }
            if size == 0 {
                return Ok((body, self.fields()?));
            }
            body.extend_from_slice(self.exactly(size)?);
            match &self.bytes[self.at..] {
                [b'\r', b'\n', ..] => self.at += 2,
                [] | [b'\r'] => return Err(Stop::Part),
                _ => return Err(Stop::Wrong("a chunk that does not end where it said")),
            }
        }
    }
}

/// RFC 9112, section 3: three words, one space between each.
fn request_line(line: &[u8]) -> Result<(String, String, u8), Stop> {
    let words: Vec<_> = line.split(|&byte| byte == b' ').collect();
    let [method, target, version] = words.as_slice() else {
        return Err(Stop::Wrong("a request line that is not three words"));
    };
    let method = token(method).ok_or(Stop::Wrong("a method that is no token"))?;
    let minor = match *version {
        b"HTTP/1.1" => 1,
        b"HTTP/1.0" => 0,
        _ => return Err(Stop::Wrong("a version")),
    };
    let visible = |byte: &u8| byte.is_ascii_graphic() && *byte != b'#';
    if target.is_empty() || !target.iter().all(visible) {
        return Err(Stop::Wrong("a byte in the target"));
    }
    Ok((method, String::from_utf8_lossy(target).into_owned(), minor))
}

/// RFC 9112, section 3.2: a path, `*` for OPTIONS, or a URI that agrees with `Host`.
fn check_target(method: &str, target: &str, host: &[u8]) -> Result<(), Stop> {
    if method == "CONNECT" {
        return Err(Stop::Wrong("CONNECT"));
    }
    if target.starts_with('/') || (target == "*" && method == "OPTIONS") {
        return Ok(());
    }
    let lower = target.to_ascii_lowercase();
    let rest = lower
        .strip_prefix("http://")
        .or_else(|| lower.strip_prefix("https://"))
        .ok_or(Stop::Wrong("a target of no known form"))?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.as_bytes().eq_ignore_ascii_case(host) {
        Ok(())
    } else {
        Err(Stop::Wrong("a target that contradicts Host"))
    }
}

/// RFC 9110, section 7.2: `uri-host [ ":" port ]`, of letters that no reader takes apart in another way.
fn check_host(host: &[u8]) -> Result<(), Stop> {
    let wrong = Err(Stop::Wrong("an invalid Host"));
    let (name, port) = match host.first() {
        Some(b'[') => match host.iter().position(|&byte| byte == b']') {
            Some(close) => host.split_at(close + 1),
            None => return wrong,
        },
        _ => host.split_at(host.iter().position(|&byte| byte == b':').unwrap_or(host.len())),
    };
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+;=".contains(byte);
    if name.is_empty() || !name.iter().all(inside) {
        return wrong;
    }
    match port {
        [] => Ok(()),
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Ok(()),
        _ => wrong,
    }
}

/// RFC 9112, section 6: the end of a body is said once, in one way, or there is none.
fn framing(fields: &[(String, Bytes)], minor: u8) -> Result<Framing, Stop> {
    match (
        values(fields, "content-length").as_slice(),
        values(fields, "transfer-encoding").as_slice(),
    ) {
        ([], []) => Ok(Framing::Length(0)),
        ([length], []) => decimal(length)
            .map(Framing::Length)
            .ok_or(Stop::Wrong("a length")),
        ([], [coding]) if minor == 1 && coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        ([], _) => Err(Stop::Wrong("a transfer coding other than one `chunked`")),
        (_, []) => Err(Stop::Wrong("more than one length")),
        _ => Err(Stop::Wrong("a length and a transfer coding")),
    }
}

fn decimal(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    digits
        .then(|| std::str::from_utf8(text).ok()?.parse().ok())
        .flatten()
}

/// Sixteen digits at most: with more, a reader that counts in 64 bits and does not look sees another size.
fn hexadecimal(text: &[u8]) -> Option<u64> {
    let digits = matches!(text.len(), 1..=16) && text.iter().all(u8::is_ascii_hexdigit);
    digits
        .then(|| u64::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok())
        .flatten()
}

fn token(text: &[u8]) -> Option<String> {
    let right = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    (!text.is_empty() && text.iter().all(right)).then(|| String::from_utf8_lossy(text).into_owned())
}

fn values<'a>(fields: &'a [(String, Bytes)], name: &str) -> Vec<&'a [u8]> {
    let of = |(each, _): &&(String, Bytes)| each.eq_ignore_ascii_case(name);
    fields
        .iter()
        .filter(of)
        .map(|(_, value)| value.as_slice())
        .collect()
}
