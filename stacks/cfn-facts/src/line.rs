//! One line of facts: words, quoted words and words with a list in parentheses.

use std::borrow::Cow;
use std::fmt::Write as _;

/// One part of a line, borrowed from it wherever it stands there as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<'a> {
    /// `stateful`, or `"with space"`.
    Word(Cow<'a, str>),
    /// `enum(a b)`.
    List(Cow<'a, str>, Vec<Cow<'a, str>>),
}

/// Takes a line apart.
///
/// # Errors
///
/// The column, from 1, at which it is no such line, and what is wrong there.
pub fn split(line: &str) -> Result<Vec<Part<'_>>, (usize, String)> {
    let mut reader = Reader { line, at: 0 };
    let mut parts = Vec::new();
    while let Some(token) = reader.token()? {
        parts.push(match token {
            Token::Word(word) => Part::Word(word),
            Token::Open(word) => Part::List(word, reader.list(|word| word)?),
        });
    }
    Ok(parts)
}

/// What comes next in a line.
pub(crate) enum Token<'a> {
    Word(Cow<'a, str>),
    /// A word with a parenthesis behind it: [`Reader::list`] or [`Reader::only`] reads what is in it.
    Open(Cow<'a, str>),
}

/// A line, and how far it was read.
pub(crate) struct Reader<'a> {
    pub(crate) line: &'a str,
    /// In bytes; all that is looked for is ASCII, so that it always lies between characters.
    pub(crate) at: usize,
}

impl<'a> Reader<'a> {
    /// The next part; of a list, its name.
    pub(crate) fn token(&mut self) -> Result<Option<Token<'a>>, (usize, String)> {
        self.spaces();
        if self.peek().is_none() {
            return Ok(None);
        }
        let word = self.word()?;
        if self.peek() == Some(b'(') {
            self.at += 1;
            return Ok(Some(Token::Open(word)));
        }
        Ok(Some(Token::Word(word)))
    }

    /// The words up to the parenthesis that closes, each as `keep` makes it.
    pub(crate) fn list<W>(&mut self, keep: impl Fn(Cow<'a, str>) -> W) -> Result<Vec<W>, (usize, String)> {
        let mut words = Vec::new();
        while let Some(word) = self.item()? {
            words.push(keep(word));
        }
        Ok(words)
    }

    /// The last of the words up to the parenthesis that closes, for lists that hold but one.
    pub(crate) fn only(&mut self) -> Result<Option<Cow<'a, str>>, (usize, String)> {
        let mut last = None;
        while let Some(word) = self.item()? {
            last = Some(word);
        }
        Ok(last)
    }

    /// The next word of a list; none where it ends.
    fn item(&mut self) -> Result<Option<Cow<'a, str>>, (usize, String)> {
        self.spaces();
        match self.peek() {
            Some(b')') => {
                self.at += 1;
                Ok(None)
            }
            Some(_) => self.word().map(Some),
            None => self.error("the parenthesis is never closed"),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    fn spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn error<T>(&self, message: &str) -> Result<T, (usize, String)> {
        let before = self.line.get(..self.at).unwrap_or(self.line);
        Err((before.chars().count() + 1, message.to_owned()))
    }

    fn word(&mut self) -> Result<Cow<'a, str>, (usize, String)> {
        if self.peek() == Some(b'"') {
            return self.quoted();
        }
        let rest = &self.line[self.at..];
        let end = rest.bytes().position(|byte| matches!(byte, b' ' | b'(' | b')' | b'"')).unwrap_or(rest.len());
        self.at += end;
        match end {
            0 => self.error("a word was expected here"),
            end => Ok(Cow::Borrowed(&rest[..end])),
        }
    }

    fn quoted(&mut self) -> Result<Cow<'a, str>, (usize, String)> {
        self.at += 1;
        let mut text: Cow<'a, str> = Cow::Borrowed("");
        loop {
            let rest = &self.line[self.at..];
            let Some(end) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\')) else {
                self.at = self.line.len();
                return self.error("the quotes are never closed");
            };
            // Without anything escaped, the text stays borrowed.
            text += &rest[..end];
            self.at += end + 1;
            if rest.as_bytes()[end] == b'"' {
                return Ok(text);
            }
            text.to_mut().push(match self.peek() {
                Some(b'n') => '\n',
                Some(b'r') => '\r',
                Some(b't') => '\t',
                Some(b'"') => '"',
                Some(b'\\') => '\\',
                Some(b'u') => self.unicode()?,
                _ => return self.error("only `\\n`, `\\r`, `\\t`, `\\\"` and `\\\\` stand behind a backslash"),
            });
            self.at += 1;
        }
    }

    /// The character behind `\u`, four hexadecimal digits.
    fn unicode(&mut self) -> Result<char, (usize, String)> {
        let digits = self.line.get(self.at + 1..self.at + 5);
        let character = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
        match character {
            Some(character) => {
                self.at += 4;
                Ok(character)
            }
            None => self.error("four hexadecimal digits stand behind `\\u`"),
        }
    }
}

/// Appends a word, in quotes where it would not be read as one.
pub(crate) fn push_word(line: &mut String, word: &str) {
    if !line.is_empty() && !line.ends_with([' ', '(']) {
        line.push(' ');
    }
    let special = |character: char| matches!(character, ' ' | '(' | ')' | '"' | '\\' | '#') || character.is_control();
    let bare = !word.is_empty() && !word.contains(special);
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
            // A file with these would no longer be text to some programs.
            other if other.is_control() => {
                let _ = write!(line, "\\u{:04x}", u32::from(other));
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
