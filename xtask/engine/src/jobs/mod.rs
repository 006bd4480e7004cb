//! The platform's jobs: handing one in, looking at them, and bringing back what nobody could get done.
//!
//! Names and columns are those of the room `contract`, which the front door and the workers read as well.

mod hold;
mod letters;
mod look;
mod record;
mod redrive;
mod submit;

use contract::outputs::jobs as outputs;
use protocol::{Failure, Sent, StackRef, Target};
use serde_json::{Value, json};

use crate::cloud::{Action, Cloud, CloudError, DYNAMODB, Order, SQS, StackState};
use crate::engine::{Engine, Talk};
use crate::failure;

const GET: Action = DYNAMODB.action("GetItem", "/");
const SCAN: Action = DYNAMODB.action("Scan", "/");
const PUT: Order = Order::of(&DYNAMODB, "PutItem");
const UPDATE: Order = Order::of(&DYNAMODB, "UpdateItem");
const SEND: Order = Order::of(&SQS, "SendMessage");
const RECEIVE: Order = Order::of(&SQS, "ReceiveMessage");
const DELETE: Order = Order::of(&SQS, "DeleteMessage");
const GIVE_BACK: Order = Order::of(&SQS, "ChangeMessageVisibility");
const ATTRIBUTES: Action = SQS.action("GetQueueAttributes", "/");

/// Where jobs are kept and sent.
#[derive(Debug, Clone)]
struct Places {
    table: String,
    queue: String,
    /// The queue by which the reconciler is woken; none where there is no fleet.
    ops: Option<String>,
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Where the jobs of an environment are, as the outputs of their stack say.
    async fn places(&self, stack: &StackRef, target: &Target) -> Result<Places, Failure> {
        let states = self.read_states(target).await?;
        among(&states, stack, target)
    }

    /// The same for a request that has said already whose credentials these are; none where there are no jobs.
    async fn places_if_any(&self, stack: &StackRef, target: &Target) -> Result<Option<Places>, Failure> {
        let states = self.cloud.stacks().await.map_err(|error| failure::of(error, target))?;
        Ok(among(&states, stack, target).ok())
    }

    /// A job's item; none when there is none.
    async fn item(&self, table: &str, job_id: &str) -> Result<Option<Value>, CloudError> {
        // Consistent: whoever has just written wants to see it.
        let ask = GET.ask(json!({ "TableName": table, "Key": record::key(job_id), "ConsistentRead": true }));
        let answer = self.cloud.read(&ask).await?;
        Ok(answer.get("Item").filter(|item| item.is_object()).cloned())
    }
}

/// Where the jobs are, by the outputs of their stack.
fn among(states: &[StackState], stack: &StackRef, target: &Target) -> Result<Places, Failure> {
    let output = |name| output(states, stack, name, target);
    Ok(Places {
        table: output(outputs::JOBS_TABLE_NAME)?,
        queue: output(outputs::JOB_QUEUE_URL)?,
        ops: output(outputs::OPS_QUEUE_URL).ok(),
    })
}

/// An output of a stack that is deployed.
fn output(states: &[StackState], stack: &StackRef, name: &str, target: &Target) -> Result<String, Failure> {
    let deploy = format!("nothing was sent; `cargo xtask deploy --env {}` makes it", target.environment);
    let Some(state) = states.iter().find(|state| state.name == stack.name) else {
        return Err(failure::request(format!("`{}` has no stack `{}`", target.environment, stack.stack), &deploy));
    };
    let missing = || failure::request(format!("stack `{}` has no output `{name}`", stack.stack), &deploy);
    state.outputs.get(name).cloned().ok_or_else(missing)
}

/// Whether a conditional write found something else than it expected.
fn is_lost_race(error: &CloudError) -> bool {
    error.code.as_deref().is_some_and(|code| code.contains("ConditionalCheckFailed"))
}

/// A failure after which something stands, with what a person does about it.
fn halfway(error: CloudError, target: &Target, stands: &str) -> Failure {
    let failure = failure::of(error, target);
    Failure { hint: format!("{stands}; {}", failure.hint), sent: Sent::Something, ..failure }
}

/// Seconds since 1970.
fn now_seconds() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default()
}
