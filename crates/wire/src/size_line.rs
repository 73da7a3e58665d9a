/// The line before a chunk of so many bytes: hexadecimal digits and the line's end.
#[derive(Debug, Clone, Copy)]
pub struct SizeLine {
    bytes: [u8; 18],
    start: usize,
}

impl SizeLine {
    /// The line for a chunk of this length, which must not be 0: that would end the body.
    ///
    /// # Panics
    /// In debug builds, when the length is 0.
    pub fn new(length: usize) -> Self {
        debug_assert!(length > 0, "an empty chunk ends the body");
        let mut line = Self {
            bytes: *b"0000000000000000\r\n",
            start: 16,
        };
        let mut rest = length;
        while rest > 0 {
            line.start -= 1;
            line.bytes[line.start] = b"0123456789abcdef"[rest % 16];
            rest /= 16;
        }
        line
    }

    /// The bytes of the line.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}
