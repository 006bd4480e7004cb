//! What deploys well and does not work afterwards: models that end, alarms that nobody hears, logs that nobody writes.

use protocol::{Check, CheckState, Target};
use serde_json::json;

use super::needs::Needs;
use super::{Seen, check};
use crate::cloud::{Action, Ask, ErrorKind, Protocol, Service};
use crate::verify::{actions, at, items, list, text_at};

static BEDROCK: Service = Service::new("bedrock", Protocol::RestJson);
static APIGATEWAY: Service = Service::new("apigateway", Protocol::RestJson);
static CLOUDWATCH: Service =
    Service::new("cloudwatch", Protocol::Json { version: "1.0", target: "GraniteServiceVersion20100801" }).at("monitoring", "monitoring");

const MODEL: Action = BEDROCK.action("GetFoundationModel", "/foundation-models/{ModelIdentifier}");
const ACCOUNT: Action = APIGATEWAY.action("GetAccount", "/account");
const METRICS: Action = CLOUDWATCH.action("ListMetrics", "/");

/// Where the metrics of charges are, whatever region causes them.
const BILLING_REGION: &str = "us-east-1";

fn model(id: &str) -> Ask {
    MODEL.ask(json!({ "ModelIdentifier": id }))
}

fn topic(arn: &str) -> Ask {
    actions::SUBSCRIPTIONS.ask(json!({ "TopicArn": arn }))
}

fn charges() -> Ask {
    METRICS.ask(json!({ "Namespace": "AWS/Billing", "MetricName": "EstimatedCharges" }))
}

fn account() -> Ask {
    ACCOUNT.ask(json!({}))
}

pub(super) fn asks(needs: &Needs, target: &Target) -> Vec<Ask> {
    let mut asks: Vec<Ask> = needs.models.iter().map(|id| model(id)).chain(needs.topics.iter().map(|arn| topic(arn))).collect();
    if !needs.billing.is_empty() && target.region == BILLING_REGION {
        asks.push(charges());
    }
    if !needs.logging_stages.is_empty() {
        asks.push(account());
    }
    asks
}

pub(super) fn checks(seen: &Seen<'_>) -> Vec<Check> {
    let needs = seen.needs;
    let mut all: Vec<Check> = needs.models.iter().map(|id| life_cycle(seen, id)).collect();
    all.extend(needs.topics.iter().map(|arn| confirmed(seen, arn)));
    if !needs.billing.is_empty() {
        all.push(billing(seen));
    }
    if !needs.logging_stages.is_empty() {
        all.push(log_role(seen));
    }
    all
}

fn life_cycle(seen: &Seen<'_>, id: &str) -> Check {
    let name = format!("model {id}");
    match seen.answers.get(&model(id).key()) {
        Some(Err(error)) if error.kind == ErrorKind::NotFound || error.code.as_deref() == Some("ValidationException") => {
            let found = format!("{} does not offer it", seen.request.target.region);
            check(&name, CheckState::Error, found, Some("name a model that the region offers, or an inference profile"))
        }
        Some(Err(error)) => super::unknown(&name, error),
        Some(Ok(answer)) => match text_at(answer, "modelDetails.modelLifecycle.status").as_str() {
            "ACTIVE" => check(&name, CheckState::Ok, "active", None),
            "" => check(&name, CheckState::CannotTell, "the answer holds no life cycle", None),
            other => {
                check(&name, CheckState::Warning, format!("its life cycle says {other}"), Some("move to its successor before it ends"))
            }
        },
        None => check(&name, CheckState::CannotTell, "nobody asked", None),
    }
}

/// An alarm by e-mail reaches nobody before somebody has followed the link in the first letter.
fn confirmed(seen: &Seen<'_>, arn: &str) -> Check {
    let name = format!("subscriptions of {}", arn.rsplit(':').next().unwrap_or(arn));
    let answer = match seen.answer(&name, &topic(arn)) {
        Ok(answer) => answer,
        Err(check) => return check,
    };
    let subscriptions = list(at(answer, "Subscriptions"));
    let open: Vec<String> = items(&subscriptions)
        .iter()
        .filter(|one| text_at(one, "SubscriptionArn") == "PendingConfirmation")
        .map(|one| text_at(one, "Endpoint"))
        .collect();
    if open.is_empty() {
        return check(&name, CheckState::Ok, format!("{} confirmed", items(&subscriptions).len()), None);
    }
    let hint = "follow the link in the letter that AWS sent; after three days, subscribe again";
    check(&name, CheckState::Warning, format!("nobody has confirmed {}", open.join(", ")), Some(hint))
}

fn billing(seen: &Seen<'_>) -> Check {
    const NAME: &str = "billing alarms";
    let alarms = seen.needs.billing.join(", ");
    if seen.request.target.region != BILLING_REGION {
        let hint = "deploy them in us-east-1: the metrics of charges exist there alone";
        return check(NAME, CheckState::Error, format!("{alarms} can never fire in {}", seen.request.target.region), Some(hint));
    }
    match seen.answer(NAME, &charges()) {
        Ok(answer) if items(&list(at(answer, "Metrics"))).is_empty() => {
            let hint = "turn on CloudWatch billing alerts in the billing preferences of the paying account";
            check(NAME, CheckState::Warning, format!("{alarms} can not fire: there are no metrics of charges"), Some(hint))
        }
        Ok(_) => check(NAME, CheckState::Ok, "the metrics of charges are there", None),
        Err(check) => check,
    }
}

fn log_role(seen: &Seen<'_>) -> Check {
    const NAME: &str = "API Gateway logs";
    match seen.answer(NAME, &account()) {
        Ok(answer) if text_at(answer, "cloudwatchRoleArn").is_empty() => {
            let hint = "give API Gateway a role for CloudWatch in the account's settings (AWS::ApiGateway::Account)";
            check(
                NAME,
                CheckState::Error,
                format!("{} cannot log: the account has no role for it", seen.needs.logging_stages.join(", ")),
                Some(hint),
            )
        }
        Ok(answer) => check(NAME, CheckState::Ok, format!("with {}", text_at(answer, "cloudwatchRoleArn")), None),
        Err(check) => check,
    }
}
