//! Lambda functions from `runtime/`.

use cfn_kit::prelude::*;
use cfn_kit::{iam, lambda, logs, s3, sqs};

use super::protect;
use foundation::environment::{Architecture, DataProtection};

/// A function with its log group and a role that may do what was granted, and nothing else.
///
/// The log group is declared, with a retention, and the role may not create any: Lambda would otherwise make one of its own that
/// keeps everything for ever and outlives the stack.
#[derive(Debug)]
pub struct Function<S> {
    code_bucket: Value<s3::bucket::BucketName, S>,
    code_key: Value<String, S>,
    architecture: Architecture,
    memory_mb: u32,
    timeout_seconds: u32,
    log_retention_days: u32,
    data: DataProtection,
    description: &'static str,
    variables: Vec<(&'static str, Value<String, S>)>,
    grants: Vec<Statement<S>>,
    batches: Option<Batches<S>>,
}

#[derive(Debug)]
struct Batches<S> {
    queue: Value<sqs::queue::Arn, S>,
    size: u32,
    concurrency: u32,
}

/// The function and what belongs to it.
#[derive(Debug, Clone)]
pub struct FunctionParts<S> {
    /// The function.
    pub function: Handle<lambda::Function, S>,
    /// Its log group.
    pub log_group: Handle<logs::LogGroup, S>,
}

impl<S> Function<S> {
    /// A function whose zip lies in a bucket.
    #[must_use]
    pub fn new(description: &'static str, code_bucket: Value<s3::bucket::BucketName, S>, code_key: Value<String, S>) -> Self {
        Self {
            code_bucket,
            code_key,
            architecture: Architecture::X86_64,
            memory_mb: 128,
            timeout_seconds: 3,
            log_retention_days: 30,
            data: DataProtection::Delete,
            description,
            variables: Vec::new(),
            grants: Vec::new(),
            batches: None,
        }
    }

    /// The processor that its binary was built for.
    #[must_use]
    pub fn architecture(self, architecture: Architecture) -> Self {
        Self { architecture, ..self }
    }

    /// Memory, 128 to 10,240 MB; the share of a processor grows with it.
    #[must_use]
    pub fn memory_mb(self, memory_mb: u32) -> Self {
        Self { memory_mb, ..self }
    }

    /// How long one call may take, 1 to 900 s.
    #[must_use]
    pub fn timeout_seconds(self, timeout_seconds: u32) -> Self {
        Self { timeout_seconds, ..self }
    }

    /// Days that its log is kept; only numbers that CloudWatch Logs knows.
    #[must_use]
    pub fn log_retention_days(self, log_retention_days: u32) -> Self {
        Self { log_retention_days, ..self }
    }

    /// Whether its log outlives it.
    #[must_use]
    pub fn protected(self, data: DataProtection) -> Self {
        Self { data, ..self }
    }

    /// What it finds in its environment.
    #[must_use]
    pub fn variables(self, variables: Vec<(&'static str, Value<String, S>)>) -> Self {
        Self { variables, ..self }
    }

    /// Let it do something.
    #[must_use]
    pub fn may(mut self, statement: Statement<S>) -> Self {
        self.grants.push(statement);
        self
    }

    /// Let it consume a queue, `size` messages at a time at most, in `concurrency` calls at once at most, so that a burst does not
    /// take the account's whole concurrency. A message that fails is tried again alone, not with its whole batch.
    #[must_use]
    pub fn consumes(mut self, queue: Value<sqs::queue::Arn, S>, size: u32, concurrency: u32) -> Self {
        let receive = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"];
        self.grants.push(Statement::allow(receive).on(queue.clone()));
        self.batches = Some(Batches { queue, size, concurrency });
        self
    }
}

impl<S> Construct<S> for Function<S> {
    type Handle = FunctionParts<S>;

    /// Adds `<id>`, `<id>Log`, `<id>Role` and, for a consumer, `<id>Batches`.
    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle {
        let log_group =
            template.add(&format!("{id}Log"), protect(logs::LogGroup::new().retention_in_days(self.log_retention_days), self.data));
        // The log group's ARN ends with `:*`, which stands for its streams.
        let write = Statement::allow(["logs:CreateLogStream", "logs:PutLogEvents"]).on(log_group.arn());
        let policy = PolicyDocument::new(std::iter::once(write).chain(self.grants));
        let role = template.add(
            &format!("{id}Role"),
            iam::Role::new(PolicyDocument::assumed_by_service("lambda.amazonaws.com"))
                .policies([iam::role::Policy::new(policy, "Granted")]),
        );
        let architecture = match self.architecture {
            Architecture::X86_64 => lambda::function::Architectures::X86_64,
            Architecture::Arm64 => lambda::function::Architectures::Arm64,
        };
        let code = lambda::function::Code::new().s3_bucket(self.code_bucket).s3_key(self.code_key);
        let function = template.add(
            id,
            lambda::Function::new(code, &role)
                .description(self.description)
                .runtime(lambda::function::Runtime::ProvidedAl2023)
                .handler("bootstrap")
                .architectures([architecture])
                .memory_size(i64::from(self.memory_mb))
                .timeout(i64::from(self.timeout_seconds))
                .environment(lambda::function::Environment::new().variables(self.variables))
                .logging_config(lambda::function::LoggingConfig::new().log_group(log_group.log_group_name())),
        );
        if let Some(batches) = self.batches {
            let limit = lambda::event_source_mapping::ScalingConfig::new().maximum_concurrency(i64::from(batches.concurrency));
            template.add(
                &format!("{id}Batches"),
                lambda::EventSourceMapping::new(&function)
                    .event_source_arn(batches.queue)
                    .batch_size(i64::from(batches.size))
                    .function_response_types([lambda::event_source_mapping::FunctionResponseTypes::ReportBatchItemFailures])
                    .scaling_config(limit),
            );
        }
        FunctionParts { function, log_group }
    }
}
