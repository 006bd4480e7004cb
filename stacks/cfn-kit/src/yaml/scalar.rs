//! Scalars: kept as written, read on demand.

/// A scalar as it stands in the text.
///
/// It is not replaced by what it means, because that is a matter of opinion: YAML 1.2 reads `yes` as text, YAML 1.1 (and
/// CloudFormation) as a truth, and an account number that starts with 0 is no number to anybody who has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text, without quotes and with escapes resolved.
    pub text: String,
    /// How it was written.
    pub style: Style,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// `text`: may mean a number, a truth value or nothing at all.
    Plain,
    /// `'text'`.
    SingleQuoted,
    /// `"text"`, also every string in JSON.
    DoubleQuoted,
    /// `|`: lines as they stand.
    Literal,
    /// `>`: lines folded into one.
    Folded,
}

/// What a scalar means in YAML 1.2's core schema, which holds JSON's words as well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Meaning<'a> {
    /// `null`, `~`, or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number. One that does not fit is a [`Meaning::Float`].
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Everything else, and all that is in quotes.
    String(&'a str),
}

impl Scalar {
    /// What this means in YAML 1.2's core schema: everything that is not plain is text.
    #[must_use]
    pub fn meaning(&self) -> Meaning<'_> {
        match self.style {
            Style::Plain => self.plain_meaning(),
            Style::SingleQuoted | Style::DoubleQuoted | Style::Literal | Style::Folded => Meaning::String(&self.text),
        }
    }

    /// The truth value that YAML 1.1, and so CloudFormation, sees in a plain scalar: also `yes`, `no`, `on` and `off`.
    #[must_use]
    pub fn yaml_1_1_bool(&self) -> Option<bool> {
        if self.style != Style::Plain {
            return None;
        }
        match self.text.as_str() {
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
            _ => None,
        }
    }

    /// What the text would mean without quotes.
    pub(super) fn plain_meaning(&self) -> Meaning<'_> {
        let text = self.text.as_str();
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
            "true" | "True" | "TRUE" => Meaning::Bool(true),
            "false" | "False" | "FALSE" => Meaning::Bool(false),
            _ => number(text).unwrap_or(Meaning::String(text)),
        }
    }
}

/// A number of the core schema. Rust's own number grammar is wider (`inf`, `nan`, `1_0` is not), so the form is looked at first.
fn number(text: &str) -> Option<Meaning<'_>> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => {
            return Some(Meaning::Float(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }));
        }
        ".nan" | ".NaN" | ".NAN" if unsigned == text => return Some(Meaning::Float(f64::NAN)),
        _ => {}
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return octal.bytes().all(|byte| byte.is_ascii_digit()).then(|| i64::from_str_radix(octal, 8).ok()).flatten().map(Meaning::Integer);
    }
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        let digits = hexadecimal.bytes().all(|byte| byte.is_ascii_hexdigit());
        return digits.then(|| i64::from_str_radix(hexadecimal, 16).ok()).flatten().map(Meaning::Integer);
    }
    let first = *unsigned.as_bytes().first()?;
    let digits_follow_point = first == b'.' && unsigned.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if !(first.is_ascii_digit() || digits_follow_point) {
        return None;
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map(Meaning::Integer).unwrap_or_else(|_| Meaning::Float(text.parse().unwrap_or(f64::INFINITY))));
    }
    let number_letters = unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    number_letters.then(|| text.parse().ok()).flatten().map(Meaning::Float)
}
