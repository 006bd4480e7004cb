//! Dimensions of the metrics that alarms watch.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::metrics::{Watched, watched};
use super::services::{Service, service};
use super::texts::{meant, names, spelled};
use super::view::{Res, View};
use super::{Broken, Rule};
use crate::facts;
use crate::finding::Severity;

/// A dimension that picks no metric.
pub(super) const ALARM_DIMENSION: Rule = Rule {
    id: "alarm-dimension",
    severity: Severity::Error,
    title: "the dimensions of an alarm pick a metric that exists",
    why: "a metric is found by exactly its dimensions; with any other value the alarm stays in `INSUFFICIENT_DATA` and never tells anybody",
    check: alarm_dimension,
};

/// What a dimension wants to be given.
struct Wanted {
    namespace: &'static str,
    dimension: &'static str,
    /// The type that it names.
    kind: &'static str,
    /// What of it fits: attributes, or `Ref`; the first is for the hint.
    fits: &'static [&'static str],
    /// The property that holds its name.
    name: &'static str,
}

const fn wanted(
    namespace: &'static str,
    dimension: &'static str,
    kind: &'static str,
    fits: &'static [&'static str],
    name: &'static str,
) -> Wanted {
    Wanted { namespace, dimension, kind, fits, name }
}

static WANTED: &[Wanted] = &[
    wanted("AWS/SQS", "QueueName", "AWS::SQS::Queue", &["QueueName"], "QueueName"),
    wanted("AWS/SNS", "TopicName", "AWS::SNS::Topic", &["TopicName"], "TopicName"),
    wanted("AWS/Lambda", "FunctionName", "AWS::Lambda::Function", &["Ref"], "FunctionName"),
    wanted("AWS/DynamoDB", "TableName", "AWS::DynamoDB::Table", &["Ref"], "TableName"),
    wanted("AWS/S3", "BucketName", "AWS::S3::Bucket", &["Ref"], "BucketName"),
    wanted("AWS/Kinesis", "StreamName", "AWS::Kinesis::Stream", &["Ref"], "Name"),
    wanted("AWS/Firehose", "DeliveryStreamName", "AWS::KinesisFirehose::DeliveryStream", &["Ref"], "DeliveryStreamName"),
    wanted("AWS/Logs", "LogGroupName", "AWS::Logs::LogGroup", &["Ref"], "LogGroupName"),
    wanted("AWS/States", "StateMachineArn", "AWS::StepFunctions::StateMachine", &["Ref", "Arn"], ""),
    wanted("AWS/EC2", "InstanceId", "AWS::EC2::Instance", &["Ref", "InstanceId"], ""),
    wanted("AWS/EC2", "AutoScalingGroupName", "AWS::AutoScaling::AutoScalingGroup", &["Ref"], "AutoScalingGroupName"),
    wanted("AWS/ECS", "ClusterName", "AWS::ECS::Cluster", &["Ref"], "ClusterName"),
    wanted("AWS/ECS", "ServiceName", "AWS::ECS::Service", &["Name"], "ServiceName"),
    wanted("AWS/ApplicationELB", "LoadBalancer", "AWS::ElasticLoadBalancingV2::LoadBalancer", &["LoadBalancerFullName"], ""),
    wanted("AWS/NetworkELB", "LoadBalancer", "AWS::ElasticLoadBalancingV2::LoadBalancer", &["LoadBalancerFullName"], ""),
    wanted("AWS/ApplicationELB", "TargetGroup", "AWS::ElasticLoadBalancingV2::TargetGroup", &["TargetGroupFullName"], ""),
    wanted("AWS/NetworkELB", "TargetGroup", "AWS::ElasticLoadBalancingV2::TargetGroup", &["TargetGroupFullName"], ""),
    wanted("AWS/RDS", "DBInstanceIdentifier", "AWS::RDS::DBInstance", &["Ref"], "DBInstanceIdentifier"),
    wanted("AWS/RDS", "DBClusterIdentifier", "AWS::RDS::DBCluster", &["Ref"], "DBClusterIdentifier"),
    wanted("AWS/CloudFront", "DistributionId", "AWS::CloudFront::Distribution", &["Ref", "Id"], ""),
    wanted("AWS/EFS", "FileSystemId", "AWS::EFS::FileSystem", &["Ref", "FileSystemId"], ""),
];

