//! What is declared, for the engine to compare, and what came of it, for people.

use protocol::{Declared, Difference, Event, Excuse, StackSpec, Verdict, Verified};
use serde_json::Value as Json;

use crate::error::{Error, count};
use crate::local::omissions::{Kind, omissions, without_refused};
use crate::platform;
use crate::progress::Paint;
use crate::session::{Session, is_local};

/// A value that is longer than this is cut: a whole policy on one line helps nobody.
const LONGEST_VALUE: usize = 120;

/// The stacks as they are written, with what the local cloud is known not to keep of them: those that are wanted, and those beside them.
pub(crate) fn declared(session: &Session, wanted: &[String]) -> Result<(Vec<Declared>, Vec<Declared>), Error> {
    let local = is_local(&session.environment);
    let known = || session.platform.iter().map(|finished| finished.stack.to_owned()).collect();
    if let Some(name) = wanted.iter().find(|name| session.platform.iter().all(|finished| finished.stack != name.as_str())) {
        return Err(Error::UnknownStack { name: name.clone(), known: known() });
    }
    let one = |finished: &foundation::Finished| {
        let template = finished.template.to_json();
        let (template, excuses) = if local { (without_refused(&template), excuses(&template)) } else { (template, Vec::new()) };
        Declared::of(&platform::spec(finished, &template), excuses)
    };
    let is_wanted = |declared: &Declared| wanted.is_empty() || wanted.contains(&declared.stack.stack);
    Ok(session.platform.iter().map(one).partition(is_wanted))
}

/// Stacks as they were sent, with what the local cloud is known not to keep of them.
pub(crate) fn of_specs<'s>(specs: impl Iterator<Item = &'s StackSpec>, local: bool) -> Vec<Declared> {
    let one = |spec: &StackSpec| {
        // A template of ours is JSON; one that is not has nothing to excuse.
        let template: Json = serde_json::from_str(&spec.template).unwrap_or_default();
        Declared::of(spec, if local { excuses(&template) } else { Vec::new() })
    };
    specs.map(one).collect()
}

/// What the local cloud makes and does not keep. What it refuses is not in the template that it gets.
pub(crate) fn excuses(template: &Json) -> Vec<Excuse> {
    let lost = omissions(template).into_iter().filter(|omission| omission.kind == Kind::Lost);
    let excuse = |omission: crate::local::omissions::Omission| Excuse {
        logical_id: omission.logical_id,
        property: omission.property,
        reason: format!("the local cloud: {}", omission.reason),
    };
    lost.map(excuse).collect()
}

/// How many resources came out how.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    stack: Option<String>,
    same: usize,
    differ: usize,
    excused: usize,
    not_read: usize,
    values: usize,
    not_compared: usize,
}

impl Tally {
    /// The lines that a resource is worth, with the name of its stack before the first of each.
    pub(crate) fn lines(&mut self, verified: &Verified, paint: Paint) -> Vec<String> {
        self.count(verified);
        let mut lines = Vec::new();
        if self.stack.as_ref() != Some(&verified.stack.stack) {
            lines.push(paint.strong(&verified.stack.stack));
            self.stack = Some(verified.stack.stack.clone());
        }
        let kind = verified.resource_type.strip_prefix("AWS::").unwrap_or(&verified.resource_type);
        let name = format!("{:28} {kind:26}", verified.logical_id);
        let values = count(verified.compared, "value");
        let made = verified.source.as_ref().map(|source| format!(" (made at {source})")).unwrap_or_default();
        lines.push(match verified.verdict {
            Verdict::Same => format!("  {} {name} {values} as declared", paint.good("✓")),
            Verdict::Differs => format!("  {} {name} {}{made}", paint.bad("✗"), paint.bad("not as declared")),
            Verdict::Excused => format!("  {} {name} {values} compared, some are not kept here", paint.notable("~")),
            Verdict::NotRead => format!("  {} {name} {}", paint.dim("–"), paint.dim("not read back")),
        });
        lines.extend(verified.differences.iter().map(|difference| format!("      {}", difference_line(difference, paint))));
        let skipped = |path: &str, reason: &str| {
            let what = if path.is_empty() { "it".to_owned() } else { path.to_owned() };
            paint.dim(&format!("      – {what} was not compared: {reason}"))
        };
        lines.extend(verified.not_compared.iter().map(|one| skipped(&one.path, &one.reason)));
        lines
    }

    pub(crate) fn count(&mut self, verified: &Verified) {
        match verified.verdict {
            Verdict::Same => self.same += 1,
            Verdict::Differs => self.differ += 1,
            Verdict::Excused => self.excused += 1,
            Verdict::NotRead => self.not_read += 1,
        }
        self.values += verified.compared;
        self.not_compared += verified.not_compared.len();
    }

