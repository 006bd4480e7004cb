//! The alarms that bring an update back: they must be there, and they must be alarms.

use foundation::Finished;
use foundation::environment::{AlarmName, Environment, MOST_ALARMS, Rollback};
use protocol::AlarmRef;

use crate::error::Error;

/// The CloudFormation types that can bring an update back.
const ALARMS: [&str; 2] = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"];

/// The alarms as the engine gets them.
pub(super) fn checked(environment: &Environment, rollback: &Rollback, platform: &[Finished]) -> Result<protocol::Rollback, Error> {
    let mut wrong: Vec<String> = rollback.alarms.iter().filter_map(|alarm| problem(alarm, platform)).collect();
    for finished in platform {
        let number = rollback.alarms.iter().filter(|alarm| alarm.stack() == finished.stack).count();
        if number > MOST_ALARMS {
            wrong.push(format!("{number} alarms watch over `{}`, but CloudFormation takes at most {MOST_ALARMS}", finished.stack));
        }
    }
    if !wrong.is_empty() {
        return Err(Error::RollbackAlarms { environment: environment.name.clone(), wrong });
    }
    let alarm = |alarm: &AlarmName| AlarmRef { stack: alarm.stack().to_owned(), logical_id: alarm.logical_id().to_owned() };
    Ok(protocol::Rollback { minutes: rollback.minutes, alarms: rollback.alarms.iter().map(alarm).collect() })
}

/// What is wrong with one of them.
fn problem(alarm: &AlarmName, platform: &[Finished]) -> Option<String> {
    let name = alarm.as_str();
    let Some(finished) = platform.iter().find(|finished| finished.stack == alarm.stack()) else {
        let known: Vec<_> = platform.iter().map(|finished| finished.stack).collect();
        return Some(format!("`{name}`: there is no stack `{}`; the stacks are {}", alarm.stack(), known.join(", ")));
    };
    let template = finished.template.to_json();
    let kind = |id: &str| template["Resources"][id]["Type"].as_str().map(str::to_owned);
    match kind(alarm.logical_id()) {
        Some(kind) if ALARMS.contains(&kind.as_str()) => None,
        Some(kind) => Some(format!("`{name}` is no alarm but an {kind}")),
        None => {
            let resources = template["Resources"].as_object().into_iter().flatten();
            let known = resources.filter(|(id, _)| kind(id).is_some_and(|kind| ALARMS.contains(&kind.as_str())));
            let known: Vec<_> = known.map(|(id, _)| id.as_str()).collect();
            Some(format!("`{name}` does not exist; the alarms of `{}` are {}", finished.stack, known.join(", ")))
        }
    }
}
