//! Reading a configuration from environment variables: everything that is missing or wrong, not the first of it.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::Problem;

/// Reads variables one after the other and remembers what was wrong.
pub(crate) struct Reader<F> {
    pub(crate) variable_of: F,
    pub(crate) problems: Vec<Problem>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(crate) fn new(variable_of: F) -> Self {
        Self { variable_of, problems: Vec::new() }
    }

    pub(crate) fn text(&mut self, variable: &'static str, expected: &str) -> String {
        let value = (self.variable_of)(variable).filter(|value| !value.is_empty());
        if value.is_none() {
            self.problems.push(Problem { variable, value: None, expected: expected.to_owned() });
        }
        value.unwrap_or_default()
    }

    pub(crate) fn value<T: FromStr + Default>(&mut self, variable: &'static str, expected: &str) -> T {
        self.parsed(variable, expected, |text| text.parse().ok())
    }

    pub(crate) fn list(&mut self, variable: &'static str, expected: &str) -> Vec<u32> {
        self.parsed(variable, expected, |text| text.split(',').map(|number| number.trim().parse().ok()).collect())
    }

    pub(crate) fn parsed<T: Default>(&mut self, variable: &'static str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> T {
        let before = self.problems.len();
        let text = self.text(variable, expected);
        let parsed = parse(&text);
        if parsed.is_none() && self.problems.len() == before {
            self.problems.push(wrong(variable, &text, expected));
        }
        parsed.unwrap_or_default()
    }
}

pub(crate) fn check<T: PartialOrd + Display>(problems: &mut Vec<Problem>, variable: &'static str, value: T, range: &RangeInclusive<T>) {
    if !range.contains(&value) {
        problems.push(wrong(variable, &value.to_string(), &whole_number(range)));
    }
}

pub(crate) fn wrong(variable: &'static str, value: &str, expected: &str) -> Problem {
    Problem { variable, value: Some(value.to_owned()), expected: expected.to_owned() }
}

pub(crate) fn whole_number<T: Display>(range: &RangeInclusive<T>) -> String {
    format!("a whole number from {} to {}", range.start(), range.end())
}
