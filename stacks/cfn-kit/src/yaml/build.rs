//! Builds the tree from the parser's events: with a stack of its own, so that no text can exhaust the program's.

use super::node::CORE_SCHEMA;
use super::{Document, Duplicate, Error, MAXIMUM_ALIAS_EXPANSION, MAXIMUM_DEPTH, Node, Position, Scalar, Style, Value};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// What one value weighs in the sum that bounds aliases, beside its text.
const NODE_WEIGHT: usize = 64;

/// Reads one document of YAML.
pub(super) fn read(text: &str) -> Result<Document, Error> {
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| Error::Syntax { message: error.info().to_owned(), at: within(text, error.marker()) })?;
        builder.take(event, span)?;
    }
    let root = builder.root.map_or_else(|| Node::nothing(Position::START), |built| built.node);
    builder.duplicates.sort_by_key(|duplicate| duplicate.again);
    Ok(Document { root, duplicates: builder.duplicates, aliases: builder.aliases })
}

/// A finished value, with what is needed to bound its copies.
#[derive(Clone)]
struct Built {
    node: Node,
    /// Bytes of text plus [`NODE_WEIGHT`] for each value within.
    weight: usize,
    /// How many levels it holds: 1 for a scalar.
    height: usize,
}

/// A sequence or mapping whose end has not come yet.
struct Open {
    tag: Option<String>,
    start: Position,
    anchor: usize,
    items: Items,
    weight: usize,
    height: usize,
}

enum Items {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<(Node, Node)>, key: Option<Node> },
}

#[derive(Default)]
struct Builder {
    root: Option<Built>,
    open: Vec<Open>,
    anchors: HashMap<usize, Built>,
    /// What aliases have added so far.
    expansion: usize,
    documents: usize,
    duplicates: Vec<Duplicate>,
    aliases: Vec<Position>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Error> {
        let at = position(&span.start);
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Error::SecondDocument { at });
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = Scalar { text: text.into_owned(), style: style_of(style) };
                let weight = NODE_WEIGHT + scalar.text.len();
                let node = Node { value: Value::Scalar(scalar), tag: tag_of(tag), start: at, end: position(&span.end) };
                self.finish(Built { node, weight, height: 1 }, anchor)?;
            }
            Event::SequenceStart(anchor, tag) => self.open(Items::Sequence(Vec::new()), anchor, tag, at)?,
            Event::MappingStart(anchor, tag) => self.open(Items::Mapping { entries: Vec::new(), key: None }, anchor, tag, at)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(position(&span.end))?,
            Event::Alias(anchor) => self.alias(anchor, at)?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn open(&mut self, items: Items, anchor: usize, tag: Option<Cow<'_, Tag>>, start: Position) -> Result<(), Error> {
        if self.open.len() + 1 > MAXIMUM_DEPTH {
            return Err(Error::TooDeep { at: start });
        }
        self.open.push(Open { tag: tag_of(tag), start, anchor, items, weight: NODE_WEIGHT, height: 1 });
        Ok(())
    }

    fn close(&mut self, end: Position) -> Result<(), Error> {
        // The parser ends only what it has started.
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.items {
            Items::Sequence(items) => Value::Sequence(items),
            Items::Mapping { entries, key: _ } => {
                find_duplicates(&entries, &mut self.duplicates);
                Value::Mapping(entries)
            }
        };
        let node = Node { value, tag: open.tag, start: open.start, end };
        self.finish(Built { node, weight: open.weight, height: open.height }, open.anchor)
    }

    fn alias(&mut self, anchor: usize, at: Position) -> Result<(), Error> {
        let built = self.anchors.get(&anchor).ok_or(Error::EndlessAlias { at })?;
        self.expansion += built.weight;
        if self.expansion > MAXIMUM_ALIAS_EXPANSION {
            return Err(Error::AliasExpansion { at });
        }
        if self.open.len() + built.height > MAXIMUM_DEPTH {
            return Err(Error::TooDeep { at });
        }
        self.aliases.push(at);
        let copy = built.clone();
        self.finish(copy, 0)
    }

    /// Puts a finished value where it belongs, and keeps a copy when an alias may ask for it.
    fn finish(&mut self, built: Built, anchor: usize) -> Result<(), Error> {
        if anchor != 0 {
            // Each copy kept counts as well: `&a [&b [&c …]]` would otherwise cost its depth squared.
            self.expansion += built.weight;
            if self.expansion > MAXIMUM_ALIAS_EXPANSION {
                return Err(Error::AliasExpansion { at: built.node.start });
            }
            self.anchors.insert(anchor, built.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(built);
            return Ok(());
        };
        parent.weight += built.weight;
        parent.height = parent.height.max(built.height + 1);
        match &mut parent.items {
            Items::Sequence(items) => items.push(built.node),
            Items::Mapping { entries, key } => match key.take() {
                None => *key = Some(built.node),
                Some(key) => entries.push((key, built.node)),
            },
        }
        Ok(())
    }
}

/// Finds keys that stand twice. Keys are compared as text: to CloudFormation `1` and `"1"` are one key.
pub(super) fn find_duplicates(entries: &[(Node, Node)], duplicates: &mut Vec<Duplicate>) {
    let keys = || entries.iter().filter_map(|(key, _)| key.scalar().map(|scalar| (scalar.text.as_str(), key.start)));
    let mut note = |key: &str, first, again| duplicates.push(Duplicate { key: key.to_owned(), first, again });
    // Most mappings are small, and then looking back is quicker than a hash.
    if entries.len() <= 16 {
        for (index, (key, again)) in keys().enumerate() {
            if let Some((_, first)) = keys().take(index).find(|(earlier, _)| *earlier == key) {
                note(key, first, again);
            }
        }
    } else {
        let mut seen = HashMap::with_capacity(entries.len());
        for (key, at) in keys() {
            match seen.get(key) {
                Some(first) => note(key, *first, at),
                None => drop(seen.insert(key, at)),
            }
        }
    }
}

fn position(marker: &Marker) -> Position {
    Position { line: marker.line().max(1), column: marker.col() + 1 }
}

/// The parser may stop on a line behind the last one, where no editor can go: then the end of the text is the place.
fn within(text: &str, marker: &Marker) -> Position {
    let (count, last) = text.lines().enumerate().last().map_or((1, ""), |(index, line)| (index + 1, line));
    if marker.line() <= count { position(marker) } else { Position { line: count, column: last.chars().count() + 1 } }
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

fn tag_of(tag: Option<Cow<'_, Tag>>) -> Option<String> {
    tag.map(|tag| match tag.handle.as_str() {
        "!!" => format!("{CORE_SCHEMA}{}", tag.suffix),
        handle => format!("{handle}{}", tag.suffix),
    })
}
