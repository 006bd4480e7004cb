//! Facts out of small sources.

use std::collections::BTreeMap;

use cfn_facts::{Bounds, Refers, Replaces, Resource, Type};
use serde_json::json;

use super::corrections::Corrections;
use super::extract::extract;
use super::names::path_of;
use super::sources::Sources;
use super::{Error, schema, spec};

#[test]
fn a_pointer_becomes_the_path_that_templates_have() {
    let cases = [
        ("/properties/QueueName", "QueueName"),
        ("/properties/Code/S3Bucket", "Code/S3Bucket"),
        ("/properties/Replicas/*/Region", "Replicas/*/Region"),
        ("/properties/Replicas/items/properties/Region", "Replicas/*/Region"),
        ("/properties/A/properties/B", "A/B"),
    ];
    for (pointer, path) in cases {
        assert_eq!(path_of(pointer), path, "a replacement would not be seen: {pointer}");
    }
}

#[test]
fn a_schema_says_types_bounds_and_what_a_change_replaces() {
    let schema = json!({
        "properties": {
            "Arn": { "type": "string" },
            "Name": { "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^a b$" },
            "Size": { "$ref": "#/definitions/Size" },
            "Rules": { "type": "array", "maxItems": 5, "items": { "$ref": "#/definitions/Rule" } },
            "Mode": { "type": "string", "enum": ["a", "b"] },
            "Free": { "type": ["object", "string"] },
            "PolicyDocument": { "type": "object" },
            "Variables": { "type": "object", "patternProperties": { ".*": { "type": "string" } } },
        },
        "definitions": {
            "Size": { "type": "integer", "minimum": 0, "maximum": 900 },
            "Rule": {
                "type": "object",
                "required": ["Id"],
                "properties": { "Id": { "type": "string" }, "Nested": { "$ref": "#/definitions/Rule" } },
            },
        },
        "required": ["Name"],
        "readOnlyProperties": ["/properties/Arn"],
        "createOnlyProperties": ["/properties/Name", "/properties/Rules/*/Id"],
        "conditionalCreateOnlyProperties": ["/properties/Mode"],
        "primaryIdentifier": ["/properties/Name"],
        "handlers": { "create": { "permissions": ["b:B", "a:A", "b:B"] } },
    });

    let resource = schema::resource("AWS::Test::Thing", &schema);

    let property = |name: &str| resource.properties.iter().find(|property| property.name == name).unwrap();
    let names: Vec<_> = resource.properties.iter().map(|property| property.name.as_ref()).collect();
    assert_eq!(names, ["Free", "Mode", "Name", "PolicyDocument", "Rules", "Size", "Variables"], "what cannot be set has no setter");
    assert_eq!(property("Size").kind, Type::Integer);
    assert_eq!(property("Size").range, Bounds { least: Some("0".into()), most: Some("900".into()) });
    assert_eq!(property("Rules").kind, Type::List(Box::new(Type::Shape("Rule".into()))));
    assert_eq!(property("Rules").items.most.as_deref(), Some("5"));
    assert_eq!((property("Free").kind.clone(), property("PolicyDocument").kind.clone()), (Type::Json, Type::Policy));
    assert_eq!(property("Variables").kind, Type::Map(Box::new(Type::String)));
    assert_eq!(property("Mode").choices, ["a", "b"]);
    assert_eq!((property("Name").replaces, property("Mode").replaces), (Replaces::Yes, Replaces::Maybe));
    assert!(property("Name").required && !property("Size").required);
    assert_eq!(resource.replacing_paths, ["Rules/*/Id"]);
    assert_eq!(resource.attributes.len(), 1, "{:?}", resource.attributes);
    assert_eq!(resource.shapes.len(), 1, "a structure that holds itself is read once");
    assert_eq!(resource.permissions["create"], ["a:A", "b:B"]);
}

#[test]
fn alternatives_become_one_structure_of_which_nothing_is_required() {
    let schema = json!({
        "properties": { "Target": { "oneOf": [{ "$ref": "#/definitions/A" }, { "$ref": "#/definitions/B" }] } },
        "definitions": {
            "A": { "type": "object", "properties": { "X": { "type": "string" } }, "required": ["X"] },
            "B": { "type": "object", "properties": { "Y": { "type": "string" } }, "required": ["Y"] },
        },
    });

    let resource = schema::resource("AWS::Test::Thing", &schema);

    let properties: Vec<_> = resource.shapes[0].properties.iter().map(|one| (one.name.as_ref(), one.required)).collect();
    assert_eq!(properties, [("X", false), ("Y", false)], "one of the two could not be written");
}

