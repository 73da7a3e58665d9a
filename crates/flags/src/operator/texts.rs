/// A list of constant strings, of which one is looked for.
#[derive(Debug)]
pub(crate) struct Texts(Box<[Text]>);

#[derive(Debug)]
struct Text {
    /// Its length and first bytes tell nearly always whether it is the one.
    length: usize,
    head: u64,
    text: Box<str>,
}

impl Texts {
    pub(crate) fn new(texts: Box<[Box<str>]>) -> Self {
        let text = |text: Box<str>| Text {
            length: text.len(),
            head: head(text.as_bytes()),
            text,
        };
        Self(texts.into_iter().map(text).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|text| &*text.text)
    }

    #[inline(always)]
    pub(crate) fn contain(&self, wanted: &str) -> bool {
        let (length, head) = (wanted.len(), head(wanted.as_bytes()));
        self.0
            .iter()
            .any(|text| text.length == length && text.head == head && (length <= 8 || *text.text == *wanted))
    }
}

/// The first eight bytes; of a shorter string all of them in some order, which with the length say which they are.
#[inline(always)]
fn head(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => match bytes.first_chunk::<8>() {
            Some(first) => u64::from_le_bytes(*first),
            None => u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)),
        },
        // Countries and languages have two letters.
        _ => match bytes {
            [first, last] => u64::from(u16::from_le_bytes([*first, *last])),
            [first, middle, last] => u64::from(*first) << 16 | u64::from(*middle) << 8 | u64::from(*last),
            [only] => u64::from(*only),
            _ => 0,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_only_if_all_its_bytes_are_the_same() {
        let text = "abcdefghijklmnopqrst";

        for length in 0..=text.len() {
            let wanted = &text[..length];
            let texts = Texts::new(Box::new(["other".into(), wanted.into()]));
            // The same but for one byte, each byte once.
            let others = (0..length).map(|at| format!("{}_{}", &wanted[..at], &wanted[at + 1..]));

            assert!(texts.contain(wanted), "{wanted}");
            for other in others.chain([format!("{wanted}_")]) {
                assert!(!texts.contain(&other), "{other} for {wanted}");
            }
        }
    }
}
