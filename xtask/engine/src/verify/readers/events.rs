//! EventBridge: rules, buses and schedules.

use serde_json::json;

use super::prelude::*;

static EVENTS: Service = Service::new("events", Protocol::Json { version: "1.1", target: "AWSEvents" });
static SCHEDULER: Service = Service::new("scheduler", Protocol::RestJson);

const RULE: Action = EVENTS.action("DescribeRule", "/");
const TARGETS: Action = EVENTS.action("ListTargetsByRule", "/");
const BUS: Action = EVENTS.action("DescribeEventBus", "/");
const SCHEDULE: Action = SCHEDULER.action("GetSchedule", "/schedules/{Name}");
const SCHEDULE_GROUP: Action = SCHEDULER.action("GetScheduleGroup", "/schedule-groups/{Name}");

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::Events::Rule",
        asks: |subject| {
            let (bus, name) = subject.id.split_once('|').unwrap_or(("default", subject.id));
            let mut asks = vec![RULE.ask(json!({ "Name": name, "EventBusName": bus }))];
            asks.extend(subject.declares("Targets").then(|| TARGETS.ask(json!({ "Rule": name, "EventBusName": bus }))));
            asks
        },
        live: |_, answers| {
            let rule = answers.get(&RULE);
            Live::default()
                .same(&rule, &["Description", "EventBusName", "EventPattern", "Name", "RoleArn", "ScheduleExpression", "State"])
                .set("Targets", answers.part(&TARGETS, "Targets"))
                .attributes(&rule, &["Arn"])
        },
        rules: &[("EventPattern", Rule::Json), ("EventBusName", Rule::Name), ("Targets.Input", Rule::Json)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Events::EventBus",
        asks: |subject| vec![BUS.ask(json!({ "Name": subject.id }))],
        live: |_, answers| {
            let bus = answers.get(&BUS);
            Live::default()
                .same(&bus, &["DeadLetterConfig", "Description", "KmsKeyIdentifier", "Name", "Policy"])
                .attributes(&bus, &["Arn", "Name"])
        },
        attributes: |name, place| vec![("Arn", place.arn("events", &format!("event-bus/{name}"))), ("Name", name.to_owned())],
        rules: &[("Policy", Rule::Policy)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Scheduler::Schedule",
        asks: |subject| {
            let group = Some(subject.text("GroupName")).filter(|group| !group.is_empty()).unwrap_or_else(|| "default".to_owned());
            vec![SCHEDULE.ask(json!({ "Name": tail(subject.id), "groupName": group }))]
        },
        live: |_, answers| {
            let schedule = answers.get(&SCHEDULE);
            let same = [
                "Description",
                "FlexibleTimeWindow",
                "GroupName",
                "KmsKeyArn",
                "Name",
                "ScheduleExpression",
                "ScheduleExpressionTimezone",
                "State",
                "Target",
            ];
            Live::default().same(&schedule, &same).attributes(&schedule, &["Arn"])
        },
        rules: &[("Target.Input", Rule::Json)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Scheduler::ScheduleGroup",
        asks: |subject| vec![SCHEDULE_GROUP.ask(json!({ "Name": subject.id }))],
        live: |_, answers| {
            let group = answers.get(&SCHEDULE_GROUP);
            Live::default().same(&group, &["Name"]).attributes(&group, &["Arn"])
        },
        ..PLAIN
    },
];
