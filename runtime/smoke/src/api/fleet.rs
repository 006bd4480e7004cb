//! The size of the fleet: from nothing to a worker, and back.

use std::time::{Duration, Instant};

use contract::smoke::Event;

use super::Api;
use crate::run::{Failure, Tell, milliseconds, tell};

const PAUSE: Duration = Duration::from_secs(2);

/// What the reconciler needs beside the idle minutes: it looks once a minute, SQS's counts settle within one more, and machines are busy.
const MARGIN: Duration = Duration::from_secs(240);

/// The longest idle time that anybody waits for.
const LONGEST_IDLE_MINUTES: u32 = 1;

/// How many workers are wanted now; none where there is no group.
pub(super) async fn size(api: &Api<'_>, begun: Instant, told: Tell<'_>) -> Result<Option<u64>, Failure> {
    let size = wanted(api).await?;
    if let Some(workers) = size {
        tell(told, &Event::Fleet { workers, milliseconds: milliseconds(begun) })?;
    }
    Ok(size)
}

/// The group's desired capacity.
pub(super) async fn wanted(api: &Api<'_>) -> Result<Option<u64>, Failure> {
    let Some(group) = &api.names.group else { return Ok(None) };
    let doing = format!("ask for the Auto Scaling group `{group}`");
    let answer = api.http.auto_scaling_group(group).await.map_err(|error| Failure::call(&doing, api.request, error))?;
    let capacity = desired(&answer.body).filter(|_| answer.status == 200);
    let capacity = capacity.ok_or_else(|| {
        let body: String = answer.body.chars().take(200).collect();
        Failure::new(format!("could not {doing}: {} {body}", answer.status), "deploy the stack `fleet` first")
    })?;
    Ok(Some(capacity))
}

fn desired(xml: &str) -> Option<u64> {
    let (_, rest) = xml.split_once("<DesiredCapacity>")?;
    rest.split_once("</DesiredCapacity>")?.0.trim().parse().ok()
}

/// Waits until nobody is wanted any more, where that is soon.
pub(super) async fn back_to_zero(api: &Api<'_>, begun: Instant, told: Tell<'_>) -> Result<(), Failure> {
    if api.names.group.is_none() {
        return Ok(());
    }
    let Some(minutes) = api.request.api.idle_minutes.filter(|minutes| *minutes <= LONGEST_IDLE_MINUTES) else {
        let why = format!("the fleet waits longer than {LONGEST_IDLE_MINUTES} minute for work before it goes");
        return tell(told, &Event::Skipped { what: "the fleet's way back to zero".to_owned(), why });
    };
    let (since, mut last) = (Instant::now(), None);
    let patience = MARGIN + Duration::from_secs(60) * minutes;
    while since.elapsed() < patience {
        let now = wanted(api).await?;
        if let (Some(workers), true) = (now, now != last) {
            tell(told, &Event::Fleet { workers, milliseconds: milliseconds(begun) })?;
        }
        if now == Some(0) {
            return Ok(());
        }
        last = now;
        tokio::time::sleep(PAUSE).await;
    }
    let message = format!("the fleet still wants {} workers {} s after the last job", last.unwrap_or_default(), patience.as_secs());
    Err(Failure::new(message, "read the reconciler's log: `cargo xtask logs --stack fleet`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_desired_capacity_is_read_out_of_the_answer() {
        let xml = "<R><AutoScalingGroups><member><MinSize>0</MinSize><DesiredCapacity>1</DesiredCapacity></member></AutoScalingGroups></R>";

        assert_eq!(desired(xml), Some(1));
        assert_eq!(desired("<R><AutoScalingGroups/></R>"), None, "a group that is not there has no size");
    }
}
