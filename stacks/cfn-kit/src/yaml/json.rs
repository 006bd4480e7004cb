//! Reads JSON, which is what most templates of a megabyte are: several times quicker than YAML's grammar would.

use super::build::find_duplicates;
use super::{Document, Duplicate, Error, MAXIMUM_DEPTH, Node, Position, Scalar, Style, Value};

/// Reads a text as JSON when it starts like JSON; `None` when it does not.
pub(super) fn read(text: &str) -> Option<Result<Document, Error>> {
    text.trim_start().starts_with(['{', '[']).then(|| {
        let mut reader = Reader { text, at: 0, line: 1, line_start: 0, continuation_bytes: 0, duplicates: Vec::new() };
        let root = reader.document()?;
        reader.duplicates.sort_by_key(|duplicate| duplicate.again);
        Ok(Document { root, duplicates: reader.duplicates, aliases: Vec::new() })
    })
}

struct Reader<'a> {
    text: &'a str,
    /// The next byte; always the start of a character.
    at: usize,
    line: usize,
    line_start: usize,
    /// Bytes of this line so far that are not the first of their character, so that a column costs no second look at the line.
    continuation_bytes: usize,
    duplicates: Vec<Duplicate>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Node, Error> {
        self.space();
        let root = self.value(0)?;
        self.space();
        if self.peek().is_some() { Err(self.error("nothing but space may follow the document")) } else { Ok(root) }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Error> {
        let start = self.position();
        let value = match self.peek() {
            Some(b'{' | b'[') if depth == MAXIMUM_DEPTH => return Err(Error::TooDeep { at: start }),
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::Scalar(Scalar { text: self.string()?, style: Style::DoubleQuoted }),
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z') => self.word()?,
            Some(_) | None => return Err(self.error("a value was expected here")),
        };
        Ok(Node { value, tag: None, start, end: self.position() })
    }

    fn object(&mut self, depth: usize) -> Result<Value, Error> {
        let mut entries = Vec::new();
        self.at += 1;
        self.space();
        if self.eat(b'}') {
            return Ok(Value::Mapping(entries));
        }
        loop {
            let start = self.position();
            if self.peek() != Some(b'"') {
                return Err(self.error("a key in double quotes was expected here"));
            }
            let text = self.string()?;
            let key = Node { value: Value::Scalar(Scalar { text, style: Style::DoubleQuoted }), tag: None, start, end: self.position() };
            self.space();
            if !self.eat(b':') {
                return Err(self.error("`:` was expected after this key"));
            }
            self.space();
            entries.push((key, self.value(depth + 1)?));
            self.space();
            if self.eat(b'}') {
                find_duplicates(&entries, &mut self.duplicates);
                return Ok(Value::Mapping(entries));
            }
            if !self.eat(b',') {
                return Err(self.error("`,` or `}` was expected here"));
            }
            self.space();
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Error> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.eat(b']') {
            return Ok(Value::Sequence(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.eat(b']') {
                return Ok(Value::Sequence(items));
            }
            if !self.eat(b',') {
                return Err(self.error("`,` or `]` was expected here"));
            }
            self.space();
        }
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Result<Value, Error> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().take_while(|byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.')).count();
        let text = &self.text[self.at..self.at + length];
        if !matches!(text, "true" | "false" | "null") && !is_number(text) {
            return Err(self.error("a value was expected here: text stands in double quotes"));
        }
        let text = text.to_owned();
        self.at += length;
        Ok(Value::Scalar(Scalar { text, style: Style::Plain }))
    }

    /// A string, from its opening quote to behind its closing one.
    fn string(&mut self) -> Result<String, Error> {
        let opening = self.position();
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(length) = rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < b' ') else {
                return Err(error_at(opening, "this text has no closing quote"));
            };
            text.push_str(&rest[..length]);
            self.continuation_bytes += length - rest[..length].chars().count();
            self.at += length;
            match rest.as_bytes()[length] {
                b'"' => {
                    self.at += 1;
                    return Ok(text);
                }
                b'\\' => text.push(self.escape()?),
                _ => return Err(self.error("a line break or control character must be escaped within text")),
            }
        }
    }

    /// One escaped character, from its backslash.
    fn escape(&mut self) -> Result<char, Error> {
        let letter = self.text.as_bytes().get(self.at + 1).copied();
        let plain = match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            Some(_) | None => {
                let known = "no such escape: JSON knows `\\\"`, `\\\\`, `\\/`, `\\b`, `\\f`, `\\n`, `\\r`, `\\t` and `\\u0000`";
                return Err(self.error(known));
            }
        };
        self.at += 2;
        Ok(plain)
    }

    /// `\u` with four hexadecimal digits, or two of them for a character beyond the first 65,536.
    fn unicode_escape(&mut self) -> Result<char, Error> {
        let half = "this `\\u` escape is no character: it needs four hexadecimal digits, and its other half where it is one of a pair";
        let error = || self.error(half);
        let unit = |at: usize| {
            let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
            digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok()).flatten()
        };
        let units = [unit(self.at), unit(self.at + 6)];
        let first = units[0].ok_or_else(error)?;
        let pair = [first, units[1].unwrap_or_default()];
        match char::decode_utf16(pair).next() {
            Some(Ok(character)) => {
                self.at += 6 * character.len_utf16();
                Ok(character)
            }
            Some(Err(_)) | None => Err(self.error(half)),
        }
    }

    fn space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.line_start = self.at + 1;
                    self.continuation_bytes = 0;
                }
                b' ' | b'\t' | b'\r' => {}
                _ => return,
            }
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn position(&self) -> Position {
        Position { line: self.line, column: self.at - self.line_start - self.continuation_bytes + 1 }
    }

    fn error(&self, message: &str) -> Error {
        error_at(self.position(), message)
    }
}

fn error_at(at: Position, message: &str) -> Error {
    Error::Syntax { message: message.to_owned(), at }
}

/// JSON's grammar of numbers: no leading zero, no plus, a digit on both sides of the point.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}
