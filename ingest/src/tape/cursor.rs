//! A place in a document, and the ways from it to others.

use super::{Key, Kind, Node, Scalar, Tape};

/// A place in a [`Tape`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'t, 'a> {
    pub(super) tape: &'t Tape<'a>,
    pub(super) at: usize,
}

impl PartialEq for Cursor<'_, '_> {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at && std::ptr::eq(self.tape, other.tape)
    }
}

impl<'t, 'a> Cursor<'t, 'a> {
    fn node(self) -> Option<&'t Node<'a>> {
        self.tape.nodes.get(self.at)
    }

    fn end(self) -> usize {
        self.node().map_or(self.at, |node| node.end)
    }

    /// The values directly inside, in document order; none for a scalar.
    pub(crate) fn children(self) -> impl Iterator<Item = Self> + 't {
        let (tape, end) = (self.tape, self.end());
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let child = Cursor { tape, at };
                at = child.end().max(at + 1);
                child
            })
        })
    }

    /// Every scalar inside (or the value itself), in document order.
    pub(crate) fn leaves(self) -> impl Iterator<Item = (Self, &'t Scalar<'a>)> {
        (self.at..self.end()).filter_map(move |at| {
            let leaf = Cursor { tape: self.tape, at };
            leaf.scalar().map(|scalar| (leaf, scalar))
        })
    }

    /// Every key inside, at any depth.
    pub(crate) fn names(self) -> impl Iterator<Item = &'t str> + use<'t, 'a> {
        (self.at + 1..self.end()).filter_map(move |at| Cursor { tape: self.tape, at }.name())
    }

    /// The value of a key of this object; the last one when it stands there twice.
    pub(crate) fn get(self, key: &str) -> Option<Self> {
        self.children().filter(|child| child.name() == Some(key)).last()
    }

    /// The value at the end of several keys.
    pub(crate) fn path(self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self, |at, key| at.get(key))
    }

    /// The container of this value; `None` for the outermost.
    pub(crate) fn parent(self) -> Option<Self> {
        let node = self.node()?;
        (!matches!(node.key, Key::Root)).then_some(Cursor { tape: self.tape, at: node.parent })
    }

    /// The key under which this value stands in its object.
    pub(crate) fn name(self) -> Option<&'t str> {
        match &self.node()?.key {
            Key::Name(name) => Some(name),
            Key::Root | Key::Index(_) => None,
        }
    }

    /// The position of this value in its array, from 0.
    pub(crate) fn index(self) -> Option<usize> {
        match self.node()?.key {
            Key::Index(index) => Some(index),
            Key::Root | Key::Name(_) => None,
        }
    }

    /// The scalar that stands here.
    pub(crate) fn scalar(self) -> Option<&'t Scalar<'a>> {
        match &self.node()?.kind {
            Kind::Leaf(scalar) => Some(scalar),
            Kind::Object | Kind::Array => None,
        }
    }

    /// The text that stands here.
    pub(crate) fn text(self) -> Option<&'t str> {
        match self.scalar()? {
            Scalar::Text(text) => Some(text),
            Scalar::Null | Scalar::Bool(_) | Scalar::Number(_) => None,
        }
    }

    /// The number that stands here.
    pub(crate) fn number(self) -> Option<f64> {
        match self.scalar()? {
            Scalar::Number(value) => Some(*value),
            Scalar::Null | Scalar::Bool(_) | Scalar::Text(_) => None,
        }
    }

    /// The truth value that stands here.
    pub(crate) fn boolean(self) -> Option<bool> {
        match self.scalar()? {
            Scalar::Bool(state) => Some(*state),
            Scalar::Null | Scalar::Number(_) | Scalar::Text(_) => None,
        }
    }

    /// The text of a key of this object.
    pub(crate) fn text_of(self, key: &str) -> Option<&'t str> {
        self.get(key)?.text()
    }

    /// The number of a key of this object.
    pub(crate) fn number_of(self, key: &str) -> Option<f64> {
        self.get(key)?.number()
    }

    pub(crate) fn is_object(self) -> bool {
        matches!(self.node().map(|node| &node.kind), Some(Kind::Object))
    }

    pub(crate) fn is_array(self) -> bool {
        matches!(self.node().map(|node| &node.kind), Some(Kind::Array))
    }
}
