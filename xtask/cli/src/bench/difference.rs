//! In what two builds of one program differ, so far that the reason can be guessed.

use std::path::Path;

use memchr::memmem;
use object::{Object, ObjectSection};

/// How many differences are shown; the first mostly explains the rest.
const SHOWN: usize = 8;

/// How much of a text is shown around the place where it differs.
const TEXT: usize = 120;

/// In what two files differ.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// How many bytes, those that one file has more of included.
    pub(super) bytes: usize,
    /// Where, and with which text, for a person.
    pub(super) lines: Vec<String>,
}

/// Compares section by section; as a whole what is no program.
pub(super) fn differences(one: &[u8], other: &[u8]) -> Differences {
    if one == other {
        return Differences::default();
    }
    let mut lines: Vec<_> = match (sections(one), sections(other)) {
        (Some(ones), Some(others)) if !ones.is_empty() => by_section(&ones, &others),
        _ => Vec::new(),
    };
    if lines.is_empty() {
        lines.extend(compare("the file", one, other));
    }
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    lines.extend((0 < more).then(|| format!("{more} more sections differ")));
    Differences { bytes: count(one, other), lines }
}

/// Whether a file names a folder.
pub(super) fn names_folder(bytes: &[u8], folder: &Path) -> bool {
    memmem::find(bytes, folder.as_os_str().as_encoded_bytes()).is_some()
}

fn by_section(ones: &[(String, &[u8])], others: &[(String, &[u8])]) -> Vec<String> {
    let find = |sections: &[(String, &[u8])], name: &str| sections.iter().any(|(other, _)| other == name);
    let only = |mine: &[(String, &[u8])], others: &[(String, &[u8])], whose: &str| -> Vec<String> {
        let missing = mine.iter().filter(|(name, _)| !find(others, name));
        missing.map(|(name, _)| format!("only the {whose} has `{name}`")).collect()
    };
    let mut lines = only(ones, others, "first");
    lines.extend(only(others, ones, "second"));
    for (name, one) in ones {
        let other = others.iter().find(|(other, _)| other == name);
        lines.extend(other.and_then(|(_, other)| compare(&format!("`{name}`"), one, other)));
    }
    lines
}

fn sections(bytes: &[u8]) -> Option<Vec<(String, &[u8])>> {
    let file = object::File::parse(bytes).ok()?;
    let sections = file.sections().filter_map(|section| Some((section.name().ok()?.to_owned(), section.data().ok()?)));
    Some(sections.collect())
}

fn compare(what: &str, one: &[u8], other: &[u8]) -> Option<String> {
    if one == other {
        return None;
    }
    let lengths = if one.len() == other.len() { String::new() } else { format!(" ({} and {} bytes long)", one.len(), other.len()) };
    let at = one.iter().zip(other).position(|(one, other)| one != other).unwrap_or_else(|| one.len().min(other.len()));
    let texts = [text(one, at), text(other, at)];
    let texts = match texts {
        [Some(one), Some(other)] => format!(": `{one}` and `{other}`"),
        [Some(text), None] | [None, Some(text)] => format!(": `{text}` is in one only"),
        [None, None] => String::new(),
    };
    Some(format!("{what} differs in {} bytes{lengths}, first at {at:#x}{texts}", count(one, other)))
}

fn count(one: &[u8], other: &[u8]) -> usize {
    let same_length = one.iter().zip(other).filter(|(one, other)| one != other).count();
    same_length + one.len().abs_diff(other.len())
}

/// The text that a byte is part of, when it is one.
fn text(bytes: &[u8], at: usize) -> Option<String> {
    let printable = |byte: &&u8| byte.is_ascii_graphic() || **byte == b' ';
    let before = bytes.get(..at)?.iter().rev().take(TEXT).take_while(printable).count();
    let after = bytes.get(at..)?.iter().take(TEXT).take_while(printable).count();
    // Shorter runs of letters are everywhere in machine code.
    (6 <= before + after).then(|| String::from_utf8_lossy(&bytes[at - before..at + after]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_came_into_a_build_is_shown() {
        let one = b"\0\x01\x02src/main.rs\0/home/ann/project/src/lib.rs\0\x7f";
        let other = b"\0\x01\x02src/main.rs\0/home/bob/project/src/lib.rs\0\x7f";

        let found = differences(one, other);

        assert_eq!(found.bytes, 3);
        assert_eq!(
            found.lines,
            ["the file differs in 3 bytes, first at 0x15: `/home/ann/project/src/lib.rs` and `/home/bob/project/src/lib.rs`"],
            "nobody would know where to look"
        );
    }

    #[test]
    fn a_program_is_compared_section_by_section() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let mut changed = program.clone();
        let file = object::File::parse(program.as_slice()).unwrap();
        let place = file.section_by_name(".rodata").and_then(|section| section.file_range()).unwrap().0;
        let at = usize::try_from(place).unwrap() + 40;
        changed[at] ^= 0xff;

        let found = differences(&program, &changed);

        assert_eq!(found.bytes, 1, "{found:?}");
        assert!(found.lines.len() == 1 && found.lines[0].starts_with("`.rodata` differs in 1 bytes, first at 0x28"), "{found:?}");
        assert_eq!(differences(&program, &program), Differences::default());
    }

    #[test]
    fn a_file_that_goes_on_differs_in_what_follows() {
        assert_eq!(differences(b"same", b"same and more").bytes, 9, "half a file would count as a whole one");
    }
}
