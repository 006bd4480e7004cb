//! The client against a server of its own on loopback, which keeps what it was asked.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use engine::cloud::{Action, Ask, CloudError, ErrorKind, Protocol, Service};
use serde_json::{Value, json};

use super::Reading;

static SQS: Service = Service::new("sqs", Protocol::Json { version: "1.0", target: "AmazonSQS" });
static SNS: Service = Service::new("sns", Protocol::Query { version: "2010-03-31", flat: false });
static S3: Service = Service::new("s3", Protocol::RestXml);
static LAMBDA: Service = Service::new("lambda", Protocol::RestJson);
static IAM: Service = Service::new("iam", Protocol::Query { version: "2010-05-08", flat: false }).global();

const GET_QUEUE: Action = SQS.action("GetQueueAttributes", "/");

/// A request as the server heard it.
#[derive(Debug)]
struct Heard {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or_else(|| panic!("no `{name}` in {:?}", self.headers), |(_, value)| value)
    }
}

/// Answers each request with the next of `answers` (status, body), and keeps what it heard.
fn serve(answers: Vec<(u16, &str)>) -> (String, mpsc::Receiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut answers: VecDeque<(u16, String)> = answers.into_iter().map(|(status, body)| (status, body.to_owned())).collect();
    let (sender, heard) = mpsc::channel();
    thread::spawn(move || {
        while let Some((status, body)) = answers.pop_front() {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(&stream);
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let mut headers = Vec::new();
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).unwrap();
                let Some((name, value)) = header.trim().split_once(':') else { break };
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
            let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
            let mut content = vec![0; length];
            reader.read_exact(&mut content).unwrap();
            sender.send(Heard { line: line.trim().to_owned(), headers, body: String::from_utf8(content).unwrap() }).unwrap();
            write!(&stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    (url, heard)
}

fn config(url: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("session".to_owned()), None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(url)
        .build()
}

/// The answer, and how many calls were counted for it.
async fn read(url: &str, ask: Ask) -> (Result<Value, CloudError>, usize) {
    let config = config(url);
    let counted = RefCell::new(Vec::new());
    let answer = Reading::new(&config).without_pauses().read(&config, &ask, &|service| counted.borrow_mut().push(service.to_owned())).await;
    let counted = counted.into_inner();
    assert!(counted.iter().all(|service| service == ask.action.service().name), "calls would be counted for another service: {counted:?}");
    (answer, counted.len())
}

#[tokio::test]
async fn a_json_service_gets_its_target_and_a_signature_for_its_own_name() {
    let (url, heard) = serve(vec![(200, r#"{"Attributes":{"DelaySeconds":"0"}}"#)]);

    let (answer, calls) = read(&url, GET_QUEUE.ask(json!({ "QueueUrl": "https://q" }))).await;

    let heard = heard.recv().unwrap();
    assert_eq!(answer.unwrap(), json!({ "Attributes": { "DelaySeconds": "0" } }));
    assert_eq!((heard.line.as_str(), calls), ("POST / HTTP/1.1", 1));
    assert_eq!(heard.header("x-amz-target"), "AmazonSQS.GetQueueAttributes");
    assert_eq!(heard.header("content-type"), "application/x-amz-json-1.0");
    assert_eq!(heard.header("x-amz-security-token"), "session", "temporary credentials would be refused");
    let authorization = heard.header("authorization");
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{authorization}");
    assert!(authorization.contains("/eu-central-1/sqs/aws4_request"), "AWS would refuse the signature: {authorization}");
    assert_eq!(heard.body, r#"{"QueueUrl":"https://q"}"#);
}

#[tokio::test]
async fn a_query_service_gets_a_form_and_its_xml_is_understood() {
    let topic = "<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes><entry><key>DisplayName</key><value>A</value></entry>\
        </Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>";
    let (url, heard) = serve(vec![(200, topic)]);

    let ask = SNS.action("GetTopicAttributes", "/").ask(json!({ "TopicArn": "arn:aws:sns:eu-central-1:1:a" }));
    let (answer, _) = read(&url, ask).await;

    assert_eq!(answer.unwrap(), json!({ "Attributes": { "DisplayName": "A" } }));
    assert_eq!(heard.recv().unwrap().body, "Action=GetTopicAttributes&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-central-1%3A1%3Aa");
}

#[tokio::test]
async fn a_bucket_is_asked_by_path_with_the_digest_of_the_body_signed() {
    let (url, heard) = serve(vec![(200, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")]);

    let (answer, _) = read(&url, S3.action("GetBucketVersioning", "/{Bucket}?versioning").ask(json!({ "Bucket": "b.c" }))).await;

    let heard = heard.recv().unwrap();
    assert_eq!(answer.unwrap(), json!({ "Status": "Enabled" }));
    assert_eq!(heard.line, "GET /b.c?versioning HTTP/1.1");
    let digest_of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(heard.header("x-amz-content-sha256"), digest_of_nothing, "S3 would refuse the request");
}

#[tokio::test]
async fn a_global_service_is_signed_for_the_first_region_of_its_partition() {
    let (url, heard) = serve(vec![(200, "<GetRoleResponse><GetRoleResult><Role/></GetRoleResult></GetRoleResponse>")]);

    let (answer, _) = read(&url, IAM.action("GetRole", "/").ask(json!({ "RoleName": "r" }))).await;

    assert_eq!(answer.unwrap(), json!({ "Role": "" }));
    assert!(heard.recv().unwrap().header("authorization").contains("/us-east-1/iam/aws4_request"), "IAM would refuse the signature");
}

#[tokio::test]
async fn a_throttled_question_is_put_again_and_every_try_is_counted() {
    let throttled = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
    let (url, _heard) = serve(vec![(400, throttled), (429, ""), (503, "busy"), (200, r#"{"MemorySize":128}"#)]);

    let ask = LAMBDA.action("GetFunctionConfiguration", "/2015-03-31/functions/{FunctionName}/configuration");
    let (answer, calls) = read(&url, ask.ask(json!({ "FunctionName": "f" }))).await;

    assert_eq!((answer.unwrap(), calls), (json!({ "MemorySize": 128 }), 4), "a busy minute would look like a difference");
}

#[tokio::test]
async fn a_service_that_stays_busy_is_given_up() {
    let (url, _heard) = serve(vec![(503, ""); 5]);

    let (answer, calls) = read(&url, GET_QUEUE.ask(json!({}))).await;

    let error = answer.unwrap_err();
    assert_eq!((error.message.as_str(), calls), ("HTTP status 503", 5));
}

#[tokio::test]
async fn a_refusal_is_told_in_awss_words_and_not_repeated() {
    let denied = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>maria is not authorized</Message></Error></ErrorResponse>";
    let (url, _heard) = serve(vec![(403, denied)]);

    let (answer, calls) = read(&url, SNS.action("GetTopicAttributes", "/").ask(json!({}))).await;

    let error = answer.unwrap_err();
    assert_eq!((error.kind, error.code.as_deref(), calls), (ErrorKind::Denied, Some("AccessDenied"), 1));
    assert_eq!(error.to_string(), "sns GetTopicAttributes: maria is not authorized");
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    let (answer, _) = read(&format!("http://{port}"), GET_QUEUE.ask(json!({}))).await;

    assert_eq!(answer.unwrap_err().kind, ErrorKind::Unreachable, "somebody would look for a mistake in the resource");
}

#[tokio::test]
async fn pages_are_read_to_the_end() {
    let page = |topic: &str, token: &str| {
        format!(
            "<R><ListSubscriptionsByTopicResult><Subscriptions><member><Endpoint>{topic}</Endpoint></member></Subscriptions>{token}\
             </ListSubscriptionsByTopicResult></R>"
        )
    };
    let (first, second) = (page("a", "<NextToken>t</NextToken>"), page("b", ""));
    let (url, heard) = serve(vec![(200, &first), (200, &second)]);

    let action = SNS.action("ListSubscriptionsByTopic", "/").paged("Subscriptions", "NextToken");
    let (answer, calls) = read(&url, action.ask(json!({ "TopicArn": "t" }))).await;

    assert_eq!((&answer.unwrap()["Subscriptions"], calls), (&json!([{ "Endpoint": "a" }, { "Endpoint": "b" }]), 2));
    heard.recv().unwrap();
    assert!(heard.recv().unwrap().body.ends_with("&NextToken=t"), "the first page would be read for ever");
}

/// Gives credentials that end after some time, and counts how often it was asked.
#[derive(Debug)]
struct Counting {
    asked: Arc<AtomicUsize>,
    ends_in: Duration,
}

impl ProvideCredentials for Counting {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        self.asked.fetch_add(1, Ordering::SeqCst);
        future::ProvideCredentials::ready(Ok(Credentials::new("A", "s", None, Some(SystemTime::now() + self.ends_in), "test")))
    }
}

#[tokio::test]
async fn credentials_are_looked_for_once_and_again_before_they_end() {
    for (ends_in, expected) in [(Duration::from_secs(3600), 1), (Duration::from_secs(10), 3)] {
        let (url, _heard) = serve(vec![(200, "{}"); 3]);
        let asked = Arc::new(AtomicUsize::new(0));
        let provider = SharedCredentialsProvider::new(Counting { asked: Arc::clone(&asked), ends_in });
        let config = config(&url).into_builder().credentials_provider(provider).build();
        let reading = Reading::new(&config);

        for _ in 0..3 {
            reading.read(&config, &GET_QUEUE.ask(json!({})), &|_| ()).await.unwrap();
        }

        assert_eq!(asked.load(Ordering::SeqCst), expected, "every question would sign in anew, or sign with what has ended");
    }
}

/// The environment of a person who has set these variables, as the SDK looks into it.
#[derive(Debug)]
struct Variables(Vec<(&'static str, String)>);

impl LoadServiceConfig for Variables {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let variable = format!("{}_{}", key.env(), key.service_id().to_uppercase().replace(' ', "_"));
        self.0.iter().find(|(name, _)| *name == variable).map(|(_, url)| url.clone())
    }
}

#[tokio::test]
async fn an_endpoint_of_one_service_goes_before_that_of_all() {
    static LOGS: Service = Service::new("logs", Protocol::Json { version: "1.1", target: "Logs_20140328" });
    let (for_all, heard_by_all) = serve(vec![(200, "{}")]);
    let (for_logs, heard_by_logs) = serve(vec![(200, "{}")]);
    let variables = Variables(vec![("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", format!("{for_logs}/"))]);
    let config = config(&for_all).into_builder().service_config(variables).build();
    let reading = Reading::new(&config);

    for ask in [GET_QUEUE.ask(json!({})), LOGS.action("DescribeLogGroups", "/").ask(json!({}))] {
        reading.read(&config, &ask, &|_| ()).await.unwrap();
    }

    assert_eq!(heard_by_all.recv().unwrap().header("x-amz-target"), "AmazonSQS.GetQueueAttributes");
    let heard = heard_by_logs.recv().unwrap();
    assert_eq!(
        heard.header("x-amz-target"),
        "Logs_20140328.DescribeLogGroups",
        "another endpoint than that of the SDK's clients was asked"
    );
    assert_eq!(heard.line, "POST / HTTP/1.1");
}
