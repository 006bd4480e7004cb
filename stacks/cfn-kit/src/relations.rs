//! How the resources of a template hang together: what a drawing shows, and what a person asks first about a stack.
//!
//! A reference alone says that a name stands somewhere. Here it becomes what it is for: a queue that a function reads from, an alarm
//! that tells a topic, a role that may write into a bucket.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value as Json};

/// What one resource has to do with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What happens at the first sets off the second: notifications, event sources, rules.
    Event,
    /// What the first cannot work off goes to the second.
    DeadLetters,
    /// The second, an alarm, looks at the first.
    Watch,
    /// The first, an alarm, tells the second.
    Alarm,
    /// The first, a role, may act on the second.
    Permission,
    /// The first names the second in its properties.
    Reference,
    /// The first is made after the second, and names it nowhere else.
    Dependency,
}

/// Two resources that have to do with each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relation {
    /// The logical ID of the first; a parameter's, where its value comes from another stack.
    pub from: String,
    /// The logical ID of the second; a parameter's, where its value comes from another stack.
    pub to: String,
    /// What they have to do with each other.
    pub kind: Kind,
    /// What of it: actions of a permission, properties that name the other, events, a metric.
    pub details: Vec<String>,
    /// The resource that says so, where it is neither of the two.
    pub via: Option<String>,
}

/// All relations of a template, in its order; each pair once per kind.
#[must_use]
pub fn relations(template: &Json) -> Vec<Relation> {
    let mut found = Found { names: names(template), relations: Vec::new() };
    for (id, resource) in template.get("Resources").and_then(Json::as_object).into_iter().flatten() {
        found.resource(id, resource);
    }
    found.relations
}

/// The resource whose value an output gives; none, when it gives no resource's.
#[must_use]
pub fn given_by(template: &Json, output: &str) -> Option<String> {
    let value = template.get("Outputs")?.get(output)?.get("Value")?;
    let resources = template.get("Resources")?.as_object()?;
    targets(value).into_iter().find(|name| resources.contains_key(name))
}

/// What can be referred to: resources and parameters. What is built in is nobody's.
fn names(template: &Json) -> BTreeSet<String> {
    let keys = |section: &str| template.get(section).and_then(Json::as_object).into_iter().flatten().map(|(name, _)| name.clone());
    keys("Resources").chain(keys("Parameters")).collect()
}

/// The property of a type that names whom it sets off, with the property that names the event.
const NOTIFICATIONS: [(&str, &str); 3] =
    [("QueueConfigurations", "Queue"), ("TopicConfigurations", "Topic"), ("LambdaConfigurations", "Function")];

/// Properties in which an alarm names whom it tells.
const ALARM_ACTIONS: [&str; 3] = ["AlarmActions", "OKActions", "InsufficientDataActions"];

struct Found {
    names: BTreeSet<String>,
    relations: Vec<Relation>,
}

