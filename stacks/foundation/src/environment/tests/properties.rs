//! Whatever is in a file, reading it ends, and says where it is wrong.

use super::*;
use proptest::prelude::*;

/// A change that a person, an editor or a merge might make.
#[derive(Debug, Clone)]
enum Change {
    Delete(usize, usize),
    Insert(usize, String),
    RepeatLine(usize, usize),
    DropLine(usize),
    Replace(usize, String),
}

fn change() -> impl Strategy<Value = Change> {
    let at = 0..RIGHT.len();
    let bit = || prop_oneof!["[ \\t\\n:,\\[\\]{}'\"&*!|>%@#?a-z0-9.~-]{1,4}", any::<char>().prop_map(String::from)];
    let value = prop_oneof![Just(String::new()), "-?[0-9]{1,20}", "[a-z\"'~!&*{}\\[\\]#., -]{0,12}", Just("\n    deeper: 1".to_owned())];
    prop_oneof![
        (at.clone(), 1..20usize).prop_map(|(at, length)| Change::Delete(at, length)),
        (at, bit()).prop_map(|(at, text)| Change::Insert(at, text)),
        (0..45usize, 0..45usize).prop_map(|(from, to)| Change::RepeatLine(from, to)),
        (0..45usize).prop_map(Change::DropLine),
        (0..45usize, value).prop_map(|(line, value)| Change::Replace(line, value)),
    ]
}

fn apply(text: &str, change: &Change) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    match change {
        Change::Delete(at, length) => {
            let at = *at.min(&letters.len());
            let end = (at + length).min(letters.len());
            letters.drain(at..end);
            return letters.into_iter().collect();
        }
        Change::Insert(at, text) => {
            let at = *at.min(&letters.len());
            letters.splice(at..at, text.chars());
            return letters.into_iter().collect();
        }
        Change::RepeatLine(from, to) => {
            let line = lines[from % lines.len()].clone();
            let to = to % lines.len();
            lines.insert(to, line);
        }
        Change::DropLine(at) => {
            let at = at % lines.len();
            lines.remove(at);
        }
        Change::Replace(at, value) => {
            let at = at % lines.len();
            let key = lines[at].split(':').next().unwrap_or_default().to_owned();
            lines[at] = format!("{key}: {value}");
        }
    }
    lines.join("\n")
}

fn every_mistake_has_its_place(text: &str) {
    let Err(found) = read(text) else { return };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<_> = text.lines().collect();
    assert!(!found.mistakes.is_empty(), "a file would be refused without a reason");
    for mistake in &found.mistakes {
        let line = lines.get(mistake.line - 1).copied().unwrap_or_default();
        let length = line.chars().count();
        assert!(mistake.line == 1 || mistake.line <= lines.len(), "{mistake:?} is on no line of {text:?}");
        assert!(mistake.column >= 1 && mistake.column <= length + 1, "{mistake:?} is in no column of {text:?}");
        assert!(mistake.width >= 1 && mistake.column + mistake.width <= length + 2, "{mistake:?} is too wide for {text:?}");
    }
    let shown = found.to_string();
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "a terminal would obey {shown:?}");
}

proptest! {
    #[test]
    fn a_spoilt_file_is_read_or_refused_at_its_own_lines(changes in prop::collection::vec(change(), 1..6)) {
        let text = changes.iter().fold(RIGHT.to_owned(), |text, change| apply(&text, change));

        every_mistake_has_its_place(&text);
    }

    #[test]
    fn any_text_at_all_is_read_or_refused_at_its_own_lines(text in any::<String>()) {
        every_mistake_has_its_place(&text);
    }
}
