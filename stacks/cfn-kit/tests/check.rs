//! Mistakes that CloudFormation would find after the upload, found before.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use cfn_kit::prelude::*;
use cfn_kit::{Document, Finding, Severity, check, read, sqs};
use serde_json::{Map, json};

/// The findings about a template's text, as `rule path` and as a whole.
fn findings(text: &str) -> (Vec<String>, Vec<Finding>) {
    let findings = check(&read(text, "stack.yaml").unwrap());
    (findings.iter().map(|finding| format!("{} {}", finding.rule, finding.path)).collect(), findings)
}

#[test]
fn every_kind_of_reference_that_leads_nowhere_is_found() {
    let text = "\
Conditions:
  IsProduction: !Equals [!Ref Enviroment, prod]
Parameters:
  Environment: { Type: String }
Mappings:
  Sizes: { prod: { Days: 14 } }
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Condition: IsProducton
    DependsOn: [Quue]
    Properties:
      KmsMasterKeyId: !Ref Key
      QueueName: !Sub '${Missing}-${Own}-${!Text}-${AWS::Region}-${Other.Arn}'
      DelaySeconds: !If [Nowhere, 1, 2]
      MessageRetentionPeriod: !FindInMap [Sizes, prod, Dayz]
      MaximumMessageSize: !FindInMap [Sizs, prod, Days]
      Tags:
        - Key: a
          Value: !Sub ['${Own}', { Own: !GetAtt Gone.Arn }]
Outputs:
  Url: { Value: !Ref Queu }
";

    let (found, all) = findings(text);

    let expected = [
        "unknown-reference Conditions/IsProduction/Fn::Equals/0",
        "unknown-reference Resources/Queue/Condition",
        "unknown-reference Resources/Queue/DependsOn",
        "unknown-reference Resources/Queue/Properties/KmsMasterKeyId",
        "unknown-reference Resources/Queue/Properties/QueueName",
        "unknown-reference Resources/Queue/Properties/QueueName",
        "unknown-reference Resources/Queue/Properties/QueueName",
        "unknown-reference Resources/Queue/Properties/DelaySeconds",
        "unknown-reference Resources/Queue/Properties/MessageRetentionPeriod",
        "unknown-reference Resources/Queue/Properties/MaximumMessageSize",
        "unknown-reference Resources/Queue/Properties/Tags/0/Value/Fn::Sub/1/Own",
        "unknown-reference Outputs/Url/Value",
    ];
    assert_eq!(found, expected, "one upload per mistake: {all:#?}");
    assert_eq!(all[0].hint, "did you mean `Environment`?", "a person would have to look for the letter");
    assert_eq!(all[0].source.as_deref(), Some("stack.yaml:2"), "an editor could not jump there");
    assert_eq!(all[1].hint, "did you mean `IsProduction`?");
    assert!(all[4..7].iter().any(|finding| finding.message.contains("`Own`")), "a name of another Sub's variables does not count");
}

#[test]
fn an_attribute_that_the_type_does_not_have_is_found() {
    let text = "Resources: { Queue: { Type: 'AWS::SQS::Queue' } }\nOutputs: { Arn: { Value: !GetAtt Queue.Arm } }";

    let (found, all) = findings(text);

    assert_eq!(found, ["unknown-attribute Outputs/Arn/Value"]);
    assert_eq!(all[0].hint, "did you mean `Arn`?");
}

#[test]
fn attributes_of_unknown_types_are_nobodys_business() {
    let text = "Resources: { A: { Type: 'Custom::Thing' }, B: { Type: 'Mine::Own::Thing', Properties: { X: !GetAtt A.Whatever } } }";

    assert!(findings(text).1.is_empty(), "custom resources define their attributes themselves");
}

#[test]
fn a_cycle_is_named_whole_with_the_places_that_close_it() {
    let text = "\
Resources:
  A: { Type: Custom::X, Properties: { Next: !Ref B } }
  B: { Type: Custom::X, Properties: { Next: !Sub '${C.Arn}' } }
  C: { Type: Custom::X, DependsOn: A }
  Alone: { Type: Custom::X, Properties: { Self: !Ref Alone } }
  Behind: { Type: Custom::X, DependsOn: C }
";

    let (found, all) = findings(text);

    assert_eq!(found, ["cycle Resources/A", "cycle Resources/Alone"], "`Behind` waits for a cycle but lies on none");
    assert!(all[0].message.starts_with("`A` → `B` → `C` → `A`"), "{}", all[0].message);
    assert!(all[0].hint.contains("Resources/C/DependsOn"), "nobody would know which line to change: {}", all[0].hint);
    assert_eq!(all[1].message, "`Alone` refers to itself");
}

#[test]
fn names_that_a_macro_may_add_are_only_warned_about() {
    let text = "Transform: AWS::Serverless-2016-10-31\nResources: { F: { Type: 'AWS::Serverless::Function' } }\nOutputs: { R: { Value: !Ref FRole } }";

    let (_, all) = findings(text);

    assert_eq!(all.len(), 1, "{all:#?}");
    assert_eq!(all[0].severity, Severity::Warning, "the macro makes `FRole`");
}

