//! What an alarm tells, and whom.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::metrics::watched;
use super::texts::{arn_service, flat, spelled};
use super::view::{Res, View, function};
use super::{Broken, Rule};
use crate::finding::Severity;

/// An action that is none.
pub(super) const ALARM_ACTION: Rule = Rule {
    id: "alarm-action",
    severity: Severity::Error,
    title: "an alarm tells something that can be told",
    why: "CloudWatch publishes to SNS topics, calls functions, and starts scaling policies, EC2 and Systems Manager actions, each by its ARN; \
          everything else is refused, or silently never told",
    check: alarm_action,
};

/// An alarm that nobody hears.
pub(super) const ALARM_WITHOUT_ACTION: Rule = Rule {
    id: "alarm-without-action",
    severity: Severity::Warning,
    title: "somebody hears an alarm",
    why: "an alarm without an action turns red in a console that nobody looks at",
    check: alarm_without_action,
};

/// An alarm that nobody understands.
pub(super) const ALARM_WITHOUT_DESCRIPTION: Rule = Rule {
    id: "alarm-without-description",
    severity: Severity::Warning,
    title: "an alarm says what happened and where to look",
    why: "the description is all that stands in the mail at three in the morning",
    check: alarm_without_description,
};

/// An alarm on the bill where there is no bill.
pub(super) const BILLING_REGION: Rule = Rule {
    id: "billing-region",
    severity: Severity::Error,
    title: "an alarm on `AWS/Billing` is in `us-east-1`",
    why: "AWS sends what an account costs to CloudWatch in `us-east-1` only; anywhere else the alarm never has data",
    check: billing_region,
};

const KINDS: [&str; 2] = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"];
const ACTIONS: [&str; 3] = ["AlarmActions", "OKActions", "InsufficientDataActions"];

/// What an alarm can tell: a type, and what of it is its ARN.
pub(super) const TOLD: &[(&str, &[&str])] = &[
    ("AWS::SNS::Topic", &["Ref", "TopicArn"]),
    ("AWS::Lambda::Function", &["Arn"]),
    ("AWS::Lambda::Alias", &["Ref", "AliasArn"]),
    ("AWS::Lambda::Version", &["Ref", "FunctionArn"]),
    ("AWS::AutoScaling::ScalingPolicy", &["Ref", "Arn"]),
    ("AWS::ApplicationAutoScaling::ScalingPolicy", &["Ref", "Arn"]),
    ("AWS::SSMIncidents::ResponsePlan", &["Ref", "Arn"]),
    ("AWS::AIOps::InvestigationGroup", &["Ref", "Arn"]),
    ("AWS::Serverless::Function", &["Arn"]),
];

/// The services whose ARNs are actions.
const SERVICES: [&str; 8] = ["sns", "lambda", "autoscaling", "automate", "swf", "ssm", "ssm-incidents", "aiops"];

/// All alarms, also composite ones.
fn alarms<'a>(view: &View<'a>) -> impl Iterator<Item = Res<'a>> {
    view.all().filter(|resource| KINDS.contains(&resource.kind))
}

fn alarm_action(view: &View<'_>, broken: &mut Broken<'_>) {
    for alarm in alarms(view) {
        for property in ACTIONS {
            for (index, action) in alarm.list(property).iter().enumerate() {
                if let Some((message, hint)) = no_action(view, action) {
                    broken.at(&alarm.path(&format!("{property}/{index}")), format!("`{}` cannot tell {message}", alarm.id), hint);
                }
            }
        }
    }
}

