//! What CloudFormation would refuse, found before anything is sent.

mod attributes;
mod cycles;
mod expressions;
mod functions;
mod kinds;
mod limits;
mod mappings;
mod names;
mod outputs;
mod parameters;
mod pattern;
mod properties;
mod references;
mod resources;
mod shape;
mod unlisted;
mod values;
mod wrong_reference;

use crate::document::Document;
use crate::finding::{Finding, Severity};
use crate::template::Template;

/// What a check may know beside the template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The region that the template is meant for, such as `eu-central-1`: a type that it does not have is then an error.
    pub region: Option<String>,
}

impl Options {
    /// A check for one region.
    #[must_use]
    pub fn in_region(region: impl Into<String>) -> Self {
        Self { region: Some(region.into()) }
    }
}

/// Everything that CloudFormation would refuse in a template, all at once.
///
/// Works on every template, also on one that this kit did not write: broken shapes are findings, not errors.
pub fn check(document: &Document) -> Vec<Finding> {
    check_with(document, &Options::default())
}

/// The same, with what is known beside the template.
pub fn check_with(document: &Document, options: &Options) -> Vec<Finding> {
    let mut report = Report { document, findings: document.findings.clone() };
    if !shape::is_flat_enough(&mut report) {
        return report.findings;
    }
    let names = names::Names::of(&document.template);
    shape::check(&mut report);
    limits::check(&mut report);
    parameters::check(&mut report);
    mappings::check(&mut report);
    functions::check(&names, &mut report);
    resources::check(&names, options, &mut report);
    outputs::check(&names, &mut report);
    let mut waiting = cycles::Waiting::of(&names);
    let references = references::References::of(&names);
    crate::walk::visit(&document.template, |one, path| {
        references.check(&one, path, &mut report);
        waiting.add(&one);
    });
    waiting.check(&names, &mut report);
    report.findings
}

impl<S> Template<S> {
    /// Everything that CloudFormation would refuse, each with the line of Rust that it comes from.
    pub fn check(&self) -> Vec<Finding> {
        check(&self.document())
    }
}

/// What was found so far, and where to look up the lines.
struct Report<'a> {
    document: &'a Document,
    findings: Vec<Finding>,
}

impl Report<'_> {
    fn error(&mut self, rule: &str, path: &str, message: String, hint: impl Into<String>) {
        self.push(Severity::Error, rule, path, message, hint.into());
    }

    fn warn(&mut self, rule: &str, path: &str, message: String, hint: impl Into<String>) {
        self.push(Severity::Warning, rule, path, message, hint.into());
    }

    fn push(&mut self, severity: Severity, rule: &str, path: &str, message: String, hint: String) {
        self.push_with_reason(severity, rule, path, message, String::new(), hint);
    }

    fn push_with_reason(&mut self, severity: Severity, rule: &str, path: &str, message: String, why: String, hint: String) {
        let resource = path.strip_prefix("Resources/").map(|rest| rest.split('/').next().unwrap_or(rest).to_owned());
        let source = self.document.sources.of(path).map(ToOwned::to_owned);
        let (rule, path) = (rule.to_owned(), path.to_owned());
        self.findings.push(Finding { rule, severity, resource, path, message, why, hint, source });
    }
}

/// The longest name, in bytes, for which the nearest one is looked for.
const LONGEST_MISSPELT: usize = 128;

/// The nearest of the known names, as the end of a hint; empty where none is near.
fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody misspells so long a name, and comparing takes time by the square of its length.
    if wrong.len() > LONGEST_MISSPELT {
        return None;
    }
    // A third of the letters may be wrong, as in `JobQeue` for `JobQueue`; what differs in case alone is nearest.
    let most = (wrong.chars().count() / 3).max(1);
    let distance = |name: &str| if name.eq_ignore_ascii_case(wrong) { 0 } else { strsim::damerau_levenshtein(wrong, name) };
    let near = known.into_iter().map(|name| (distance(name), name)).filter(|(distance, _)| *distance <= most);
    near.min().map(|(_, name)| name)
}

/// The nearest name as a hint, or another hint where none is near.
fn did_you_mean_or<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    match did_you_mean(wrong, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => otherwise.to_owned(),
    }
}

/// Names for a hint: all of a few, the first of many.
fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 12;
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names.iter().take(MOST).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{shown} and {} more", names.len() - MOST) } else { shown }
}
