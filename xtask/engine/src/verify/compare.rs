//! Comparing what is declared with what a service says.

use protocol::{Difference, NotCompared};
use serde_json::{Map, Value};

use super::policy;
use super::value::{any_unknown, items, parsed, text, unknown_reason};

/// How a property is compared that is no plain value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// An IAM policy document.
    Policy,
    /// JSON in a text: compared as JSON.
    Json,
    /// A list whose order matters; that of all others does not.
    Ordered,
    /// An object of which nothing may be there that is not declared.
    Exact,
    /// Tags: what is declared must be there, and AWS and the stack add their own.
    Tags,
    /// A name where the service answers with an ARN, or the other way round.
    Name,
    /// Texts without case: names of headers and methods.
    NoCase,
    /// No API gives it back.
    WriteOnly,
}

/// Path without positions → rule.
pub(crate) type Rules = &'static [(&'static str, Rule)];

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Compared {
    /// How many single values were looked at.
    pub(crate) values: usize,
    pub(crate) differences: Vec<Difference>,
    pub(crate) not_compared: Vec<NotCompared>,
}

/// The fields by which the entries of a list are told apart.
const IDENTITIES: &[&str] = &[
    "Key",
    "Name",
    "Id",
    "Sid",
    "PolicyName",
    "AttributeName",
    "IndexName",
    "MetricName",
    "ContainerPath",
    "DeviceName",
    "Queue",
    "Function",
    "Topic",
];

/// Compare properties: those that are declared, each with what the service says of it.
///
/// `live` holds null for what is not set; a property that it does not hold is one that nobody read.
pub(crate) fn properties(declared: &Map<String, Value>, live: &Map<String, Value>, rules: Rules) -> Compared {
    let mut compared = Compared::default();
    for (name, value) in declared {
        let place = Place { shown: name.clone(), plain: name.clone() };
        let write_only = rule(rules, &place) == Some(Rule::WriteOnly);
        match live.get(name) {
            Some(live) => compared.value(&place, value, live, rules, false),
            None if write_only => compared.skip(&place, "no API gives it back"),
            None => compared.skip(&place, "this property is not read back"),
        }
    }
    compared
}

/// Where a value is: as shown to people, and without positions for the rules.
#[derive(Debug, Clone)]
struct Place {
    shown: String,
    plain: String,
}

impl Place {
    fn field(&self, name: &str) -> Self {
        Self { shown: format!("{}.{name}", self.shown), plain: format!("{}.{name}", self.plain) }
    }

    fn entry(&self, name: &str) -> Self {
        Self { shown: format!("{}[{name}]", self.shown), plain: self.plain.clone() }
    }
}

fn rule(rules: Rules, place: &Place) -> Option<Rule> {
    rules.iter().find(|(path, _)| *path == place.plain).map(|(_, rule)| *rule)
}

impl Compared {
    fn skip(&mut self, place: &Place, reason: &str) {
        self.not_compared.push(NotCompared { path: place.shown.clone(), reason: reason.to_owned() });
    }

    fn differ(&mut self, place: &Place, declared: &Value, live: &Value) {
        let difference = Difference { path: place.shown.clone(), declared: declared.clone(), live: live.clone(), excuse: None };
        self.differences.push(difference);
    }

    fn value(&mut self, place: &Place, declared: &Value, live: &Value, rules: Rules, exact: bool) {
        if let Some(reason) = unknown_reason(declared).or_else(|| unknown_reason(live)) {
            return self.skip(place, reason);
        }
        match rule(rules, place) {
            Some(Rule::Policy) => match (declared, live) {
                (_, Value::Null) => self.differ(place, declared, live),
                _ => self.plain(place, &policy::normal(declared), &policy::normal(live), rules, true),
            },
            Some(Rule::Json) => self.plain(place, &parsed(declared), &parsed(live), rules, true),
            Some(Rule::Exact) => self.plain(place, declared, live, rules, true),
            Some(Rule::Tags) => self.tags(place, declared, live),
            Some(Rule::Ordered) => self.ordered(place, declared, live, rules, exact),
            Some(Rule::Name) => self.scalar(place, declared, live, |declared, live| last(declared) == last(live)),
            Some(Rule::NoCase) => self.plain(place, &lower(declared), &lower(live), rules, exact),
            Some(Rule::WriteOnly) => self.skip(place, "no API gives it back"),
            None => self.plain(place, declared, live, rules, exact),
        }
    }

