//! What is known about resource types, for templates from anywhere.
//!
//! All types of CloudFormation's registry are here, whatever cargo features are on, in one compressed table. A type is
//! unpacked when it is first asked for, and stays.

mod slots;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use lz4_flex::block::decompress;

pub use cfn_facts::{Attribute, Bounds, Metric, Property, Refers, Replaces, Resource as Facts, Shape, Type, Word};

/// Each type's facts as text, compressed one by one.
static TABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/facts.bin"));

/// Where something lies in the table: offset, compressed length, length.
type Chunk = (u32, u32, u32);

/// Every type's name, sorted, with its facts and what is seldom asked for: the permissions of its handlers, and its metrics.
static INDEX: &[(&str, [Chunk; 3])] = include!(concat!(env!("OUT_DIR"), "/facts.rs"));

/// The places of the types in the index, as their names are looked for.
static SLOTS: [u16; slots::SLOTS] = include!(concat!(env!("OUT_DIR"), "/slots.rs"));

/// What was unpacked so far, in the order of the index. The facts lie elsewhere, so that this is small while it is empty.
type Unpacked<T> = [OnceLock<Option<Box<T>>>; INDEX.len()];

static FACTS: Unpacked<Facts> = [const { OnceLock::new() }; INDEX.len()];

/// The IAM actions that the handlers of a type call, by verb.
pub type Permissions = BTreeMap<Word, Vec<Word>>;

static PERMISSIONS: Unpacked<Permissions> = [const { OnceLock::new() }; INDEX.len()];

static METRICS: Unpacked<Vec<Metric>> = [const { OnceLock::new() }; INDEX.len()];

/// What is known about a type, but for [`permissions`] and [`metrics`]; `None` for types that CloudFormation's registry does not have.
pub fn of(name: &str) -> Option<&'static Facts> {
    unpacked(name, &FACTS, 0, |facts| facts)
}

/// The IAM actions that CloudFormation needs for a type, by verb: `create`, `read`, `update`, `delete`, `list`.
pub fn permissions(name: &str) -> Option<&'static Permissions> {
    unpacked(name, &PERMISSIONS, 1, |facts| facts.permissions)
}

/// The CloudWatch metrics of one such resource, sorted by namespace and name.
pub fn metrics(name: &str) -> Option<&'static [Metric]> {
    unpacked(name, &METRICS, 2, |facts| facts.metrics).map(Vec::as_slice)
}

/// The names of all types, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    INDEX.iter().map(|(name, _)| *name)
}

/// One of a type's chunks, read when it is first asked for.
fn unpacked<T>(name: &str, known: &'static Unpacked<T>, chunk: usize, part: fn(Facts) -> T) -> Option<&'static T> {
    let index = find(name)?;
    let unpack = || {
        let (name, chunks) = &INDEX[index];
        let text = unpack(chunks[chunk])?;
        // It stays as long as the program anyway, so that its words need not be copied.
        Some(Box::new(part(cfn_facts::parse_resource(name, text.leak()).ok()?)))
    };
    known.get(index)?.get_or_init(unpack).as_deref()
}

fn find(name: &str) -> Option<usize> {
    let taken = slots::slots_of(name).map(|slot| SLOTS[slot]).take_while(|index| *index != slots::FREE);
    taken.map(usize::from).find(|index| INDEX.get(*index).is_some_and(|(known, _)| *known == name))
}

fn unpack((offset, packed, length): Chunk) -> Option<String> {
    let start = offset as usize;
    let chunk = TABLE.get(start..start + packed as usize)?;
    String::from_utf8(decompress(chunk, length as usize).ok()?).ok()
}