#[test]
fn limits_are_told_before_they_are_reached() {
    let template = |count: usize| {
        let resources: Map<String, _> = (0..count).map(|index| (format!("R{index}"), json!({ "Type": "Custom::X" }))).collect();
        Document::from_json(json!({ "Resources": resources }))
    };

    let (quiet, near, over) = (check(&template(399)), check(&template(400)), check(&template(501)));

    assert!(quiet.is_empty(), "{quiet:?}");
    assert_eq!(near[0].severity, Severity::Warning, "the next resource but a few would come as a surprise");
    assert_eq!((over[0].rule.as_str(), over[0].severity), ("limit", Severity::Error));
    assert_eq!(over[0].message, "the template has 501 resources, CloudFormation takes 500");
}

#[test]
fn a_body_that_is_too_large_is_found() {
    let large = json!({ "Metadata": { "Text": "x".repeat(1_000_001) }, "Resources": { "A": { "Type": "Custom::X" } } });

    let found = check(&Document::from_json(large));

    assert!(found.iter().any(|finding| finding.rule == "limit" && finding.severity == Severity::Error), "{found:?}");
}

#[test]
fn an_id_that_is_used_twice_is_found_with_both_lines() {
    let mut template = template!("Twice");
    template.add("Queue", sqs::Queue::new().delay_seconds(1));
    template.add("Queue", sqs::Queue::new().delay_seconds(2));
    template.output("Queue", "x");
    template.output("Queue", "y");

    let found = template.check();

    let rules: Vec<_> = found.iter().map(|finding| (finding.rule.as_str(), finding.resource.as_deref())).collect();
    assert_eq!(rules, [("duplicate-id", Some("Queue")), ("duplicate-id", None)], "one of the two would silently be lost");
    assert!(found[0].message.contains("check.rs:"), "the other line is missing: {}", found[0].message);
    assert_eq!(template.to_json()["Resources"]["Queue"]["Properties"]["DelaySeconds"], 1, "the first stays");
}

#[test]
fn what_stands_twice_in_a_text_is_found() {
    let (found, _) = findings("Resources:\n  A: { Type: Custom::X, Type: Custom::Y }\n  A: { Type: Custom::Z }\n");

    assert_eq!(found, ["duplicate-key Resources/A/Type", "duplicate-id Resources/A"]);
}

#[test]
fn broken_shapes_are_findings_and_not_errors() {
    let cases = [
        ("[]", "shape "),
        ("Resourses: { A: { Type: 'Custom::X' } }", "shape Resourses"),
        ("Resources: []", "shape Resources"),
        ("Resources: {}", "shape Resources"),
        ("Resources: { 'A-b': { Type: 'Custom::X' } }", "invalid-id Resources/A-b"),
        ("Resources: { A: { Properties: {} } }", "shape Resources/A"),
        ("Resources: { A: { Type: 1 } }", "shape Resources/A/Type"),
        ("Resources: { A: 1 }", "shape Resources/A"),
        ("Resources: { A: { Type: 'Custom::X', Properties: [] } }", "shape Resources/A/Properties"),
        ("Parameters: { A: { Type: String } }\nResources: { A: { Type: 'Custom::X' } }", "duplicate-id Resources/A"),
        ("Resources: { A: { Type: 'Custom::X' } }\nOutputs: { B: {} }", "shape Outputs/B"),
    ];
    for (text, expected) in cases {
        let (found, all) = findings(text);

        assert!(found.contains(&expected.to_owned()), "{text}: {all:#?}");
    }
}

#[test]
fn a_finding_has_exactly_the_fields_that_scripts_read() {
    let (_, all) = findings("Resources: { A: { Type: 'Custom::X', DependsOn: B } }");

    let json = serde_json::to_value(&all[0]).unwrap();

    assert_eq!(
        json,
        json!({
            "rule": "unknown-reference", "severity": "error", "resource": "A", "path": "Resources/A/DependsOn",
            "message": "`DependsOn` names `B`, which is no resource of this template",
            "hint": "did you mean `A`?", "source": "stack.yaml:1",
        })
    );
}

#[test]
fn a_type_that_the_region_does_not_have_is_found() {
    let facts = cfn_kit::facts::of("AWS::Budgets::Budget").unwrap();
    let region = facts.absent_in.first().unwrap().to_string();
    let document = Document::from_json(json!({ "Resources": { "Budget": {
        "Type": "AWS::Budgets::Budget",
        "Properties": { "Budget": { "BudgetType": "COST", "TimeUnit": "MONTHLY" } },
    } } }));

    let there = cfn_kit::check_with(&document, &cfn_kit::CheckOptions::in_region(region));

    assert_eq!(there.len(), 1, "{there:#?}");
    assert_eq!((there[0].rule.as_str(), there[0].path.as_str()), ("absent-in-region", "Resources/Budget/Type"));
    assert!(check(&document).is_empty(), "without a region nobody can know");
}

#[test]
fn a_branch_that_cannot_be_reached_is_not_judged() {
    let text = |condition: &str| {
        format!(
            "\
Parameters: {{ Environment: {{ Type: String }} }}
Conditions:
  IsProduction: !Equals [!Ref Environment, prod]
  IsStaging: !Equals [!Ref Environment, staging]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Condition: {condition}
    Properties: {{ DelaySeconds: !If [IsStaging, 1000, 10] }}
"
        )
    };

    assert!(findings(&text("IsProduction")).1.is_empty(), "production is never staging");
    assert_eq!(findings(&text("IsStaging")).0, ["out-of-bounds Resources/Queue/Properties/DelaySeconds/Fn::If/1"]);
}
