//! Which questions every resource type needs, and what the answers mean: one file per service.

mod apigateway;
mod autoscaling;
mod cloudwatch;
mod cognito;
mod dynamodb;
mod ec2;
mod ecr;
mod ecs;
mod events;
mod iam;
mod kms;
mod lambda;
mod logs;
mod routing;
mod s3;
mod sns;
mod sqs;
mod states;
mod stores;
#[cfg(test)]
mod tests;

use super::reader::Reader;

/// What every reader uses.
mod prelude {
    pub(super) use crate::cloud::{Action, Ask, Protocol, Service};
    pub(super) use crate::verify::compare::Rule;
    pub(super) use crate::verify::reader::{Live, PLAIN, Reader, Subject, tail};
    pub(super) use crate::verify::readers::{one, worst};
    pub(super) use crate::verify::value::{at, each, items, list, pascal, renamed, tags_of_map, text, text_at, unknown, unknown_reason};
}

/// Questions that others ask as well.
pub(crate) mod actions {
    pub(crate) use super::sns::SUBSCRIPTIONS;
}

/// Every resource type that can be read back.
const ALL: &[&[Reader]] = &[
    apigateway::READERS,
    autoscaling::READERS,
    cloudwatch::READERS,
    cognito::READERS,
    dynamodb::READERS,
    ec2::READERS,
    ecr::READERS,
    ecs::READERS,
    events::READERS,
    iam::READERS,
    kms::READERS,
    lambda::READERS,
    logs::READERS,
    routing::READERS,
    s3::READERS,
    sns::READERS,
    sqs::READERS,
    states::READERS,
    stores::READERS,
];

/// The reader of a type; none for a type that is not read back.
pub(super) fn find(resource_type: &str) -> Option<&'static Reader> {
    ALL.iter().copied().flatten().find(|reader| reader.resource_type == resource_type)
}

use serde_json::Value;

use super::policy;
use super::reader::Subject;
use super::value::{at, items, list, text, unknown_reason};

/// Of several policies that are to be the same, the first that is not as declared; the first when all are.
fn worst(subject: &Subject<'_>, policies: Vec<Value>) -> Value {
    let declared = policy::normal(&subject.property("PolicyDocument"));
    let other = policies.iter().find(|one| policy::normal(one) != declared);
    other.or(policies.first()).cloned().unwrap_or_default()
}

/// The entry of a list in an answer whose field is this name; null when there is none, unknown when the answer is.
fn one(answer: &Value, path: &str, field: &str, name: &str) -> Value {
    let all = list(at(answer, path));
    if unknown_reason(&all).is_some() {
        return all;
    }
    items(&all).iter().find(|entry| entry.get(field).and_then(text).is_some_and(|found| found == name)).cloned().unwrap_or_default()
}
