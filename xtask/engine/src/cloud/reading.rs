//! Questions to the services of the resources: only such as change nothing.

use serde_json::{Map, Value};

/// How a service wants to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// A JSON body, the operation in the header `X-Amz-Target`.
    Json {
        /// `1.0` or `1.1`.
        version: &'static str,
        /// What stands before the operation: `DynamoDB_20120810`.
        target: &'static str,
    },
    /// `GET` with a JSON answer.
    RestJson,
    /// A form, with an XML answer.
    Query {
        /// The API's version: `2010-05-08`.
        version: &'static str,
        /// Whether lists are counted as EC2 does (`VpcId.1`), without `member` between.
        flat: bool,
    },
    /// `GET` with an XML answer: S3.
    RestXml,
}

/// Where a service lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// In every region, under its own name.
    Regional,
    /// Once for the whole partition, signed for its first region.
    Global,
}

/// A service, and how it is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// The name under which its calls are counted: `sqs`.
    pub name: &'static str,
    /// The first part of its host name: `monitoring`.
    pub endpoint: &'static str,
    /// The name in its signatures.
    pub signing: &'static str,
    /// Where it lives.
    pub home: Home,
    /// How it is asked.
    pub protocol: Protocol,
}

impl Service {
    /// A regional service whose names are all the same.
    #[must_use]
    pub const fn new(name: &'static str, protocol: Protocol) -> Self {
        Self { name, endpoint: name, signing: name, home: Home::Regional, protocol }
    }

    /// With another host name and signing name than that under which it is counted.
    #[must_use]
    pub const fn at(self, endpoint: &'static str, signing: &'static str) -> Self {
        Self { endpoint, signing, ..self }
    }

    /// One for the whole partition.
    #[must_use]
    pub const fn global(self) -> Self {
        Self { home: Home::Global, ..self }
    }

    /// An operation of this service that only reads; for REST, `at` is its path.
    ///
    /// # Panics
    /// While compiling, for an operation whose name does not say that it only reads: see [`only_reads`].
    #[must_use]
    pub const fn action(&'static self, operation: &'static str, path: &'static str) -> Action {
        assert!(only_reads(operation), "the engine asks services only what changes nothing");
        Action { service: self, operation, path, batch: None, pages: None }
    }
}

/// An operation that only reads. The only way to one is [`Service::action`], which refuses every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    service: &'static Service,
    operation: &'static str,
    path: &'static str,
    batch: Option<&'static str>,
    pages: Option<(&'static str, &'static str)>,
}

impl Action {
    /// For [`Order`](super::Order), which has its own list of what may be done, and for [`registry_login`](super::registry_login).
    pub(super) const fn unchecked(service: &'static Service, operation: &'static str) -> Self {
        Self { service, operation, path: "/", batch: None, pages: None }
    }

    /// Several questions that differ only in this list are asked as one, a hundred entries at most.
    ///
    /// Only for operations that leave out what does not exist, instead of refusing the whole question.
    #[must_use]
    pub const fn batched(self, list: &'static str) -> Self {
        Self { batch: Some(list), ..self }
    }

    /// The answer comes in pages: the list that they share, and the name of the token for the next.
    #[must_use]
    pub const fn paged(self, list: &'static str, token: &'static str) -> Self {
        Self { pages: Some((list, token)), ..self }
    }

    /// The service.
    #[must_use]
    pub const fn service(&self) -> &'static Service {
        self.service
    }

    /// AWS's name for it: `GetQueueAttributes`.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    /// For REST: `/v2/apis/{apiId}`. Parameters that it does not name go into the query.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// The list by which questions are put together.
    #[must_use]
    pub const fn batch(&self) -> Option<&'static str> {
        self.batch
    }

    /// The list that pages share, and the token for the next page.
    #[must_use]
    pub const fn pages(&self) -> Option<(&'static str, &'static str)> {
        self.pages
    }

    /// The question, with its parameters.
    #[must_use]
    pub fn ask(self, parameters: Value) -> Ask {
        let parameters = match parameters {
            Value::Object(parameters) => parameters,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
        };
        Ask { action: self, parameters, region: None }
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The operation.
    pub action: Action,
    /// Its parameters, as AWS spells them.
    pub parameters: Map<String, Value>,
    /// The region that is asked; the target's own when absent.
    pub region: Option<String>,
}

impl Ask {
    /// The same question to the service in another region.
    #[must_use]
    pub fn in_region(self, region: &str) -> Self {
        Self { region: Some(region.to_owned()), ..self }
    }

    /// The same for the same question.
    #[must_use]
    pub fn key(&self) -> String {
        let parameters = Value::Object(self.parameters.clone());
        let place = self.region.as_ref().map(|region| format!(" in {region}")).unwrap_or_default();
        format!("{}:{}{place} {parameters}", self.action.service.name, self.action.operation)
    }
}

/// The beginnings of the names of operations that change nothing.
const READING: &[&str] = &["Get", "List", "Describe", "Scan"];

/// Operations with such a name that nobody needs who compares settings: they give out secrets, or credentials.
const SECRETS: &[&str] =
    &["GetSecretValue", "GetSessionToken", "GetFederationToken", "GetPasswordData", "GetAuthorizationToken", "GetLoginProfile"];

/// Whether an operation's name says that it only reads, and it gives out no secret.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "a const function has no other way, and the loop stops at the end")]
pub const fn only_reads(operation: &str) -> bool {
    let mut at = 0;
    while at < SECRETS.len() {
        if starts_with(operation, SECRETS[at]) {
            return false;
        }
        at += 1;
    }
    let mut at = 0;
    while at < READING.len() {
        if starts_with(operation, READING[at]) {
            return true;
        }
        at += 1;
    }
    false
}

#[expect(clippy::indexing_slicing, reason = "a const function has no other way, and lengths are compared before")]
pub(super) const fn starts_with(text: &str, beginning: &str) -> bool {
    let (text, beginning) = (text.as_bytes(), beginning.as_bytes());
    if text.len() < beginning.len() {
        return false;
    }
    let mut at = 0;
    while at < beginning.len() {
        if text[at] != beginning[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    static SQS: Service = Service::new("sqs", Protocol::Json { version: "1.0", target: "AmazonSQS" });

    #[test]
    fn only_operations_that_change_nothing_can_be_asked() {
        for operation in ["GetQueueAttributes", "ListQueueTags", "DescribeTable", "Scan"] {
            assert!(only_reads(operation), "`{operation}` could not be asked");
        }
        for operation in ["DeleteQueue", "PurgeQueue", "SetQueueAttributes", "StartQuery", "Ge", "", "UpdateStack", "GetSecretValue"] {
            assert!(!only_reads(operation), "`{operation}` could change something, or give out a secret, while somebody only looks");
        }
    }

    #[test]
    #[should_panic(expected = "only what changes nothing")]
    fn an_operation_that_deletes_cannot_be_made_a_question() {
        let _ = SQS.action("DeleteQueue", "/");
    }

    #[test]
    fn the_same_question_has_the_same_key() {
        let action = SQS.action("GetQueueAttributes", "/");

        let (one, other) = (action.ask(serde_json::json!({ "QueueUrl": "a" })), action.ask(serde_json::json!({ "QueueUrl": "b" })));

        assert_eq!(one.key(), one.clone().key());
        assert_ne!(one.key(), other.key(), "one queue would get the other's answer");
        assert_ne!(one.key(), one.clone().in_region("us-west-2").key(), "one region would get the other's answer");
    }
}
