//! AWS behind the [`Cloud`] surface: the SDK's clients, with every call counted.

mod cloudformation;
mod creation;
mod drift;
mod errors;
mod import;
mod logs;
mod messages;
mod objects;
mod reading;
mod recovery;
mod registry;
mod storage;
mod tokens;
mod upload;

use std::cell::RefCell;
use std::path::Path;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use protocol::Calls;
use std::time::Duration;

use tokens::Tokens;

use engine::cloud::{
    Ask, ChangeSetId, ChangeSetState, Cloud, CloudError, Condition, Deed, DriftDetection, DriftedResource, Identity, Listing, LogLine,
    NewChangeSet, NewImport, NewStack, Objects, Pushed, Services, StackEvent, StackResource, StackState, Stacks, Stored, StoredObject,
};

/// A connection takes this long at most; a laptop that lost its network is told so soon.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// AWS, or anything that speaks its APIs, with the credentials of the process's environment.
#[derive(Debug)]
pub(crate) struct Aws {
    config: aws_config::SdkConfig,
    cloudformation: aws_sdk_cloudformation::Client,
    region: String,
    tokens: Tokens,
    reading: reading::Reading,
    calls: RefCell<Calls>,
}

impl Aws {
    /// Clients for a region. Nothing is sent yet.
    pub(crate) async fn new(region: &str) -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(aws_config::Region::new(region.to_owned()))
            // Throttled calls are retried with exponential backoff and jitter; five tries ride out a busy minute.
            .retry_config(RetryConfig::standard().with_max_attempts(5))
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
            .load()
            .await;
        let cloudformation = aws_sdk_cloudformation::Client::new(&config);
        let reading = reading::Reading::new(&config);
        Self { config, cloudformation, reading, region: region.to_owned(), tokens: Tokens::default(), calls: RefCell::default() }
    }

    fn count(&self, service: &str) {
        *self.calls.borrow_mut().entry(service.to_owned()).or_default() += 1;
    }
}

impl Cloud for Aws {
    async fn identity(&self) -> Result<Identity, CloudError> {
        self.caller().await
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn calls(&self) -> Calls {
        self.calls.borrow().clone()
    }
}

impl Stacks for Aws {
    async fn stacks(&self) -> Result<Vec<StackState>, CloudError> {
        self.describe_stacks(None).await
    }

    async fn stack(&self, name: &str) -> Result<Option<StackState>, CloudError> {
        errors::absent(self.describe_stacks(Some(name)).await).map(|states| states.and_then(|states| states.into_iter().next()))
    }

    async fn create_change_set(&self, new: NewChangeSet<'_>) -> Result<ChangeSetId, CloudError> {
        self.new_change_set(new).await
    }

    async fn change_set(&self, id: &ChangeSetId) -> Result<ChangeSetState, CloudError> {
        self.describe_change_set(id).await
    }

    async fn execute(&self, id: &ChangeSetId) -> Result<(), CloudError> {
        self.execute_change_set(id).await
    }

    async fn delete_change_set(&self, id: &ChangeSetId) -> Result<(), CloudError> {
        self.forget_change_set(id).await
    }

    async fn delete_stack(&self, name: &str) -> Result<(), CloudError> {
        self.remove_stack(name, &[]).await
    }

    async fn protect(&self, name: &str, on: bool) -> Result<(), CloudError> {
        self.termination_protection(name, on).await
    }

    async fn events(&self, stack_id: &str, after: Option<&str>) -> Result<Vec<StackEvent>, CloudError> {
        self.events_after(stack_id, after).await
    }

    async fn newest_event(&self, stack_id: &str) -> Result<Option<String>, CloudError> {
        self.newest(stack_id).await
    }

    async fn resources(&self, name: &str) -> Result<Vec<StackResource>, CloudError> {
        self.stack_resources(name).await
    }

    async fn template(&self, name: &str) -> Result<Option<String>, CloudError> {
        errors::absent(self.template_body(name).await).map(Option::flatten)
    }

    async fn create_import(&self, new: NewImport<'_>) -> Result<ChangeSetId, CloudError> {
        self.new_import(new).await
    }

