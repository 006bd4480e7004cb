//! One line of facts: words, quoted words and words with a list in parentheses.

use std::fmt::Write as _;

/// One part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// `stateful`, or `"with space"`.
    Word(String),
    /// `enum(a b)`.
    List(String, Vec<String>),
}

/// Takes a line apart.
///
/// # Errors
///
/// The column, from 1, at which it is no such line, and what is wrong there.
pub fn split(line: &str) -> Result<Vec<Part>, (usize, String)> {
    let mut reader = Reader { characters: line.chars().collect(), at: 0 };
    let mut parts = Vec::new();
    loop {
        reader.spaces();
        if reader.peek().is_none() {
            return Ok(parts);
        }
        let word = reader.word()?;
        if reader.peek() == Some('(') {
            reader.at += 1;
            parts.push(Part::List(word, reader.list()?));
        } else {
            parts.push(Part::Word(word));
        }
    }
}

struct Reader {
    characters: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn spaces(&mut self) {
        while self.peek() == Some(' ') {
            self.at += 1;
        }
    }

    fn error<T>(&self, message: &str) -> Result<T, (usize, String)> {
        Err((self.at + 1, message.to_owned()))
    }

    fn word(&mut self) -> Result<String, (usize, String)> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let start = self.at;
        while self.peek().is_some_and(|character| !matches!(character, ' ' | '(' | ')' | '"')) {
            self.at += 1;
        }
        match self.at > start {
            true => Ok(self.characters[start..self.at].iter().collect()),
            false => self.error("a word was expected here"),
        }
    }

    fn quoted(&mut self) -> Result<String, (usize, String)> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(character) = self.peek() else { return self.error("the quotes are never closed") };
            self.at += 1;
            match character {
                '"' => return Ok(text),
                '\\' => match self.peek() {
                    Some('n') => text.push('\n'),
                    Some('r') => text.push('\r'),
                    Some('t') => text.push('\t'),
                    Some(other @ ('"' | '\\')) => text.push(other),
                    _ => return self.error("only `\\n`, `\\r`, `\\t`, `\\\"` and `\\\\` stand behind a backslash"),
                },
                other => {
                    text.push(other);
                    continue;
                }
            }
            self.at += 1;
        }
    }

    fn list(&mut self) -> Result<Vec<String>, (usize, String)> {
        let mut words = Vec::new();
        loop {
            self.spaces();
            match self.peek() {
                Some(')') => {
                    self.at += 1;
                    return Ok(words);
                }
                Some(_) => words.push(self.word()?),
                None => return self.error("the parenthesis is never closed"),
            }
        }
    }
}

/// Appends a word, in quotes where it would not be read as one.
pub(crate) fn push_word(line: &mut String, word: &str) {
    if !line.is_empty() && !line.ends_with([' ', '(']) {
        line.push(' ');
    }
    let bare = !word.is_empty() && !word.contains([' ', '(', ')', '"', '\\', '\n', '\r', '\t', '#']);
    if bare {
        line.push_str(word);
        return;
    }
    line.push('"');
    for character in word.chars() {
        match character {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            '"' | '\\' => {
                line.push('\\');
                line.push(character);
            }
            other => line.push(other),
        }
    }
    line.push('"');
}

/// Appends `name(word word)`.
pub(crate) fn push_list<'a>(line: &mut String, name: &str, words: impl IntoIterator<Item = &'a str>) {
    let _ = write!(line, " {name}(");
    for word in words {
        push_word(line, word);
    }
    line.push(')');
}
