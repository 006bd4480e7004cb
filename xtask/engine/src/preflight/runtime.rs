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
const AVAILABLE: Action = BEDROCK.action("GetFoundationModelAvailability", "/foundation-model-availability/{modelId}");
const ACCOUNT: Action = APIGATEWAY.action("GetAccount", "/account");
const METRICS: Action = CLOUDWATCH.action("ListMetrics", "/");

/// Where the metrics of charges are, whatever region causes them.
const BILLING_REGION: &str = "us-east-1";

/// A model, and the region that it is called in: another than the target's where a template says so.
#[derive(Debug, Clone, Copy)]
struct Named<'a> {
    id: &'a str,
    region: Option<&'a str>,
}

impl<'a> Named<'a> {
    fn all(needs: &'a Needs) -> impl Iterator<Item = Self> {
        needs.models.iter().flat_map(|(id, regions)| {
            let here = regions.is_empty().then_some(Self { id, region: None });
            here.into_iter().chain(regions.iter().map(move |region| Self { id, region: Some(region) }))
        })
    }

    fn placed(self, ask: Ask) -> Ask {
        match self.region {
            Some(region) => ask.in_region(region),
            None => ask,
        }
    }

    fn life_cycle(self) -> Ask {
        self.placed(MODEL.ask(json!({ "ModelIdentifier": self.id })))
    }

    fn access(self) -> Ask {
        self.placed(AVAILABLE.ask(json!({ "modelId": self.id })))
    }
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
    let models = Named::all(needs).flat_map(|model| [model.life_cycle(), model.access()]);
    let mut asks: Vec<Ask> = models.chain(needs.topics.iter().map(|arn| topic(arn))).collect();
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
    let mut all: Vec<Check> = Named::all(needs).flat_map(|model| [Some(life_cycle(seen, model)), access(seen, model)]).flatten().collect();
    all.extend(needs.topics.iter().map(|arn| confirmed(seen, arn)));
    if !needs.billing.is_empty() {
        all.push(billing(seen));
    }
    if !needs.logging_stages.is_empty() {
        all.push(log_role(seen));
    }
    all
}

fn life_cycle(seen: &Seen<'_>, model: Named<'_>) -> Check {
    let name = format!("model {}", model.id);
    let region = model.region.unwrap_or(&seen.request.target.region);
    match seen.answers.get(&model.life_cycle().key()) {
        Some(Err(error)) if error.kind == ErrorKind::NotFound || error.code.as_deref() == Some("ValidationException") => {
            let found = format!("{region} does not offer it");
            check(&name, CheckState::Error, found, Some("name a model that the region offers, or an inference profile"))
        }
        Some(Err(error)) => super::unknown(&name, error),
        Some(Ok(answer)) => {
            let end = Some(text_at(answer, "modelDetails.modelLifecycle.endOfLifeTime")).filter(|end| !end.is_empty());
            match (text_at(answer, "modelDetails.modelLifecycle.status").as_str(), &end) {
                (_, Some(end)) if has_passed(end) => {
                    check(&name, CheckState::Error, format!("it ended on {}", day(end)), Some("name a model that is active"))
                }
                ("ACTIVE", None) => check(&name, CheckState::Ok, format!("active in {region}"), None),
                ("", _) => check(&name, CheckState::CannotTell, "the answer holds no life cycle", None),
                (other, end) => {
                    let ends = end.as_ref().map(|end| format!(" and ends on {}", day(end))).unwrap_or_default();
                    let found = format!("its life cycle says {other}{ends}");
                    check(&name, CheckState::Warning, found, Some("move to its successor before it ends"))
                }
            }
        }
        None => check(&name, CheckState::CannotTell, "nobody asked", None),
    }
}

/// Whether the account may call a model that there is.
///
/// Nothing where nobody may ask, or where the life cycle has said already that there is none: a deploy's role needs no such right.
fn access(seen: &Seen<'_>, model: Named<'_>) -> Option<Check> {
    let name = format!("access to {}", model.id);
    let answer = seen.answers.get(&model.access().key())?.as_ref().ok()?;
    let word = |path: &str| text_at(answer, path);
    let refused: Vec<&str> = [
        ("the model's agreement is not accepted", word("agreementAvailability.status"), "AVAILABLE"),
        ("the account is not authorized", word("authorizationStatus"), "AUTHORIZED"),
        ("the account is not entitled", word("entitlementAvailability"), "AVAILABLE"),
        ("the region does not have it", word("regionAvailability"), "AVAILABLE"),
    ]
    .into_iter()
    .filter_map(|(what, found, right)| (!found.is_empty() && found != right).then_some(what))
    .collect();
    if refused.is_empty() {
        return Some(check(&name, CheckState::Ok, "granted", None));
    }
    let hint = "a model of another provider is accepted once, at its first call by somebody who may subscribe on the AWS Marketplace";
    Some(check(&name, CheckState::Warning, refused.join(", "), Some(hint)))
}

/// Whether a time as Bedrock writes it lies behind us; one that cannot be read does not.
fn has_passed(time: &str) -> bool {
    time.parse::<jiff::Timestamp>().is_ok_and(|time| time <= jiff::Timestamp::now())
}

fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
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
