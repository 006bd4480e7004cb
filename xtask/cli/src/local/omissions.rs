//! What the local cloud refuses or loses, in one list, so that nothing is left out in silence.
//!
//! Every line was seen: deployed there, then read back through the service's own API. A line that stops being true goes when the
//! pinned version changes.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use super::references::refers_to;
use super::tls_only;

/// What becomes of something that the local cloud cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The local cloud would fail the whole deploy, so the resource or output is left out of the template.
    Refused,
    /// The resource is made, but the property is not kept.
    Lost,
    /// The resource is made without this part, which would make it unusable there.
    Relaxed,
}

/// Something of a template that the local cloud does not do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Omission {
    /// The resource in the template, or the output's name.
    pub(crate) logical_id: String,
    /// Its type, such as `AWS::S3::Bucket`; `Output` for an output.
    #[serde(rename = "type")]
    pub(crate) resource_type: String,
    /// The property, when it is not the whole resource: `LifecycleConfiguration`.
    pub(crate) property: Option<String>,
    pub(crate) kind: Kind,
    /// One line for people.
    pub(crate) reason: String,
}

/// Everything of a template that the local cloud refuses or loses, in the order of the template.
pub(crate) fn omissions(template: &Value) -> Vec<Omission> {
    adapt(template).1
}

/// The template without what the local cloud would refuse, and without what refers to that.
///
/// What is merely lost stays in: another version may keep it.
pub(crate) fn without_refused(template: &Value) -> Value {
    adapt(template).0
}

/// One thing that is known not to work.
struct Known {
    resource_type: &'static str,
    /// The property it takes; none when the type as a whole does not work.
    property: Option<&'static str>,
    kind: Kind,
    reason: &'static str,
}

const fn refused(resource_type: &'static str, reason: &'static str) -> Known {
    Known { resource_type, property: None, kind: Kind::Refused, reason }
}

const fn refused_with(resource_type: &'static str, property: &'static str, reason: &'static str) -> Known {
    Known { resource_type, property: Some(property), kind: Kind::Refused, reason }
}

const fn lost(resource_type: &'static str, property: &'static str, reason: &'static str) -> Known {
    Known { resource_type, property: Some(property), kind: Kind::Lost, reason }
}

const fn lost_whole(resource_type: &'static str, reason: &'static str) -> Known {
    Known { resource_type, property: None, kind: Kind::Lost, reason }
}

/// A reason that many lines share.
const UNKNOWN_TYPE: &str = "the type is unknown there";
const NOT_KEPT: &str = "accepted and forgotten";