impl Found {
    fn resource(&mut self, id: &str, resource: &Json) {
        let properties = resource.get("Properties").unwrap_or(&Json::Null);
        let first = self.relations.len();
        match resource.get("Type").and_then(Json::as_str).unwrap_or_default() {
            "AWS::Lambda::EventSourceMapping" => self.connects(id, &properties["EventSourceArn"], &properties["FunctionName"]),
            "AWS::SNS::Subscription" => self.connects(id, &properties["TopicArn"], &properties["Endpoint"]),
            "AWS::S3::Bucket" => self.notifications(id, &properties["NotificationConfiguration"]),
            "AWS::Events::Rule" => {
                for target in items(&properties["Targets"]) {
                    self.each(Kind::Event, id, &target["Arn"], "");
                }
            }
            "AWS::SQS::Queue" => self.each(Kind::DeadLetters, id, &properties["RedrivePolicy"]["deadLetterTargetArn"], ""),
            "AWS::CloudWatch::Alarm" => self.alarm(id, properties),
            "AWS::IAM::Role" => {
                for policy in items(&properties["Policies"]) {
                    self.permissions(id, &policy["PolicyDocument"], None);
                }
            }
            "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => {
                for role in self.known(&properties["Roles"]) {
                    self.permissions(&role, &properties["PolicyDocument"], Some(id));
                }
            }
            _ => {}
        }
        self.references(id, resource, properties, first);
    }

    /// A resource that is nothing but the connection of two others.
    fn connects(&mut self, id: &str, source: &Json, target: &Json) {
        for from in self.known(source) {
            for to in self.known(target) {
                self.add(Kind::Event, &from, &to, "", Some(id));
            }
        }
    }

    fn notifications(&mut self, id: &str, configuration: &Json) {
        for (list, target) in NOTIFICATIONS {
            for one in items(&configuration[list]) {
                self.each(Kind::Event, id, &one[target], one["Event"].as_str().unwrap_or_default());
            }
        }
    }

    fn alarm(&mut self, id: &str, properties: &Json) {
        let metric = properties["MetricName"].as_str().unwrap_or_default();
        for dimension in items(&properties["Dimensions"]) {
            for watched in self.known(&dimension["Value"]) {
                self.add(Kind::Watch, &watched, id, metric, None);
            }
        }
        for actions in ALARM_ACTIONS {
            self.each(Kind::Alarm, id, &properties[actions], "");
        }
    }

    /// What is allowed. What is denied to a role is no reason for an arrow.
    fn permissions(&mut self, role: &str, document: &Json, via: Option<&str>) {
        for statement in items(&document["Statement"]).iter().filter(|statement| statement["Effect"] == "Allow") {
            for target in self.known(&statement["Resource"]) {
                for action in items(&statement["Action"]).iter().filter_map(Json::as_str) {
                    self.add(Kind::Permission, role, &target, action, via);
                }
            }
        }
    }

    /// Whatever else is named; a pair of which more is known already is left out.
    fn references(&mut self, id: &str, resource: &Json, properties: &Json, first: usize) {
        let told: BTreeSet<String> = self.relations[first..]
            .iter()
            .filter(|one| one.from == id || one.to == id || one.via.as_deref() == Some(id))
            .flat_map(|one| [one.from.clone(), one.to.clone()])
            .collect();
        let is_news = |name: &String| name != id && !told.contains(name);
        for (property, value) in properties.as_object().into_iter().flatten() {
            for target in self.known(value).into_iter().filter(is_news) {
                self.add(Kind::Reference, id, &target, property, None);
            }
        }
        let depends = items(&resource["DependsOn"]).iter().filter_map(Json::as_str).map(str::to_owned).filter(is_news);
        for target in depends.collect::<Vec<_>>() {
            if !self.relations[first..].iter().any(|one| one.from == id && one.to == target) {
                self.add(Kind::Dependency, id, &target, "", None);
            }
        }
    }

    fn each(&mut self, kind: Kind, from: &str, value: &Json, detail: &str) {
        for to in self.known(value) {
            self.add(kind, from, &to, detail, None);
        }
    }

    /// The resources and parameters that a value names, each once.
    fn known(&self, value: &Json) -> Vec<String> {
        targets(value).into_iter().filter(|name| self.names.contains(name)).collect()
    }

    fn add(&mut self, kind: Kind, from: &str, to: &str, detail: &str, via: Option<&str>) {
        let same = |one: &&mut Relation| one.kind == kind && one.from == from && one.to == to && one.via.as_deref() == via;
        let details = match self.relations.iter_mut().find(same) {
            Some(known) => &mut known.details,
            None => {
                let via = via.map(str::to_owned);
                self.relations.push(Relation { from: from.to_owned(), to: to.to_owned(), kind, details: Vec::new(), via });
                let last = self.relations.len() - 1;
                &mut self.relations[last].details
            }
        };
        if !detail.is_empty() && !details.iter().any(|known| known == detail) {
            details.push(detail.to_owned());
        }
    }
}

/// A list, or the one value that stands for a list of one.
fn items(value: &Json) -> &[Json] {
    match value {
        Json::Null => &[],
        Json::Array(items) => items,
        Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => std::slice::from_ref(value),
    }
}

