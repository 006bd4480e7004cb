//! What waits in the queues of the stacks, and putting a message into one.

use protocol::{Event, Failure, FailureKind, Outcome, QueueDepth, Send, Sent, Stacks, Target};
use serde_json::{Value, json};

use crate::cloud::{Action, Cloud, ErrorKind, Protocol, Service, StackResource};
use crate::engine::{Engine, Talk};
use crate::failure;

static SQS: Service = Service::new("sqs", Protocol::Json { version: "1.0", target: "AmazonSQS" });

const ATTRIBUTES: Action = SQS.action("GetQueueAttributes", "/");

/// The most bytes that SQS takes in a message.
const MOST_BYTES: usize = 1_048_576;

const QUEUE: &str = "AWS::SQS::Queue";

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Tell how much waits in every queue.
    pub(crate) async fn queues(&self, request: &Stacks) -> Result<Outcome, Failure> {
        let problem = |error| failure::of(error, &request.target);
        let identity = self.cloud.identity().await.map_err(problem)?;
        self.accept(identity, &request.target)?;
        let mut found = Vec::new();
        for stack in &request.stacks {
            for queue in self.queues_of(&stack.name, &request.target).await? {
                let ask = ATTRIBUTES.ask(json!({ "QueueUrl": queue.physical_id, "AttributeNames": ["All"] }));
                let answer = self.cloud.read(&ask).await.map_err(problem)?;
                found.push((stack, queue, answer.get("Attributes").cloned().unwrap_or_default()));
            }
        }
        let targets: Vec<String> = found.iter().filter_map(|(_, _, attributes)| dead_letter_target(attributes)).collect();
        for (stack, queue, attributes) in &found {
            let number = |name: &str| text(attributes, name).and_then(|text| text.parse().ok()).unwrap_or_default();
            self.talk.tell(Event::Queue(QueueDepth {
                stack: (*stack).clone(),
                logical_id: queue.logical_id.clone(),
                url: queue.physical_id.clone(),
                waiting: number("ApproximateNumberOfMessages"),
                in_flight: number("ApproximateNumberOfMessagesNotVisible"),
                delayed: number("ApproximateNumberOfMessagesDelayed"),
                dead_letters: text(attributes, "QueueArn").is_some_and(|arn| targets.iter().any(|target| target == arn)),
            }));
        }
        Ok(self.read())
    }

    /// Put a message into a queue.
    pub(crate) async fn send(&self, request: &Send) -> Result<Outcome, Failure> {
        let target = &request.target;
        if MOST_BYTES < request.body.len() {
            let message = format!("the message has {} bytes; SQS takes at most {MOST_BYTES}", request.body.len());
            return Err(failure::request(message, "put what is large into a bucket, and its key into the message"));
        }
        let identity = self.cloud.identity().await.map_err(|error| failure::of(error, target))?;
        self.accept(identity, target)?;
        let queues = self.queues_of(&request.stack.name, target).await?;
        let Some(queue) = queues.iter().find(|queue| queue.logical_id == request.logical_id) else {
            let known: Vec<_> = queues.iter().map(|queue| queue.logical_id.as_str()).collect();
            let message = format!("stack `{}` has no queue `{}`; there are: {}", request.stack.stack, request.logical_id, known.join(", "));
            return Err(failure::request(message, &format!("`cargo xtask queues --env {}` lists all of them", target.environment)));
        };
        let sent = self.cloud.send_message(&queue.physical_id, &request.body, request.group.as_deref(), request.deduplication.as_deref());
        let id = sent.await.map_err(|error| {
            let doubtful = matches!(error.kind, ErrorKind::Unreachable | ErrorKind::Unavailable);
            let refused = error.kind == ErrorKind::Refused;
            let failure = failure::of(error, target);
            let hint = if refused {
                "a FIFO queue wants `--group`, a standard queue takes none; nothing was sent".to_owned()
            } else {
                failure.hint
            };
            let kind = if refused { FailureKind::Refused } else { failure.kind };
            Failure { kind, hint, sent: if doubtful { Sent::Something } else { Sent::Nothing }, ..failure }
        })?;
        self.talk.tell(Event::Note { text: format!("{} has message {id}", queue.physical_id) });
        Ok(Outcome::Changed)
    }

    async fn queues_of(&self, stack: &str, target: &Target) -> Result<Vec<StackResource>, Failure> {
        match self.cloud.resources(stack).await {
            Ok(resources) => {
                Ok(resources.into_iter().filter(|resource| resource.resource_type == QUEUE && !resource.physical_id.is_empty()).collect())
            }
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(failure::of(error, target)),
        }
    }
}

fn text<'a>(attributes: &'a Value, name: &str) -> Option<&'a str> {
    attributes.get(name).and_then(Value::as_str)
}

/// The ARN of the queue that a queue's dead letters go to.
fn dead_letter_target(attributes: &Value) -> Option<String> {
    let policy: Value = serde_json::from_str(text(attributes, "RedrivePolicy")?).ok()?;
    policy.get("deadLetterTargetArn").and_then(Value::as_str).map(str::to_owned)
}
