//! Who may deploy from outside of the account: jobs of one environment of one repository on GitHub.
//!
//! GitHub signs a token for each job, and AWS gives the role for it: no key is stored anywhere. Like the execution role, this is no
//! stack of the platform: what it allows must not be changed by those whom it lets in. Pull requests get no role at all, because what
//! they show of a change comes from the templates alone.

use std::collections::BTreeSet;

use cfn_kit::prelude::*;
use cfn_kit::{Json, execution, iam};

use crate::access::{NAMED, STACK as EXECUTION_ROLE, Sized, arn, packed, sized};
use foundation::environment::{Environment, Github, IdentityProvider};
use foundation::{ARTIFACTS, Built, Export, Finished, Stack, pascal};

/// The short name of its stack.
pub(crate) const STACK: &str = "account";

/// Who signs the tokens of GitHub's jobs.
const ISSUER: &str = "token.actions.githubusercontent.com";

/// For whom the tokens are signed: AWS's Security Token Service.
const AUDIENCE: &str = "sts.amazonaws.com";

/// What a deploy and a rollback do with stacks, and what they look at.
const STACK_ACTIONS: [&str; 25] = [
    "cloudformation:CancelUpdateStack",
    "cloudformation:ContinueUpdateRollback",
    "cloudformation:CreateChangeSet",
    "cloudformation:CreateStack",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeEvents",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResource",
    "cloudformation:DescribeStackResourceDrifts",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "cloudformation:DetectStackDrift",
    "cloudformation:DetectStackResourceDrift",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:GetTemplate",
    "cloudformation:GetTemplateSummary",
    "cloudformation:ListChangeSets",
    "cloudformation:ListStackResources",
    "cloudformation:RollbackStack",
    "cloudformation:TagResource",
    "cloudformation:UntagResource",
    "cloudformation:UpdateStack",
    "cloudformation:UpdateTerminationProtection",
];

/// What of [`STACK_ACTIONS`] changes a stack, or is the first step to it.
const CHANGES: [&str; 11] = [
    "cloudformation:CancelUpdateStack",
    "cloudformation:ContinueUpdateRollback",
    "cloudformation:CreateChangeSet",
    "cloudformation:CreateStack",
    "cloudformation:DeleteStack",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:RollbackStack",
    "cloudformation:TagResource",
    "cloudformation:UntagResource",
    "cloudformation:UpdateStack",
    "cloudformation:UpdateTerminationProtection",
];

/// What CloudFormation answers without being asked for one stack.
const UNNAMED_ACTIONS: [&str; 3] =
    ["cloudformation:DescribeStackDriftDetectionStatus", "cloudformation:ListStacks", "cloudformation:ValidateTemplate"];

/// Reads that tell what is in a resource and not how it is set up, by their beginning.
const CONTENT: [&str; 9] = [
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:GetRecords",
    "kinesis:Get",
    "logs:GetLog",
    "s3:GetObject",
    "s3:ListBucket",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
];

/// What the stack gives to others.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// The role that jobs on GitHub take on to deploy.
    pub deploy_role: Export<iam::role::Arn>,
}

/// The role that jobs on GitHub take on to deploy this environment; none, where the environment names no repository.
#[must_use]
pub fn account(env: &Environment, platform: &[Finished]) -> Option<Finished> {
    let github = env.github.as_ref()?;
    let templates: Vec<_> = platform.iter().map(|stack| stack.template.to_json()).collect();
    let actions: Vec<String> = own_actions(&templates);
    let mut stack = Stack::new(env, STACK, "Who may deploy this environment from GitHub");

    // An account has one provider for an issuer, but may hold several environments. So each environment says whether its stack makes
    // the provider, and the others name it by its ARN, which follows from the account. A stack of its own for the provider would need
    // one more file that is no environment.
    let provider = match github.provider {
        IdentityProvider::Create => {
            let issuer = iam::OIDCProvider::new().url(format!("https://{ISSUER}")).client_id_list([AUDIENCE]);
            Principal::federated(text(stack.add("GithubProvider", issuer).arn()))
        }
        IdentityProvider::Existing => Principal::federated(arn(&format!("arn:{{}}:iam::{{}}:oidc-provider/{ISSUER}"))),
    };
    let role = stack.add("DeployRole", iam::Role::new(trust(github, provider)).description(format!("Deploys {} from GitHub", env.name)));
    for (number, statements) in packed(statements(env, &actions)).into_iter().enumerate() {
        let policy = iam::ManagedPolicy::new(PolicyDocument::new(statements)).roles([&role]);
        stack.add(&format!("DeployPolicy{}", number + 1), policy);
    }
    let deploy_role = stack.output("DeployRoleArn", role.arn(), "Role for the variable DEPLOY_ROLE_ARN of the environment on GitHub");
    let Built { finished, gives: _ } = stack.finish(Account { deploy_role });
    Some(finished)
}