fn alarm_dimension(view: &View<'_>, broken: &mut Broken<'_>) {
    for watched in watched(view) {
        if let Some(service) = service(&watched.namespace) {
            names_that_are_wrong(view, &watched, service, broken);
        }
        for wanted in WANTED.iter().filter(|wanted| wanted.namespace == watched.namespace) {
            if let Some((index, value)) = watched.dimension(view, wanted.dimension) {
                let path = watched.path(&format!("Dimensions/{index}/Value"));
                value_that_is_wrong(view, &watched, wanted, value, &path, broken);
            }
        }
    }
}

fn names_that_are_wrong<'a>(view: &View<'a>, watched: &Watched<'a>, service: &Service, broken: &mut Broken<'_>) {
    let items = match watched.dimensions {
        Some(Json::Array(items)) => items.as_slice(),
        Some(_) => return,
        None => &[],
    };
    let mut all_read = true;
    for (index, item) in items.iter().enumerate() {
        let Some(name) = item.get("Name").and_then(|name| view.text(name)) else {
            all_read = false;
            continue;
        };
        if service.dimensions().any(|known| known == name) {
            continue;
        }
        let known: BTreeSet<&str> = service.dimensions().collect();
        let meant = meant(&name, known.iter().copied());
        if meant.is_some() || service.whole {
            let hint = meant
                .map_or_else(|| format!("its metrics are kept by {}", names(known.iter().copied())), |meant| format!("write `{meant}`"));
            let path = watched.path(&format!("Dimensions/{index}/Name"));
            broken.at(&path, format!("the metrics of `{}` have no dimension `{name}`", service.namespace), hint);
            all_read = false;
        }
    }
    let name = watched.name.as_deref().unwrap_or_default();
    if let Some(needed) = service.needs.filter(|needed| all_read && watched.dimension(view, needed).is_none()) {
        let path = watched.path("MetricName");
        broken.at(
            &path,
            format!("`{name}` is kept for each `{needed}` only, and the alarm names none"),
            format!("add the dimension `{needed}`"),
        );
    }
}

fn value_that_is_wrong<'a>(view: &View<'a>, watched: &Watched<'a>, wanted: &Wanted, value: &'a Json, path: &str, broken: &mut Broken<'_>) {
    let Some(target) = view.target(value) else {
        if let Some(text) = value.as_str().filter(|_| !watched.elsewhere) {
            text_that_is_wrong(view, wanted, text, path, broken);
        }
        return;
    };
    let Some(resource) = view.resource(target.id) else { return };
    let fitting = match wanted.fits {
        ["Ref", ..] => format!("`!Ref {}`", resource.id),
        [attribute, ..] => format!("`!GetAtt {}.{attribute}`", resource.id),
        [] => return,
    };
    let (dimension, given) = (wanted.dimension, spelled(value));
    if resource.kind != wanted.kind {
        if is_plain_aws(resource.kind) {
            let message = format!("`{dimension}` is `{given}`, and `{}` is an `{}`", resource.id, resource.kind);
            broken.at(path, message, format!("name an `{}`", wanted.kind));
        }
        return;
    }
    if wanted.fits.contains(&target.attribute.unwrap_or("Ref")) {
        return;
    }
    let what = match target.attribute {
        Some(attribute) => attribute.to_owned(),
        None => {
            facts::of(resource.kind).and_then(|facts| facts.reference.clone()).map_or_else(|| "Ref".to_owned(), |name| name.to_string())
        }
    };
    broken.at(path, format!("`{dimension}` is `{given}`, which gives the `{what}`"), format!("write {fitting}"));
}

/// Types whose values are what their name says, unlike a parameter's or a nested stack's.
fn is_plain_aws(kind: &str) -> bool {
    let carries_any_value = ["AWS::CloudFormation::", "AWS::Serverless::", "AWS::SSM::"].iter().any(|prefix| kind.starts_with(prefix));
    kind.starts_with("AWS::") && !carries_any_value
}

