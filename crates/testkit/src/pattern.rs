/// Bytes that say where they belong: a stream of them that lost, doubled or moved a part is noticed.
///
/// The period is a prime, so that no power of two, such as a buffer's size, can hide a shift.
#[derive(Debug, Clone)]
pub struct Pattern(Box<[u8]>);

impl Pattern {
    const PERIOD: u64 = 251;
    const RUN: usize = 256 * 1024;

    /// The pattern.
    pub fn new() -> Self {
        Self(
            (0..Self::RUN as u64 + Self::PERIOD)
                .map(|i| (i % Self::PERIOD) as u8)
                .collect(),
        )
    }

    /// The bytes of the stream from `offset` on: 256 KiB, or fewer where fewer are left of `total`.
    pub fn from(&self, offset: u64, total: u64) -> &[u8] {
        let start = (offset % Self::PERIOD) as usize;
        let left = usize::try_from(total - offset).unwrap_or(usize::MAX);
        &self.0[start..start + left.min(Self::RUN)]
    }

    /// Whether these are the bytes of the stream at `offset`.
    pub fn matches(&self, offset: u64, bytes: &[u8]) -> bool {
        let mut at = offset;
        bytes.chunks(Self::RUN).all(|piece| {
            let right = self.from(at, at + piece.len() as u64) == piece;
            at += piece.len() as u64;
            right
        })
    }
}

impl Default for Pattern {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_matches_itself_at_every_offset_and_nowhere_else() {
        let pattern = Pattern::new();

        let piece = pattern.from(1_000_003, 1_000_003 + 70_000).to_vec();

        assert_eq!(piece.len(), 70_000);
        assert!(pattern.matches(1_000_003, &piece));
        assert!(!pattern.matches(1_000_002, &piece) && !pattern.matches(1_000_003 + 65_536, &piece));
    }
}