const KNOWN: &[Known] = &[
    lost("AWS::ApiGatewayV2::Api", "CorsConfiguration", NOT_KEPT),
    lost("AWS::ApiGatewayV2::Stage", "DefaultRouteSettings", "nothing is throttled there"),
    lost("AWS::ApiGatewayV2::Stage", "RouteSettings", "nothing is throttled there"),
    refused("AWS::ApplicationAutoScaling::ScalableTarget", UNKNOWN_TYPE),
    refused("AWS::ApplicationAutoScaling::ScalingPolicy", UNKNOWN_TYPE),
    lost_whole("AWS::AutoScaling::AutoScalingGroup", "the group exists, but no instance is started"),
    refused("AWS::AutoScaling::WarmPool", UNKNOWN_TYPE),
    refused("AWS::Budgets::Budget", UNKNOWN_TYPE),
    refused("AWS::CE::AnomalyMonitor", UNKNOWN_TYPE),
    refused("AWS::CE::AnomalySubscription", UNKNOWN_TYPE),
    refused_with("AWS::CloudWatch::Alarm", "Metrics", "alarms on metric math are refused"),
    lost("AWS::CloudWatch::Alarm", "EvaluateLowSampleCountPercentile", NOT_KEPT),
    refused("AWS::CloudWatch::AnomalyDetector", UNKNOWN_TYPE),
    refused("AWS::CloudWatch::CompositeAlarm", UNKNOWN_TYPE),
    lost("AWS::DynamoDB::Table", "ContributorInsightsSpecification", NOT_KEPT),
    lost("AWS::DynamoDB::Table", "OnDemandThroughput", NOT_KEPT),
    lost("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification", "there is no restoring to a point in time"),
    lost("AWS::DynamoDB::Table", "SSESpecification", "nothing is encrypted at rest there"),
    lost("AWS::DynamoDB::Table", "TableClass", NOT_KEPT),
    lost("AWS::DynamoDB::Table", "TimeToLiveSpecification", "items do not expire there"),
    refused("AWS::EC2::EIP", UNKNOWN_TYPE),
    refused("AWS::EC2::FlowLog", UNKNOWN_TYPE),
    refused("AWS::EC2::Instance", UNKNOWN_TYPE),
    refused("AWS::EC2::NatGateway", UNKNOWN_TYPE),
    refused("AWS::EC2::SecurityGroupEgress", UNKNOWN_TYPE),
    refused("AWS::EC2::SecurityGroupIngress", UNKNOWN_TYPE),
    lost("AWS::EC2::VPCEndpoint", "PrivateDnsEnabled", NOT_KEPT),
    lost_whole("AWS::ECS::Service", "tasks are said to run, but nothing does"),
    lost("AWS::ECS::TaskDefinition", "RuntimePlatform", NOT_KEPT),
    refused("AWS::IAM::RolePolicy", UNKNOWN_TYPE),
    refused("AWS::IAM::ServiceLinkedRole", UNKNOWN_TYPE),
    lost_whole("AWS::Lambda::EventInvokeConfig", NOT_KEPT),
    lost("AWS::Lambda::Function", "DeadLetterConfig", NOT_KEPT),
    lost("AWS::Lambda::Function", "KmsKeyArn", NOT_KEPT),
    lost("AWS::Lambda::Function", "ReservedConcurrentExecutions", "the function runs as often at once as it is called"),
    lost("AWS::Logs::LogGroup", "DataProtectionPolicy", NOT_KEPT),
    refused("AWS::Logs::QueryDefinition", UNKNOWN_TYPE),
    lost("AWS::S3::Bucket", "AccelerateConfiguration", NOT_KEPT),
    lost("AWS::S3::Bucket", "IntelligentTieringConfigurations", NOT_KEPT),
    lost("AWS::S3::Bucket", "LifecycleConfiguration", "objects do not expire there"),
    lost("AWS::S3::Bucket", "LoggingConfiguration", "there are no access logs"),
    lost("AWS::S3::Bucket", "MetricsConfigurations", NOT_KEPT),
    lost("AWS::S3::Bucket", "Tags", NOT_KEPT),
    lost("AWS::SNS::Topic", "KmsMasterKeyId", "messages are not encrypted there"),
    lost("AWS::SNS::Topic", "SignatureVersion", NOT_KEPT),
    lost("AWS::SNS::Topic", "TracingConfig", NOT_KEPT),
    refused("AWS::SQS::QueueInlinePolicy", UNKNOWN_TYPE),
];

/// The types that are left out whatever their properties.
#[cfg(test)]
pub(super) fn unknown_types() -> Vec<&'static str> {
    KNOWN.iter().filter(|known| known.reason == UNKNOWN_TYPE).map(|known| known.resource_type).collect()
}

/// The template as the local cloud gets it, and what was done to it or will be lost.
fn adapt(template: &Value) -> (Value, Vec<Omission>) {
    let mut template = template.clone();
    let mut found = Vec::new();
    let mut gone = BTreeSet::new();
    if let Some(resources) = section(&mut template, "Resources") {
        for (id, resource) in resources.iter_mut() {
            let judged = judge(id, resource);
            gone.extend(judged.iter().filter(|omission| omission.kind == Kind::Refused).map(|omission| omission.logical_id.clone()));
            found.extend(judged);
        }
        found.extend(drag_along(resources, &mut gone));
        resources.retain(|id, _| !gone.contains(id));
        resources.values_mut().for_each(|resource| forget_dependencies(resource, &gone));
    }
    if let Some(outputs) = section(&mut template, "Outputs") {
        let lost = outputs.iter().filter_map(|(id, output)| Some(dragged(id, "Output", refers_to(output, &gone)?)));
        found.extend(lost.collect::<Vec<_>>());
        outputs.retain(|_, output| refers_to(output, &gone).is_none());
    }
    (template, found)
}

fn section<'a>(template: &'a mut Value, name: &str) -> Option<&'a mut Map<String, Value>> {
    template.get_mut(name).and_then(Value::as_object_mut)
}