/// Every name that a value refers to, in order, each once.
fn targets(value: &Json) -> Vec<String> {
    let mut names = Vec::new();
    walk(value, &mut names);
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

fn walk(value: &Json, names: &mut Vec<String>) {
    match value {
        Json::Array(items) => items.iter().for_each(|item| walk(item, names)),
        Json::Object(entries) => {
            if let Some((function, argument)) = entries.iter().next().filter(|_| entries.len() == 1) {
                named(function, argument, names);
            }
            entries.values().for_each(|value| walk(value, names));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// What a function names by itself.
fn named(function: &str, argument: &Json, names: &mut Vec<String>) {
    let until_dot = |text: &str| text.split('.').next().unwrap_or_default().to_owned();
    match (function, argument) {
        ("Ref", Json::String(name)) => names.push(name.clone()),
        ("Fn::GetAtt", Json::String(text)) => names.push(until_dot(text)),
        ("Fn::GetAtt", Json::Array(parts)) => names.extend(parts.first().and_then(Json::as_str).map(str::to_owned)),
        ("Fn::Sub", Json::String(text)) => names.extend(placeholders(text, None).map(|name| until_dot(&name))),
        ("Fn::Sub", Json::Array(parts)) => {
            let text = parts.first().and_then(Json::as_str).unwrap_or_default();
            names.extend(placeholders(text, parts.get(1).and_then(Json::as_object)).map(|name| until_dot(&name)));
        }
        _ => {}
    }
}

/// The names in `${…}` that are no variables of the function itself; `${!…}` is text.
fn placeholders<'a>(text: &'a str, variables: Option<&'a Map<String, Json>>) -> impl Iterator<Item = String> + 'a {
    let names = text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.trim());
    names.filter(move |name| !name.starts_with('!') && !variables.is_some_and(|own| own.contains_key(*name))).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(resources: Json) -> Vec<String> {
        let template = json!({ "Parameters": { "Told": { "Type": "String" } }, "Resources": resources });
        let line = |one: &Relation| {
            let via = one.via.as_ref().map(|via| format!(" via {via}")).unwrap_or_default();
            let details: String = one.details.iter().map(|detail| format!(" {detail}")).collect();
            format!("{} -> {} {:?}{details}{via}", one.from, one.to, one.kind)
        };
        relations(&template).iter().map(line).collect()
    }

    #[test]
    fn what_sets_off_what_is_told_once_and_in_the_direction_of_the_event() {
        let told = told(json!({
            "Bucket": { "Type": "AWS::S3::Bucket", "DependsOn": "Queue", "Properties": { "NotificationConfiguration": { "QueueConfigurations": [
                { "Event": "s3:ObjectCreated:*", "Queue": { "Fn::GetAtt": ["Queue", "Arn"] } },
            ] } } },
            "Queue": { "Type": "AWS::SQS::Queue", "Properties": { "RedrivePolicy": { "deadLetterTargetArn": { "Fn::GetAtt": "Dead.Arn" } } } },
            "Dead": { "Type": "AWS::SQS::Queue" },
            "Function": { "Type": "AWS::Lambda::Function" },
            "Batches": { "Type": "AWS::Lambda::EventSourceMapping", "Properties": {
                "FunctionName": { "Ref": "Function" }, "EventSourceArn": { "Fn::GetAtt": ["Queue", "Arn"] },
            } },
        }));

        assert_eq!(
            told,
            ["Bucket -> Queue Event s3:ObjectCreated:*", "Queue -> Dead DeadLetters", "Queue -> Function Event via Batches"],
            "a drawing would show a reference where people look for a flow"
        );
    }

    #[test]
    fn an_alarm_looks_at_one_resource_and_tells_another() {
        let told = told(json!({
            "Queue": { "Type": "AWS::SQS::Queue" },
            "Late": { "Type": "AWS::CloudWatch::Alarm", "Properties": {
                "MetricName": "Age", "Dimensions": [{ "Name": "QueueName", "Value": { "Fn::GetAtt": ["Queue", "QueueName"] } }],
                "AlarmActions": [{ "Ref": "Told" }], "OKActions": [{ "Ref": "Told" }],
            } },
        }));

        assert_eq!(told, ["Queue -> Late Watch Age", "Late -> Told Alarm"]);
    }

    #[test]
    fn who_may_do_what_is_told_with_its_actions() {
        let allow = |action: Json, resource: Json| json!({ "Effect": "Allow", "Action": action, "Resource": resource });
        let told = told(json!({
            "Bucket": { "Type": "AWS::S3::Bucket" },
            "Role": { "Type": "AWS::IAM::Role", "Properties": { "Policies": [{ "PolicyDocument": { "Statement": [
                allow(json!("s3:PutObject"), json!({ "Fn::Sub": "${Bucket.Arn}/in/*" })),
                allow(json!(["s3:GetObject", "s3:PutObject"]), json!([{ "Fn::Sub": ["${It}/*", { "It": { "Fn::GetAtt": ["Bucket", "Arn"] } }] }])),
                { "Effect": "Deny", "Action": "s3:*", "Resource": { "Ref": "Told" } },
            ] } }] } },
            "More": { "Type": "AWS::IAM::ManagedPolicy", "Properties": {
                "Roles": [{ "Ref": "Role" }], "PolicyDocument": { "Statement": allow(json!("s3:ListBucket"), json!({ "Fn::GetAtt": ["Bucket", "Arn"] })) },
            } },
        }));

        assert_eq!(
            told,
            [
                "Role -> Bucket Permission s3:PutObject s3:GetObject",
                "Role -> Told Reference Policies",
                "Role -> Bucket Permission s3:ListBucket via More"
            ],
            "nobody would see who may write into the bucket"
        );
    }

    #[test]
    fn what_is_only_named_or_only_waited_for_is_told_as_that() {
        let told = told(json!({
            "Role": { "Type": "AWS::IAM::Role" },
            "Function": { "Type": "AWS::Lambda::Function", "DependsOn": ["Role", "Other"], "Properties": {
                "Role": { "Fn::GetAtt": ["Role", "Arn"] }, "Description": { "Fn::Sub": "of ${AWS::StackName} ${!Other} ${Told}" },
            } },
            "Other": { "Type": "AWS::SNS::Topic" },
        }));

        assert_eq!(
            told,
            ["Function -> Role Reference Role", "Function -> Told Reference Description", "Function -> Other Dependency"],
            "the same pair would have two arrows, or what is built in would have one"
        );
    }

    #[test]
    fn an_output_is_given_by_its_resource() {
        let template = json!({
            "Resources": { "Topic": { "Type": "AWS::SNS::Topic" } },
            "Outputs": { "Arn": { "Value": { "Ref": "Topic" } }, "Region": { "Value": { "Ref": "AWS::Region" } } },
        });

        assert_eq!(given_by(&template, "Arn").as_deref(), Some("Topic"));
        assert_eq!((given_by(&template, "Region"), given_by(&template, "Missing")), (None, None));
    }
}
