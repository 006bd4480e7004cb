//! The facts that are committed, and the Rust that is written from them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use cfn_facts::rust::{Writer, pascal, snake};
use cfn_facts::{Property, Service, Type, parse, write};

fn committed() -> Vec<(String, String, Service)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../cfn-kit/schema");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let service = parse(&text, &name).unwrap();
        (name, text, service)
    };
    files.into_iter().map(read).collect()
}

fn properties(service: &Service) -> impl Iterator<Item = (&str, &Property)> {
    service.resources.iter().flat_map(|resource| {
        let nested = resource.shapes.iter().flat_map(|shape| &shape.properties);
        resource.properties.iter().chain(nested).map(|property| (resource.name.as_ref(), property))
    })
}

#[test]
fn what_is_committed_is_written_again_byte_for_byte() {
    let committed = committed();

    assert!(committed.len() >= 10, "the services in use are missing");
    for (name, text, service) in committed {
        let origin = text.lines().nth(1).unwrap().trim_start_matches("# ");

        assert!(write(&service, origin) == text, "{name} was edited by hand: correct facts in corrections.overlay");
        assert_eq!(name, format!("{}.txt", service.module()), "its cargo feature would have another name");
    }
}

#[test]
fn every_structure_that_a_property_names_is_there() {
    for (file, _, service) in committed() {
        for resource in &service.resources {
            let shapes: BTreeSet<&str> = resource.shapes.iter().map(|shape| shape.name.as_ref()).collect();
            let nested = resource.shapes.iter().flat_map(|shape| &shape.properties);
            for property in resource.properties.iter().chain(nested) {
                if let Type::Shape(name) = property.kind.innermost() {
                    assert!(shapes.contains(name.as_ref()), "{file}: `{}` of {} would become free JSON", property.name, resource.name);
                }
            }
        }
    }
}

#[test]
fn everything_is_sorted_so_that_a_refresh_shows_only_what_changed() {
    for (file, _, service) in committed() {
        assert!(service.resources.is_sorted_by_key(|resource| &resource.name), "{file}");
        for resource in &service.resources {
            assert!(resource.properties.is_sorted_by_key(|property| &property.name), "{file}: {}", resource.name);
            assert!(resource.attributes.is_sorted_by_key(|attribute| &attribute.name), "{file}: {}", resource.name);
            assert!(resource.shapes.is_sorted_by_key(|shape| &shape.name), "{file}: {}", resource.name);
        }
    }
}

#[test]
fn references_lead_to_attributes_that_exist() {
    let committed = committed();
    let resources: Vec<_> = committed.iter().flat_map(|(_, _, service)| &service.resources).collect();
    for (owner, property) in committed.iter().flat_map(|(_, _, service)| properties(service)) {
        for refers in &property.refers {
            // A service that is not committed cannot be looked into.
            let Some(target) = resources.iter().find(|resource| resource.name == refers.resource) else { continue };
            let known =
                target.reference.as_ref() == Some(&refers.attribute) || target.attributes.iter().any(|one| one.name == refers.attribute);
            assert!(known, "`{}` of {owner} wants {}.{}, which nothing gives", property.name, refers.resource, refers.attribute);
        }
    }
}

#[test]
fn the_same_facts_give_the_same_rust() {
    let services: Vec<Service> = committed().into_iter().map(|(_, _, service)| service).collect();
    let queues = services.iter().find(|service| service.name == "AWS::SQS").unwrap();

    let (first, second) = (Writer::new(&services).service(queues), Writer::new(&services).service(queues));

    assert!(first == second, "every build would build everything again");
}

#[test]
fn references_to_services_that_are_off_are_left_out() {
    let services: Vec<Service> =
        committed().into_iter().map(|(_, _, service)| service).filter(|service| service.name == "AWS::SQS").collect();

    let rust = Writer::new(&services).service(&services[0]);

    assert!(rust.contains("impl crate::Takes<crate::sqs::Queue>"), "a queue could have no dead-letter queue");
    assert!(!rust.contains("crate::kms::"), "a build without the feature `kms` would fail");
}

#[test]
fn a_broken_line_is_named_with_its_place() {
    let cases = [
        ("resource AWS::A::B\n  property X nothing", "x.txt:2: `nothing` is no type"),
        ("  property X string", "x.txt:1: this line belongs to a `resource`, and none came before"),
        ("resource AWS::A::B\n    property X string", "x.txt:2: this property belongs to a `type`, and none came before"),
        ("resource AWS::A::B\n  property X string enum(a", "x.txt:2: column 27: the parenthesis is never closed"),
        ("resource AWS::A::B\n  property X string range(a..b)", "x.txt:2: `a` is no number"),
        (
            "resource AWS::A::B\n  property X string refers(AWS::A::B)",
            "x.txt:2: `AWS::A::B` names no attribute, such as `AWS::SQS::Queue.Arn`",
        ),
        ("thing", "x.txt:1: `thing` stands where `service` or `resource` is expected"),
        ("resource AWS::A::B\n  property X string \"open", "x.txt:2: column 26: the quotes are never closed"),
    ];
    for (text, expected) in cases {
        let error = parse(text, "x.txt").unwrap_err();

        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn names_read_like_rust() {
    let setters = [
        ("QueueName", "queue_name"),
        ("KMSMasterKeyID", "kms_master_key_id"),
        ("TargetGroupARNs", "target_group_arns"),
        ("deadLetterTargetArn", "dead_letter_target_arn"),
        ("SSESpecification", "sse_specification"),
        ("IPv6CidrBlock", "ipv6_cidr_block"),
        ("S3Bucket", "s3_bucket"),
        ("OKActions", "ok_actions"),
        ("Type", "type_"),
        ("Ec2InstanceIds", "ec2_instance_ids"),
        ("VPCIds", "vpc_ids"),
    ];
    for (name, expected) in setters {
        assert_eq!(snake(name), expected);
    }
    let variants = [
        ("messageGroup", "MessageGroup"),
        ("PAY_PER_REQUEST", "PayPerRequest"),
        ("HASH", "Hash"),
        ("nodejs22.x", "Nodejs22X"),
        ("provided.al2023", "ProvidedAl2023"),
        ("1.0", "V1_0"),
        ("x86_64", "X86_64"),
        ("http/s", "HttpS"),
        ("*", "Value"),
        ("Self", "Self_"),
    ];
    for (name, expected) in variants {
        assert_eq!(pascal(name), expected);
    }
}