/// What is known against one resource. Takes the statements out of its policies that would make it unusable.
fn judge(id: &str, resource: &mut Value) -> Vec<Omission> {
    let resource_type = resource.get("Type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let says = |kind, property: Option<&str>, reason: &str| Omission {
        logical_id: id.to_owned(),
        resource_type: resource_type.clone(),
        property: property.map(str::to_owned),
        kind,
        reason: reason.to_owned(),
    };
    let Some(properties) = resource.get_mut("Properties").and_then(Value::as_object_mut) else {
        return known(&resource_type).filter(|known| known.property.is_none()).map(|known| says(known.kind, None, known.reason)).collect();
    };
    let mut found: Vec<_> = known(&resource_type)
        .filter(|known| known.property.is_none_or(|property| properties.contains_key(property)))
        .map(|known| says(known.kind, known.property, known.reason))
        .collect();
    if resource_type == "AWS::S3::Bucket" && encrypts_with_own_key(properties) {
        found.push(says(Kind::Lost, Some("BucketEncryption"), "the bucket says AES256 instead"));
    }
    let is_preflight = properties.get("RouteKey").and_then(Value::as_str).is_some_and(|key| key.starts_with("OPTIONS "));
    if resource_type == "AWS::ApiGatewayV2::Route" && is_preflight {
        found.push(says(Kind::Lost, Some("RouteKey"), "it answers every OPTIONS with 403 itself"));
    }
    match tls_only::relax(properties) {
        Some(tls_only::Relaxed { property, empty: true }) => found.push(says(Kind::Refused, Some(property), tls_only::NOTHING_LEFT)),
        Some(tls_only::Relaxed { property, empty: false }) => found.push(says(Kind::Relaxed, Some(property), tls_only::REASON)),
        None => {}
    }
    found
}

fn known(resource_type: &str) -> impl Iterator<Item = &'static Known> {
    KNOWN.iter().filter(move |known| known.resource_type == resource_type)
}

/// S3's own key is what a bucket has anyway; only another one is lost.
fn encrypts_with_own_key(properties: &Map<String, Value>) -> bool {
    properties.get("BucketEncryption").is_some_and(|encryption| encryption.to_string().contains("aws:kms"))
}

/// Leaves out what refers to something that is left out, and what refers to that, until nothing dangles.
fn drag_along(resources: &Map<String, Value>, gone: &mut BTreeSet<String>) -> Vec<Omission> {
    let mut found = Vec::new();
    loop {
        let next = resources.iter().filter(|(id, _)| !gone.contains(*id)).find_map(|(id, resource)| {
            let resource_type = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
            Some(dragged(id, resource_type, refers_to(resource.get("Properties")?, gone)?))
        });
        match next {
            Some(omission) => {
                gone.insert(omission.logical_id.clone());
                found.push(omission);
            }
            None => return found,
        }
    }
}

fn dragged(id: &str, resource_type: &str, to: &str) -> Omission {
    Omission {
        logical_id: id.to_owned(),
        resource_type: resource_type.to_owned(),
        property: None,
        kind: Kind::Refused,
        reason: format!("it refers to {to}, which is left out"),
    }
}

