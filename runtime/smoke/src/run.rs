//! The test as a whole.

use std::{collections::BTreeMap, error::Error, io, time::Duration, time::Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig, timeout::TimeoutConfig};
use contract::{
    outputs,
    smoke::{Event, Request, Wanted},
};
use ulid::Ulid;

use crate::{api, job, pictures};

/// The test failed: what was wrong, and what to do next.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What was wrong.
    pub message: String,
    /// What to do next, and what was left behind.
    pub hint: String,
    /// What the cloud or a library said.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into(), source: None }
    }

    /// A call to the cloud that did not end well.
    pub(crate) fn call(doing: &str, request: &Request, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let hint = match &request.endpoint {
            Some(endpoint) => {
                format!("see whether the cloud at {endpoint} is running and the stacks of `{}` are deployed", request.environment)
            }
            None => format!("see whether these credentials may do that in `{}`", request.environment),
        };
        Self { message: format!("could not {doing}"), hint, source: Some(source.into()) }
    }

    /// The last event of a test that failed.
    #[must_use]
    pub fn into_event(self) -> Event {
        let mut message = self.message;
        let mut cause: Option<&(dyn Error + 'static)> = self.source.as_ref().map(|source| source.as_ref() as _);
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        Event::Failed { message, hint: self.hint }
    }
}

/// Where events go.
pub(crate) type Tell<'a> = &'a mut dyn FnMut(&Event) -> io::Result<()>;

pub(crate) fn tell(tell: Tell<'_>, event: &Event) -> Result<(), Failure> {
    tell(event).map_err(|error| Failure {
        message: "could not write to stdout".to_owned(),
        hint: "whoever reads the events has gone".to_owned(),
        source: Some(error.into()),
    })
}

/// The names that the test needs of the environment's outputs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) source_bucket: String,
    pub(crate) destination_bucket: String,
    pub(crate) job_queue_url: String,
}

impl Names {
    /// Finds all of them, or says which are missing.
    pub(crate) fn of(request: &Request) -> Result<Self, Failure> {
        let mut missing = Vec::new();
        let mut needed = |stack: &str, name: &str| {
            let found = output(request, stack, name);
            if found.is_none() {
                missing.push(format!("`{stack}.{name}`"));
            }
            found.unwrap_or_default()
        };
        let names = Self {
            source_bucket: needed(outputs::images::STACK, outputs::images::SOURCE_BUCKET_NAME),
            destination_bucket: needed(outputs::images::STACK, outputs::images::DESTINATION_BUCKET_NAME),
            job_queue_url: needed(outputs::jobs::STACK, outputs::jobs::JOB_QUEUE_URL),
        };
        if missing.is_empty() {
            return Ok(names);
        }
        let message = format!("`{}` has no output {}", request.environment, missing.join(", "));
        Err(Failure::new(message, "nothing was sent; deploy the stacks `images` and `jobs` first"))
    }
}

/// An output of a stack, where there is one.
pub(crate) fn output(request: &Request, stack: &str, name: &str) -> Option<String> {
    request.outputs.get(stack).and_then(|outputs: &BTreeMap<_, _>| outputs.get(name)).cloned()
}

/// Tests an environment, or does what else is wanted of it; `known` is a user that is there already; `told` hears what happens, all but the failure.
///
/// # Errors
///
/// Something is not as it should be.
pub async fn run(
    request: &Request,
    known: Option<(String, String)>,
    told: &mut dyn FnMut(&Event) -> io::Result<()>,
) -> Result<(), Failure> {
    let begun = Instant::now();
    let id = Ulid::generate();
    if request.wanted == Wanted::Token {
        let aws = connect(request).await;
        api::token(&aws, request, known, id, told).await?;
        return tell(told, &Event::Done { milliseconds: milliseconds(begun) });
    }
    let names = Names::of(request)?;
    let aws = connect(request).await;
    pictures::test(&aws_sdk_s3::Client::new(&aws), request, &names, id, told).await?;
    job::test(&aws_sdk_sqs::Client::new(&aws), request, &names, id, told).await?;
    api::test(&aws, request, known, id, told).await?;
    tell(told, &Event::Done { milliseconds: milliseconds(begun) })
}

async fn connect(request: &Request) -> SdkConfig {
    // A cloud that accepts connections and never answers must not hold up a pipeline.
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_secs(60)).build();
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(request.region.clone())).timeout_config(timeouts);
    match &request.endpoint {
        Some(endpoint) => loader.endpoint_url(endpoint).load().await,
        None => loader.load().await,
    }
}

pub(crate) fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(outputs: &[(&str, &str, &str)]) -> Request {
        let mut stacks = BTreeMap::<_, BTreeMap<_, _>>::new();
        for &(stack, name, value) in outputs {
            stacks.entry(stack.to_owned()).or_default().insert(name.to_owned(), value.to_owned());
        }
        let boxes = vec![2048, 1024];
        Request {
            environment: "local".to_owned(),
            endpoint: None,
            region: "us-east-1".to_owned(),
            outputs: stacks,
            boxes,
            wanted: Wanted::Everything,
            api: contract::smoke::Api::default(),
        }
    }

    #[test]
    fn every_missing_output_is_named_at_once() {
        let half_deployed = request(&[("images", "SourceBucketName", "photos-in")]);

        let failure = Names::of(&half_deployed).unwrap_err();

        assert_eq!(failure.to_string(), "`local` has no output `images.DestinationBucketName`, `jobs.JobQueueUrl`");
        assert!(failure.hint.starts_with("nothing was sent"), "nobody would know whether to clean up");
    }

    #[test]
    fn the_failed_event_carries_every_cause() {
        let refused = io::Error::other(io::Error::from(io::ErrorKind::ConnectionRefused));

        let event = Failure::call("put the picture", &request(&[]), refused).into_event();

        let Event::Failed { message, .. } = event else { panic!("another event: {event:?}") };
        assert_eq!(message, "could not put the picture: connection refused", "the first cause would be lost");
    }

    #[test]
    fn a_request_without_boxes_means_the_usual_ones() {
        let told = r#"{"environment":"local","region":"us-east-1","outputs":{}}"#;

        let request: Request = serde_json::from_str(told).unwrap();

        assert_eq!(request.boxes, [2048, 1024]);
    }
}
