//! The patterns of the facts, as far as they can be applied exactly.
//!
//! The schemas' patterns are written in the dialects of Java and ECMAScript, with Unicode classes and look-around.
//! Here only texts of ASCII are judged, for which every class is a set of 128 bits, and only patterns all of whose
//! parts mean the same in every dialect. Nothing is ever said about a text where the two could differ.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use regex_lite::{Regex, RegexBuilder};

/// Longer texts are not judged, so that no pattern can take long.
const LONGEST_TEXT: usize = 2_048;

/// Patterns that compile to more are not applied.
const LARGEST_PROGRAM: usize = 512 * 1024;

/// A pattern that can be applied to ASCII texts.
#[derive(Debug)]
enum Program {
    /// `^[class]{least,most}$`, which most patterns are.
    Simple {
        set: u128,
        least: usize,
        most: usize,
    },
    Regex(Regex),
}

/// Programs by pattern; none where one cannot be applied.
type Programs = HashMap<&'static str, Option<Arc<Program>>>;

/// What was translated so far: the facts hold each pattern for as long as the program runs.
static PROGRAMS: LazyLock<Mutex<Programs>> = LazyLock::new(Mutex::default);

/// Whether a text matches a pattern of the facts; `None` where that cannot be said for certain.
pub(super) fn matches(pattern: &'static str, text: &str) -> Option<bool> {
    // `$` is before a last line break in one dialect and behind it in the other.
    if !text.is_ascii() || text.len() > LONGEST_TEXT || text.ends_with(['\n', '\r']) {
        return None;
    }
    let program = {
        let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
        programs.entry(pattern).or_insert_with(|| program(pattern).map(Arc::new)).clone()
    }?;
    Some(program.matches(text))
}

/// The same for a pattern of the template itself.
pub(super) fn matches_once(pattern: &str, text: &str) -> Option<bool> {
    let judged = text.is_ascii() && text.len() <= LONGEST_TEXT && !text.ends_with(['\n', '\r']);
    judged.then(|| program(pattern)).flatten().map(|program| program.matches(text))
}

/// Whether a pattern can be applied at all.
#[cfg(test)]
pub(super) fn applies(pattern: &str) -> bool {
    program(pattern).is_some()
}

impl Program {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Simple { set, least, most } => (*least..=*most).contains(&text.len()) && text.bytes().all(|byte| set >> byte & 1 == 1),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

fn program(pattern: &str) -> Option<Program> {
    let mut translation = Translation { rest: pattern, out: String::new(), depth: 0, repeatable: false, parts: Vec::new() };
    translation.all()?;
    if let [Part::Start, Part::Set(set), Part::Times(least, most), Part::End]
    | [Part::Start, Part::Open, Part::Set(set), Part::Times(least, most), Part::Close, Part::End] = translation.parts.as_slice()
    {
        return Some(Program::Simple { set: *set, least: *least, most: *most });
    }
    RegexBuilder::new(&translation.out).size_limit(LARGEST_PROGRAM).build().ok().map(Program::Regex)
}

/// A part of a pattern, as far as the simple form cares.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Start,
    End,
    Open,
    Close,
    Set(u128),
    Times(usize, usize),
    Other,
}

/// A pattern on its way into the plain form that regex-lite reads.
struct Translation<'a> {
    rest: &'a str,
    out: String,
    depth: usize,
    /// Whether a quantifier may stand here.
    repeatable: bool,
    parts: Vec<Part>,
}

const DIGITS: u128 = range(b'0', b'9');
const WORD: u128 = DIGITS | range(b'a', b'z') | range(b'A', b'Z') | range(b'_', b'_');
// Java knows a vertical tab as white space and ECMAScript too.
const SPACE: u128 = range(9, 13) | range(b' ', b' ');
const LINE_BREAKS: u128 = range(b'\n', b'\n') | range(b'\r', b'\r');

/// The set of all characters from one to another.
const fn range(first: u8, last: u8) -> u128 {
    let mut set = 0;
    let mut byte = first;
    while byte <= last {
        set |= 1 << byte;
        byte += 1;
    }
    set
}