#[test]
fn metrics_and_references_come_from_the_database() {
    let database = json!({ "schema": {
        "resource": { "entities": [{
            "$id": "1", "cloudFormationType": "AWS::Test::Thing", "isStateful": true,
            "attributes": { "Arn": { "type": { "type": "string" } } },
            "properties": { "Key": { "causesReplacement": "maybe", "relationshipRefs": [{ "cloudFormationType": "AWS::KMS::Key", "propertyName": "Arn" }] } },
        }] },
        "metric": { "entities": [{ "$id": "2", "name": "Depth", "namespace": "AWS/Test" }] },
        "dimensionSet": { "entities": [{ "$id": "3", "dimensions": [{ "name": "ThingName" }] }] },
        "resourceHasMetric": { "forward": { "1": [{ "$id": "2" }] } },
        "usesDimensionSet": { "forward": { "2": [{ "$id": "3" }, { "$id": "3" }] } },
    } });

    let spec = spec::read(&database);

    let thing = &spec.resources["AWS::Test::Thing"];
    assert!(thing.stateful);
    assert_eq!(thing.metrics[0].dimensions, [["ThingName"]], "an alarm would name a dimension twice");
    assert_eq!(thing.properties["Key"].replaces, Replaces::Maybe);
    assert_eq!(thing.properties["Key"].refers, [Refers { resource: "AWS::KMS::Key".into(), attribute: "Arn".into() }]);
}

fn queue() -> BTreeMap<String, Resource> {
    let schema = json!({ "properties": { "Mode": { "type": "string" }, "Policy": { "type": ["object", "string"] }, "Name": { "type": "string", "enum": ["a"] } } });
    let resource = schema::resource("AWS::SQS::Queue", &schema);
    BTreeMap::from([(resource.name.to_string(), resource)])
}

#[test]
fn corrections_add_what_the_sources_leave_out() {
    let text = "
# a comment
mode: AWS::SQS::Queue Mode enum(a b) required
policy: AWS::SQS::Queue Policy was(json) is(.Policy)
target: AWS::SQS::Queue Policy.target add(string) required refers(AWS::SQS::Queue.Arn)
state: AWS::SQS::Queue - stateful
";
    let mut resources = queue();

    Corrections::parse(text).unwrap().apply(&mut resources, &Vec::new()).unwrap();

    let queue = &resources["AWS::SQS::Queue"];
    let property = |name: &str| queue.properties.iter().find(|property| property.name == name).unwrap();
    assert!(queue.stateful && property("Mode").required);
    assert_eq!(property("Mode").choices, ["a", "b"]);
    assert_eq!(property("Policy").kind, Type::Shape("Policy".into()));
    assert_eq!(queue.shapes[0].properties[0].refers[0].attribute, "Arn");
}

#[test]
fn a_correction_that_no_longer_applies_fails_and_all_of_them_are_told() {
    let text = "\
gone-type: AWS::SQS::Gone Mode required
gone-property: AWS::SQS::Queue Gone required
by-now: AWS::SQS::Queue Name enum(a)
was-else: AWS::SQS::Queue Mode was(json) is(.Mode)
there-by-now: AWS::SQS::Queue Mode add(string)
nonsense: AWS::SQS::Queue Mode colourful
";

    let error = Corrections::parse(text).unwrap().apply(&mut queue(), &Vec::new()).unwrap_err();

    let Error::Corrections(wrong) = error else { panic!("{error:?}") };
    let names: Vec<_> = wrong.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(
        names,
        ["line 1, gone-type", "line 2, gone-property", "line 3, by-now", "line 4, was-else", "line 5, there-by-now", "line 6, nonsense"],
        "a correction would outlive its reason: {wrong:#?}"
    );
}

#[test]
fn what_the_sources_dispute_may_be_settled_as_undecided() {
    let disputed = vec![("AWS::SQS::Queue".to_owned(), "Mode".to_owned())];
    let text = "undecided: AWS::SQS::Queue Mode keeps";

    let result = Corrections::parse(text).unwrap().apply(&mut queue(), &disputed);

    assert!(result.is_ok(), "`keeps` says something where the sources disagree: {result:?}");
}

/// The committed facts are those of the sources. The sources are here on machines where somebody has run codegen; elsewhere there is
/// nothing to compare with.
#[test]
fn the_committed_facts_are_fresh_where_the_sources_are() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let schema = root.join("stacks/cfn-kit/schema");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), std::path::PathBuf::from);
    let Some(sources) = Sources::present(&target) else { return };

    let corrections = std::fs::read_to_string(schema.join("corrections.overlay")).unwrap();
    let extracted = extract(&sources, &corrections).unwrap();

    for service in extracted.services {
        let path = schema.join(format!("{}.txt", service.module()));
        if let Ok(committed) = std::fs::read_to_string(&path) {
            let fresh = cfn_facts::write(&service, &sources.origin());
            assert!(committed == fresh, "{} was edited by hand, or codegen was not run", path.display());
        }
    }
}
