//! What a deploy would lose or open, and whether somebody has accepted exactly that.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cfn_kit::{Diff, Document, Json, ResourceDiff};
use protocol::{Answer, Event, StackSpec};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::commands::diff::gates;
use crate::error::Error;

/// How many digits of the changes' digest somebody has to type: enough that no other changes have the same.
const TOKEN_DIGITS: usize = 10;

/// What differs in one stack; a pair of files has no name.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) stack: Option<String>,
    /// Whether the stack is there already; one that is made loses nothing, and all that it opens is new.
    pub(crate) exists: bool,
    pub(crate) diff: Diff,
}

/// Reads the templates that the engine tells of before it sends anything, and answers whether it may.
#[derive(Debug)]
pub(crate) struct Review {
    environment: String,
    /// The new templates by short name.
    new: BTreeMap<String, String>,
    accepted: Option<String>,
    allowed: Vec<String>,
    compared: Vec<Compared>,
    /// Why it may not.
    refusal: Option<Error>,
}

impl Review {
    /// Of these stacks; `accepted` is the token that somebody typed, `allowed` what may change although it must never.
    pub(crate) fn new(environment: &str, stacks: &[StackSpec], accepted: Option<&str>, allowed: &[String]) -> Self {
        Self {
            environment: environment.to_owned(),
            new: stacks.iter().map(|spec| (spec.stack.clone(), spec.template.clone())).collect(),
            accepted: accepted.map(str::to_owned),
            allowed: allowed.to_owned(),
            compared: Vec::new(),
            refusal: None,
        }
    }

    /// Takes note of a template as it is deployed.
    pub(crate) fn hear(&mut self, event: &Event) -> Result<(), Error> {
        if let Event::Template { stack, body: Some(body) } = event
            && let Some(new) = self.new.get(&stack.stack)
        {
            let diff = cfn_kit::diff_documents(&read(body, &stack.name)?, &read(new, &stack.name)?);
            self.compared.push(Compared { stack: Some(stack.stack.clone()), exists: true, diff });
        }
        Ok(())
    }

    /// Whether the changes may be made.
    pub(crate) fn answer(&mut self) -> Answer {
        self.refusal = self.refused();
        if self.refusal.is_some() { Answer::No } else { Answer::Yes }
    }

    /// Why the changes may not be made, when that is so.
    pub(crate) fn refused(&self) -> Option<Error> {
        let environment = self.environment.clone();
        let guarded = gates::refused(&self.compared, &self.allowed);
        if let Some(first) = guarded.first() {
            let name = first.name.clone();
            return Some(Error::MustNeverChange { environment, changes: guarded.into_iter().map(|one| one.text).collect(), name });
        }
        let token = self.token()?;
        if self.accepted.as_ref() == Some(&token) {
            return None;
        }
        let changes = opened_and_lost(&self.compared);
        Some(Error::Unaccepted { environment, changes, token, given: self.accepted.clone() })
    }

    /// What `--accept` has to say; nothing when nothing is lost or opened.
    pub(crate) fn token(&self) -> Option<String> {
        token(&self.compared)
    }

    /// Why the deploy went no further, when this is why.
    pub(crate) fn into_refusal(self) -> Option<Error> {
        self.refusal
    }
}

/// A few digits that stand for exactly what is lost and what is opened; none when nothing is.
pub(crate) fn token(compared: &[Compared]) -> Option<String> {
    let mut all = Vec::new();
    for one in compared.iter().filter(|one| one.exists) {
        // The line of Rust that says it is no part of what is said.
        let mut lost: Vec<_> = one.diff.destructive().map(|resource| ResourceDiff { source: None, ..resource.clone() }).collect();
        let mut opened: Vec<_> = one.diff.broadened().collect();
        // Nor is the order in which a template happens to be written.
        lost.sort_by(|one, other| one.id.cmp(&other.id));
        opened.sort_by_key(|change| json!(change).to_string());
        if !lost.is_empty() || !opened.is_empty() {
            all.push((one.stack.as_deref().unwrap_or_default(), json!({ "stack": one.stack, "lost": lost, "opened": opened })));
        }
    }
    all.sort_by_key(|(stack, _)| *stack);
    if all.is_empty() {
        return None;
    }
    let text = Json::Array(all.into_iter().map(|(_, change)| change).collect()).to_string();
    let digest: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    Some(digest.chars().take(TOKEN_DIGITS).collect())
}