    fn plain(&mut self, place: &Place, declared: &Value, live: &Value, rules: Rules, exact: bool) {
        match (declared, live) {
            (Value::Object(declared), Value::Object(live)) => {
                for (name, value) in declared {
                    self.value(&place.field(name), value, live.get(name).unwrap_or(&Value::Null), rules, exact);
                }
                for (name, value) in live.iter().filter(|(name, value)| exact && !declared.contains_key(*name) && !is_nothing(value)) {
                    self.differ(&place.field(name), &Value::Null, value);
                }
            }
            (Value::Array(ours), Value::Array(theirs)) => self.unordered(place, ours, theirs, rules, exact),
            // A document that one side writes as text.
            (Value::Object(_) | Value::Array(_), Value::String(_)) if is_document(&parsed(live)) => {
                self.plain(place, declared, &parsed(live), rules, exact);
            }
            (Value::String(_), Value::Object(_) | Value::Array(_)) if is_document(&parsed(declared)) => {
                self.plain(place, &parsed(declared), live, rules, exact);
            }
            (declared, live) if is_nothing(declared) && is_nothing(live) => self.values += 1,
            (Value::Object(_) | Value::Array(_), _) => match any_unknown(declared) {
                // What differs may lie in the part that nobody knows.
                Some(reason) if !is_nothing(live) => self.skip(place, reason),
                Some(_) | None => self.differ(place, declared, live),
            },
            (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), _) => self.scalar(place, declared, live, |_, _| false),
        }
    }

    fn scalar(&mut self, place: &Place, declared: &Value, live: &Value, also: impl Fn(&str, &str) -> bool) {
        self.values += 1;
        let same = match (text(declared), text(live)) {
            (Some(declared), Some(live)) => same_text(&declared, &live) || also(&declared, &live),
            (None, None) => declared == live,
            _ => is_nothing(declared) && is_nothing(live),
        };
        if !same {
            self.differ(place, declared, live);
        }
    }

    fn ordered(&mut self, place: &Place, declared: &Value, live: &Value, rules: Rules, exact: bool) {
        if items(declared).len() != items(live).len() {
            return self.differ(place, declared, live);
        }
        for (position, (ours, theirs)) in items(declared).iter().zip(items(live)).enumerate() {
            self.entry(&place.entry(&position.to_string()), ours, theirs, rules, exact);
        }
    }

    /// Every entry with the one that equals it; what is left over is paired by name, so that a difference is told where it is.
    fn unordered(&mut self, place: &Place, declared: &[Value], live: &[Value], rules: Rules, exact: bool) {
        let mut theirs: Vec<&Value> = live.iter().collect();
        let mut left = Vec::new();
        // What is not known would take the place of what is.
        let (unsure, sure): (Vec<&Value>, Vec<&Value>) = declared.iter().partition(|ours| any_unknown(ours).is_some());
        for ours in sure.into_iter().chain(unsure) {
            let equal = theirs.iter().position(|theirs| self.quietly(place, ours, theirs, rules, exact).differences.is_empty());
            match equal {
                Some(position) => {
                    let found = self.quietly(place, ours, theirs.remove(position), rules, exact);
                    self.values += found.values;
                    self.not_compared.extend(found.not_compared);
                }
                None => left.push(ours),
            }
        }
        let alone = left.len() == 1 && theirs.len() == 1;
        for ours in left {
            let partner = theirs.iter().position(|theirs| alone || same_identity(ours, theirs));
            let name = identity(ours).map(|(_, name)| name).or_else(|| text(ours)).unwrap_or_else(|| "?".to_owned());
            let partner = partner.map_or(Value::Null, |position| theirs.remove(position).clone());
            match (ours, &partner) {
                (Value::Object(_), Value::Object(_)) => self.entry(&place.entry(&name), ours, &partner, rules, exact),
                _ => self.differ(place, ours, &partner),
            }
        }
        theirs.into_iter().for_each(|theirs| self.differ(place, &Value::Null, theirs));
    }

    /// Two entries of a list: the rule that stands at their path is that of the list, and only some of those are for its entries too.
    fn entry(&mut self, place: &Place, declared: &Value, live: &Value, rules: Rules, exact: bool) {
        if let Some(reason) = unknown_reason(declared).or_else(|| unknown_reason(live)) {
            return self.skip(place, reason);
        }
        match rule(rules, place) {
            Some(Rule::Name) => self.scalar(place, declared, live, |declared, live| last(declared) == last(live)),
            Some(Rule::NoCase) => self.plain(place, &lower(declared), &lower(live), rules, exact),
            Some(_) | None => self.plain(place, declared, live, rules, exact),
        }
    }

    /// What a comparison of two entries would find.
    fn quietly(&self, place: &Place, declared: &Value, live: &Value, rules: Rules, exact: bool) -> Self {
        let name = identity(declared).map(|(_, name)| name).unwrap_or_default();
        let place = if name.is_empty() { place.clone() } else { place.entry(&name) };
        let mut found = Self::default();
        found.entry(&place, declared, live, rules, exact);
        found
    }

    fn tags(&mut self, place: &Place, declared: &Value, live: &Value) {
        let declared = super::value::tags_of_map(declared.clone());
        let live = super::value::tags_of_map(live.clone());
        if let Some(reason) = unknown_reason(&declared).or_else(|| unknown_reason(&live)) {
            return self.skip(place, reason);
        }
        for tag in items(&declared) {
            let key = tag.get("Key").and_then(text).unwrap_or_default();
            let found = items(&live).iter().find(|tag| tag.get("Key").and_then(text).is_some_and(|found| found == key));
            let value = |tag: &Value| tag.get("Value").cloned().unwrap_or_default();
            self.value(&place.entry(&key), &value(tag), &found.map(value).unwrap_or_default(), &[], false);
        }
    }
}

