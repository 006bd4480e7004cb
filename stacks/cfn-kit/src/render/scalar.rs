//! Texts and numbers in YAML: plain where nobody can misread them, quoted elsewhere.

use serde_json::Number;

/// Words that YAML 1.1 (CloudFormation's) or 1.2 reads as something else than text.
const WORDS: [&str; 11] = ["y", "yes", "n", "no", "on", "off", "true", "false", "null", "nan", "inf"];

/// Appends a text on one line: plain, in single quotes, or in double quotes with escapes.
pub(super) fn push_one_line(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
    } else if text.chars().all(is_printable) {
        out.push('\'');
        for (index, part) in text.split('\'').enumerate() {
            out.push_str(if index == 0 { "" } else { "''" });
            out.push_str(part);
        }
        out.push('\'');
    } else {
        push_double_quoted(out, text);
    }
}

/// The characters that may stand in bare text, by their number: letters, digits and these.
const PLAIN: [bool; 256] = {
    let others = b" _-./:${}()*@+=,;?!&<>~^%|";
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < others.len() {
        plain[others[byte] as usize] = true;
        byte += 1;
    }
    let mut byte = 0_u8;
    while byte < 128 {
        plain[byte as usize] |= byte.is_ascii_alphanumeric();
        byte += 1;
    }
    plain
};

/// Whether every YAML reader takes the bare text for this very text.
///
/// It must begin with a letter (or `/`, `$`, `_`), so that nothing with a leading digit, an account number or a date,
/// stands bare.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins_well = bytes.first().is_some_and(|first| first.is_ascii_alphabetic() || matches!(first, b'/' | b'$' | b'_'));
    let ends_well = !text.ends_with([' ', ':']);
    begins_well
        && ends_well
        && bytes.iter().all(|byte| PLAIN[usize::from(*byte)])
        && !bytes.windows(2).any(|pair| pair == b": ")
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Characters that YAML lets stand for themselves inside quotes.
fn is_printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\u{a0}'..='\u{d7ff}' => !matches!(character, '\u{2028}' | '\u{2029}'),
        '\u{e000}'..='\u{fffd}' => character != '\u{feff}',
        '\u{10000}'..='\u{10ffff}' => true,
        _ => false,
    }
}

fn push_double_quoted(quoted: &mut String, text: &str) {
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            other if is_printable(other) => quoted.push(other),
            other if u32::from(other) <= 0xff => quoted.push_str(&format!("\\x{:02x}", u32::from(other))),
            other if u32::from(other) <= 0xffff => quoted.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => quoted.push_str(&format!("\\U{:08x}", u32::from(other))),
        }
    }
    quoted.push('"');
}

/// The indicator of a block scalar that keeps this text exactly, where there is one.
pub(super) fn block(text: &str) -> Option<&'static str> {
    // Nearly all texts are of one line, and need no look at each of their characters.
    if !text.contains('\n') {
        return None;
    }
    let printable = text.chars().all(|character| character == '\n' || is_printable(character));
    // A block finds its indentation in its first line, and readers differ over lines of nothing but spaces.
    let first_line = text.starts_with(|character: char| !character.is_whitespace());
    let blank_line = text.split('\n').any(|line| !line.is_empty() && line.trim().is_empty());
    if !printable || !first_line || blank_line {
        return None;
    }
    Some(match (text.ends_with('\n'), text.ends_with("\n\n")) {
        (false, _) => "|-",
        (true, false) => "|",
        (true, true) => "|+",
    })
}

/// A number as both YAML 1.1 and 1.2 read it: 1.1 wants a point and a sign in `1.0e+30`.
pub(super) fn number(number: &Number) -> String {
    let text = number.to_string();
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let mantissa = if mantissa.contains('.') { mantissa.to_owned() } else { format!("{mantissa}.0") };
    let exponent = if exponent.starts_with(['-', '+']) { exponent.to_owned() } else { format!("+{exponent}") };
    format!("{mantissa}e{exponent}")
}
