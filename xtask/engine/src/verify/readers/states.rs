//! Step Functions.

use serde_json::json;

use super::prelude::*;

static STATES: Service = Service::new("states", Protocol::Json { version: "1.0", target: "AWSStepFunctions" });

const MACHINE: Action = STATES.action("DescribeStateMachine", "/");

pub(super) const READERS: &[Reader] = &[Reader {
    resource_type: "AWS::StepFunctions::StateMachine",
    asks: |subject| vec![MACHINE.ask(json!({ "stateMachineArn": subject.id }))],
    live: |subject, answers| {
        let machine = pascal(&answers.get(&MACHINE), &[]);
        let definition = if subject.declares("DefinitionSubstitutions") {
            unknown("what is substituted in the definition is not worked out")
        } else {
            at(&machine, "Definition")
        };
        Live::default()
            .same(&machine, &["LoggingConfiguration", "RoleArn", "TracingConfiguration"])
            .set("DefinitionString", definition.clone())
            .set("Definition", definition)
            .set("StateMachineName", at(&machine, "Name"))
            .set("StateMachineType", at(&machine, "Type"))
    },
    attributes: |arn, _| vec![("Arn", arn.to_owned()), ("Name", tail(arn).to_owned())],
    rules: &[("DefinitionString", Rule::Json), ("Definition", Rule::Json)],
    ..PLAIN
}];