/// The field that names an entry, and its name.
fn identity(value: &Value) -> Option<(&'static str, String)> {
    IDENTITIES.iter().find_map(|field| Some((*field, text(value.get(*field)?)?)))
}

fn same_identity(one: &Value, other: &Value) -> bool {
    identity(one).is_some_and(|(field, name)| other.get(field).and_then(text).is_some_and(|other| other == name))
}

/// Not set, or set to what everything is that is not set.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty() || text == "false",
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_nothing),
        // A zero is a setting: no reserved concurrency and a reserved concurrency of zero are not the same.
        Value::Number(_) | Value::Bool(true) => false,
    }
}

fn is_document(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// `300` and `"300"`, `1` and `1.0`, `true` and `"True"` are the same.
fn same_text(one: &str, other: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let boolean = |text: &str| text.to_ascii_lowercase().parse::<bool>().ok();
    // An identifier of many digits is no number: account 012345678901 is not 12345678901.
    let figures = |text: &str| text.len() < 12 && !(text.len() > 1 && text.starts_with('0') && !text.starts_with("0."));
    let same_number = || figures(one) && figures(other) && number(one).is_some_and(|one| number(other) == Some(one));
    one == other || same_number() || boolean(one).is_some_and(|one| boolean(other) == Some(one))
}

/// `f` in `arn:aws:lambda:eu-central-1:111111111111:function:f`, and in `f`.
fn last(name: &str) -> &str {
    if name.starts_with("arn:") { name.rsplit([':', '/']).next().unwrap_or(name) } else { name }
}

fn lower(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.to_ascii_lowercase()),
        Value::Array(items) => Value::Array(items.iter().map(lower).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests;
