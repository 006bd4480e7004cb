//! Texts and numbers in YAML: plain where nobody can misread them, quoted elsewhere.

use serde_json::Number;

/// Words that YAML 1.1 (CloudFormation's) or 1.2 reads as something else than text.
const WORDS: [&str; 11] = ["y", "yes", "n", "no", "on", "off", "true", "false", "null", "nan", "inf"];

/// A text on one line: plain, in single quotes, or in double quotes with escapes.
pub(super) fn one_line(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text.chars().all(is_printable) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        double_quoted(text)
    }
}

/// Whether every YAML reader takes the bare text for this very text.
///
/// It must begin with a letter (or `/`, `$`, `_`), so that nothing with a leading digit, an account number or a date,
/// stands bare.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let begins_well = first.is_ascii_alphabetic() || matches!(first, '/' | '$' | '_');
    let ends_well = !text.ends_with([' ', ':']);
    let characters = |character: char| character.is_ascii_alphanumeric() || " _-./:${}()*@+=,;?!&<>~^%|".contains(character);
    begins_well
        && ends_well
        && text.chars().all(characters)
        && !text.contains(": ")
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

fn double_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
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
    quoted
}

/// The indicator of a block scalar that keeps this text exactly, where there is one.
pub(super) fn block(text: &str) -> Option<&'static str> {
    let printable = text.chars().all(|character| character == '\n' || is_printable(character));
    // A block finds its indentation in its first line, and readers differ over lines of nothing but spaces.
    let first_line = text.starts_with(|character: char| !character.is_whitespace());
    let blank_line = text.split('\n').any(|line| !line.is_empty() && line.trim().is_empty());
    if !text.contains('\n') || !printable || !first_line || blank_line {
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
