//! The cases by name: those of the corpus, those of the generator, and batches of both.

use std::fmt;
use std::str::FromStr;

use graylane_testkit::strict;

use crate::generate;
use crate::random::Random;

/// Which case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// This one of the corpus.
    Corpus(usize),
    /// This one of the corpus, changed in a few bytes by this number.
    Scratched(usize, u64),
    /// The generated one of this number.
    Generated(u64),
}

/// A case and its bytes.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: Name,
    pub bytes: Vec<u8>,
    /// The generator knows that it is valid and that nobody has a reason to refuse it.
    pub plain: bool,
}

/// Every third case beyond the corpus is one of the corpus with a few bytes changed.
const THIRD: u64 = 3;

/// All cases of a seed.
#[derive(Debug)]
pub struct Cases {
    seed: u64,
    corpus: Vec<(String, Vec<u8>)>,
}

impl Cases {
    pub fn new(seed: u64) -> Self {
        let corpus = include_str!("../corpus.txt").lines().filter_map(|line| {
            let line = line.trim_end();
            let (name, text) = line.split_once('|').filter(|_| !line.starts_with('#'))?;
            Some((name.trim().to_owned(), bytes(text.trim_start())))
        });
        Self {
            seed,
            corpus: corpus.collect(),
        }
    }

    pub fn corpus(&self) -> impl Iterator<Item = &str> {
        self.corpus.iter().map(|(name, _)| name.as_str())
    }

    /// The case at this place of the run: the corpus first.
    pub fn at(&self, place: u64) -> Case {
        let corpus = self.corpus.len() as u64;
        let index = |number: u64| usize::try_from(number % corpus).expect("below a length");
        let name = match place.checked_sub(corpus) {
            None => Name::Corpus(index(place)),
            Some(number) if number % THIRD == 0 => Name::Scratched(index(number / THIRD), number),
            Some(number) => Name::Generated(number),
        };
        self.named(name)
    }

    pub fn named(&self, name: Name) -> Case {
        let (bytes, plain) = match name {
            Name::Corpus(index) => (self.corpus[index].1.clone(), false),
            Name::Scratched(index, number) => {
                let from = &self.corpus[index].1;
                (generate::scratched(self.seed, number, from), false)
            }
            Name::Generated(number) => generate::case(self.seed, number),
        };
        Case { name, bytes, plain }
    }

    /// The case that a person asks for, by the name of one of the corpus or as the tables print it.
    pub fn find(&self, text: &str) -> Option<Case> {
        let of_corpus = self.corpus.iter().position(|(name, _)| name == text);
        let name = of_corpus.map(Name::Corpus).or_else(|| text.parse().ok())?;
        let index = match name {
            Name::Corpus(index) | Name::Scratched(index, _) => index,
            Name::Generated(_) => 0,
        };
        (index < self.corpus.len()).then(|| self.named(name))
    }

    pub fn called(&self, name: Name) -> String {
        match name {
            Name::Corpus(index) => self.corpus[index].0.clone(),
            name => name.to_string(),
        }
    }
}

/// `\r`, `\n`, `\t`, `\\` and `\xNN` stand for bytes.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(each) = rest.next() {
        if each != '\\' {
            bytes.extend_from_slice(each.to_string().as_bytes());
            continue;
        }
        match rest.next() {
            Some('r') => bytes.push(b'\r'),
            Some('n') => bytes.push(b'\n'),
            Some('t') => bytes.push(b'\t'),
            Some('x') => {
                let digits: String = rest.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).expect("two hexadecimal digits in the corpus"));
            }
            Some(other) => bytes.push(u8::try_from(other).expect("ASCII behind a backslash in the corpus")),
            None => {}
        }
    }
    bytes
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corpus(index) => write!(f, "corpus:{index}"),
            Self::Scratched(index, number) => write!(f, "scratched:{index}:{number}"),
            Self::Generated(number) => write!(f, "generated:{number}"),
        }
    }
}

impl FromStr for Name {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let words: Vec<_> = text.split(':').collect();
        let number = |word: &str| word.parse::<u64>().map_err(|_| ());
        let index = |word: &str| word.parse::<usize>().map_err(|_| ());
        match words.as_slice() {
            ["corpus", at] => Ok(Self::Corpus(index(at)?)),
            ["scratched", at, by] => Ok(Self::Scratched(index(at)?, number(by)?)),
            ["generated", at] => Ok(Self::Generated(number(at)?)),
            _ => Err(()),
        }
    }
}

/// The last request of a connection: it must be understood as what it is, or not be reached at all.
const LAST: &str = "GET /last HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n";

/// Some plain cases, at most one that is not, and the last request, for one connection.
#[derive(Debug, Clone)]
pub struct Batch {
    pub cases: Vec<Case>,
    pub bytes: Vec<u8>,
}

impl Batch {
    pub fn new(cases: Vec<Case>) -> Self {
        let mut bytes: Vec<u8> = cases.iter().flat_map(|case| case.bytes.iter().copied()).collect();
        bytes.extend_from_slice(LAST.as_bytes());
        Self { cases, bytes }
    }

    /// Where one batch in four is sent in two pieces: its own bytes say where, so it is cut there again.
    pub fn cut(&self) -> Option<usize> {
        let mix = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        let sum = self.bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix);
        let mut random = Random::new(sum, 0);
        random.percent(25).then(|| random.below(self.bytes.len()))
    }
}

/// Each batch ends with the one case that is not plain, since the connection may end with it, or where it is large.
pub fn batches(cases: impl Iterator<Item = Case>, most: usize) -> Vec<Batch> {
    let (plain, odd): (Vec<_>, Vec<_>) = cases.partition(|case| case.plain);
    let each = plain.len().div_ceil(odd.len().max(1)).clamp(1, most);
    let mut plain = plain.into_iter().peekable();
    let mut batches: Vec<_> = odd
        .into_iter()
        .map(|last| Batch::new(plain.by_ref().take(each).chain([last]).collect()))
        .collect();
    while plain.peek().is_some() {
        batches.push(Batch::new(plain.by_ref().take(most).collect()));
    }
    batches
}

/// What a strict reader finds in these bytes, up to the last request of the connection or the first thing wrong. One
/// empty line before a request is read over, as RFC 9112, section 2.2, asks.
pub fn read(bytes: &[u8]) -> Vec<strict::Request> {
    let mut requests = Vec::new();
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        let empty = if rest.starts_with(b"\r\n") { 2 } else { 0 };
        match strict::request(&rest[empty..]) {
            strict::Reading::Whole(request) => {
                at += empty + request.length;
                let last = request.is_last();
                requests.push(*request);
                if last {
                    return requests;
                }
            }
            _ => return requests,
        }
    }
}