/// What the handlers of the types in use ask of the type's own service: what they ask of others tells nothing about the resource.
fn own_actions(templates: &[Json]) -> Vec<String> {
    let is_own = |action: &str, kind: &String| kind.split("::").nth(1).is_some_and(|own| own.eq_ignore_ascii_case(service(action)));
    let needed = execution::actions(templates).needed.into_iter();
    needed.filter(|(action, kinds)| kinds.iter().any(|kind| is_own(action, kind))).map(|(action, _)| action).collect()
}

/// One environment of one repository, letter by letter: a pattern would also fit what somebody else may call a branch.
fn trust<S>(github: &Github, provider: Principal<S>) -> PolicyDocument<S> {
    let subject = format!("repo:{}:environment:{}", github.repository, github.environment);
    PolicyDocument::new([Statement::allow(["sts:AssumeRoleWithWebIdentity"])
        .principal(provider)
        .condition(Operator::StringEquals, &format!("{ISSUER}:aud"), AUDIENCE)
        .condition(Operator::StringEquals, &format!("{ISSUER}:sub"), subject)])
}

fn statements<S>(env: &Environment, actions: &[String]) -> Vec<Sized<S>> {
    let prefix = format!("cloudwright-{}-", env.name);
    let stack = |name: &str| arn(&format!("arn:{{}}:cloudformation:{{}}:{{}}:stack/{prefix}{name}/*"));
    let execution_role = arn(&format!("arn:{{}}:iam::{{}}:role/{prefix}{EXECUTION_ROLE}-*"));
    let bucket = format!("arn:{{}}:s3:::{prefix}{ARTIFACTS}-*");

    let mut statements = vec![
        sized("Stacks", &STACK_ACTIONS, |statement| statement.on(stack("*"))),
        (
            Statement::deny(CHANGES).sid("NotItsOwnLimits").on(stack(STACK)).on(stack(EXECUTION_ROLE)),
            CHANGES.iter().map(|action| action.len() + 3).sum(),
        ),
        sized("AnyStack", &UNNAMED_ACTIONS, |statement| statement.on("*")),
        sized("PassExecutionRole", &["iam:PassRole"], |statement| {
            statement.on(execution_role).condition(Operator::StringEquals, "iam:PassedToService", "cloudformation.amazonaws.com")
        }),
        sized("Artifacts", &["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], |statement| statement.on(arn(&format!("{bucket}/*")))),
        // Without it, S3 answers 403 for an object that is not there yet.
        sized("FindArtifacts", &["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketVersions"], |statement| statement.on(arn(&bucket))),
    ];
    statements.extend(reads(&prefix, actions));
    statements
}

/// How what is deployed is set up, for whoever compares it with its template: drift detection asks with the rights of its caller.
fn reads<S>(prefix: &str, actions: &[String]) -> Vec<Sized<S>> {
    let reads: Vec<&str> = actions.iter().map(String::as_str).filter(|action| tells_settings(action)).collect();
    let (of_one, lists): (Vec<&str>, Vec<&str>) = reads.into_iter().partition(|action| named(service(action)) && !lists_all(action));
    let services: BTreeSet<&str> = of_one.iter().map(|action| service(action)).collect();
    let mut statements = vec![sized("List", &lists, |statement| statement.on("*"))];
    for name in services {
        let own: Vec<&str> = of_one.iter().copied().filter(|action| service(action) == name).collect();
        let patterns = NAMED.iter().filter(|(known, _)| *known == name).flat_map(|(_, patterns)| *patterns);
        let arns: Vec<_> = patterns.map(|pattern| arn(&pattern.replace("{prefix}", prefix))).collect();
        statements.push(sized(&format!("Read{}", pascal(name)), &own, |statement| statement.on_each(arns)));
    }
    statements.retain(|(_, bytes)| *bytes > 0);
    statements
}

fn service(action: &str) -> &str {
    action.split(':').next().unwrap_or_default()
}

fn named(service: &str) -> bool {
    NAMED.iter().any(|(known, _)| *known == service)
}

/// Whether an action reads how something is set up, and nothing of what is in it.
fn tells_settings(action: &str) -> bool {
    let verb = action.split_once(':').map_or("", |(_, verb)| verb);
    ["Describe", "Get", "List"].iter().any(|beginning| verb.starts_with(beginning))
        && !CONTENT.iter().any(|content| action.starts_with(content))
}

/// Whether an action of a service with named resources is about no single one of them.
fn lists_all(action: &str) -> bool {
    !action.contains(":Get")
}
