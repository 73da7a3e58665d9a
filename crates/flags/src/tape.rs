//! A tree in one piece of memory: its values one behind another in written order, before what is in each the list or the
//! object itself. A file of many flags is some hundred thousand values; as [`Node`]s, with memory of its own for each list
//! and object, making and dropping them costs more than everything else that a reload does.

mod view;

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::hash::Quick;
use crate::read::Place;
use crate::{Data, Key, Node, Number};

pub(crate) use view::{Entries, Items, Seen, View};

/// The values and their strings.
#[derive(Debug)]
pub(crate) struct Tape {
    place: Place,
    /// Whether the text starts with the one that was read, so that it has the bytes of each item.
    has_read: bool,
    /// Whether [`REF`] may stand anywhere in it.
    refers: bool,
    text: Box<str>,
    items: Vec<Item>,
}

/// Its bytes are counted as its tape counts them: a file is shorter than 2^32 bytes.
#[derive(Debug, Clone, Copy)]
struct Item {
    start: u32,
    end: u32,
    what: What,
}

/// Keys are strings before their values.
#[derive(Debug, Clone, Copy)]
enum What {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    /// Bytes of the tape's text.
    Text {
        start: u32,
        end: u32,
    },
    List(Inner),
    Map(Inner),
}

/// What is in a list or an object.
#[derive(Debug, Clone, Copy)]
struct Inner {
    /// How many items or fields.
    count: u32,
    /// The first item that is not in it.
    end: u32,
}

/// Makes a tape, value by value. All spans are those within the text that is read, which is at most
/// [`crate::MAX_TEXT`] long.
#[derive(Debug)]
pub(crate) struct Builder<'t> {
    place: Place,
    /// What most strings are parts of.
    base: &'t str,
    /// The strings that are none.
    more: String,
    refers: bool,
    items: Vec<Item>,
}

/// What stands where a rule uses another.
pub(crate) const REF: &str = "$ref";

/// Up to here comparing all keys with one another is cheaper than hashing them.
const FEW: usize = 12;

/// A list or an object that is not complete.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening(u32);

impl<'t> Builder<'t> {
    pub(crate) fn new(base: &'t str, place: Place) -> Self {
        Self {
            place,
            base,
            more: String::new(),
            refers: false,
            // A value takes some six bytes of a text without blanks: nothing has to move.
            items: Vec::with_capacity(base.len() / 6),
        }
    }

    /// A span as the texts count that are read together.
    pub(crate) fn place(&self, span: Range<usize>) -> Range<usize> {
        self.place.of(span)
    }

    pub(crate) fn null(&mut self, span: Range<usize>) {
        self.push(span, What::Null);
    }

    pub(crate) fn bool(&mut self, span: Range<usize>, value: bool) {
        self.push(span, What::Bool(value));
    }

    pub(crate) fn number(&mut self, span: Range<usize>, value: Number) {
        let what = match value {
            Number::Integer(value) => What::Integer(value),
            Number::Float(value) => What::Float(value),
        };
        self.push(span, what);
    }

    /// A string that stands in the base.
    #[inline]
    pub(crate) fn part(&mut self, span: Range<usize>, part: Range<usize>) {
        let (start, end) = (part.start as u32, part.end as u32);
        self.push(span, What::Text { start, end });
    }

    /// One of the parts may be [`REF`].
    pub(crate) fn may_refer(&mut self) {
        self.refers = true;
    }

    /// Any other string.
    pub(crate) fn text(&mut self, span: Range<usize>, text: &str) {
        let start = self.base.len() + self.more.len();
        self.refers |= text == REF;
        self.more.push_str(text);
        self.part(span, start..start + text.len());
    }

    /// Opens a list or an object, which has its place when it is closed.
    pub(crate) fn open(&mut self) -> Opening {
        let place = Opening(self.items.len() as u32);
        self.null(0..0);
        place
    }

    pub(crate) fn close_list(&mut self, place: Opening, span: Range<usize>, count: usize) {
        let inner = self.inner(count);
        self.items[place.0 as usize] = Item::new(span, What::List(inner));
    }

    pub(crate) fn close_map(&mut self, place: Opening, span: Range<usize>, count: usize) {
        let inner = self.inner(count);
        self.items[place.0 as usize] = Item::new(span, What::Map(inner));
    }

    /// The first key of an object that stands there already, and its place. The object is not yet closed; it has `count`
    /// fields.
    pub(crate) fn twice(&self, place: Opening, count: usize) -> Option<(&str, Range<usize>)> {
        let mut at = place.0 as usize + 1;
        let mut keys = std::iter::from_fn(|| {
            let (key, value) = (self.items.get(at)?, self.items.get(at + 1)?);
            at = value.what.next(at + 1);
            Some(key)
        });
        let found = if count <= FEW {
            let mut known: [&[u8]; FEW] = [b""; FEW];
            keys.enumerate().find_map(|(index, key)| {
                let name = self.bytes(key.what);
                let is_known = known[..index].contains(&name);
                known[index] = name;
                is_known.then_some(key)
            })
        } else {
            let mut names = HashSet::with_capacity_and_hasher(count, Quick::default());
            keys.find(|key| !names.insert(self.bytes(key.what)))
        }?;
        let name = std::str::from_utf8(self.bytes(found.what)).unwrap_or_default();
        Some((name, self.place.of(found.span())))
    }

