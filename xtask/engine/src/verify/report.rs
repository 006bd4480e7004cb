//! What came of a resource, and of all of them.

use protocol::{Declared, Difference, Excuse, Failure, FailureKind, NotCompared, Sent, Target, Verdict, Verified};
use serde_json::{Map, Value, json};

use super::compare::{self, Compared};
use super::reader::{Live, Reader};

/// One resource, with everything that is known of it.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) logical_id: &'a str,
    pub(super) resource_type: &'a str,
    pub(super) physical_id: Option<&'a str>,
    pub(super) reader: Option<&'static Reader>,
    /// Whether it has to be there: a condition can leave it out that only CloudFormation can work out.
    pub(super) certain: bool,
    pub(super) properties: Map<String, Value>,
    pub(super) live: Option<Live>,
    /// Whether the service answered the first question.
    pub(super) answered: bool,
    pub(super) calls: u64,
}

impl Found<'_> {
    pub(super) fn verified(self, declared: &Declared) -> Verified {
        let excuses: Vec<&Excuse> = declared.excuses.iter().filter(|excuse| excuse.logical_id == self.logical_id).collect();
        let mut compared = self.compared();
        for difference in &mut compared.differences {
            difference.excuse = excuses.iter().find(|excuse| covers(excuse, &difference.path)).map(|excuse| excuse.reason.clone());
        }
        let verdict = match (compared.differences.is_empty(), compared.values) {
            (true, 0) => Verdict::NotRead,
            (true, _) => Verdict::Same,
            (false, _) if compared.differences.iter().all(|difference| difference.excuse.is_some()) => Verdict::Excused,
            (false, _) => Verdict::Differs,
        };
        Verified {
            stack: declared.stack.clone(),
            logical_id: self.logical_id.to_owned(),
            resource_type: self.resource_type.to_owned(),
            physical_id: self.physical_id.unwrap_or_default().to_owned(),
            source: declared.sources.get(self.logical_id).cloned(),
            verdict,
            compared: compared.values,
            differences: compared.differences,
            not_compared: compared.not_compared,
            calls: self.calls,
        }
    }

    fn compared(&self) -> Compared {
        match (self.physical_id, self.reader, &self.live) {
            (None, _, _) if self.certain => missing("the stack does not hold it"),
            (None, _, _) => nothing("its condition cannot be worked out, and the stack does not hold it"),
            (Some(_), None, _) | (Some(_), Some(_), None) => nothing("resources of this type are not read back"),
            (Some(_), Some(_), Some(live)) if live.gone => missing("its service does not know it"),
            (Some(_), Some(reader), Some(live)) => {
                let mut compared = compare::properties(&self.properties, &live.properties, reader.rules);
                // That it exists is known then, whatever is declared of it.
                compared.values += usize::from(self.answered);
                compared
            }
        }
    }
}

fn missing(how: &str) -> Compared {
    let difference = Difference { path: String::new(), declared: json!("exists"), live: json!(how), excuse: None };
    Compared { values: 1, differences: vec![difference], not_compared: Vec::new() }
}

fn nothing(reason: &str) -> Compared {
    let whole = NotCompared { path: String::new(), reason: reason.to_owned() };
    Compared { values: 0, differences: Vec::new(), not_compared: vec![whole] }
}

/// Whether an excuse is for what stands at a path.
fn covers(excuse: &Excuse, path: &str) -> bool {
    let property = path.split(['.', '[']).next().unwrap_or(path);
    excuse.property.as_deref().is_none_or(|excused| excused == property)
}

/// What came of all resources.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    resources: usize,
    differing: Vec<String>,
    source: Option<String>,
    missing: bool,
}

impl Summary {
    pub(super) fn note(&mut self, verified: &Verified) {
        self.resources += 1;
        if verified.verdict == Verdict::Differs {
            self.differing.push(format!("{}.{}", verified.stack.stack, verified.logical_id));
            self.source = self.source.take().or_else(|| verified.source.clone());
            self.missing |= verified.differences.iter().any(|difference| difference.path.is_empty());
        }
    }

    /// The failure that the differences amount to; none when nothing differs that should not.
    pub(crate) fn failure(&self, target: &Target) -> Option<Failure> {
        if self.differing.is_empty() {
            return None;
        }
        let environment = &target.environment;
        let verb = if self.differing.len() == 1 { "is" } else { "are" };
        let hint = if self.missing {
            format!("what is missing was deleted by hand, or never deployed: `cargo xtask diff --env {environment} --deployed` tells which")
        } else {
            format!(
                "was it changed by hand, or is something written that is not deployed? `cargo xtask diff --env {environment} --deployed` tells which"
            )
        };
        Some(Failure {
            kind: FailureKind::Differs,
            message: format!(
                "{} of {} resources of `{environment}` {verb} not as declared: {}",
                self.differing.len(),
                self.resources,
                self.differing.join(", ")
            ),
            causes: Vec::new(),
            source: self.source.clone(),
            hint,
            sent: Sent::Nothing,
        })
    }
}
