//! What CloudFormation accepts and you regret.
//!
//! A rule looks at a whole template, whoever wrote it, and says what will go wrong in the world. It must be sure: what an
//! expression hides is not judged. Rules know AWS's services; they know nothing of the platform that is built with the kit.

mod alarms;
mod consumers;
mod cors;
mod data;
mod deliveries;
mod dimensions;
mod functions;
mod gateway;
mod grants;
mod images;
mod keys;
mod loops;
mod machines;
mod metrics;
mod names;
mod network;
mod permissions;
mod policies;
mod queues;
mod registry;
mod routes;
mod scaling;
mod secrets;
mod services;
mod sketches;
mod strangers;
mod suppressions;
mod texts;
mod thresholds;
mod trust;
mod view;

use std::collections::BTreeMap;

use crate::document::Document;
use crate::finding::{Finding, Severity};
use view::View;

pub use suppressions::METADATA_KEY;

/// What a template does not say about itself, and rules would like to know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context {
    /// Whether people depend on it: rules about lost data and lost zones hold only then.
    pub production: bool,
    /// The region that it will be deployed to, such as `eu-central-1`.
    pub region: Option<String>,
    /// For what processor the code of each function was built, by logical ID, where that is known: `x86_64` or `arm64`.
    pub machines: BTreeMap<String, String>,
    /// How many requests a second one user may send, where that is said anywhere: no throttle for all users together may be below.
    pub user_rate_per_second: Option<f64>,
}

/// One rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name, in kebab case; it never changes once released.
    pub id: &'static str,
    /// How bad it is when it is broken.
    pub severity: Severity,
    /// What it demands, in one sentence.
    pub title: &'static str,
    /// What happens in the world otherwise.
    pub why: &'static str,
    check: fn(&View<'_>, &mut Broken<'_>),
}

/// Every rule, sorted by name.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    registry::ALL.iter().copied()
}

/// Everything in a template that somebody will regret, in the order of the rules' names.
///
/// A rule is switched off for one resource by its `Metadata`: under [`METADATA_KEY`], `allow` maps the rule's name to the reason.
/// A reason that is missing, a rule that does not exist, and a permission that nothing needs are findings themselves.
pub fn lint(document: &Document, context: &Context) -> Vec<Finding> {
    let view = View::of(document, context);
    let mut findings = Vec::new();
    for rule in registry::ALL {
        (rule.check)(&view, &mut Broken { rule, document, findings: &mut findings });
    }
    suppressions::apply(&view, findings)
}

/// Where a rule says that it is broken.
struct Broken<'a> {
    rule: &'static Rule,
    document: &'a Document,
    findings: &'a mut Vec<Finding>,
}

impl Broken<'_> {
    /// At a path from the top of the template: what is wrong, with the value that is wrong, and what to do.
    fn at(&mut self, path: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.findings.push(Finding {
            rule: self.rule.id.to_owned(),
            severity: self.rule.severity,
            resource: view::resource_of(path).map(ToOwned::to_owned),
            path: path.to_owned(),
            message: message.into(),
            why: self.rule.why.to_owned(),
            hint: hint.into(),
            source: self.document.sources.of(path).map(ToOwned::to_owned),
        });
    }
}
