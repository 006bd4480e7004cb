//! Sets of words with `*` and `?` in them.

use serde_json::Value as Json;

use super::super::parts::spoken;

/// Words, or everything but these words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    /// Whether everything else is meant (`NotAction`).
    pub(super) but: bool,
    pub(super) words: Vec<String>,
}

impl Words {
    /// The words of a list in normal form.
    pub(super) fn of(list: &Json, but: bool) -> Self {
        let items = list.as_array().map_or(std::slice::from_ref(list), Vec::as_slice);
        let mut words: Vec<String> = items.iter().map(spoken).collect();
        words.sort();
        words.dedup();
        Self { but, words }
    }

    /// Those words.
    pub(super) fn only(words: impl IntoIterator<Item = String>) -> Self {
        Self { but: false, words: words.into_iter().collect() }
    }

    /// Whether a word, with all that it stands for, is among them.
    pub(super) fn has(&self, word: &str) -> bool {
        if self.but {
            // A pattern could stand for one of those that are left out.
            return !word.contains(['*', '?', '$']) && !self.words.iter().any(|pattern| matches(pattern, word));
        }
        self.words.iter().any(|pattern| matches(pattern, word))
    }

    /// Whether everything in `other` is in here.
    pub(super) fn has_all(&self, other: &Self) -> bool {
        match (self.but, other.but) {
            (true, true) => self.words.iter().all(|left_out| other.words.contains(left_out)),
            (false, true) => self.words.iter().any(|word| word == "*"),
            (_, false) => other.words.iter().all(|word| self.has(word)),
        }
    }

    /// For people.
    pub(super) fn told(&self) -> Vec<String> {
        if self.but { self.words.iter().map(|word| format!("all but {word}")).collect() } else { self.words.clone() }
    }

    /// Whether all there is of something is meant.
    pub(super) fn is_wild(&self) -> bool {
        self.but || self.words.iter().any(|word| word == "*" || word.ends_with(":*"))
    }
}

/// Whether everything that `word` stands for is also meant by `pattern`. Case means nothing to actions, and little elsewhere.
pub(super) fn matches(pattern: &str, word: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return pattern.eq_ignore_ascii_case(word);
    }
    let pattern: Vec<char> = pattern.chars().flat_map(char::to_lowercase).collect();
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    let (mut at, mut read) = (0, 0);
    // Where the last star was, and how much it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while read < word.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            // One letter is less than what a star in the word stands for.
            Some('?') if word[read] != '*' => (at, read) = (at + 1, read + 1),
            Some(letter) if *letter == word[read] => (at, read) = (at + 1, read + 1),
            _ => match star {
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    (at, read) = (place + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_holds_what_it_stands_for_and_no_more() {
        for (pattern, word, holds) in [
            ("s3:*", "s3:GetObject", true),
            ("s3:*", "s3:Get*", true),
            ("s3:Get*", "s3:*", false),
            ("s3:GetObject?", "s3:GetObject*", false),
            ("S3:getobject", "s3:GetObject", true),
            ("*", "*", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b", false),
            ("arn:aws:s3:::jobs/*", "arn:aws:s3:::jobs/in/*", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, word), holds, "{pattern} {word}");
        }
    }
}