    async fn cancel_update(&self, stack_id: &str) -> Result<(), CloudError> {
        self.cancel_update_stack(stack_id).await
    }

    async fn continue_rollback(&self, stack_id: &str, skip: &[String]) -> Result<(), CloudError> {
        self.continue_update_rollback(stack_id, skip).await
    }

    async fn roll_back(&self, stack_id: &str) -> Result<(), CloudError> {
        self.rollback_stack(stack_id).await
    }

    async fn delete_stack_except(&self, name: &str, retain: &[String]) -> Result<(), CloudError> {
        self.remove_stack(name, retain).await
    }

    async fn detect_drift(&self, name: &str) -> Result<String, CloudError> {
        self.begin_drift_detection(name).await
    }

    async fn drift_detection(&self, id: &str) -> Result<DriftDetection, CloudError> {
        self.describe_drift_detection(id).await
    }

    async fn drifted_resources(&self, name: &str) -> Result<Vec<DriftedResource>, CloudError> {
        self.describe_drifts(name).await
    }

    async fn create_stack(&self, new: NewStack<'_>) -> Result<String, CloudError> {
        self.new_stack(new).await
    }
}

impl Objects for Aws {
    async fn has_object(&self, bucket: &str, key: &str) -> Result<bool, CloudError> {
        self.object_is_there(bucket, key).await
    }

    async fn put_file(&self, bucket: &str, key: &str, path: &Path, sha256: &str) -> Result<(), CloudError> {
        self.upload_file(bucket, key, path, sha256).await
    }

    async fn put_text(&self, bucket: &str, key: &str, text: &str) -> Result<(), CloudError> {
        self.upload_text(bucket, key, text).await
    }

    fn object_url(&self, bucket: &str, key: &str) -> String {
        // Path style: CloudFormation takes it, and so does a local cloud on a loopback address.
        format!("https://s3.{}.amazonaws.com/{bucket}/{key}", self.region)
    }

    async fn empty_bucket(&self, bucket: &str) -> Result<u64, CloudError> {
        self.purge(bucket).await
    }

    async fn object(&self, bucket: &str, key: &str) -> Result<Option<StoredObject>, CloudError> {
        self.read_object(bucket, key).await
    }

    async fn put_if(&self, bucket: &str, key: &str, text: &str, condition: Condition<'_>) -> Result<Stored, CloudError> {
        self.write_if(bucket, key, text, condition).await
    }

    async fn delete_if(&self, bucket: &str, key: &str, etag: &str) -> Result<(), CloudError> {
        self.remove_if(bucket, key, etag).await
    }

    async fn objects(&self, bucket: &str, prefix: &str) -> Result<Listing, CloudError> {
        self.list(bucket, prefix).await
    }

    async fn delete_objects(&self, bucket: &str, keys: &[String]) -> Result<(), CloudError> {
        self.remove_all(bucket, keys).await
    }

    async fn object_sha256(&self, bucket: &str, key: &str) -> Result<Option<String>, CloudError> {
        self.sha256_of(bucket, key).await
    }
}

impl Services for Aws {
    async fn log_lines(&self, group: &str, from_milliseconds: i64, filter: Option<&str>) -> Result<Vec<LogLine>, CloudError> {
        self.filter_log_events(group, from_milliseconds, filter).await
    }

    async fn read(&self, ask: &Ask) -> Result<serde_json::Value, CloudError> {
        self.reading.read(&self.config, ask, &|service| self.count(service)).await
    }

    async fn act(&self, deed: &Deed) -> Result<serde_json::Value, CloudError> {
        self.reading.read(&self.config, deed.ask(), &|service| self.count(service)).await
    }

    async fn send_message(&self, url: &str, body: &str, group: Option<&str>, deduplication: Option<&str>) -> Result<String, CloudError> {
        self.message(url, body, group, deduplication).await
    }

    async fn push_image(&self, repository: &str, layout: &Path, digest: &str) -> Result<Pushed, CloudError> {
        self.push(repository, layout, digest).await
    }
}
