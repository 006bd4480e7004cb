//! Whom the `account` stack lets in, and what they may not do.
#![cfg(test)]

use std::fs;
use std::path::Path;

use foundation::Finished;
use foundation::environment::Environment;
use serde_json::{Value as Json, json};

/// An environment of the repository, with other settings for GitHub.
fn environment(name: &str, github: &str) -> Environment {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../environments/{name}.yaml"))).unwrap();
    let start = text.find("github:\n").unwrap();
    let end = start + text[start..].find("\n\n").unwrap();
    Environment::read(name, name, &format!("{}{github}{}", &text[..start], &text[end..])).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn account(environment: &Environment) -> Option<Finished> {
    stacks::account(environment, &stacks::platform(environment))
}

fn template(github: &str) -> Json {
    account(&environment("prod", github)).unwrap().template.to_json()
}

const OURS: &str = "github: { repository: owner@12/name@34, environment: production }";

fn statements(template: &Json) -> Vec<Json> {
    let resources = template["Resources"].as_object().unwrap().values();
    let documents = resources.map(|resource| &resource["Properties"]["PolicyDocument"]["Statement"]);
    documents.filter_map(Json::as_array).flatten().cloned().collect()
}

fn listed(value: &Json) -> Vec<String> {
    value.as_array().map_or_else(|| vec![value.to_string()], |all| all.iter().map(ToString::to_string).collect())
}

#[test]
fn only_one_environment_of_one_repository_may_deploy() {
    let template = template(OURS);

    let trust = &template["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"];

    let conditions = json!({ "StringEquals": {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:owner@12/name@34:environment:production",
    } });
    assert_eq!(trust.as_array().map(Vec::len), Some(1), "another statement could let in somebody else");
    assert_eq!(trust[0]["Condition"], conditions, "a branch of somebody's fork could deploy to production");
    assert_eq!(trust[0]["Action"], "sts:AssumeRoleWithWebIdentity");
    assert_eq!(trust[0]["Principal"], json!({ "Federated": { "Ref": "GithubProvider" } }));
}

#[test]
fn an_environment_without_a_repository_lets_nobody_in() {
    assert!(account(&environment("staging", "")).is_none(), "a role would wait for whoever finds it");
}

#[test]
fn an_account_with_a_provider_gets_no_second_one() {
    let template = template(&OURS.replace(" }", ", provider: existing }"));

    let provider = &template["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Federated"];
    let arn = "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com";
    assert!(template["Resources"].get("GithubProvider").is_none(), "IAM refuses a second provider for the same issuer");
    assert_eq!(provider, &json!({ "Fn::Sub": arn }));
}

#[test]
fn a_deploy_passes_one_role_and_only_to_cloudformation() {
    let passing: Vec<_> = statements(&template(OURS)).into_iter().filter(|one| one["Action"].to_string().contains("PassRole")).collect();

    let execution_role = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cloudwright-prod-execution-role-*";
    assert_eq!(passing.len(), 1, "a pipeline could hand any role to any service: {passing:?}");
    assert_eq!(passing[0]["Resource"], json!({ "Fn::Sub": execution_role }));
    assert_eq!(passing[0]["Condition"], json!({ "StringEquals": { "iam:PassedToService": "cloudformation.amazonaws.com" } }));
}

#[test]
fn nothing_is_changed_but_stacks_and_artifacts_of_the_environment() {
    for statement in statements(&template(OURS)).iter().filter(|statement| statement["Effect"] == "Allow") {
        for action in listed(&statement["Action"]) {
            let action = action.trim_matches('"');
            let reads = action.split(':').nth(1).is_some_and(|verb| ["Get", "List", "Describe"].iter().any(|read| verb.starts_with(read)));
            let changes = action.starts_with("cloudformation:") || ["s3:PutObject", "iam:PassRole"].contains(&action);
            assert!(reads || changes, "a pipeline could {action} without CloudFormation");
            // The handlers of some types say only so much: every question of that kind, and nothing but questions.
            let asks = ["autoscaling:Describe*", "ec2:Describe*", "ec2:Get*", "elasticloadbalancing:Describe*", "managed-fleets:Get*"];
            assert!(!action.contains('*') || asks.contains(&action), "{action} is more than was looked at");
        }
        let writes = statement["Action"].to_string().contains("PutObject") || statement["Sid"] == "Stacks";
        let own = listed(&statement["Resource"]).iter().all(|resource| resource.contains("cloudwright-prod-"));
        assert!(own || !writes, "a pipeline of one environment could change another: {statement}");
    }
}

#[test]
fn nobody_raises_their_own_limits() {
    let denied: Vec<_> = statements(&template(OURS)).into_iter().filter(|statement| statement["Effect"] == "Deny").collect();

    let stack = |name: &str| json!({ "Fn::Sub": format!("arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:${{AWS::AccountId}}:stack/cloudwright-prod-{name}/*") });
    assert_eq!(
        denied[0]["Resource"],
        json!([stack("account"), stack("execution-role")]),
        "a merged line could make the pipeline administrator"
    );
    for change in ["CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet"] {
        assert!(denied[0]["Action"].to_string().contains(change), "{change}");
    }
}

#[test]
fn what_is_stored_is_not_read() {
    let content = ["s3:GetObject", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "logs:GetLogEvents", "sqs:ReceiveMessage"];
    for statement in statements(&template(OURS)).iter().filter(|one| one["Sid"] != "Artifacts") {
        let actions = listed(&statement["Action"]);
        let read: Vec<_> = content.iter().filter(|action| actions.contains(&format!("\"{action}\""))).collect();

        assert!(read.is_empty(), "a pipeline could read customers' pictures or jobs: {read:?}");
    }
}