fn text_that_is_wrong<'a>(view: &View<'a>, wanted: &Wanted, text: &str, path: &str, broken: &mut Broken<'_>) {
    if wanted.name.is_empty() {
        return;
    }
    let resources: Vec<Res<'a>> = view.of_type(wanted.kind).collect();
    let known: Vec<&str> = resources.iter().filter_map(|resource| resource.get(wanted.name).and_then(Json::as_str)).collect();
    if known.contains(&text) {
        return;
    }
    let dimension = wanted.dimension;
    // A resource without a name of its own gets one that begins with the stack's.
    if let Some(resource) = resources.iter().find(|resource| resource.id == text && resource.get(wanted.name).is_none()) {
        let fitting = if wanted.fits.contains(&"Ref") { format!("!Ref {text}") } else { format!("!GetAtt {text}.{}", wanted.name) };
        let message = format!("`{dimension}` is `{text}`, which is the logical ID of an `{}` and not its name", resource.kind);
        broken.at(path, message, format!("write `{fitting}`"));
        return;
    }
    if wanted.kind == "AWS::SQS::Queue" && known.contains(&format!("{text}.fifo").as_str()) {
        broken.at(
            path,
            format!("`{dimension}` is `{text}`, and the queue is `{text}.fifo`"),
            "the ending belongs to the name of a FIFO queue",
        );
        return;
    }
    if let Some(meant) = known.iter().find(|name| is_slip(text, name)) {
        broken.at(
            path,
            format!("`{dimension}` is `{text}`, and what the template makes is `{meant}`"),
            "refer to the resource instead of naming it",
        );
    }
}

/// Whether two names differ by one slip of the hand, not by a number or an environment.
fn is_slip(written: &str, name: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_', '.'], "");
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let slip = name.len() >= 8 && strsim::osa_distance(written, name) == 1;
    plain(written) == plain(name) || (slip && digits(written) == digits(name))
}

#[cfg(test)]
mod tests {
    use super::is_slip;
    use crate::rules::{Context, lint};

    fn messages(queue_name: &str, dimension: &str) -> Vec<String> {
        let text = format!(
            "Resources:\n  Jobs:\n    Type: AWS::SQS::Queue\n    Properties: {{ QueueName: {queue_name} }}\n  Alarm:\n    Type: AWS::CloudWatch::Alarm\n    \
             Properties: {{ Namespace: AWS/SQS, MetricName: NumberOfMessagesSent, Dimensions: [{{ Name: QueueName, Value: {dimension} }}] }}\n"
        );
        let document = crate::read(&text, "template.yaml").unwrap();
        let findings = lint(&document, &Context::default());
        findings.into_iter().filter(|finding| finding.rule == "alarm-dimension").map(|finding| finding.message).collect()
    }

    #[test]
    fn the_ending_of_a_fifo_queue_belongs_to_its_name() {
        assert_eq!(messages("jobs.fifo", "jobs"), ["`QueueName` is `jobs`, and the queue is `jobs.fifo`"]);
        assert!(messages("jobs.fifo", "jobs.fifo").is_empty(), "the right name is no mistake");
    }

    #[test]
    fn a_name_that_is_not_made_here_may_be_another_stacks() {
        assert!(messages("orders-incoming", "payments-incoming").is_empty(), "another stack may make it");
        assert_eq!(messages("orders-incoming", "orders-incomming").len(), 1, "a slip of the hand was not seen");
    }

    #[test]
    fn a_slip_is_no_other_number_and_no_other_environment() {
        for (written, name, expected) in [
            ("orders-incomin", "orders-incoming", true),
            ("orders_incoming", "orders-incoming", true),
            ("orders-queue-2", "orders-queue-1", false),
            ("orders-dev", "orders-prod", false),
            ("job", "jobs", false),
        ] {
            assert_eq!(is_slip(written, name), expected, "`{written}` for `{name}`");
        }
    }
}
