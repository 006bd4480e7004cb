//! Answers, and refusals, of all of AWS's protocols as JSON.

use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use engine::cloud::{Ask, CloudError, ErrorKind, Protocol};
use roxmltree::{Document, Node};
use serde_json::{Map, Value};

use crate::aws::errors;

/// An answer that is no answer.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: Option<String>,
    pub(super) message: String,
    pub(super) kind: ErrorKind,
    /// Whether the same question may be answered a moment later.
    pub(super) again: bool,
}

impl Refusal {
    /// One that did not come from AWS.
    pub(super) fn here(message: &str, kind: ErrorKind) -> Self {
        Self { code: None, message: message.to_owned(), kind, again: false }
    }

    pub(super) fn into_error(self, ask: &Ask) -> CloudError {
        let Self { code, message, kind, .. } = self;
        CloudError { service: ask.action.service().name, operation: ask.action.operation(), code, message: errors::shorten(message), kind }
    }
}

/// A body, whole.
pub(super) async fn collect(body: SdkBody) -> Result<Vec<u8>, Refusal> {
    let lost = |error: &dyn std::error::Error| Refusal { again: true, ..Refusal::here(&super::words(error), ErrorKind::Unreachable) };
    ByteStream::new(body).collect().await.map(|bytes| bytes.to_vec()).map_err(|error| lost(&error))
}

