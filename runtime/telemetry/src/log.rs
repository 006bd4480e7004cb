//! JSON lines on stdout: what Logs Insights searches, and what CloudWatch turns into metrics.

use std::{
    error::Error,
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use contract::{
    logs::{self, Level},
    metrics::{EmbeddedMetrics, Property, Unit},
};
use jiff::Timestamp;
use serde_json::Map;

/// Where lines go, and in whose name.
pub struct Log {
    out: Mutex<Box<dyn Write + Send>>,
    function_name: String,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("function_name", &self.function_name).finish_non_exhaustive()
    }
}

impl Log {
    /// Lines on stdout, where Lambda collects them; `function_name` becomes the dimension of all metrics.
    #[must_use]
    pub fn stdout(function_name: &str) -> Self {
        Self::to(Box::new(io::stdout()), function_name)
    }

    /// Lines to wherever.
    #[must_use]
    pub fn to(out: Box<dyn Write + Send>, function_name: &str) -> Self {
        Self { out: Mutex::new(out), function_name: function_name.to_owned() }
    }

    /// Begins a line about something that went as it should.
    pub fn info(&self, message: &'static str) -> Line<'_> {
        self.line(Level::Info, message)
    }

    /// Begins a line about an input that was refused, or about something that will be tried again.
    pub fn warn(&self, message: &'static str) -> Line<'_> {
        self.line(Level::Warn, message)
    }

    /// Begins a line about something that should work and did not.
    pub fn error(&self, message: &'static str) -> Line<'_> {
        self.line(Level::Error, message)
    }

    fn line(&self, level: Level, message: &'static str) -> Line<'_> {
        let now = Timestamp::now();
        let fields = vec![(logs::TIMESTAMP, now.to_string().into()), (logs::LEVEL, level.as_str().into()), (logs::MESSAGE, message.into())];
        Line { log: self, now, fields, metrics: Vec::new(), dimension: None }
    }
}

/// A line in the making; it is written by [`Line::write`].
#[must_use = "the line is not written yet"]
#[derive(Debug)]
pub struct Line<'a> {
    log: &'a Log,
    now: Timestamp,
    fields: Vec<(&'static str, Property)>,
    metrics: Vec<(&'static str, Unit, f64)>,
    dimension: Option<(&'static str, String)>,
}

impl Line<'_> {
    /// Adds a field, with a name from [`contract::logs`].
    pub fn field(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Adds a field that is a number.
    pub fn number(mut self, name: &'static str, value: u64) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Adds an error with all its causes.
    pub fn because(self, error: &(dyn Error + 'static)) -> Self {
        self.field(logs::ERROR, &with_causes(error))
    }

    /// Adds a metric, with a name from [`contract::metrics`]: CloudWatch counts the line.
    pub fn metric(mut self, name: &'static str, unit: Unit, value: f64) -> Self {
        self.metrics.push((name, unit, value));
        self
    }

    /// Counts the line's metrics by another dimension than the function's name: what several functions count together.
    pub fn per(self, dimension: &'static str, value: &str) -> Self {
        Self { dimension: Some((dimension, value.to_owned())), ..self }
    }

    /// Writes the line.
    pub fn write(self) {
        let Self { log, now, fields, metrics, dimension } = self;
        let text = if metrics.is_empty() {
            let text = |value| match value {
                Property::Text(text) => text.into(),
                Property::Number(number) => number.into(),
            };
            let fields: Map<_, serde_json::Value> = fields.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect();
            serde_json::to_string(&fields)
        } else {
            let now = u64::try_from(now.as_millisecond()).unwrap_or_default();
            let line = EmbeddedMetrics::new(now, &log.function_name);
            let line = dimension.into_iter().fold(line, |line, (dimension, value)| line.per(dimension, &value));
            let line = fields.into_iter().fold(line, |line, (name, value)| line.property(name, value));
            serde_json::to_string(&metrics.into_iter().fold(line, |line, (name, unit, value)| line.metric(name, unit, value)))
        };
        let Ok(mut text) = text else { return };
        text.push('\n');
        let mut out = log.out.lock().unwrap_or_else(PoisonError::into_inner);
        // There is nowhere to tell that nothing can be told.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

/// An error and all its causes in one line: an error of a connection says what happened only in its causes.
#[must_use]
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
