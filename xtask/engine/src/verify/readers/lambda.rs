//! Lambda.

use serde_json::{Value, json};

use super::prelude::*;
use crate::verify::resolve::base64;
use crate::verify::value::parsed;

static LAMBDA: Service = Service::new("lambda", Protocol::RestJson);

const CONFIGURATION: Action = LAMBDA.action("GetFunctionConfiguration", "/2015-03-31/functions/{FunctionName}/configuration");
const CONCURRENCY: Action = LAMBDA.action("GetFunctionConcurrency", "/2019-09-30/functions/{FunctionName}/concurrency");
const TAGS: Action = LAMBDA.action("ListTags", "/2017-03-31/tags/{Resource}");
const POLICY: Action = LAMBDA.action("GetPolicy", "/2015-03-31/functions/{FunctionName}/policy");
const MAPPING: Action = LAMBDA.action("GetEventSourceMapping", "/2015-03-31/event-source-mappings/{UUID}");
const ALIAS: Action = LAMBDA.action("GetAlias", "/2015-03-31/functions/{FunctionName}/aliases/{Name}");
const URL: Action = LAMBDA.action("GetFunctionUrlConfig", "/2021-10-31/functions/{FunctionName}/url");
const INVOKE: Action = LAMBDA.action("GetFunctionEventInvokeConfig", "/2019-09-25/functions/{FunctionName}/event-invoke-config");

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::Lambda::Function",
        asks: |subject| {
            let mut asks = vec![CONFIGURATION.ask(json!({ "FunctionName": subject.id }))];
            let reserves = subject.declares("ReservedConcurrentExecutions");
            asks.extend(reserves.then(|| CONCURRENCY.ask(json!({ "FunctionName": subject.id }))));
            let arn = subject.place.arn("lambda", &format!("function:{}", subject.id));
            asks.extend(subject.declares("Tags").then(|| TAGS.ask(json!({ "Resource": arn }))));
            asks
        },
        live: |subject, answers| {
            let all = answers.get(&CONFIGURATION);
            let same = [
                "Architectures",
                "DeadLetterConfig",
                "Description",
                "Environment",
                "EphemeralStorage",
                "FileSystemConfigs",
                "FunctionName",
                "Handler",
                "LoggingConfig",
                "MemorySize",
                "PackageType",
                "Role",
                "Runtime",
                "SnapStart",
                "Timeout",
                "TracingConfig",
                "VpcConfig",
            ];
            Live::default()
                .same(&all, &same)
                .set("KmsKeyArn", at(&all, "KMSKeyArn"))
                .set("ImageConfig", at(&all, "ImageConfigResponse.ImageConfig"))
                .set("Layers", each(at(&all, "Layers"), |layer| at(layer, "Arn")))
                .set("ReservedConcurrentExecutions", answers.part(&CONCURRENCY, "ReservedConcurrentExecutions"))
                .set("Tags", answers.part(&TAGS, "Tags"))
                .set("Code", code(&subject.property("Code"), &at(&all, "CodeSha256")))
                .attribute("Arn", at(&all, "FunctionArn"))
        },
        attributes: |name, place| vec![("Arn", place.arn("lambda", &format!("function:{name}")))],
        rules: &[("Environment.Variables", Rule::Exact), ("Layers", Rule::Ordered), ("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Lambda::EventSourceMapping",
        asks: |subject| vec![MAPPING.ask(json!({ "UUID": subject.id }))],
        live: |_, answers| {
            let all = answers.get(&MAPPING);
            let same = [
                "BatchSize",
                "BisectBatchOnFunctionError",
                "DestinationConfig",
                "EventSourceArn",
                "FilterCriteria",
                "FunctionResponseTypes",
                "MaximumBatchingWindowInSeconds",
                "MaximumRecordAgeInSeconds",
                "MaximumRetryAttempts",
                "ParallelizationFactor",
                "ScalingConfig",
                "StartingPosition",
                "TumblingWindowInSeconds",
            ];
            let on = match text_at(&all, "State").as_str() {
                "Enabled" | "Enabling" | "Creating" | "Updating" => json!(true),
                "Disabled" | "Disabling" => json!(false),
                _ => at(&all, "State"),
            };
            Live::default().same(&all, &same).set("FunctionName", at(&all, "FunctionArn")).set("Enabled", on)
        },
        attributes: |id, _| vec![("Id", id.to_owned())],
        rules: &[("FunctionName", Rule::Name), ("FilterCriteria.Filters.Pattern", Rule::Json)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Lambda::Permission",
        asks: |subject| vec![POLICY.ask(json!({ "FunctionName": subject.text("FunctionName") }))],
        live: |subject, answers| {
            let policy = answers.part(&POLICY, "Policy");
            if unknown_reason(&policy).is_some() {
                return Live::default().same(&json!({ "Action": policy, "Principal": policy }), &["Action", "Principal"]);
            }
            // The name in AWS ends with the statement's.
            let sid = subject.id.rsplit('|').next().unwrap_or(subject.id);
            let statement = one(&parsed(&policy), "Statement", "Sid", sid);
            Live::default()
                .set("FunctionName", at(&statement, "Resource"))
                .same(&statement, &["Action"])
                .set("Principal", principal(&at(&statement, "Principal")))
                .set("SourceArn", condition(&statement, "aws:sourcearn"))
                .set("SourceAccount", condition(&statement, "aws:sourceaccount"))
                .set("PrincipalOrgID", condition(&statement, "aws:principalorgid"))
                .set("EventSourceToken", condition(&statement, "lambda:eventsourcetoken"))
                .set("FunctionUrlAuthType", condition(&statement, "lambda:functionurlauthtype"))
                .unless_gone(&statement)
        },
        rules: &[("FunctionName", Rule::Name)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Lambda::Alias",
        asks: |subject| {
            let (function, name) = subject.id.rsplit_once(':').unwrap_or((subject.id, ""));
            vec![ALIAS.ask(json!({ "FunctionName": function, "Name": name }))]
        },
        live: |subject, answers| {
            let all = answers.get(&ALIAS);
            Live::default().same(&all, &["Description", "FunctionVersion", "Name"]).set("FunctionName", subject.property("FunctionName"))
        },
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Lambda::Url",
        asks: |subject| vec![URL.ask(json!({ "FunctionName": subject.text("TargetFunctionArn") }))],
        live: |_, answers| {
            let all = answers.get(&URL);
            Live::default()
                .same(&all, &["AuthType", "Cors", "InvokeMode"])
                .set("TargetFunctionArn", at(&all, "FunctionArn"))
                .attributes(&all, &["FunctionArn", "FunctionUrl"])
        },
        rules: &[("TargetFunctionArn", Rule::Name), ("Cors.AllowHeaders", Rule::NoCase), ("Cors.ExposeHeaders", Rule::NoCase)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Lambda::EventInvokeConfig",
        asks: |subject| {
            let parameters = json!({ "FunctionName": subject.text("FunctionName"), "Qualifier": subject.text("Qualifier") });
            vec![INVOKE.ask(parameters)]
        },
        live: |_, answers| {
            let all = answers.get(&INVOKE);
            let same = ["DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts"];
            Live::default().same(&all, &same)
        },
        ..PLAIN
    },
];

/// The code by its digest: Lambda tells that of what it runs, and the artifact's name holds that of what was built.
fn code(declared: &Value, sha256: &Value) -> Value {
    let key = text_at(declared, "S3Key");
    let digest = key.rsplit('/').next().and_then(|file| file.split('.').next()).filter(|digest| digest.len() == 64);
    let Some(digest) = digest.filter(|digest| digest.bytes().all(|digit| digit.is_ascii_hexdigit())) else {
        return unknown("the name of the code does not hold its digest");
    };
    let bytes = (0..digest.len()).step_by(2).filter_map(|at| u8::from_str_radix(digest.get(at..at + 2)?, 16).ok()).collect::<Vec<_>>();
    let runs = match text(sha256) {
        Some(runs) if runs == base64(&bytes) => json!(key),
        Some(runs) => json!(format!("code with the SHA-256 {runs} (base64)")),
        None => sha256.clone(),
    };
    json!({ "S3Key": runs, "S3Bucket": unknown("Lambda does not tell where code came from"), "S3ObjectVersion": unknown("as the bucket") })
}

/// A statement's principal as a permission has it: a service, an account or a role.
fn principal(value: &Value) -> Value {
    let who = value.as_object().and_then(|kinds| kinds.values().next()).unwrap_or(value);
    // A permission names an account by its number.
    let account = who.as_str().and_then(|arn| arn.strip_suffix(":root")).and_then(|arn| arn.rsplit(':').next());
    account.map_or_else(|| who.clone(), |account| json!(account))
}

/// The value of a condition key, whatever its operator and its case.
fn condition(statement: &Value, wanted: &str) -> Value {
    let operators = statement.get("Condition").and_then(Value::as_object);
    let mut keys = operators.into_iter().flat_map(|all| all.values()).filter_map(Value::as_object).flatten();
    keys.find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.clone()).unwrap_or_default()
}