/// An order of creation with something that is not created means nothing, so the order goes and the resource stays.
fn forget_dependencies(resource: &mut Value, gone: &BTreeSet<String>) {
    let Some(resource) = resource.as_object_mut() else { return };
    let is_gone = |id: &Value| id.as_str().is_some_and(|id| gone.contains(id));
    let empty = match resource.get_mut("DependsOn") {
        Some(Value::Array(ids)) => {
            ids.retain(|id| !is_gone(id));
            ids.is_empty()
        }
        Some(id) => is_gone(id),
        None => false,
    };
    if empty {
        resource.shift_remove("DependsOn");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(resources: Value) -> Value {
        json!({ "Resources": resources })
    }

    fn ids(template: &Value) -> Vec<&str> {
        template["Resources"].as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn a_template_without_anything_special_stays_as_it_is() {
        let template = with(json!({
            "Queue": { "Type": "AWS::SQS::Queue" },
            "Topic": { "Type": "AWS::SNS::Topic", "DependsOn": "Queue", "Properties": { "DisplayName": "x" } },
        }));

        let (adapted, omissions) = adapt(&template);

        assert_eq!(adapted, template, "the local cloud would show something else than what is deployed");
        assert_eq!(omissions, []);
    }

    #[test]
    fn a_refused_resource_is_left_out_and_listed() {
        let template = with(json!({
            "Math": { "Type": "AWS::CloudWatch::Alarm", "Properties": { "Metrics": [{ "Id": "a", "Expression": "b/c" }] } },
            "Plain": { "Type": "AWS::CloudWatch::Alarm", "Properties": { "MetricName": "m" } },
        }));

        let (adapted, omissions) = adapt(&template);

        assert_eq!(ids(&adapted), ["Plain"], "every local deploy would roll back");
        let expected = Omission {
            logical_id: "Math".to_owned(),
            resource_type: "AWS::CloudWatch::Alarm".to_owned(),
            property: Some("Metrics".to_owned()),
            kind: Kind::Refused,
            reason: "alarms on metric math are refused".to_owned(),
        };
        assert_eq!(omissions, [expected], "an alarm would be missing without a word");
    }

    #[test]
    fn a_lost_property_stays_in_the_template_and_is_listed() {
        let template = with(json!({
            "Table": { "Type": "AWS::DynamoDB::Table", "Properties": { "TimeToLiveSpecification": { "Enabled": true } } },
        }));

        let (adapted, omissions) = adapt(&template);

        assert_eq!(adapted, template);
        assert_eq!(omissions[0].property.as_deref(), Some("TimeToLiveSpecification"), "somebody would wait for items to expire");
        assert_eq!(omissions[0].kind, Kind::Lost);
    }

    #[test]
    fn a_bucket_key_is_only_lost_when_it_is_not_s3s_own() {
        let bucket = |algorithm| {
            json!({ "Type": "AWS::S3::Bucket", "Properties": { "BucketEncryption": { "ServerSideEncryptionConfiguration": [
                { "ServerSideEncryptionByDefault": { "SSEAlgorithm": algorithm } }] } } })
        };

        let omissions = omissions(&with(json!({ "Plain": bucket("AES256"), "Keyed": bucket("aws:kms") })));

        let found: Vec<_> = omissions.iter().map(|omission| (omission.logical_id.as_str(), omission.property.as_deref())).collect();
        assert_eq!(found, [("Keyed", Some("BucketEncryption"))]);
    }

    #[test]
    fn only_a_route_for_preflights_never_reaches_its_function() {
        let route = |key| json!({ "Type": "AWS::ApiGatewayV2::Route", "Properties": { "RouteKey": key } });

        let omissions = omissions(&with(json!({ "Ping": route("GET /ping"), "Preflight": route("OPTIONS /{proxy+}") })));

        let found: Vec<_> = omissions.iter().map(|omission| (omission.logical_id.as_str(), omission.property.as_deref())).collect();
        assert_eq!(found, [("Preflight", Some("RouteKey"))], "somebody would look for the mistake in the function");
    }

    #[test]
    fn what_refers_to_something_left_out_goes_with_it() {
        let template = json!({
            "Resources": {
                "Nat": { "Type": "AWS::EC2::NatGateway" },
                "Way": { "Type": "AWS::EC2::Route", "Properties": { "NatGatewayId": { "Ref": "Nat" } } },
                "Note": { "Type": "AWS::SSM::Parameter", "Properties": { "Value": { "Fn::Sub": "${Way} and ${AWS::Region}" } } },
                "After": { "Type": "AWS::SQS::Queue", "DependsOn": ["Nat", "Log"] },
                "AfterAll": { "Type": "AWS::SQS::Queue", "DependsOn": "Nat" },
                "Log": { "Type": "AWS::Logs::LogGroup" },
            },
            "Outputs": {
                "Gateway": { "Value": { "Fn::GetAtt": ["Nat", "NatGatewayId"] } },
                "LogName": { "Value": { "Ref": "Log" } },
            },
        });

        let (adapted, omissions) = adapt(&template);

        assert_eq!(ids(&adapted), ["After", "AfterAll", "Log"], "the rest would dangle, and the deploy fail");
        assert_eq!(adapted["Resources"]["After"]["DependsOn"], json!(["Log"]));
        assert_eq!(adapted["Resources"]["AfterAll"].get("DependsOn"), None);
        assert_eq!(adapted["Outputs"], json!({ "LogName": { "Value": { "Ref": "Log" } } }));
        let told: Vec<_> = omissions.iter().map(|omission| omission.logical_id.as_str()).collect();
        assert_eq!(told, ["Nat", "Way", "Note", "Gateway"], "something would be missing without a word");
        assert_eq!(omissions[2].reason, "it refers to Way, which is left out");
    }

    #[test]
    fn the_list_is_in_order_and_says_nothing_twice() {
        let keys: Vec<_> = KNOWN.iter().map(|known| (known.resource_type, known.kind != Kind::Refused, known.property)).collect();

        let mut sorted = keys.clone();
        sorted.sort_unstable();
        sorted.dedup();

        assert_eq!(keys, sorted, "two lines about the same thing could contradict each other");
    }
}
