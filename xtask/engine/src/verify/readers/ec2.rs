//! EC2: networks, security groups, launch templates. What leads out of a network stands in `routing.rs`.

use serde_json::{Map, Value, json};

use super::prelude::*;

pub(super) static EC2: Service = Service::new("ec2", Protocol::Query { version: "2016-11-15", flat: true });

const VPCS: Action = EC2.action("DescribeVpcs", "/");
const VPC_ATTRIBUTE: Action = EC2.action("DescribeVpcAttribute", "/");
const SUBNETS: Action = EC2.action("DescribeSubnets", "/");
const GROUPS: Action = EC2.action("DescribeSecurityGroups", "/");
const TEMPLATES: Action = EC2.action("DescribeLaunchTemplateVersions", "/");
const TEMPLATE: Action = EC2.action("DescribeLaunchTemplates", "/");

/// Settings of a network that have a question each.
const VPC_SETTINGS: &[(&str, &str)] = &[("EnableDnsSupport", "enableDnsSupport"), ("EnableDnsHostnames", "enableDnsHostnames")];

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::EC2::VPC",
        asks: |subject| {
            let mut asks = vec![VPCS.ask(json!({ "VpcId": [subject.id] }))];
            let declared = VPC_SETTINGS.iter().filter(|(property, _)| subject.declares(property));
            asks.extend(declared.map(|(_, attribute)| VPC_ATTRIBUTE.ask(json!({ "VpcId": subject.id, "Attribute": attribute }))));
            asks
        },
        live: |subject, answers| {
            let vpc = one(&answers.get(&VPCS), "vpcSet", "vpcId", subject.id);
            let mut live = Live::default()
                .same(&pascal(&vpc, &[]), &["CidrBlock", "InstanceTenancy"])
                .set("Tags", tags(&vpc))
                .attribute("CidrBlock", at(&vpc, "cidrBlock"))
                .unless_gone(&vpc);
            let declared = VPC_SETTINGS.iter().filter(|(property, _)| subject.declares(property));
            for ((property, attribute), answer) in declared.zip(answers.all(&VPC_ATTRIBUTE)) {
                live = live.set(property, at(&answer, &format!("{attribute}.value")));
            }
            live
        },
        attributes: |id, _| vec![("VpcId", id.to_owned())],
        rules: &[("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::EC2::Subnet",
        asks: |subject| vec![SUBNETS.ask(json!({ "SubnetId": [subject.id] }))],
        live: |subject, answers| {
            let subnet = one(&answers.get(&SUBNETS), "subnetSet", "subnetId", subject.id);
            let same = ["AssignIpv6AddressOnCreation", "AvailabilityZone", "CidrBlock", "MapPublicIpOnLaunch", "VpcId"];
            Live::default()
                .same(&pascal(&subnet, &[]), &same)
                .set("Tags", tags(&subnet))
                .attribute("AvailabilityZone", at(&subnet, "availabilityZone"))
                .attribute("CidrBlock", at(&subnet, "cidrBlock"))
                .unless_gone(&subnet)
        },
        attributes: |id, _| vec![("SubnetId", id.to_owned())],
        rules: &[("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::EC2::SecurityGroup",
        asks: |subject| vec![GROUPS.ask(json!({ "GroupId": [subject.id] }))],
        live: |subject, answers| {
            let group = one(&answers.get(&GROUPS), "securityGroupInfo", "groupId", subject.id);
            // Rules that are resources of their own belong to nobody's list.
            let own = |kind: &str, rules: Value| {
                if subject.beside(&[kind]) { unknown(format!("{kind} adds to these rules")) } else { rules }
            };
            Live::default()
                .same(&pascal(&group, &[]), &["GroupName", "VpcId"])
                .set("GroupDescription", at(&group, "groupDescription"))
                .set("SecurityGroupIngress", own("AWS::EC2::SecurityGroupIngress", permissions(&at(&group, "ipPermissions"), true)))
                .set("SecurityGroupEgress", own("AWS::EC2::SecurityGroupEgress", permissions(&at(&group, "ipPermissionsEgress"), false)))
                .set("Tags", tags(&group))
                .unless_gone(&group)
        },
        attributes: |id, _| vec![("GroupId", id.to_owned())],
        rules: &[("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::EC2::LaunchTemplate",
        asks: |subject| {
            let latest = json!({ "LaunchTemplateId": subject.id, "LaunchTemplateVersion": ["$Latest"] });
            vec![TEMPLATES.ask(latest), TEMPLATE.ask(json!({ "LaunchTemplateId": [subject.id] }))]
        },
        live: |subject, answers| {
            let version = one(&answers.get(&TEMPLATES), "launchTemplateVersionSet", "launchTemplateId", subject.id);
            let template = one(&answers.get(&TEMPLATE), "launchTemplates", "launchTemplateId", subject.id);
            Live::default()
                .set("LaunchTemplateName", at(&version, "launchTemplateName"))
                .set("LaunchTemplateData", launch(&at(&version, "launchTemplateData")))
                .attribute("LatestVersionNumber", at(&version, "versionNumber"))
                .attribute("DefaultVersionNumber", at(&template, "defaultVersionNumber"))
                .unless_gone(&version)
        },
        attributes: |id, _| vec![("LaunchTemplateId", id.to_owned())],
        ..PLAIN
    },
];

pub(super) fn tags(resource: &Value) -> Value {
    pascal(&list(at(resource, "tagSet")), &[])
}

/// One entry for each range and group, as CloudFormation writes them.
fn permissions(answer: &Value, ingress: bool) -> Value {
    if unknown_reason(answer).is_some() {
        return answer.clone();
    }
    let group = if ingress { "SourceSecurityGroupId" } else { "DestinationSecurityGroupId" };
    let prefix_list = if ingress { "SourcePrefixListId" } else { "DestinationPrefixListId" };
    let kinds = [
        ("ipRanges", "cidrIp", "CidrIp"),
        ("ipv6Ranges", "cidrIpv6", "CidrIpv6"),
        ("groups", "groupId", group),
        ("prefixListIds", "prefixListId", prefix_list),
    ];
    let mut all = Vec::new();
    for permission in items(&list(answer.clone())) {
        for (set, field, name) in kinds {
            for range in items(&list(at(permission, set))) {
                let mut rule = Map::new();
                let ports = [("IpProtocol", at(permission, "ipProtocol")), ("FromPort", at(permission, "fromPort"))];
                let more = [("ToPort", at(permission, "toPort")), (name, at(range, field)), ("Description", at(range, "description"))];
                let known = ports.into_iter().chain(more).filter(|(_, value)| !value.is_null());
                rule.extend(known.map(|(name, value)| (name.to_owned(), value)));
                all.push(Value::Object(rule));
            }
        }
    }
    Value::Array(all)
}

/// What instances are started with, with EC2's `…Set` lists under CloudFormation's names.
fn launch(data: &Value) -> Value {
    let names = [
        ("securityGroupIdSet", "SecurityGroupIds"),
        ("securityGroupSet", "SecurityGroups"),
        ("blockDeviceMappingSet", "BlockDeviceMappings"),
        ("networkInterfaceSet", "NetworkInterfaces"),
        ("tagSpecificationSet", "TagSpecifications"),
        ("tagSet", "Tags"),
        ("groupSet", "Groups"),
    ];
    match data {
        Value::Object(_) if unknown_reason(data).is_none() => {
            let all = renamed(data, &names);
            let fields = all.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), launch(value)));
            pascal_one(Value::Object(fields.collect()))
        }
        Value::Array(items) => Value::Array(items.iter().map(launch).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => data.clone(),
    }
}

/// The names of one level; those below are spelled already.
fn pascal_one(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let capital = |name: String| pascal(&json!({ name: null }), &[]).as_object().and_then(|one| one.keys().next().cloned());
    Value::Object(fields.into_iter().filter_map(|(name, value)| Some((capital(name)?, value))).collect())
}
