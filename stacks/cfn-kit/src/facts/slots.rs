//! Where a type's name is looked for: `build.rs` lays the table out, `facts` looks into it.

/// How many slots the table has: at least twice as many as there are types, so that nearly every name is where it is looked for first.
pub(crate) const SLOTS: usize = 1 << 12;

/// A slot that no type has.
pub(crate) const FREE: u16 = u16::MAX;

/// The slots in which a name may stand, the likeliest first.
pub(crate) fn slots_of(name: &str) -> impl Iterator<Item = usize> {
    // Multiplying spreads what eight bytes say over the high bits. All names are known when this is built, so that nobody can make them collide.
    let hash = name.as_bytes().chunks(8).fold(0_u64, |hash, bytes| {
        let word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    let first = (hash >> (u64::BITS - SLOTS.trailing_zeros())) as usize;
    (0..SLOTS).map(move |step| (first + step) % SLOTS)
}
