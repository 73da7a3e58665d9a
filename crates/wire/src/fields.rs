use crate::known::{Known, Set};
use crate::table::{Line, Table};

/// The fields of a parsed head, where they stand.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) table: &'a Table,
}

/// A field line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// As it is written.
    pub name: &'a [u8],
    /// Without the whitespace around it.
    pub value: &'a [u8],
    /// Which one it is.
    pub known: Known,
}

impl<'a> Fields<'a> {
    /// Whether there is a line of the field. Of [`Known::Other`] there is none: such fields are asked for by name.
    #[inline]
    #[must_use]
    pub fn has(&self, field: Known) -> bool {
        self.table.some.contains(field)
    }

    /// Whether there is a line of any of these fields.
    #[inline]
    #[must_use]
    pub fn has_any(&self, fields: Set) -> bool {
        self.table.some.intersects(fields)
    }

    /// Whether there is exactly one line of the field.
    #[inline]
    #[must_use]
    pub fn has_one(&self, field: Known) -> bool {
        self.has(field) && !self.table.several.contains(field)
    }

    /// The value of the field where there is exactly one line of it.
    #[inline]
    #[must_use]
    pub fn only(&self, field: Known) -> Option<&'a [u8]> {
        self.has_one(field).then(|| self.first(field)).flatten()
    }

    /// The value of the first line of the field.
    #[inline]
    #[must_use]
    pub fn first(&self, field: Known) -> Option<&'a [u8]> {
        let line = || &self.table.lines[usize::from(self.table.first[field as usize])];
        self.has(field).then(|| self.value(line()))
    }

    /// The values of all lines of the field.
    pub fn all(&self, field: Known) -> impl DoubleEndedIterator<Item = &'a [u8]> + use<'a> {
        let fields = *self;
        // Most fields are not there: then no line is looked at.
        let lines = if fields.has(field) {
            &fields.table.lines[..]
        } else {
            &[]
        };
        let lines = lines.iter().filter(move |line| line.known == field);
        lines.map(move |line| fields.value(line))
    }

    /// The items of the list in a field (RFC 9110, section 5.6.1), over all its lines. Empty ones are left out, and a comma
    /// in a quoted string is of an item as any other byte.
    pub fn items(&self, field: Known) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.all(field).flat_map(|value| Items { rest: value })
    }

    /// The value of the first line of this name, which is in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        let mut lines = self.table.lines.iter();
        let line = lines.find(|line| self.name(line).eq_ignore_ascii_case(name.as_bytes()))?;
        Some(self.value(line))
    }

    /// All lines, in their order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Field<'a>> + ExactSizeIterator + use<'a> {
        let fields = *self;
        fields.table.lines.iter().map(move |line| fields.field(line))
    }

    /// How many lines there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.lines.len()
    }

    /// Whether there is no line.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.lines.is_empty()
    }

    /// Appends the lines for which `keep` is true, as they stand. Lines that follow each other are copied at once.
    #[inline]
    pub fn copy_to(&self, out: &mut Vec<u8>, mut keep: impl FnMut(&Field<'_>) -> bool) {
        let mut run: Option<u32> = None;
        for line in &self.table.lines {
            if keep(&self.field(line)) {
                run.get_or_insert(line.start);
            } else if let Some(start) = run.take() {
                out.extend_from_slice(&self.bytes[start as usize..line.start as usize]);
            }
        }
        if let Some(start) = run {
            out.extend_from_slice(&self.bytes[start as usize..self.table.end as usize]);
        }
    }

    #[inline]
    pub(crate) fn first_line(&self) -> Option<&'a Line> {
        self.table.lines.first()
    }

    #[inline]
    fn name(&self, line: &Line) -> &'a [u8] {
        &self.bytes[line.start as usize..][..usize::from(line.name_length)]
    }

    #[inline]
    fn value(&self, line: &Line) -> &'a [u8] {
        &self.bytes[line.value as usize..line.value_end as usize]
    }

    #[inline]
    fn field(&self, line: &Line) -> Field<'a> {
        Field {
            name: self.name(line),
            value: self.value(line),
            known: line.known,
        }
    }
}

impl std::fmt::Debug for Fields<'_> {
    /// Names only: a value may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.iter().map(|field| String::from_utf8_lossy(field.name));
        f.debug_list().entries(names).finish()
    }
}

/// The items of one value.
struct Items<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let end = item_end(self.rest);
            let item = self.rest[..end].trim_ascii();
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if !item.is_empty() {
                return Some(item);
            }
        }
        None
    }
}

/// Where the first comma outside of a quoted string stands (RFC 9110, section 5.6.4).
fn item_end(list: &[u8]) -> usize {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, &byte) in list.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => return at,
            _ => {}
        }
    }
    list.len()
}

/// Appends a field line. Name and value must be valid: nothing is checked here.
#[inline]
pub fn write_field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
