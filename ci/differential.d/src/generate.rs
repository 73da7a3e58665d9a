//! Requests from a seed: most of them valid in an unusual way, the others wrong in one or two places.

use crate::random::Random;
use crate::words::{
    BODIES, CODINGS, COLONS, ENDS, EXTENSIONS, FIELDS, HOST_LINES, HOSTS, LENGTHS, METHODS, ODD_FIELDS,
    ODD_METHODS, PATHS, SIZES, TARGETS, TRAILERS, VERSIONS,
};

/// A request before it becomes bytes.
struct Draft {
    method: Vec<u8>,
    target: Vec<u8>,
    version: Vec<u8>,
    lines: Vec<Vec<u8>>,
    body: Vec<u8>,
}

/// The bytes of the generated case of this number, and whether it was left valid.
pub fn case(seed: u64, number: u64) -> (Vec<u8>, bool) {
    let random = &mut Random::new(seed, number);
    let mut draft = valid(random, number);
    let (spoilt, scratched) = (random.percent(30), random.percent(10));
    if spoilt {
        for _ in 0..=random.below(2) {
            spoil(random, &mut draft);
        }
    }
    let mut bytes = draft.bytes();
    if scratched {
        for _ in 0..=random.below(3) {
            scratch(random, &mut bytes);
        }
    }
    (bytes, !spoilt && !scratched)
}

/// A case of the corpus, changed in a few bytes.
pub fn scratched(seed: u64, number: u64, from: &[u8]) -> Vec<u8> {
    let random = &mut Random::new(!seed, number);
    let mut bytes = from.to_vec();
    for _ in 0..=random.below(3) {
        scratch(random, &mut bytes);
    }
    bytes
}

fn valid(random: &mut Random, number: u64) -> Draft {
    let method = *random.pick(METHODS);
    let host = *random.pick(HOSTS);
    let mut target = (*random.pick(PATHS)).to_owned();
    // Its number in the query tells one case from the next where a reader has lost its place.
    target.push(if target.contains('?') { '&' } else { '?' });
    target.push_str(&format!("n{number}"));
    if random.percent(5) {
        target = format!("http://{host}{target}");
    } else if method == "OPTIONS" && random.percent(50) {
        target = "*".to_owned();
    }
    let old = random.percent(5);
    let mut lines = vec![format!("{}: {host}", random.pick(&["Host", "Host", "host", "HOST"])).into_bytes()];
    for _ in 0..random.below(5) {
        lines.push(random.pick(FIELDS).as_bytes().to_vec());
    }
    if old {
        // Without it the connection would end here.
        lines.retain(|line| !line.starts_with(b"Connection"));
        lines.push(b"Connection: keep-alive".to_vec());
    }
    let content = random.pick(BODIES).as_bytes();
    let wants = !matches!(method, "GET" | "HEAD" | "OPTIONS" | "DELETE") || random.percent(20);
    let body = match random.below(3) {
        _ if !wants => Vec::new(),
        0 if !old => {
            lines.push(b"Transfer-Encoding: chunked".to_vec());
            chunks(random, content)
        }
        _ => {
            lines.push(format!("Content-Length: {}", content.len()).into_bytes());
            content.to_vec()
        }
    };
    let last = random.below(lines.len());
    lines.swap(0, last);
    Draft {
        method: method.into(),
        target: target.into(),
        version: if old { "HTTP/1.0" } else { "HTTP/1.1" }.into(),
        lines,
        body,
    }
}

