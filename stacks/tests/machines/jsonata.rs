//! As much of JSONata as the definitions use.

use serde_json::{Map, Value, json};

/// What an expression can see. A value that is not there is `None`, which AWS takes for a mistake where a value is needed.
pub(crate) struct Scope<'a> {
    pub(crate) variables: &'a Map<String, Value>,
    pub(crate) states: Value,
    pub(crate) now: u64,
}

/// A template: expressions in `{% %}` are evaluated, everything else stays.
pub(crate) fn fill(template: &Value, scope: &Scope<'_>) -> Value {
    match template {
        Value::String(text) => match text.strip_prefix("{%").and_then(|text| text.strip_suffix("%}")) {
            Some(expression) => evaluate(expression, scope).unwrap_or_else(|| panic!("`{expression}` has no value")),
            None => template.clone(),
        },
        Value::Array(items) => items.iter().map(|item| fill(item, scope)).collect(),
        Value::Object(entries) => Value::Object(entries.iter().map(|(name, value)| (name.clone(), fill(value, scope))).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) => template.clone(),
    }
}

pub(crate) fn evaluate(expression: &str, scope: &Scope<'_>) -> Option<Value> {
    let mut reader = Reader { tokens: tokens(expression), at: 0, scope };
    let value = reader.binary(0);
    assert_eq!(reader.at, reader.tokens.len(), "`{expression}` is not understood after {:?}", &reader.tokens[..reader.at]);
    value
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => rest[1..].find('\'').unwrap() + 2,
            letter if letter.is_ascii_alphanumeric() || letter == '$' || letter == '_' => {
                rest[1..].find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').map_or(rest.len(), |length| length + 1)
            }
            '!' | '<' | '>' if rest[1..].starts_with('=') => 2,
            _ => 1,
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    tokens
}

/// Weakest first.
const OPERATORS: &[&[&str]] = &[&["or"], &["and"], &["=", "!=", ">=", "in"], &["&"], &["+"], &["/"]];

struct Reader<'a> {
    tokens: Vec<String>,
    at: usize,
    scope: &'a Scope<'a>,
}

impl Reader<'_> {
    fn take(&mut self, wanted: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| token == wanted);
        self.at += usize::from(found);
        found
    }

    fn next(&mut self) -> String {
        self.at += 1;
        self.tokens[self.at - 1].clone()
    }

    fn binary(&mut self, level: usize) -> Option<Value> {
        let Some(operators) = OPERATORS.get(level) else { return self.path() };
        let mut left = self.binary(level + 1);
        while let Some(operator) = operators.iter().find(|operator| self.take(operator)) {
            let right = self.binary(level + 1);
            left = Some(apply(operator, left.as_ref(), right.as_ref()));
        }
        left
    }

    fn path(&mut self) -> Option<Value> {
        let mut value = self.primary();
        loop {
            if self.take(".") {
                let name = self.next();
                value = value.and_then(|value| value.get(&name).cloned());
            } else if self.take("[") {
                let index: usize = self.next().parse().unwrap();
                assert!(self.take("]"));
                value = value.and_then(|value| value.get(index).cloned());
            } else {
                return value;
            }
        }
    }

    fn primary(&mut self) -> Option<Value> {
        let token = self.next();
        if let Some(text) = token.strip_prefix('\'') {
            return Some(json!(text.trim_end_matches('\'')));
        }
        if let Ok(number) = token.parse::<f64>() {
            return Some(json!(number));
        }
        if token == "(" {
            let value = self.binary(0);
            assert!(self.take(")"));
            return value;
        }
        if token == "[" {
            return Some(Value::Array(self.list("]").into_iter().flatten().collect()));
        }
        let name = token.strip_prefix('$').unwrap_or_else(|| panic!("`{token}` is not understood"));
        if self.take("(") {
            let arguments = self.list(")");
            return call(name, &arguments, self.scope.now);
        }
        if name == "states" { Some(self.scope.states.clone()) } else { self.scope.variables.get(name).cloned() }
    }

    fn list(&mut self, end: &str) -> Vec<Option<Value>> {
        let mut values = Vec::new();
        while !self.take(end) {
            values.push(self.binary(0));
            self.take(",");
        }
        values
    }
}

fn call(name: &str, arguments: &[Option<Value>], now: u64) -> Option<Value> {
    let first = arguments.first().cloned().flatten();
    match name {
        "millis" => Some(json!((now * 1_000) as f64)),
        "floor" => first.map(|value| json!(value.as_f64().unwrap().floor())),
        "string" => first.map(|value| json!(text(&value))),
        "exists" => Some(json!(first.is_some())),
        "count" => Some(json!(match first {
            None => 0.0,
            Some(Value::Array(items)) => items.len() as f64,
            Some(_) => 1.0,
        })),
        other => panic!("`${other}` is not understood"),
    }
}

fn apply(operator: &str, left: Option<&Value>, right: Option<&Value>) -> Value {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64).unwrap();
    let truth = |value: Option<&Value>| value.and_then(Value::as_bool).unwrap();
    let same = |left: &Value, right: &Value| text(left) == text(right) && left.is_string() == right.is_string();
    let equal = || left.zip(right).is_some_and(|(left, right)| same(left, right));
    match operator {
        "or" => json!(truth(left) || truth(right)),
        "and" => json!(truth(left) && truth(right)),
        "=" => json!(equal()),
        "!=" => json!(!equal()),
        ">=" => json!(number(left) >= number(right)),
        "in" => json!(right.unwrap().as_array().unwrap().contains(left.unwrap())),
        "&" => json!(format!("{}{}", left.map(text).unwrap_or_default(), right.map(text).unwrap_or_default())),
        "+" => json!(number(left) + number(right)),
        "/" => json!(number(left) / number(right)),
        other => panic!("`{other}` is not understood"),
    }
}

/// Whole numbers without a point, as JSONata writes them.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => format!("{:.0}", number.as_f64().unwrap()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