/// The answer to a question.
pub(super) fn of(ask: &Ask, status: u16, error_header: Option<&str>, body: &[u8]) -> Result<Value, Refusal> {
    let text = String::from_utf8_lossy(body);
    if !(200..300).contains(&status) {
        return Err(refusal(status, error_header, &text));
    }
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    // A bucket's policy is JSON in a service that otherwise speaks XML.
    let is_json = text.starts_with(['{', '[']);
    let read = match ask.action.service().protocol {
        Protocol::Json { .. } | Protocol::RestJson => json(text),
        Protocol::Query { .. } | Protocol::RestXml if is_json => json(text),
        Protocol::Query { .. } | Protocol::RestXml => xml(text),
    };
    read.map_err(|why| Refusal::here(&format!("the answer cannot be read: {why}"), ErrorKind::Other))
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// XML as JSON: texts; lists where elements repeat, or are called `member` or `item`; objects for everything else.
///
/// Without the service's model, a list of one that is not called so looks like its entry, and an empty list like an empty text.
fn xml(text: &str) -> Result<Value, String> {
    let document = Document::parse(text).map_err(|error| error.to_string())?;
    let root = document.root_element();
    // `<GetRoleResponse><GetRoleResult>…`: the envelope is no part of the answer.
    let result = root.children().find(|child| child.is_element() && child.tag_name().name().ends_with("Result"));
    Ok(value(result.unwrap_or(root)))
}

fn value(node: Node<'_, '_>) -> Value {
    let children: Vec<_> = node.children().filter(Node::is_element).collect();
    let name = |child: &Node<'_, '_>| child.tag_name().name().to_owned();
    if children.is_empty() {
        return Value::String(node.text().unwrap_or_default().to_owned());
    }
    if children.iter().all(|child| matches!(child.tag_name().name(), "member" | "item")) {
        return Value::Array(children.into_iter().map(value).collect());
    }
    if children.iter().all(|child| child.tag_name().name() == "entry") {
        let entry = |child: &Node<'_, '_>| {
            let part = |wanted: &str| child.children().find(|part| part.tag_name().name() == wanted);
            Some((part("key")?.text().unwrap_or_default().to_owned(), value(part("value")?)))
        };
        return Value::Object(children.iter().filter_map(entry).collect());
    }
    let mut all = Map::new();
    for child in children {
        let new = value(child);
        match all.get_mut(&name(&child)) {
            None => drop(all.insert(name(&child), new)),
            // The third of several, or the second: an element that repeats is a list.
            Some(Value::Array(items)) if items.first().is_none_or(|first| !first.is_array()) => items.push(new),
            Some(known) => *known = Value::Array(vec![known.take(), new]),
        }
    }
    Value::Object(all)
}

fn refusal(status: u16, error_header: Option<&str>, text: &str) -> Refusal {
    let body = if text.trim_start().starts_with('<') { xml_error(text) } else { json_error(text) };
    let (code, message) = body.unwrap_or_default();
    let code = error_header.map(bare).or(code.as_deref().map(bare)).filter(|code| !code.is_empty());
    let message = message.unwrap_or_else(|| if text.trim().is_empty() { format!("HTTP status {status}") } else { text.trim().to_owned() });
    let kind = kind(status, code.as_deref(), &message);
    Refusal { again: again(status, code.as_deref()), code, message, kind }
}

type CodeAndMessage = (Option<String>, Option<String>);

fn json_error(text: &str) -> Option<CodeAndMessage> {
    let body: Value = serde_json::from_str(text).ok()?;
    let word = |names: &[&str]| names.iter().find_map(|name| body.get(name)?.as_str()).map(str::to_owned);
    Some((word(&["__type", "code", "Code"]), word(&["message", "Message", "errorMessage"])))
}

fn xml_error(text: &str) -> Option<CodeAndMessage> {
    let document = Document::parse(text).ok()?;
    let word = |name: &str| document.descendants().find(|node| node.tag_name().name() == name)?.text().map(str::to_owned);
    Some((word("Code"), word("Message")))
}

/// `QueueDoesNotExist` in `com.amazonaws.sqs#QueueDoesNotExist`, `ResourceNotFoundException:http://…` and `AWS.SimpleQueueService.X;Sender`.
fn bare(code: &str) -> String {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.split([':', ';']).next().unwrap_or(code).trim().to_owned()
}

fn again(status: u16, code: Option<&str>) -> bool {
    // 501 is an endpoint that does not know the question, and never will.
    let busy = matches!(status, 429 | 500 | 502 | 503 | 504);
    busy || code.is_some_and(|code| {
        ["Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown", "ProvisionedThroughputExceeded", "PriorRequestNotComplete"]
            .iter()
            .any(|word| code.contains(word))
    })
}

fn kind(status: u16, code: Option<&str>, message: &str) -> ErrorKind {
    let gone = ["NotFound", "NoSuch", "NonExistent", "DoesNotExist", "NotExist"];
    match (errors::kind(code, message), status) {
        (ErrorKind::Other, _) if code.is_some_and(|code| gone.iter().any(|word| code.contains(word))) => ErrorKind::NotFound,
        (ErrorKind::Other, 403) => ErrorKind::Denied,
        (ErrorKind::Other, 404) if code.is_none_or(|code| !code.contains("Operation")) => ErrorKind::NotFound,
        (kind, _) => kind,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn xml_becomes_lists_where_elements_repeat_and_texts_elsewhere() {
        let answer = r#"<GetTopicAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><GetTopicAttributesResult><Attributes>
            <entry><key>DisplayName</key><value>Alerts &amp; more</value></entry><entry><key>Policy</key><value>{}</value></entry>
            </Attributes></GetTopicAttributesResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetTopicAttributesResponse>"#;
        let alarms = "<R><DescribeAlarmsResult><MetricAlarms><member><Dimensions><member><Name>Q</Name></member></Dimensions></member>\
            </MetricAlarms></DescribeAlarmsResult></R>";
        let lifecycle =
            "<LifecycleConfiguration><Rule><ID>a</ID></Rule><Rule><ID>b</ID></Rule><Rule><ID>c</ID></Rule></LifecycleConfiguration>";

        assert_eq!(xml(answer).unwrap(), json!({ "Attributes": { "DisplayName": "Alerts & more", "Policy": "{}" } }));
        assert_eq!(xml(alarms).unwrap(), json!({ "MetricAlarms": [{ "Dimensions": [{ "Name": "Q" }] }] }));
        assert_eq!(xml(lifecycle).unwrap(), json!({ "Rule": [{ "ID": "a" }, { "ID": "b" }, { "ID": "c" }] }));
    }

    #[test]
    fn every_form_of_refusal_gives_its_code_and_its_words() {
        let json = refusal(400, None, r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no queue"}"#);
        let compatible = refusal(400, Some("AWS.SimpleQueueService.NonExistentQueue;Sender"), r#"{"__type":"x#Other","message":"m"}"#);
        let xml = refusal(403, None, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>");
        let rest = refusal(404, Some("ResourceNotFoundException:http://internal"), r#"{"Message":"no function"}"#);
        let silent = refusal(404, None, "");

        assert_eq!((json.code.as_deref(), json.message.as_str(), json.kind), (Some("QueueDoesNotExist"), "no queue", ErrorKind::NotFound));
        assert_eq!((compatible.code.as_deref(), compatible.kind), (Some("AWS.SimpleQueueService.NonExistentQueue"), ErrorKind::NotFound));
        assert_eq!((xml.code.as_deref(), xml.message.as_str(), xml.kind), (Some("AccessDenied"), "not you", ErrorKind::Denied));
        assert_eq!((rest.code.as_deref(), rest.kind), (Some("ResourceNotFoundException"), ErrorKind::NotFound));
        assert_eq!((silent.kind, silent.message.as_str()), (ErrorKind::NotFound, "HTTP status 404"));
    }

    #[test]
    fn a_busy_service_is_asked_again_and_a_missing_one_is_not() {
        assert!(again(429, None) && again(503, Some("SlowDown")) && again(400, Some("ThrottlingException")));
        assert!(!again(400, Some("ValidationError")) && !again(404, None) && !again(501, Some("NotImplemented")));
    }
}