/// What is wrong with an action, and what would be right.
fn no_action<'a>(view: &View<'a>, action: &'a Json) -> Option<(String, String)> {
    const HINT: &str = "give the ARN of an SNS topic, and subscribe to it whatever is to be told";
    if let Some(target) = view.target(action) {
        let resource = view.resource(target.id)?;
        return match TOLD.iter().find(|(kind, _)| *kind == resource.kind) {
            Some((_, fits)) if fits.contains(&target.attribute.unwrap_or("Ref")) => None,
            Some((_, fits)) => {
                let right = match fits.first() {
                    Some(&"Ref") => format!("write `!Ref {}`", resource.id),
                    Some(attribute) => format!("write `!GetAtt {}.{attribute}`", resource.id),
                    None => return None,
                };
                Some((format!("`{}`: that is not the ARN of `{}`", spelled(action), resource.id), right))
            }
            None => {
                let any_value = ["AWS::CloudFormation::", "AWS::SSM::"].iter().any(|prefix| resource.kind.starts_with(prefix));
                let plain = resource.kind.starts_with("AWS::") && !any_value;
                plain.then(|| (format!("`{}`, which is an `{}`", resource.id, resource.kind), HINT.to_owned()))
            }
        };
    }
    // A parameter or an import can hold anything.
    let is_text = action.is_string() || matches!(function(action), Some(("Fn::Sub" | "Fn::Join", _)));
    let text = flat(action).filter(|text| is_text && !text.starts_with("${"))?;
    let wrong = match arn_service(&text) {
        None => true,
        Some(service) => service != "_" && !SERVICES.contains(&service.as_str()),
    };
    wrong.then(|| (format!("`{}`", spelled(action)), HINT.to_owned()))
}

fn alarm_without_action(view: &View<'_>, broken: &mut Broken<'_>) {
    let mut used: Option<BTreeSet<&str>> = None;
    for alarm in alarms(view) {
        let told = ACTIONS.iter().any(|property| match alarm.get(property) {
            Some(Json::Array(items)) => !items.is_empty(),
            // An expression, or one action without a list.
            Some(_) => true,
            None => false,
        });
        // Switched off on purpose, for example while something is moved.
        let switched_off = alarm.get("ActionsEnabled").is_some_and(|value| view.switch(value) != Some(true));
        if told || switched_off {
            continue;
        }
        // A composite alarm, a deployment or a scaling rule may listen to it.
        let used = used.get_or_insert_with(|| view.mentions(view.template).into_iter().collect());
        if !used.contains(alarm.id) && !is_heard_otherwise(view) {
            let hint = "put the ARN of an SNS topic into `AlarmActions`";
            broken.at(&alarm.path(""), format!("nobody hears of `{}`", alarm.id), hint);
        }
    }
}

/// Whether something in the template listens to alarms by name or to all of them.
fn is_heard_otherwise(view: &View<'_>) -> bool {
    let by_name = view.of_type("AWS::CloudWatch::CompositeAlarm").any(|composite| {
        let rule = composite.get("AlarmRule");
        rule.is_none_or(|rule| view.mentions(rule).is_empty())
    });
    let by_event = view.of_type("AWS::Events::Rule").any(|rule| {
        let sources = rule.list("EventPattern/source");
        rule.get("EventPattern").is_some_and(|pattern| function(pattern).is_some())
            || sources.iter().any(|source| source == "aws.cloudwatch")
    });
    by_name || by_event || view.has_macro
}

fn alarm_without_description(view: &View<'_>, broken: &mut Broken<'_>) {
    for alarm in alarms(view) {
        let description = alarm.get("AlarmDescription");
        if description.is_none_or(|text| text.as_str().is_some_and(|text| text.trim().is_empty())) {
            broken.at(
                &alarm.path(""),
                format!("`{}` does not say what happened", alarm.id),
                "say in `AlarmDescription` what it means and where to look",
            );
        }
    }
}

fn billing_region(view: &View<'_>, broken: &mut Broken<'_>) {
    // China has its own bill, in its own region.
    let Some(region) = view.context.region.as_deref().filter(|region| *region != "us-east-1" && !region.starts_with("cn-")) else { return };
    for watched in watched(view) {
        if watched.namespace == "AWS/Billing" {
            let message = format!("`{}` watches `AWS/Billing` in `{region}`", watched.alarm.id);
            broken.at(&watched.path("Namespace"), message, "put it into a stack in `us-east-1`");
        }
    }
}
