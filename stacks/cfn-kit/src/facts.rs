//! What is known about resource types, for templates from anywhere.
//!
//! All types of CloudFormation's registry are here, whatever cargo features are on, in one compressed table. A type is
//! unpacked when it is first asked for, and stays.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use lz4_flex::block::decompress;

pub use cfn_facts::{Attribute, Bounds, Metric, Property, Refers, Replaces, Resource as Facts, Shape, Type, Word};

/// Each type's facts as text, compressed one by one.
static TABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/facts.bin"));

/// Where something lies in the table: offset, compressed length, length.
type Chunk = (u32, u32, u32);

/// Every type's name, sorted, with its facts and the permissions of its handlers, which are seldom asked for.
static INDEX: &[(&str, Chunk, Chunk)] = include!(concat!(env!("OUT_DIR"), "/facts.rs"));

/// What was unpacked so far, in the order of the index.
static UNPACKED: LazyLock<Box<[OnceLock<Option<Facts>>]>> = LazyLock::new(|| INDEX.iter().map(|_| OnceLock::new()).collect());

/// The IAM actions that the handlers of a type call, by verb.
pub type Permissions = BTreeMap<Word, Vec<Word>>;

/// The permissions that were unpacked so far.
static PERMISSIONS: LazyLock<Box<[OnceLock<Option<Permissions>>]>> = LazyLock::new(|| INDEX.iter().map(|_| OnceLock::new()).collect());

/// What is known about a type, but for [`permissions`]; `None` for types that CloudFormation's registry does not have.
pub fn of(name: &str) -> Option<&'static Facts> {
    let index = find(name)?;
    let unpack = || {
        let (name, facts, _) = INDEX[index];
        // It stays as long as the program anyway, so that its words need not be copied.
        cfn_facts::parse_static(unpack(facts)?.leak(), name).ok()?.resources.pop()
    };
    UNPACKED.get(index)?.get_or_init(unpack).as_ref()
}

/// The IAM actions that CloudFormation needs for a type, by verb: `create`, `read`, `update`, `delete`, `list`.
pub fn permissions(name: &str) -> Option<&'static Permissions> {
    let index = find(name)?;
    let unpack = || {
        let (name, _, permissions) = INDEX[index];
        let text = format!("resource {name}\n{}", unpack(permissions)?);
        Some(cfn_facts::parse_static(text.leak(), name).ok()?.resources.pop()?.permissions)
    };
    PERMISSIONS.get(index)?.get_or_init(unpack).as_ref()
}

/// The names of all types, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    INDEX.iter().map(|(name, ..)| *name)
}

fn find(name: &str) -> Option<usize> {
    INDEX.binary_search_by(|(known, ..)| (*known).cmp(name)).ok()
}

fn unpack((offset, packed, length): Chunk) -> Option<String> {
    let start = offset as usize;
    let chunk = TABLE.get(start..start + packed as usize)?;
    String::from_utf8(decompress(chunk, length as usize).ok()?).ok()
}