fn chunks(random: &mut Random, mut content: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while !content.is_empty() {
        let (piece, rest) = content.split_at(1 + random.below(content.len()));
        let size = match random.below(4) {
            0 => format!("{:X}", piece.len()),
            1 => format!("0{:x}", piece.len()),
            _ => format!("{:x}", piece.len()),
        };
        body.extend_from_slice(format!("{size}{}\r\n", random.pick(EXTENSIONS)).as_bytes());
        body.extend_from_slice(piece);
        body.extend_from_slice(b"\r\n");
        content = rest;
    }
    body.extend_from_slice(
        format!(
            "{}{}\r\n",
            random.pick(&["0", "0", "00"]),
            random.pick(EXTENSIONS)
        )
        .as_bytes(),
    );
    if random.percent(20) {
        body.extend_from_slice(random.pick(TRAILERS).as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"\r\n");
    body
}

/// One thing wrong, or at least odd, that a writer of exploits would try.
fn spoil(random: &mut Random, draft: &mut Draft) {
    match random.below(16) {
        0 | 1 => {
            let line = [
                b"Transfer-Encoding",
                odd(random, COLONS, b": "),
                pick(random, CODINGS),
            ]
            .concat();
            draft.put(random, line);
        }
        2 | 3 => {
            let line = [
                b"Content-Length",
                odd(random, COLONS, b": "),
                pick(random, LENGTHS),
            ]
            .concat();
            draft.put(random, line);
        }
        4 => draft.target = pick(random, TARGETS).to_vec(),
        5 => {
            let line = pick(random, HOST_LINES).to_vec();
            if random.percent(70) {
                draft
                    .lines
                    .retain(|line| !line[..4.min(line.len())].eq_ignore_ascii_case(b"host"));
            }
            draft.put(random, line);
        }
        6 | 7 => {
            let line = pick(random, ODD_FIELDS).to_vec();
            draft.put(random, line);
        }
        8 => draft.version = pick(random, VERSIONS).to_vec(),
        9 => draft.method = pick(random, ODD_METHODS).to_vec(),
        10 => {
            // Two lines become one, or a line gets another end.
            let at = random.below(draft.lines.len());
            let end = pick(random, ENDS);
            draft.lines[at].extend_from_slice(end);
        }
        11 => {
            // A colon that is not quite one.
            let at = random.below(draft.lines.len());
            let line = &draft.lines[at];
            if let Some(colon) = line.iter().position(|&byte| byte == b':') {
                draft.lines[at] = [&line[..colon], pick(random, COLONS), &line[colon + 1..]].concat();
            }
        }
        12 => {
            // A line twice.
            let line = draft.lines[random.below(draft.lines.len())].clone();
            draft.put(random, line);
        }
        13 => {
            draft.lines.remove(random.below(draft.lines.len()));
            if draft.lines.is_empty() {
                draft.lines.push(b"X-A: b".to_vec());
            }
        }
        14 => {
            let size = pick(random, SIZES);
            draft.put(random, b"Transfer-Encoding: chunked".to_vec());
            draft.body = [size, b"\r\nabc\r\n0\r\n\r\n"].concat();
        }
        _ => {
            let more = *random.pick(BODIES);
            let at = random.below(draft.body.len() + 1);
            draft.body.splice(at..at, more.bytes());
        }
    }
}

fn pick<'a>(random: &mut Random, from: &'a [&'a str]) -> &'a [u8] {
    random.pick(from).as_bytes()
}

/// Mostly what is usual.
fn odd<'a>(random: &mut Random, from: &'a [&'a str], usual: &'a [u8]) -> &'a [u8] {
    if random.percent(60) {
        usual
    } else {
        pick(random, from)
    }
}

/// Bytes that parsers treat specially.
const BYTES: &[u8] = b"\0\x01\t\n\x0b\x0c\r !\"#%,:;=?@\\_\x7f\x80\xa0\xff";

/// Changes a byte or a few without knowing what they mean.
fn scratch(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len());
    match random.below(5) {
        0 => bytes.insert(at, *random.pick(BYTES)),
        1 => bytes[at] = *random.pick(BYTES),
        2 if bytes.len() > 1 => {
            bytes.remove(at);
        }
        3 => {
            let end = (at + 1 + random.below(8)).min(bytes.len());
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        _ => {
            if let Some(end) = bytes[at..].windows(2).position(|pair| pair == b"\r\n") {
                bytes.remove(at + end + random.below(2));
            }
        }
    }
}

impl Draft {
    fn put(&mut self, random: &mut Random, line: Vec<u8>) {
        let at = random.below(self.lines.len() + 1);
        self.lines.insert(at, line);
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = [
            &self.method,
            &b" "[..],
            &self.target,
            b" ",
            &self.version,
            b"\r\n",
        ]
        .concat();
        for line in &self.lines {
            bytes.extend_from_slice(line);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}
