//! What the cloud holds, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use foundation::Finished;
use serde::Deserialize;
use serde_json::Value as Json;

use super::super::Error;
use super::super::child::answer;
use super::super::ground::Ground;
use crate::local::omissions::without_refused;

/// The program that asks. botocore comes with the local cloud.
const SCRIPT: &str = include_str!("census.py");

/// How the key of an object begins that keeps two deploys apart. None may stay behind.
const LEASE: &str = "lease";

/// Everything that the account holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Census {
    stacks: Vec<Stack>,
    resources: Vec<Resource>,
    /// Those that wait to be executed.
    change_sets: Vec<String>,
    /// By type, what the service itself lists: names, ARNs or addresses, whatever CloudFormation calls the physical ID.
    listed: BTreeMap<String, Vec<String>>,
    /// Bucket and key.
    objects: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Stack {
    name: String,
    status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Resource {
    stack: String,
    logical_id: String,
    #[serde(rename = "type")]
    resource_type: String,
    physical_id: String,
}

/// What there must be: stack → logical ID → type.
pub(super) type Expected = BTreeMap<String, BTreeMap<String, String>>;

/// What these stacks are in the local cloud.
pub(super) fn expected(platform: &[Finished]) -> Expected {
    let resources = |finished: &Finished| {
        let template = without_refused(&finished.template.to_json());
        let resources = template.get("Resources").and_then(Json::as_object).into_iter().flatten();
        resources.map(|(id, resource)| (id.clone(), resource["Type"].as_str().unwrap_or_default().to_owned())).collect()
    };
    platform.iter().map(|finished| (finished.name.clone(), resources(finished))).collect()
}

impl Census {
    /// Asks the cloud.
    pub(super) fn take(ground: &Ground, python: &Path) -> Result<Self, Error> {
        let mut command = Command::new(python);
        let said = answer(ground.surround(command.args(["-I", "-c", SCRIPT]), ground.cloud.port()))?;
        serde_json::from_str(&said).map_err(|error| Error::Answer { program: "census.py", what: error.to_string() })
    }

    /// Whether there is nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.stacks.is_empty() && self.objects.is_empty() && self.listed.values().all(Vec::is_empty)
    }

    /// Everything that is not as it has to be, in words. Nothing, when all is well.
    pub(super) fn mistakes(&self, expected: &Expected) -> Vec<String> {
        let mut found = Vec::new();
        for stack in &self.stacks {
            if !["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&stack.status.as_str()) {
                found.push(format!("stack `{}` is {}", stack.name, stack.status));
            }
        }
        let names: Vec<_> = self.stacks.iter().map(|stack| stack.name.clone()).collect();
        found.extend(differences("stack", &names, &expected.keys().cloned().collect::<Vec<_>>()));

        let line = |stack: &str, id: &str, resource_type: &str| format!("{stack} {id} {resource_type}");
        let there: Vec<_> = self.resources.iter().map(|one| line(&one.stack, &one.logical_id, &one.resource_type)).collect();
        let wanted = expected.iter().flat_map(|(stack, ids)| ids.iter().map(move |(id, resource_type)| line(stack, id, resource_type)));
        found.extend(differences("resource", &there, &wanted.collect::<Vec<_>>()));

        for (resource_type, listed) in &self.listed {
            let of_type = self.resources.iter().filter(|resource| resource.resource_type == *resource_type);
            let physical: Vec<_> = of_type.map(|resource| resource.physical_id.clone()).collect();
            found.extend(differences(resource_type, listed, &physical));
        }
        found.extend(self.change_sets.iter().map(|change_set| format!("a change set was left: {change_set}")));
        let leases = self.objects.iter().filter(|object| object.split_once('/').is_some_and(|(_, key)| key.starts_with(LEASE)));
        found.extend(leases.map(|object| format!("a lease was left: {object}")));
        found
    }
}

/// What is there and should not be, what is there more than once, and what should be there.
fn differences(what: &str, there: &[String], wanted: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    there.iter().for_each(|one| *counts.entry(one).or_default() += 1);
    let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    let extra = counts.iter().filter(|(one, _)| !wanted.contains(*one)).map(|(one, _)| format!("{what} `{one}` belongs to nothing"));
    let twice = counts.iter().filter(|(_, count)| 1 < **count).map(|(one, count)| format!("{what} `{one}` is there {count} times"));
    let missing = wanted.iter().filter(|one| !counts.contains_key(*one)).map(|one| format!("{what} `{one}` is missing"));
    extra.chain(twice).chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn whole() -> Json {
        json!({
            "stacks": [{ "name": "c-local-jobs", "status": "CREATE_COMPLETE" }],
            "resources": [{ "stack": "c-local-jobs", "logical_id": "Queue", "type": "AWS::SQS::Queue", "physical_id": "http://q/1" }],
            "change_sets": [],
            "listed": { "AWS::SQS::Queue": ["http://q/1"], "AWS::S3::Bucket": [] },
            "objects": ["code/artifacts/a.zip"],
        })
    }

    fn mistakes(census: Json) -> Vec<String> {
        let queue = BTreeMap::from([("Queue".to_owned(), "AWS::SQS::Queue".to_owned())]);
        let census: Census = serde_json::from_value(census).unwrap();
        census.mistakes(&Expected::from([("c-local-jobs".to_owned(), queue)]))
    }

    #[test]
    fn what_is_as_it_should_be_is_no_mistake() {
        assert!(mistakes(whole()).is_empty(), "{:?}", mistakes(whole()));
    }

    #[test]
    fn what_is_there_twice_is_found_although_no_stack_knows_of_it() {
        let mut census = whole();
        census["listed"]["AWS::SQS::Queue"] = json!(["http://q/1", "http://q/2"]);
        census["listed"]["AWS::S3::Bucket"] = json!(["code"]);

        let found = mistakes(census);

        let expected = ["AWS::S3::Bucket `code` belongs to nothing", "AWS::SQS::Queue `http://q/2` belongs to nothing"];
        assert_eq!(found, expected, "a second queue would cost money for ever");
    }

    #[test]
    fn what_is_missing_or_half_done_is_found() {
        let mut census = whole();
        census["stacks"] =
            json!([{ "name": "c-local-jobs", "status": "REVIEW_IN_PROGRESS" }, { "name": "other", "status": "UPDATE_COMPLETE" }]);
        census["resources"] = json!([]);

        let found = mistakes(census);

        let expected = [
            "stack `c-local-jobs` is REVIEW_IN_PROGRESS",
            "stack `other` belongs to nothing",
            "resource `c-local-jobs Queue AWS::SQS::Queue` is missing",
            "AWS::SQS::Queue `http://q/1` belongs to nothing",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_a_killed_deploy_leaves_lying_about_is_found() {
        let mut census = whole();
        census["change_sets"] = json!(["c-local-jobs: deploy-1 (CREATE_COMPLETE)"]);
        census["objects"] = json!(["code/artifacts/lease.zip", "code/lease.json"]);

        let found = mistakes(census);

        assert_eq!(found, ["a change set was left: c-local-jobs: deploy-1 (CREATE_COMPLETE)", "a lease was left: code/lease.json"]);
    }

    #[test]
    fn an_account_with_anything_in_it_is_not_empty() {
        let empty: Census = serde_json::from_value(json!({
            "stacks": [], "resources": [], "change_sets": [], "listed": { "AWS::SQS::Queue": [] }, "objects": [] }))
        .unwrap();

        assert!(empty.is_empty());
        let full: Census = serde_json::from_value(whole()).unwrap();
        assert!(!full.is_empty(), "the next round would begin with what the one before had left");
    }
}