impl Translation<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut rest = self.rest.chars();
        let next = rest.next();
        self.rest = rest.as_str();
        next
    }

    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn all(&mut self) -> Option<()> {
        while let Some(next) = self.next() {
            match next {
                '^' => self.mark(Part::Start, "^"),
                '$' => self.mark(Part::End, "$"),
                '|' => self.mark(Part::Other, "|"),
                '(' => self.group()?,
                ')' => {
                    self.depth = self.depth.checked_sub(1)?;
                    self.mark(Part::Close, ")");
                    self.repeatable = true;
                }
                '[' => {
                    let set = self.class()?;
                    self.set(set);
                }
                '.' => self.set(!LINE_BREAKS),
                '\\' => self.escape()?,
                '*' | '+' | '?' | '{' => self.quantifier(next)?,
                // A closing bracket alone is text in one dialect and an error in the other.
                ']' | '}' => return None,
                plain => self.set(single(plain)?),
            }
        }
        (self.depth == 0).then_some(())
    }

    fn mark(&mut self, part: Part, text: &str) {
        self.parts.push(part);
        self.out.push_str(text);
        self.repeatable = false;
    }

    fn group(&mut self) -> Option<()> {
        // Look-around, names and flags all start so; only `(?:` means the same everywhere.
        if self.peek() == Some('?') && !self.eat("?:") {
            return None;
        }
        self.depth += 1;
        self.mark(Part::Open, "(?:");
        Some(())
    }

    fn escape(&mut self) -> Option<()> {
        // Word boundaries are the same for ASCII texts; `\A` and the like are not known to all.
        if self.eat("b") {
            self.mark(Part::Other, "\\b");
            return Some(());
        }
        let set = self.escaped()?;
        self.set(set);
        Some(())
    }

    /// The set behind a backslash, within a class or outside of one.
    fn escaped(&mut self) -> Option<u128> {
        Some(match self.next()? {
            'd' => DIGITS,
            'D' => !DIGITS,
            'w' => WORD,
            'W' => !WORD,
            's' => SPACE,
            'S' => !SPACE,
            't' => single('\t')?,
            'n' => single('\n')?,
            'r' => single('\r')?,
            'f' => single('\u{c}')?,
            'u' => self.code(4)?,
            'x' => self.code(2)?,
            'p' => self.property()?,
            'P' => !self.property()?,
            mark if mark.is_ascii_punctuation() || mark == ' ' => single(mark)?,
            _ => return None,
        })
    }

    fn code(&mut self, digits: usize) -> Option<u128> {
        let code = self.rest.get(..digits)?;
        let code = u32::from_str_radix(code, 16).ok()?;
        self.rest = self.rest.get(digits..)?;
        // What is no ASCII matches no ASCII text.
        Some(char::from_u32(code).and_then(single).unwrap_or(0))
    }

    /// A Unicode class, as far as it lies in ASCII.
    fn property(&mut self) -> Option<u128> {
        let name = match self.next()? {
            '{' => {
                let (name, rest) = self.rest.split_once('}')?;
                self.rest = rest;
                name.to_owned()
            }
            one => one.to_string(),
        };
        let (upper, lower) = (range(b'A', b'Z'), range(b'a', b'z'));
        Some(match name.as_str() {
            "L" | "IsL" | "Alpha" => upper | lower,
            "Lu" | "Upper" => upper,
            "Ll" | "Lower" => lower,
            "N" | "Nd" | "IsN" | "Digit" => DIGITS,
            "Alnum" => upper | lower | DIGITS,
            "Z" | "Zs" | "IsZ" => single(' ')?,
            "M" | "Mn" | "Mc" | "Me" | "Lt" | "Lm" | "Lo" | "Nl" | "No" | "Zl" | "Zp" | "Cs" | "Co" => 0,
            "S" => set_of("$+<=>^`|~"),
            "Sc" => set_of("$"),
            "Sm" => set_of("+<=>|~"),
            "Sk" => set_of("^`"),
            "P" => set_of("!\"#%&'()*,-./:;?@[\\]_{}"),
            "Pc" => set_of("_"),
            "Pd" => set_of("-"),
            "C" | "Cc" => range(0, 31) | range(127, 127),
            "ASCII" => !0,
            _ => return None,
        })
    }

    fn class(&mut self) -> Option<u128> {
        let negated = self.eat("^");
        let mut set = 0;
        let mut first = true;
        loop {
            // `[]a]` and `[^]a]` differ from dialect to dialect.
            if self.eat("]") {
                return (!first).then_some(if negated { !set } else { set });
            }
            first = false;
            // Intersections of Java, and classes within classes, which are plain characters elsewhere.
            if self.rest.starts_with("&&") || self.rest.starts_with('[') {
                return None;
            }
            let (low, low_set) = self.class_item()?;
            if self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                // A minus behind `\w` is a minus to some and an error to others.
                let low = low?;
                self.eat("-");
                if self.rest.starts_with('[') {
                    return None;
                }
                let (high, _) = self.class_item()?;
                let high = high?;
                // Beyond ASCII nothing needs to be known: two halves of one character may stand there as well.
                if high < low && low < 128 {
                    return None;
                }
                if low < 128 {
                    let last = u8::try_from(high.min(127)).ok()?;
                    set |= range(u8::try_from(low).ok()?, last);
                }
            } else {
                set |= low_set;
            }
        }
    }

    /// One item of a class: its code, where it is one character, and its set.
    fn class_item(&mut self) -> Option<(Option<u32>, u128)> {
        let next = self.next()?;
        if next != '\\' {
            return Some((Some(next as u32), single(next).unwrap_or(0)));
        }
        // A backspace in one dialect, an error in the other.
        if self.rest.starts_with('b') {
            return None;
        }
        let code = |digits: usize| self.rest.get(1..=digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        let known = match self.peek()? {
            'u' => Some(code(4)?),
            'x' => Some(code(2)?),
            't' => Some(9),
            'n' => Some(10),
            'r' => Some(13),
            'f' => Some(12),
            mark if mark.is_ascii_punctuation() || mark == ' ' => Some(mark as u32),
            _ => None,
        };
        Some((known, self.escaped()?))
    }

    fn set(&mut self, set: u128) {
        self.parts.push(Part::Set(set));
        self.repeatable = true;
        if set == 0 {
            // A class without any character of ASCII matches nothing there.
            self.out.push_str("[^\\x00-\\x{10FFFF}]");
            return;
        }
        self.out.push('[');
        let has = |byte: u8| byte < 128 && set >> byte & 1 == 1;
        let mut byte = 0;
        while byte < 128 {
            if has(byte) {
                let first = byte;
                while has(byte + 1) {
                    byte += 1;
                }
                // Writing into a text never fails.
                let _ = write!(self.out, "\\x{first:02x}-\\x{byte:02x}");
            }
            byte += 1;
        }
        self.out.push(']');
    }

    fn quantifier(&mut self, first: char) -> Option<()> {
        if !self.repeatable {
            return None;
        }
        let (least, most) = match first {
            '*' => (0, usize::MAX),
            '+' => (1, usize::MAX),
            '?' => (0, 1),
            _ => {
                let (inside, rest) = self.rest.split_once('}')?;
                self.rest = rest;
                let count = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
                match inside.split_once(',') {
                    None => (count(inside)?, count(inside)?),
                    Some((least, "")) => (count(least)?, usize::MAX),
                    Some((least, most)) => (count(least)?, count(most)?),
                }
            }
        };
        // A lazy quantifier finds the same texts; a possessive one does not.
        self.eat("?");
        if self.rest.starts_with(['+', '*', '?', '{']) {
            return None;
        }
        let times = match (least, most) {
            (0, usize::MAX) => "*".to_owned(),
            (1, usize::MAX) => "+".to_owned(),
            (0, 1) => "?".to_owned(),
            (least, usize::MAX) => format!("{{{least},}}"),
            (least, most) => format!("{{{least},{most}}}"),
        };
        self.mark(Part::Times(least, most), &times);
        Some(())
    }
}