/// What is lost and what is opened, one line each.
fn opened_and_lost(compared: &[Compared]) -> Vec<String> {
    let of = |one: &Compared| -> Vec<String> {
        let stack = one.stack.as_ref().map(|stack| format!("{stack}/")).unwrap_or_default();
        let lost = one.diff.destructive().map(|resource| {
            let what = resource.lost.as_deref().map(|lost| format!(": {lost}")).unwrap_or_default();
            format!("{stack}{} ({}) is or may be deleted or replaced{what}", resource.id, resource.type_name)
        });
        let opened = one.diff.broadened().map(|change| {
            let on = if change.on.is_empty() { String::new() } else { format!(" on {}", change.on.join(", ")) };
            format!("{stack}{} opens more: {} {}{on}", change.resource, change.effect, change.what.join(", "))
        });
        lost.chain(opened).collect()
    };
    let mut lines: Vec<String> = compared.iter().filter(|one| one.exists).flat_map(of).collect();
    lines.dedup();
    lines
}

fn read(text: &str, file: &str) -> Result<Document, Error> {
    cfn_kit::read(text, file).map_err(|error| Error::Template { path: PathBuf::from(file), source: Box::new(error) })
}

#[cfg(test)]
mod tests {
    use protocol::StackRef;
    use serde_json::Value;

    use super::*;

    fn queue(fifo: bool, delay: u32) -> Value {
        json!({ "Resources": { "Jobs": { "Type": "AWS::SQS::Queue", "Properties": { "FifoQueue": fifo, "DelaySeconds": delay } } } })
    }

    fn review(old: &Value, new: &Value, accepted: Option<&str>) -> Review {
        let name = "cloudwright-prod-jobs".to_owned();
        let mut review = Review::new("prod", &[], accepted, &[]);
        review.new.insert("jobs".to_owned(), new.to_string());
        let stack = StackRef { stack: "jobs".to_owned(), name };
        review.hear(&Event::Template { stack, body: Some(old.to_string()) }).unwrap();
        review
    }

    fn token_of(old: &Value, new: &Value) -> Option<String> {
        token(&review(old, new, None).compared)
    }

    #[test]
    fn what_loses_and_opens_nothing_needs_no_yes() {
        let mut review = review(&queue(true, 1), &queue(true, 2), None);

        assert_eq!((review.answer(), token(&review.compared)), (Answer::Yes, None), "every deploy would need a token");
    }

    #[test]
    fn a_token_is_good_for_exactly_the_changes_that_it_was_made_for() {
        let (old, new, other) = (queue(true, 1), queue(false, 1), queue(false, 2));
        let token = token_of(&old, &new).unwrap();

        let mut answers = [None, Some("0000000000"), Some(token.as_str())].map(|accepted| review(&old, &new, accepted));
        let answers = answers.each_mut().map(Review::answer);

        assert_eq!(answers, [Answer::No, Answer::No, Answer::Yes]);
        assert_eq!(review(&old, &other, Some(&token)).answer(), Answer::No, "yesterday's yes would do for what nobody has seen");
    }

    #[test]
    fn the_order_and_form_of_a_template_do_not_change_the_token() {
        let old = json!({ "Resources": { "A": { "Type": "AWS::SQS::Queue" }, "B": { "Type": "AWS::SQS::Queue" } } });
        let turned = json!({ "Resources": { "B": { "Type": "AWS::SQS::Queue" }, "A": { "Type": "AWS::SQS::Queue" } } });

        assert_eq!(token_of(&old, &json!({ "Resources": {} })), token_of(&turned, &json!({ "Resources": {} })));
    }

    #[test]
    fn what_must_never_change_is_refused_even_with_a_token() {
        let guarded = |fifo: bool| {
            let mut queue = queue(fifo, 1);
            queue["Resources"]["Jobs"]["Metadata"] = json!({ "com.aws.cloudformation.Context": { "why": "order per user", "mutability": { "FifoQueue": "must-never-change" } } });
            queue
        };
        let token = token_of(&guarded(true), &guarded(false)).unwrap();

        let refused = review(&guarded(true), &guarded(false), Some(&token)).refused();

        assert!(matches!(refused, Some(Error::MustNeverChange { name, .. }) if name.starts_with("Jobs")));
    }
}
