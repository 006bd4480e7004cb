//! Whole characters from tokens that may each spell a part of one.

use crate::Piece;

/// Gathers bytes until they are characters.
#[derive(Debug, Default)]
pub(super) struct Characters {
    bytes: Vec<u8>,
    /// Tokens since the last piece.
    tokens: u32,
}

impl Characters {
    /// The spelling of one more token: a piece, when it completes a character.
    pub(super) fn push(&mut self, spelling: &[u8]) -> Option<Piece> {
        self.bytes.extend(spelling);
        self.tokens += 1;
        let mut text = String::new();
        let mut open = 0;
        for chunk in self.bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            match chunk.invalid() {
                [] => {}
                // At the end, and nothing but a beginning: the next token may go on with it.
                invalid if is_beginning(invalid) && self.bytes.ends_with(invalid) => open = invalid.len(),
                _ => text.push(char::REPLACEMENT_CHARACTER),
            }
        }
        self.bytes.drain(..self.bytes.len() - open);
        (!text.is_empty()).then(|| self.piece(text))
    }

    /// What is left: of a character that was begun, the sign that stands for one.
    pub(super) fn finish(&mut self) -> Option<Piece> {
        let text = if self.bytes.is_empty() { String::new() } else { char::REPLACEMENT_CHARACTER.to_string() };
        self.bytes.clear();
        (0 < self.tokens).then(|| self.piece(text))
    }

    fn piece(&mut self, text: String) -> Piece {
        Piece::Text { text, tokens: std::mem::take(&mut self.tokens) }
    }
}

/// Whether more bytes could make a character of these: then Rust finds an end that came too early, and no byte that is wrong.
fn is_beginning(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str, tokens: u32) -> Option<Piece> {
        Some(Piece::Text { text: text.to_owned(), tokens })
    }

    #[test]
    fn a_character_comes_when_its_last_byte_has_come() {
        let mut characters = Characters::default();
        let euro = "€".as_bytes();

        let pieces = [&b"5 "[..], &euro[..1], &euro[1..2], &euro[2..]].map(|bytes| characters.push(bytes));

        assert_eq!(pieces, [text("5 ", 1), None, None, text("€", 3)], "a reader would see half a character");
        assert_eq!(characters.finish(), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_marked_and_hold_nothing_up() {
        let mut characters = Characters::default();

        let pieces = [&b"a\xff"[..], b"\xe2", b"b", b"\xf0\x9f"].map(|bytes| characters.push(bytes));

        assert_eq!(pieces, [text("a\u{fffd}", 1), None, text("\u{fffd}b", 2), None], "one bad token would swallow the rest of the text");
        assert_eq!(characters.finish(), text("\u{fffd}", 1), "a token would be lost from the count");
    }

    #[test]
    fn tokens_without_letters_are_counted() {
        let mut characters = Characters::default();

        assert_eq!([characters.push(b""), characters.push(b"a"), characters.push(b"")], [None, text("a", 2), None]);
        assert_eq!(characters.finish(), text("", 1), "somebody would pay for fewer tokens than were made");
    }
}
