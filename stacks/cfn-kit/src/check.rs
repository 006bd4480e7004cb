//! What CloudFormation would refuse, found before anything is sent.

mod cycles;
mod limits;
mod references;
mod shape;

use crate::document::Document;
use crate::finding::{Finding, Severity};
use crate::template::Template;

/// Everything that CloudFormation would refuse in a template, all at once, in the order of the template.
///
/// Works on every template, also on one that this kit did not write: broken shapes are findings, not errors.
pub fn check(document: &Document) -> Vec<Finding> {
    let mut report = Report { document, findings: document.findings.clone() };
    shape::check(&mut report);
    limits::check(&mut report);
    let uses = crate::walk::uses(&document.template);
    references::check(&uses, &mut report);
    cycles::check(&uses, &mut report);
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

    fn push(&mut self, severity: Severity, rule: &str, path: &str, message: String, hint: String) {
        let resource = path.strip_prefix("Resources/").map(|rest| rest.split('/').next().unwrap_or(rest).to_owned());
        let source = self.document.sources.of(path).map(ToOwned::to_owned);
        self.findings.push(Finding {
            rule: rule.to_owned(),
            severity,
            resource,
            path: path.to_owned(),
            message,
            why: String::new(),
            hint,
            source,
        });
    }
}

/// The nearest of the known names, as the end of a hint; empty where none is near.
fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong, as in `JobQeue` for `JobQueue`.
    let most = (wrong.chars().count() / 3).max(1);
    let near = known.into_iter().map(|name| (strsim::damerau_levenshtein(wrong, name), name)).filter(|(distance, _)| *distance <= most);
    near.min().map(|(_, name)| name)
}
