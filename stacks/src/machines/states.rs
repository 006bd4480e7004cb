//! States as they are written here: every call has a time limit, is tried again, and has somewhere to go when it fails for good.

use contract::fleet::{OperationState, column};
use serde_json::{Map, Value, json};

/// How long one call may take. AWS answers within seconds.
const CALL_SECONDS: u32 = 60;

/// What went wrong, in the words of AWS, for the operation's item.
const CAUSE: &str = "{% $states.errorOutput.Error & ': ' & $states.errorOutput.Cause %}";

/// Seconds since 1970, as DynamoDB takes numbers.
const NOW: &str = "{% $string($floor($millis() / 1000)) %}";

/// A definition: where it starts, for how many seconds it may run at most, its states in the order in which they are passed.
pub(super) fn machine<const N: usize>(comment: &str, seconds: u32, states: [(&str, Value); N]) -> Value {
    let start = states.first().map(|(name, _)| *name);
    let states: Map<String, Value> = states.into_iter().map(|(name, state)| (name.to_owned(), state)).collect();
    json!({ "Comment": comment, "QueryLanguage": "JSONata", "StartAt": start, "TimeoutSeconds": seconds, "States": states })
}

/// A call of AWS. What it gets wrong for good is put into `$cause`, and `on_failure` is next.
pub(super) fn call(action: &str, arguments: Value, assign: Value, next: &str, on_failure: &str) -> Value {
    // A throttled or refused call comes again after 2, 4, 8 … seconds at most, drawn at random, so that two machines get out of step.
    let retry = again(&["States.ALL"], 2, 6, 60);
    let catch = json!([{ "ErrorEquals": ["States.ALL"], "Assign": { "cause": CAUSE }, "Next": on_failure }]);
    json!({
        "Type": "Task",
        "Resource": format!("arn:aws:states:::aws-sdk:{action}"),
        "Arguments": arguments,
        "TimeoutSeconds": CALL_SECONDS,
        "Retry": [retry],
        "Catch": catch,
        "Assign": assign,
        "Next": next,
    })
}

/// When to try again: at first after so many seconds, so many times, with at most so many seconds between.
pub(super) fn again(errors: &[&str], first_seconds: u32, times: u32, most_seconds: u32) -> Value {
    json!({
        "ErrorEquals": errors,
        "IntervalSeconds": first_seconds,
        "BackoffRate": 2,
        "MaxAttempts": times,
        "MaxDelaySeconds": most_seconds,
        "JitterStrategy": "FULL",
    })
}

/// A call that is tried again in another manner than all others; the rules are asked in their order.
pub(super) fn with_retries<const N: usize>(mut call: Value, retries: [Value; N]) -> Value {
    call["Retry"] = Value::Array(retries.into());
    call
}

/// A call whose failure is added to what failed before, and is no reason not to go on.
pub(super) fn whatever_happens(mut call: Value, next: &str) -> Value {
    let more = "{% $cause & '; and ' & $states.errorOutput.Error & ': ' & $states.errorOutput.Cause %}";
    call["Catch"] = json!([{ "ErrorEquals": ["States.ALL"], "Assign": { "cause": more }, "Next": next }]);
    call
}

/// A pause.
pub(super) fn wait(seconds: u32, next: &str) -> Value {
    json!({ "Type": "Wait", "Seconds": seconds, "Next": next })
}

/// The first condition that holds decides where to go; else `otherwise`.
pub(super) fn choose<const N: usize>(choices: [Value; N], otherwise: &str) -> Value {
    json!({ "Type": "Choice", "Choices": Vec::from(choices), "Default": otherwise })
}

/// A condition, and where to go when it holds.
pub(super) fn when(condition: &str, next: &str) -> Value {
    json!({ "Condition": format!("{{% {condition} %}}"), "Next": next })
}

/// Variables get values; no call, so nothing that can fail.
pub(super) fn set(assign: Value, next: &str) -> Value {
    json!({ "Type": "Pass", "Assign": assign, "Next": next })
}

/// The end of a machine that did what it was asked for.
pub(super) fn succeed() -> Value {
    json!({ "Type": "Succeed" })
}

/// The end of a machine that did not; the execution counts as failed.
pub(super) fn fail(error: &str) -> Value {
    json!({ "Type": "Fail", "Error": error, "Cause": "{% $cause %}" })
}

/// Writes that the operation is being carried out, and what to go back to: whatever is remembered already stays.
///
/// A machine that is run again finds the fleet half changed, and would take that for what was there before.
pub(super) fn remember(columns: &[(&str, &str)], assign: Value, next: &str, on_failure: &str) -> Value {
    let mut update = "SET #state = :state, #updated = :updated, #created = if_not_exists(#created, :updated)".to_owned();
    let mut names = json!({ "#state": column::STATE, "#updated": column::UPDATED_AT, "#created": column::CREATED_AT });
    let mut values = json!({ ":state": { "S": OperationState::Running.as_str() }, ":updated": { "N": NOW } });
    for (column, value) in columns {
        update.push_str(&format!(", #{column} = if_not_exists(#{column}, :{column})"));
        names[format!("#{column}")] = json!(column);
        values[format!(":{column}")] = json!({ "S": value });
    }
    let arguments = json!({
        "TableName": "${FleetTable}",
        "Key": key(),
        "UpdateExpression": update,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ReturnValues": "ALL_NEW",
    });
    call("dynamodb:updateItem", arguments, assign, next, on_failure)
}

/// Writes that the fleet is as it was asked for.
pub(super) fn record_done(next: &str, on_failure: &str) -> Value {
    let arguments = json!({
        "TableName": "${FleetTable}",
        "Key": key(),
        "UpdateExpression": "SET #state = :state, #updated = :updated REMOVE #error",
        "ExpressionAttributeNames": { "#state": column::STATE, "#updated": column::UPDATED_AT, "#error": column::ERROR },
        "ExpressionAttributeValues": { ":state": { "S": OperationState::Done.as_str() }, ":updated": { "N": NOW } },
    });
    record(arguments, next, on_failure)
}

/// Writes that it failed, and why.
pub(super) fn record_failed(next: &str) -> Value {
    let arguments = json!({
        "TableName": "${FleetTable}",
        "Key": key(),
        "UpdateExpression": "SET #state = :state, #updated = :updated, #error = :error",
        "ExpressionAttributeNames": { "#state": column::STATE, "#updated": column::UPDATED_AT, "#error": column::ERROR },
        "ExpressionAttributeValues": {
            ":state": { "S": OperationState::Failed.as_str() },
            ":updated": { "N": NOW },
            ":error": { "S": "{% $cause %}" },
        },
    });
    record(arguments, next, next)
}

/// Somebody waits for this line: it is tried for half an hour.
fn record(arguments: Value, next: &str, on_failure: &str) -> Value {
    let write = call("dynamodb:updateItem", arguments, json!({}), next, on_failure);
    whatever_happens(with_retries(write, [again(&["States.ALL"], 2, 35, 60)]), on_failure)
}

fn key() -> Value {
    json!({ column::ID: { "S": "{% 'operation#' & $operation %}" } })
}