    /// All of it in one line.
    pub(crate) fn line(&self) -> String {
        let all = self.same + self.differ + self.excused + self.not_read;
        let more = [(self.differ, "not"), (self.excused, "not, which is known of the local cloud"), (self.not_read, "not read back")];
        let more: String = more.iter().filter(|(number, _)| 0 < *number).map(|(number, what)| format!(", {number} {what}")).collect();
        let values = count(self.values, "value");
        format!("{}: {} as declared{more}; {values} compared, {} not", count(all, "resource"), self.same, self.not_compared)
    }
}

/// A difference in one line: where, what is declared, what is live.
pub(crate) fn difference_line(difference: &Difference, paint: Paint) -> String {
    let Difference { path, declared, live, excuse } = difference;
    let text = if path.is_empty() {
        format!("it is missing: {}", live.as_str().unwrap_or("nobody knows it"))
    } else {
        format!("{path}: declared {}, live {}", short(declared), short(live))
    };
    match excuse {
        Some(excuse) => paint.notable(&format!("~ {text} ({excuse})")),
        None => paint.bad(&format!("✗ {text}")),
    }
}

/// Whether an event is the answer of a comparison.
pub(crate) fn verified(event: &Event) -> Option<&Verified> {
    if let Event::Verified(verified) = event { Some(verified) } else { None }
}

fn short(value: &Json) -> String {
    let text = if value.is_null() { "nothing".to_owned() } else { value.to_string() };
    if text.chars().count() <= LONGEST_VALUE {
        return text;
    }
    text.chars().take(LONGEST_VALUE).chain(" …".chars()).collect()
}

#[cfg(test)]
mod tests {
    use protocol::{NotCompared, StackRef};
    use serde_json::json;

    use super::*;

    fn verified(logical_id: &str, verdict: Verdict, differences: Vec<Difference>, not_compared: Vec<NotCompared>) -> Verified {
        Verified {
            stack: StackRef { stack: "jobs".to_owned(), name: "cloudwright-staging-jobs".to_owned() },
            logical_id: logical_id.to_owned(),
            resource_type: "AWS::SQS::Queue".to_owned(),
            physical_id: "q".to_owned(),
            source: Some("stacks/src/jobs.rs:13".to_owned()),
            verdict,
            compared: 3,
            differences,
            not_compared,
            calls: 1,
        }
    }

    fn difference(path: &str, declared: Json, live: Json, excuse: Option<&str>) -> Difference {
        Difference { path: path.to_owned(), declared, live, excuse: excuse.map(str::to_owned) }
    }

    #[test]
    fn every_difference_is_shown_with_both_sides_and_the_line_that_made_it() {
        let mut tally = Tally::default();
        let hole = NotCompared { path: "KmsMasterKeyId".to_owned(), reason: "parameter `Key` is a secret".to_owned() };
        let resources = [
            verified("Fine", Verdict::Same, Vec::new(), vec![hole]),
            verified("Wrong", Verdict::Differs, vec![difference("DelaySeconds", json!(0), json!("5"), None)], Vec::new()),
            verified(
                "Gone",
                Verdict::Differs,
                vec![difference("", json!("exists"), json!("its service does not know it"), None)],
                Vec::new(),
            ),
            verified("Lost", Verdict::Excused, vec![difference("Tags[a]", json!("b"), Json::Null, Some("forgotten"))], Vec::new()),
        ];

        let mut lines: Vec<_> = resources.iter().flat_map(|one| tally.lines(one, Paint::default())).collect();
        lines.push(tally.line());

        let expected = [
            "jobs",
            "  ✓ Fine                         SQS::Queue                 3 values as declared",
            "      – KmsMasterKeyId was not compared: parameter `Key` is a secret",
            "  ✗ Wrong                        SQS::Queue                 not as declared (made at stacks/src/jobs.rs:13)",
            "      ✗ DelaySeconds: declared 0, live \"5\"",
            "  ✗ Gone                         SQS::Queue                 not as declared (made at stacks/src/jobs.rs:13)",
            "      ✗ it is missing: its service does not know it",
            "  ~ Lost                         SQS::Queue                 3 values compared, some are not kept here",
            "      ~ Tags[a]: declared \"b\", live nothing (forgotten)",
            "4 resources: 1 as declared, 2 not, 1 not, which is known of the local cloud; 12 values compared, 1 not",
        ];
        assert_eq!(lines, expected, "somebody would have to look it up in the console");
    }
}
