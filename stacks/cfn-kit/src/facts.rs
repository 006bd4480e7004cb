//! What is known about resource types, for templates from anywhere.
//!
//! All types of CloudFormation's registry are here, whatever cargo features are on, in one compressed table. A type is
//! unpacked when it is first asked for, and stays.

use std::sync::{LazyLock, OnceLock};

use miniz_oxide::inflate::decompress_to_vec_with_limit;

pub use cfn_facts::{Attribute, Bounds, Metric, Property, Refers, Replaces, Resource as Facts, Shape, Type, Word};

/// Each type's facts as text, compressed one by one.
static TABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/facts.bin"));

/// Name, offset in the table, compressed length and length of every type; sorted by name.
type Entry = (&'static str, u32, u32, u32);

static INDEX: &[Entry] = include!(concat!(env!("OUT_DIR"), "/facts.rs"));

/// What was unpacked so far, in the order of the index.
static UNPACKED: LazyLock<Box<[OnceLock<Option<Facts>>]>> = LazyLock::new(|| INDEX.iter().map(|_| OnceLock::new()).collect());

/// What is known about a type; `None` for types that CloudFormation's registry does not have.
pub fn of(name: &str) -> Option<&'static Facts> {
    let index = INDEX.binary_search_by(|(known, ..)| (*known).cmp(name)).ok()?;
    UNPACKED.get(index)?.get_or_init(|| unpack(INDEX[index])).as_ref()
}

/// The names of all types, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    INDEX.iter().map(|(name, ..)| *name)
}

fn unpack((name, offset, compressed, length): Entry) -> Option<Facts> {
    let start = offset as usize;
    let chunk = TABLE.get(start..start + compressed as usize)?;
    let text = String::from_utf8(decompress_to_vec_with_limit(chunk, length as usize).ok()?).ok()?;
    // It stays as long as the program anyway, so that its words need not be copied.
    cfn_facts::parse_static(text.leak(), name).ok()?.resources.pop()
}