/// The set of one character; `None` beyond ASCII.
fn single(character: char) -> Option<u128> {
    u8::try_from(character).ok().filter(u8::is_ascii).map(|byte| range(byte, byte))
}

fn set_of(characters: &str) -> u128 {
    characters.bytes().fold(0, |set, byte| set | range(byte, byte))
}

#[cfg(test)]
mod tests {
    use super::{applies, matches_once};
    use crate::facts;

    #[test]
    fn a_pattern_matches_what_it_matches_elsewhere() {
        let cases = [
            ("^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$", "a b:c/d", Some(true)),
            ("^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$", "a#b", Some(false)),
            ("^[a-z]{2,3}$", "abcd", Some(false)),
            ("^[a-z]{2,3}$", "abc", Some(true)),
            ("arn:(aws|aws-cn):sns:.+", "see arn:aws:sns:x", Some(true)),
            ("^[\\u0020-\\uD7FF\\uE000-\\uFFFD\\r\\n\\t]*$", "text\twith tab", Some(true)),
            ("^[^<>]+$", "a<b", Some(false)),
            ("^\\S+$", "a b", Some(false)),
            ("^[\\w-]+$", "a-b", Some(true)),
            ("^[\\w-.]+$", "a-b", None),
            ("^[\\w.-]+$", "a-b", Some(true)),
            ("^(?!aws)[a-z]+$", "awsome", None),
            ("^a++b$", "aab", None),
            ("^[a-z&&[^b]]$", "b", None),
            ("^é$", "e", None),
            ("^[é]$", "e", Some(false)),
            ("^a$", "é", None),
            ("^a$", "a\n", None),
            ("^(a", "a", None),
            ("^a{,2}$", "a", None),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches_once(pattern, text), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn nine_of_ten_patterns_of_the_facts_are_applied() {
        let (mut all, mut applied) = (0, 0);
        for facts in facts::names().filter_map(facts::of) {
            for property in facts.properties.iter().chain(facts.shapes.iter().flat_map(|shape| &shape.properties)) {
                if let Some(pattern) = &property.pattern {
                    all += 1;
                    applied += usize::from(applies(pattern));
                }
            }
        }
        assert!(applied * 10 >= all * 9, "{applied} of {all} patterns are applied");
    }
}
