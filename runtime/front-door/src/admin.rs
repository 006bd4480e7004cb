//! What only the members of one group may do: change the fleet. Done by others, later: the answer is an operation that can be watched.

use caller::{Answer, body};
use contract::{
    api::{Operation, Resize},
    fleet::{OperationState, OpsMessage, Order},
    front_door::FrontDoorConfig,
    jobs::{JobId, Version},
    logs,
};
use telemetry::Log;

use crate::{clock::Clock, cloud::Cloud, event::Request, submit::Submitter, token::Caller};

const DAY_SECONDS: u64 = 86_400;

/// Refuses whoever is no admin.
pub(crate) fn permit(caller: &Caller, config: &FrontDoorConfig) -> Result<(), Answer> {
    if caller.groups.contains(&config.admin_group) { Ok(()) } else { Err(Answer::word(403, "forbidden")) }
}

/// Answers `POST /admin/resize`.
pub(crate) async fn resize(
    request: &Request,
    caller: &Caller,
    config: &FrontDoorConfig,
    cloud: &impl Cloud,
    identities: &Submitter,
    clock: &impl Clock,
    log: &Log,
) -> Result<Answer, Answer> {
    let Resize { instance_type } = body::json(request, config.max_body_bytes)?;
    if !config.instance_types.contains(&instance_type) {
        let known: Vec<_> = config.instance_types.0.iter().map(|known| format!("`{known}`")).collect();
        let right =
            if known.is_empty() { "nothing: this environment allows no type".to_owned() } else { format!("one of {}", known.join(", ")) };
        return Err(Answer::error(422, "unknown_instance_type", format!("`instance_type` is `{instance_type}`, it must be {right}")));
    }
    let now = clock.seconds();
    let operation_id = identities.identity(clock.milliseconds());
    let operation = Operation { operation_id, state: OperationState::Queued, instance_type, created_at: now, updated_at: now, error: None };
    cloud.begin(&operation, &caller.user, now + u64::from(config.record_days) * DAY_SECONDS).await?;
    let order = Order::Resize {
        operation_id: operation.operation_id.clone(),
        instance_type: operation.instance_type.clone(),
        asked_by: caller.user.clone(),
    };
    if let Err(error) = cloud.send_order(&OpsMessage { version: Version, order }, &operation.operation_id).await {
        // Nobody sends an order again: an admin who is told so can, and an operation that waits for ever would be a lie. If SQS took the
        // message and lost the answer, the operation still goes on to its own end.
        let noted = cloud.fail(&operation.operation_id, "the order could not be sent", now).await;
        if let Err(error) = noted {
            log.warn("an operation that was never sent stays marked as waiting").field(logs::ERROR, &error.with_causes()).write();
        }
        return Err(error.into());
    }
    let location = format!("/admin/operations/{}", operation.operation_id);
    Ok(Answer::json(202, &operation).header("location", location))
}

/// Answers `GET /admin/operations/{id}`.
pub(crate) async fn operation(id: &str, cloud: &impl Cloud) -> Result<Answer, Answer> {
    let unknown = || Answer::error(404, "unknown_operation", "there is no such operation; ids are those that `POST /admin/resize` gave");
    // An operation's id is a ULID, as a job's is.
    id.parse::<JobId>().map_err(|_| unknown())?;
    let operation = cloud.operation(id).await?.ok_or_else(unknown)?;
    Ok(Answer::json(200, &operation).header("cache-control", "no-store"))
}
