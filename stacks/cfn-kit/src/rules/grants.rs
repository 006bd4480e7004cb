//! What a role could do, with what a template does not show counted in its favour.

use serde_json::Value as Json;

use super::policies::{Statement, matches};
use super::texts::{arn_service, flat};
use super::view::{Res, View, function};

/// AWS's own policies whose content is short and known, by the end of their ARN; of each, the actions that rules ask for.
const MANAGED: &[(&str, &[&str])] = &[
    ("AWSLambdaBasicExecutionRole", LOGS),
    ("AWSLambdaVPCAccessExecutionRole", LOGS),
    ("AWSXRayDaemonWriteAccess", &[]),
    (
        "AWSLambdaSQSQueueExecutionRole",
        &[
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
    ),
    (
        "AWSLambdaKinesisExecutionRole",
        &[
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
            "kinesis:ListStreams",
            "kinesis:SubscribeToShard",
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
    ),
    (
        "AWSLambdaDynamoDBExecutionRole",
        &[
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
    ),
];

const LOGS: &[&str] = &["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];

/// The actions of one of AWS's own policies, if they are known.
pub(super) fn managed_actions(arn: &Json) -> Option<&'static [&'static str]> {
    let text = flat(arn)?;
    let name = text.rsplit('/').next()?;
    MANAGED.iter().find(|(known, _)| *known == name).map(|(_, actions)| *actions)
}

/// Whether a statement can be about a resource: it names it, or nobody can tell what it names.
pub(super) fn reaches<'a>(view: &View<'a>, statement: &Statement<'a>, action: &str, id: &str) -> bool {
    let service = action.split(':').next().unwrap_or_default();
    statement.is_open()
        || statement.resources().any(|resource| {
            let mentioned = view.mentions(resource);
            if !mentioned.is_empty() {
                return mentioned.contains(&id);
            }
            // Text, a parameter, another stack's output: only the service can be told.
            flat(resource).and_then(|text| arn_service(&text)).is_none_or(|known| matches(known.as_bytes(), service.as_bytes()))
        })
}

impl<'a> View<'a> {
    /// Whether a role of this template could take an action on a resource of it, as far as anybody can tell.
    /// The role's [`Self::grants`] are passed in, because several actions are asked for.
    pub(super) fn could(&self, role: Res<'a>, grants: &[Statement<'a>], action: &str, on: Res<'a>) -> bool {
        let granted = grants.iter().any(|statement| {
            statement.may_allow() && (statement.is_open() || statement.covers(action)) && reaches(self, statement, action, on.id)
        });
        let unseen = || {
            role.list("ManagedPolicyArns").iter().any(|arn| {
                self.target_of(arn, "AWS::IAM::ManagedPolicy").is_none()
                    && managed_actions(arn).is_none_or(|actions| actions.contains(&action))
            })
        };
        granted || unseen() || self.has_blind_spots(role)
    }

    /// Whether expressions, macros or plain names hide some of what a role may do.
    pub(super) fn has_blind_spots(&self, role: Res<'a>) -> bool {
        let hidden = |document: Option<&Json>| {
            let statements = document.and_then(|document| document.get("Statement"));
            statements.is_none_or(|list| function(list).is_some() || list.as_array().is_some_and(|items| items.iter().any(is_function)))
        };
        let inline = role.list("Policies").iter().any(|policy| is_function(policy) || hidden(policy.get("PolicyDocument")));
        let attached = self.attached.unclear || self.attached.to(role.id).iter().any(|policy| hidden(policy.get("PolicyDocument")));
        let listed = role.get("ManagedPolicyArns").is_some_and(is_function);
        inline || attached || listed || self.has_macro
    }
}

/// Whether a macro adds things that a template does not show.
pub(super) fn has_macro(template: &Json) -> bool {
    let transforms = match template.get("Transform") {
        Some(Json::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let harmless = |name: &Json| {
        let name = name.as_str().unwrap_or_default();
        ["AWS::Serverless-", "AWS::LanguageExtensions", "AWS::SecretsManager-", "AWS::CodeDeploy"]
            .iter()
            .any(|known| name.starts_with(known))
    };
    let loops = template.get("Resources").and_then(Json::as_object).is_some_and(|all| all.keys().any(|id| id.starts_with("Fn::")));
    loops || !transforms.iter().all(harmless)
}

fn is_function(value: &Json) -> bool {
    function(value).is_some()
}

/// Whether a statement lets a service in, such as `sns` for `sns.amazonaws.com`; what nobody can read lets it in.
pub(super) fn admits(statement: &Statement<'_>, service: &str) -> bool {
    let principals = statement.principals();
    principals.is_empty()
        || principals.iter().any(|(kind, value)| match *kind {
            "Service" => flat(value).is_none_or(|name| is_service(&name, service)),
            "AWS" | "Federated" | "CanonicalUser" => flat(value).is_none_or(|name| name == "*" || is_parameter(&name)),
            // Everybody, or an expression in the place of the kinds.
            _ => true,
        })
}

/// Whether a flat text is nothing but a `Ref` that could stand for `*`.
fn is_parameter(flat: &str) -> bool {
    flat.starts_with("${") && flat.ends_with('}') && !flat.contains(['.', ':'])
}

/// Whether a principal is this service: `logs.eu-central-1.amazonaws.com` and `logs.${AWS::URLSuffix}` are `logs`.
pub(super) fn is_service(principal: &str, service: &str) -> bool {
    principal == "*" || principal.starts_with("${") || principal.strip_prefix(service).is_some_and(|rest| rest.starts_with('.'))
}

/// Whether a policy document is, or has within its list, an expression that hides statements.
pub(super) fn hides_statements(document: &Json) -> bool {
    function(document).is_some()
        || document
            .get("Statement")
            .is_none_or(|list| is_function(list) || list.as_array().is_some_and(|items| items.iter().any(is_function)))
}
