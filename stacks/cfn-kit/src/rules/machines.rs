//! Virtual machines: how they start, and what can be changed of them.

use serde_json::Value as Json;

use super::permissions::granted;
use super::sketches::{UNKNOWN, sketch};
use super::view::{Res, View, function};
use super::{Broken, Rule};
use crate::finding::Severity;

/// A start script that does not fit.
pub(super) const USER_DATA_SIZE: Rule = Rule {
    id: "user-data-size",
    severity: Severity::Error,
    title: "user data has at most 16 KB",
    why: "EC2 refuses the machine, and for a group it does so at night, when it wants to scale",
    check: user_data_size,
};

/// In bytes, before it is written as Base64.
const MOST_USER_DATA: usize = 16_384;

fn user_data_size(view: &View<'_>, broken: &mut Broken<'_>) {
    for resource in view.all() {
        let place = match resource.kind {
            "AWS::EC2::Instance" | "AWS::AutoScaling::LaunchConfiguration" => "UserData",
            "AWS::EC2::LaunchTemplate" => "LaunchTemplateData/UserData",
            _ => continue,
        };
        let Some(size) = resource.get(place).and_then(size) else { continue };
        if size > MOST_USER_DATA {
            broken.at(
                &resource.path(place),
                format!("the user data of `{}` has {size} bytes, and {MOST_USER_DATA} is the most", resource.id),
                "put the script into S3 and fetch it, bake it into the image, or pack it with gzip",
            );
        }
    }
}

/// How many bytes it has at least: what is filled in counts nothing.
fn size(value: &Json) -> Option<usize> {
    match (value, function(value)) {
        (_, Some(("Fn::Base64", inner))) => {
            let text = sketch(inner)?;
            Some(text.len() - text.matches(UNKNOWN).count() * UNKNOWN.len_utf8())
        }
        (Json::String(text), _) => {
            let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\n' | b'\r');
            let letters = text.bytes().filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')).count();
            text.bytes().all(is_base64).then_some(letters * 3 / 4)
        }
        _ => None,
    }
}

/// Machines that cannot be resized, and a role that wants to.
///
/// To change an instance's type it must be stopped. A group takes a stopped member for a broken one and replaces it, and a Spot
/// instance that was asked for once cannot be stopped at all. Certain from a template is only this: a role may stop, change and
/// start instances, and no instance is made here but such.
pub(super) const INSTANCE_TYPE_CHANGE: Rule = Rule {
    id: "instance-type-change",
    severity: Severity::Warning,
    title: "who resizes machines has machines that can be stopped",
    why: "the group replaces the stopped machine with one of the old size, and the work on it is lost",
    check: instance_type_change,
};

fn instance_type_change(view: &View<'_>, broken: &mut Broken<'_>) {
    let mut short_lived: Option<Res<'_>> = None;
    for machine in view.all() {
        match machine.kind {
            "AWS::EC2::Instance" if is_spot(view, machine) => short_lived = short_lived.or(Some(machine)),
            // One that can be stopped is enough to make sense of the permission.
            "AWS::EC2::Instance" => return,
            "AWS::AutoScaling::AutoScalingGroup" | "AWS::EC2::SpotFleet" | "AWS::EC2::EC2Fleet" => {
                short_lived = short_lived.or(Some(machine))
            }
            _ => {}
        }
    }
    let Some(machine) = short_lived else { return };
    let what = if machine.kind == "AWS::EC2::Instance" { "is a Spot instance" } else { "replaces what is stopped" };
    for holder in view.all() {
        let statements = granted(holder);
        let changes =
            statements.iter().find(|one| one.is_allow() && names(one.actions(), "ec2:ModifyInstanceAttribute") && !one.has_condition());
        let stops = statements.iter().any(|one| one.is_allow() && names(one.actions(), "ec2:StopInstances"));
        let starts = statements.iter().any(|one| one.is_allow() && names(one.actions(), "ec2:StartInstances"));
        if let (Some(statement), true, true) = (changes, stops, starts) {
            broken.at(
                &format!("{}/Action", statement.path),
                format!("`{}` may stop, change and start instances, and `{}` {what}", holder.id, machine.id),
                "for another size, make a new version of the launch template and refresh the group's instances",
            );
        }
    }
}

fn names<'a>(mut actions: impl Iterator<Item = &'a str>, wanted: &str) -> bool {
    actions.any(|action| action.eq_ignore_ascii_case(wanted))
}

/// Whether an instance comes from a launch template of this stack that asks for Spot capacity once.
fn is_spot(view: &View<'_>, instance: Res<'_>) -> bool {
    let named = ["LaunchTemplate/LaunchTemplateId", "LaunchTemplate/LaunchTemplateName"].iter().find_map(|place| instance.get(place));
    let template = named.and_then(|name| view.target_of(name, "AWS::EC2::LaunchTemplate"));
    let Some(market) = template.and_then(|template| template.get("LaunchTemplateData/InstanceMarketOptions")) else { return false };
    let stops = market
        .get("SpotOptions")
        .and_then(|options| options.get("InstanceInterruptionBehavior"))
        .is_some_and(|behaviour| behaviour == "stop");
    market.get("MarketType").is_some_and(|kind| kind == "spot") && !stops
}
