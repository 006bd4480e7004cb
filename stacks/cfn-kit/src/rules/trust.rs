//! Who may take on a role.

use serde_json::Value as Json;

use super::grants::{admits, hides_statements};
use super::policies::statements;
use super::texts::{flat, names};
use super::view::View;
use super::{Broken, Rule};
use crate::finding::Severity;

/// A role that its service cannot take on.
pub(super) const ROLE_TRUST: Rule = Rule {
    id: "role-trust",
    severity: Severity::Error,
    title: "a role trusts the service that is to use it",
    why: "the service cannot take the role on: the deploy fails in the middle, or everything that the role is for fails later",
    check: role_trust,
};

/// By type: where a role stands, with `*` for every item of a list, and the service that takes it on.
const USES: &[(&str, &str, &str)] = &[
    ("AWS::ApiGateway::Account", "CloudWatchRoleArn", "apigateway"),
    ("AWS::ApiGateway::Authorizer", "AuthorizerCredentials", "apigateway"),
    ("AWS::ApiGateway::Method", "Integration/Credentials", "apigateway"),
    ("AWS::ApiGatewayV2::Integration", "CredentialsArn", "apigateway"),
    ("AWS::AppRunner::Service", "InstanceConfiguration/InstanceRoleArn", "tasks.apprunner"),
    ("AWS::AppRunner::Service", "SourceConfiguration/AuthenticationConfiguration/AccessRoleArn", "build.apprunner"),
    ("AWS::AppSync::DataSource", "ServiceRoleArn", "appsync"),
    ("AWS::AppSync::GraphQLApi", "LogConfig/CloudWatchLogsRoleArn", "appsync"),
    ("AWS::Backup::BackupSelection", "BackupSelection/IamRoleArn", "backup"),
    ("AWS::Batch::JobDefinition", "ContainerProperties/ExecutionRoleArn", "ecs-tasks"),
    ("AWS::Batch::JobDefinition", "ContainerProperties/JobRoleArn", "ecs-tasks"),
    ("AWS::CloudTrail::Trail", "CloudWatchLogsRoleArn", "cloudtrail"),
    ("AWS::CloudWatch::MetricStream", "RoleArn", "streams.metrics.cloudwatch"),
    ("AWS::CodeBuild::Project", "ServiceRole", "codebuild"),
    ("AWS::CodeDeploy::DeploymentGroup", "ServiceRoleArn", "codedeploy"),
    ("AWS::CodePipeline::Pipeline", "RoleArn", "codepipeline"),
    ("AWS::Cognito::UserPool", "SmsConfiguration/SnsCallerArn", "cognito-idp"),
    ("AWS::DLM::LifecyclePolicy", "ExecutionRoleArn", "dlm"),
    ("AWS::EC2::FlowLog", "DeliverLogsPermissionArn", "vpc-flow-logs"),
    ("AWS::ECS::Service", "Role", "ecs"),
    ("AWS::ECS::TaskDefinition", "ExecutionRoleArn", "ecs-tasks"),
    ("AWS::ECS::TaskDefinition", "TaskRoleArn", "ecs-tasks"),
    ("AWS::EKS::Cluster", "RoleArn", "eks"),
    ("AWS::EKS::Nodegroup", "NodeRole", "ec2"),
    ("AWS::Events::Rule", "RoleArn", "events"),
    ("AWS::Events::Rule", "Targets/*/RoleArn", "events"),
    ("AWS::Glue::Crawler", "Role", "glue"),
    ("AWS::Glue::Job", "Role", "glue"),
    ("AWS::IAM::InstanceProfile", "Roles/*", "ec2"),
    ("AWS::KinesisFirehose::DeliveryStream", "ExtendedS3DestinationConfiguration/RoleARN", "firehose"),
    ("AWS::KinesisFirehose::DeliveryStream", "KinesisStreamSourceConfiguration/RoleARN", "firehose"),
    ("AWS::KinesisFirehose::DeliveryStream", "S3DestinationConfiguration/RoleARN", "firehose"),
    ("AWS::Lambda::Function", "Role", "lambda"),
    ("AWS::Logs::SubscriptionFilter", "RoleArn", "logs"),
    ("AWS::Pipes::Pipe", "RoleArn", "pipes"),
    ("AWS::RDS::DBInstance", "MonitoringRoleArn", "monitoring.rds"),
    ("AWS::RDS::DBProxy", "RoleArn", "rds"),
    ("AWS::S3::Bucket", "ReplicationConfiguration/Role", "s3"),
    ("AWS::SageMaker::Model", "ExecutionRoleArn", "sagemaker"),
    ("AWS::SageMaker::NotebookInstance", "RoleArn", "sagemaker"),
    ("AWS::Scheduler::Schedule", "Target/RoleArn", "scheduler"),
    ("AWS::StepFunctions::StateMachine", "RoleArn", "states"),
    ("AWS::Synthetics::Canary", "ExecutionRoleArn", "lambda"),
];

fn role_trust(view: &View<'_>, broken: &mut Broken<'_>) {
    let mut told: Vec<(&str, &str)> = Vec::new();
    for (kind, place, service) in USES {
        for user in view.of_type(kind) {
            let (list, item) = place.split_once("/*").unwrap_or((place, ""));
            let count = if list.len() < place.len() { user.list(list).len() } else { 1 };
            for index in 0..count {
                let property = if list.len() < place.len() { format!("{list}/{index}{item}") } else { (*place).to_owned() };
                let role = user.get(&property).and_then(|value| view.target_of(value, "AWS::IAM::Role"));
                let Some(role) = role.filter(|role| !told.contains(&(role.id, service))) else { continue };
                let Some(document) = role.get("AssumeRolePolicyDocument").filter(|document| !trusts(document, service)) else { continue };
                told.push((role.id, service));
                let trusted = trusted(document);
                let whom = if trusted.is_empty() { "no service".to_owned() } else { names(trusted.iter().map(String::as_str)) };
                broken.at(
                    &role.path("AssumeRolePolicyDocument"),
                    format!("`{}` trusts {whom}, and `{}` uses it by `{service}.amazonaws.com`", role.id, user.id),
                    format!("let `{service}.amazonaws.com` take it on by `sts:AssumeRole`"),
                );
            }
        }
    }
}

/// Whether a trust policy lets a service in, or hides whom it lets in.
fn trusts(document: &Json, service: &str) -> bool {
    hides_statements(document)
        || statements("", document).iter().any(|statement| {
            let covered = statement.is_open() || statement.covers("sts:AssumeRole");
            statement.may_allow() && covered && admits(statement, service)
        })
}

/// The services that a trust policy names.
fn trusted(document: &Json) -> Vec<String> {
    let statements = statements("", document);
    let principals = statements.iter().filter(|statement| statement.may_allow()).flat_map(|statement| statement.principals());
    principals.filter(|(kind, _)| *kind == "Service").filter_map(|(_, value)| flat(value)).collect()
}