    pub(crate) fn finish(self) -> Arc<Tape> {
        let Self {
            place,
            base,
            more,
            refers,
            items,
        } = self;
        let mut text = String::with_capacity(base.len() + more.len());
        text.push_str(base);
        text.push_str(&more);
        Arc::new(Tape {
            place,
            has_read: !base.is_empty(),
            refers,
            text: text.into(),
            items,
        })
    }

    /// The bytes of a string: it is compared only.
    #[inline]
    fn bytes(&self, what: What) -> &[u8] {
        let What::Text { start, end } = what else {
            return b"";
        };
        let part = start as usize..end as usize;
        match part.start.checked_sub(self.base.len()) {
            // An empty one at the end of the base is both.
            Some(start) => &self.more.as_bytes()[start..start + part.len()],
            None => &self.base.as_bytes()[part],
        }
    }

    fn inner(&self, count: usize) -> Inner {
        Inner {
            count: count as u32,
            end: self.items.len() as u32,
        }
    }

    fn push(&mut self, span: Range<usize>, what: What) {
        self.items.push(Item::new(span, what));
    }

    fn node(&mut self, node: &Node) {
        let span = self.local(&node.span);
        match &node.data {
            Data::Null => self.null(span),
            Data::Bool(value) => self.bool(span, *value),
            Data::Number(value) => self.number(span, *value),
            Data::Text(value) => self.text(span, value),
            Data::List(items) => {
                let place = self.open();
                items.iter().for_each(|item| self.node(item));
                self.close_list(place, span, items.len());
            }
            Data::Map(fields) => {
                let place = self.open();
                for (key, node) in fields {
                    self.text(self.local(&key.span), &key.name);
                    self.node(node);
                }
                self.close_map(place, span, fields.len());
            }
        }
    }

    /// What [`Builder::place`] makes this of.
    fn local(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.place.of(0..0).start;
        span.start.saturating_sub(start)..span.end.saturating_sub(start)
    }
}

impl Item {
    fn new(span: Range<usize>, what: What) -> Self {
        Self {
            start: span.start as u32,
            end: span.end as u32,
            what,
        }
    }

    /// As its tape counts.
    fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl What {
    /// Where the next value stands after this one, which stands at `at`.
    fn next(self, at: usize) -> usize {
        match self {
            Self::List(inner) | Self::Map(inner) => inner.end as usize,
            _ => at + 1,
        }
    }
}

/// A rule as it was written, with its places. A cheap handle: the rules of a file share its memory.
#[derive(Clone)]
pub struct Rule {
    tape: Arc<Tape>,
    at: u32,
}

impl Rule {
    pub(crate) fn view(&self) -> View<'_> {
        View::new(&self.tape, self.at)
    }

    /// Whether both are written alike but for their places. 0 and -0 differ, because they show differently.
    pub(crate) fn says_same(&self, other: &Self) -> bool {
        let (one, other) = (self.view().items(), other.view().items());
        one.len() == other.len() && one.zip(other).all(|(one, other)| one == other)
    }

    /// The rule as a tree that can be taken apart.
    pub fn to_node(&self) -> Node {
        self.view().to_node()
    }
}

impl From<&Node> for Rule {
    fn from(node: &Node) -> Self {
        // Counted from where the first of it stands, which may be behind many other files.
        let mut builder = Builder::new("", Place::From(first(node)));
        builder.node(node);
        Self {
            tape: builder.finish(),
            at: 0,
        }
    }
}

fn first(node: &Node) -> usize {
    let below = match &node.data {
        Data::List(items) => items.iter().map(first).min(),
        Data::Map(fields) => {
            let fields = fields.iter();
            fields.map(|(key, node)| key.span.start.min(first(node))).min()
        }
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::Text(_) => None,
    };
    below.map_or(node.span.start, |below| below.min(node.span.start))
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_node().fmt(f)
    }
}

impl Tape {
    /// All of it.
    pub(crate) fn root(self: &Arc<Self>) -> View<'_> {
        View::new(self, 0)
    }

    fn item(&self, at: u32) -> &Item {
        &self.items[at as usize]
    }
}

impl View<'_> {
    pub(crate) fn to_node(self) -> Node {
        let data = match self.data() {
            Seen::Null => Data::Null,
            Seen::Bool(value) => Data::Bool(value),
            Seen::Number(value) => Data::Number(value),
            Seen::Text(value) => Data::Text(value.into()),
            Seen::List(items) => Data::List(items.map(View::to_node).collect()),
            Seen::Map(fields) => {
                let fields = fields.map(|(key, value)| (key.to_key(), value.to_node()));
                Data::Map(fields.collect())
            }
        };
        Node {
            span: self.span(),
            data,
        }
    }

    /// A key of an object.
    pub(crate) fn to_key(self) -> Key {
        Key {
            span: self.span(),
            name: self.text().into(),
        }
    }
}

#[cfg(test)]
mod tests;
