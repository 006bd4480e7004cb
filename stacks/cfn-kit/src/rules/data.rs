//! Data that is lost, lies open, or is kept in one place alone.

use serde_json::Value as Json;

use super::view::{Res, View, function, is_expression};
use super::{Broken, Rule};
use crate::facts;
use crate::finding::Severity;

/// Data that goes with its resource.
pub(super) const KEEPS_DATA: Rule = Rule {
    id: "keeps-data",
    severity: Severity::Error,
    title: "in production, what holds data outlives its removal from the template and its replacement",
    why: "a renamed ID, a changed property that replaces, or a deleted stack deletes the data with the resource, and nobody is asked",
    check: keeps_data,
};

fn keeps_data(view: &View<'_>, broken: &mut Broken<'_>) {
    if !view.context.production {
        return;
    }
    for resource in view.all().filter(|resource| holds_data(*resource)) {
        let missing: Vec<String> = [("DeletionPolicy", true), ("UpdateReplacePolicy", false)]
            .into_iter()
            .filter(|(name, on_create)| match resource.body.get(*name) {
                Some(Json::String(policy)) => {
                    !(matches!(policy.as_str(), "Retain" | "Snapshot") || *on_create && policy == "RetainExceptOnCreate")
                }
                Some(expression) => function(expression).is_none(),
                None => true,
            })
            .map(|(name, _)| match resource.body.get(name).and_then(Json::as_str) {
                Some(policy) => format!("`{name}` is `{policy}`"),
                None => format!("`{name}` is missing"),
            })
            .collect();
        if !missing.is_empty() {
            broken.at(
                &resource.path(""),
                format!("`{}` holds data, and its {}", resource.id, missing.join(" and ")),
                "set `DeletionPolicy` and `UpdateReplacePolicy` to `Retain`, or to `Snapshot` where the type has it",
            );
        }
    }
}

/// Whether data of its own is in it. A member of a cluster and a read replica have somebody else's.
fn holds_data(resource: Res<'_>) -> bool {
    let somebody_elses = match resource.kind {
        // Its resources have policies of their own.
        "AWS::CloudFormation::Stack" => true,
        "AWS::RDS::DBInstance" => ["DBClusterIdentifier", "SourceDBInstanceIdentifier"].iter().any(|name| resource.get(name).is_some()),
        "AWS::DocDB::DBInstance" | "AWS::Neptune::DBInstance" => true,
        "AWS::ElastiCache::CacheCluster" => {
            resource.get("ReplicationGroupId").is_some() || resource.get("Engine").is_some_and(|engine| engine == "memcached")
        }
        _ => false,
    };
    !somebody_elses && facts::of(resource.kind).is_some_and(|facts| facts.stateful)
}

/// Production in one zone.
pub(super) const SINGLE_ZONE: Rule = Rule {
    id: "single-zone",
    severity: Severity::Warning,
    title: "in production, what people wait for is in two zones",
    why: "a zone fails as a whole, and then everything stands that is nowhere else",
    check: single_zone,
};

fn single_zone(view: &View<'_>, broken: &mut Broken<'_>) {
    if !view.context.production {
        return;
    }
    for resource in view.all() {
        match resource.kind {
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => one_subnet(view, resource, "Subnets", broken),
            "AWS::AutoScaling::AutoScalingGroup" => one_subnet(view, resource, "VPCZoneIdentifier", broken),
            "AWS::ECS::Service" => one_subnet(view, resource, "NetworkConfiguration/AwsvpcConfiguration/Subnets", broken),
            "AWS::Lambda::Function" => one_subnet(view, resource, "VpcConfig/SubnetIds", broken),
            "AWS::RDS::DBInstance" => database(view, resource, broken),
            "AWS::ElastiCache::ReplicationGroup" => cache(view, resource, broken),
            _ => {}
        }
    }
}

fn one_subnet(view: &View<'_>, resource: Res<'_>, place: &str, broken: &mut Broken<'_>) {
    let Some([only]) = resource.get(place).and_then(Json::as_array).map(Vec::as_slice) else { return };
    // A parameter may hold many, with commas between them.
    let is_one = match function(only) {
        Some(("Ref", Json::String(name))) => {
            let parameter = view.template.get("Parameters").and_then(|parameters| parameters.get(name)?.get("Type")?.as_str());
            parameter == Some("AWS::EC2::Subnet::Id") || view.resource(name).is_some_and(|one| one.kind == "AWS::EC2::Subnet")
        }
        Some(_) => false,
        None => only.as_str().is_some_and(|text| text.starts_with("subnet-") && !text.contains(',')),
    };
    if is_one {
        broken.at(
            &resource.path(place),
            format!("`{}` is in one subnet, and so in one zone", resource.id),
            "give it a subnet in each of two zones",
        );
    }
}

fn database(view: &View<'_>, database: Res<'_>, broken: &mut Broken<'_>) {
    let belongs = ["DBClusterIdentifier", "SourceDBInstanceIdentifier", "SourceDBClusterIdentifier"];
    let engine = database.get("Engine").and_then(|engine| view.text(engine));
    // Aurora copies by itself; SQL Server can by an option group, and engines of one's own cannot.
    let is_other = engine.is_none_or(|engine| ["aurora", "custom-", "sqlserver"].iter().any(|other| engine.starts_with(other)));
    if is_other || belongs.iter().any(|name| database.get(name).is_some()) {
        return;
    }
    if is_off(view, database, "MultiAZ") {
        broken.at(&place_of(database, "MultiAZ"), format!("`{}` has no standby in another zone", database.id), "set `MultiAZ` to true");
    }
}

fn cache(view: &View<'_>, group: Res<'_>, broken: &mut Broken<'_>) {
    if group.get("GlobalReplicationGroupId").is_some() {
        return;
    }
    let is_sharded = ["NumNodeGroups", "NodeGroupConfiguration", "ClusterMode"].iter().any(|name| group.get(name).is_some());
    let off: Vec<&str> = ["AutomaticFailoverEnabled", "MultiAZEnabled"]
        .into_iter()
        // A cluster of several shards always fails over.
        .filter(|name| !(is_sharded && *name == "AutomaticFailoverEnabled"))
        .filter(|name| is_off(view, group, name))
        .collect();
    if let Some(first) = off.first() {
        let names = off.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
        broken.at(
            &place_of(group, first),
            format!("`{}` stays down with its zone: {names} {} off", group.id, if off.len() == 1 { "is" } else { "are" }),
            format!("set {names} to true, with at least two nodes"),
        );
    }
}

/// Whether a switch that is off by default is off for certain.
fn is_off(view: &View<'_>, resource: Res<'_>, name: &str) -> bool {
    resource.get(name).is_none_or(|switch| view.switch(switch) == Some(false))
}

/// Where a property stands, or the resource where it does not.
fn place_of(resource: Res<'_>, name: &str) -> String {
    resource.path(if resource.get(name).is_some() { name } else { "" })
}

/// Storage that anyone can read who gets hold of it.
pub(super) const UNENCRYPTED_STORAGE: Rule = Rule {
    id: "unencrypted-storage",
    severity: Severity::Warning,
    title: "what lies on disks is encrypted",
    why: "it costs nothing, and most services can switch it on when the resource is made and never again",
    check: unencrypted_storage,
};

/// Types that can encrypt: the switch, whether it is off where nothing is said, and properties with which somebody else decides.
///
/// Where nothing is said is judged only if AWS says that it means off. Others have it on (Aurora since February 2026, Redshift since
/// 2025, ElastiCache with Valkey), or leave it to a setting of the account (EBS).
const SWITCHES: &[(&str, &str, bool, &[&str])] = &[
    (
        "AWS::RDS::DBInstance",
        "StorageEncrypted",
        true,
        &[
            "DBClusterIdentifier",
            "DBSnapshotIdentifier",
            "SourceDBInstanceIdentifier",
            "SourceDbiResourceId",
            "KmsKeyId",
            "DBClusterSnapshotIdentifier",
        ],
    ),
    ("AWS::RDS::DBCluster", "StorageEncrypted", false, &["SnapshotIdentifier", "SourceDBClusterIdentifier", "GlobalClusterIdentifier"]),
    ("AWS::DocDB::DBCluster", "StorageEncrypted", false, &["SnapshotIdentifier", "SourceDBClusterIdentifier", "GlobalClusterIdentifier"]),
    ("AWS::EFS::FileSystem", "Encrypted", true, &["KmsKeyId"]),
    ("AWS::EC2::Volume", "Encrypted", false, &["SnapshotId"]),
    ("AWS::Redshift::Cluster", "Encrypted", false, &["SnapshotIdentifier"]),
    ("AWS::Neptune::DBCluster", "StorageEncrypted", false, &["SnapshotIdentifier", "SourceDBClusterIdentifier"]),
    ("AWS::ElastiCache::ReplicationGroup", "AtRestEncryptionEnabled", false, &["SnapshotName", "SnapshotArns", "GlobalReplicationGroupId"]),
    ("AWS::OpenSearchService::Domain", "EncryptionAtRestOptions/Enabled", false, &[]),
    ("AWS::DAX::Cluster", "SSESpecification/SSEEnabled", false, &[]),
];

fn unencrypted_storage(view: &View<'_>, broken: &mut Broken<'_>) {
    for resource in view.all() {
        for (_, switch, off_by_default, others) in SWITCHES.iter().filter(|(kind, ..)| *kind == resource.kind) {
            if others.iter().any(|other| resource.get(other).is_some()) {
                continue;
            }
            let is_off = match resource.get(switch) {
                Some(value) => view.switch(value) == Some(false),
                // An engine that nobody can read here may be one that encrypts by itself.
                None => *off_by_default && !is_hidden(view, resource),
            };
            if is_off {
                let path = place_of(resource, switch);
                broken.at(&path, format!("`{}` writes to its disks in the clear", resource.id), format!("set `{switch}` to true"));
            }
        }
        for place in disks(resource) {
            let path = format!("{place}/Ebs/Encrypted");
            if resource.get(&path).and_then(|value| view.switch(value)) == Some(false) {
                let message = format!("`{}` writes to its disks in the clear", resource.id);
                broken.at(&resource.path(&path), message, "set `Encrypted` to true, or leave it to the account's default");
            }
        }
    }
}

fn is_hidden(view: &View<'_>, resource: Res<'_>) -> bool {
    let engine = resource.get("Engine");
    engine.is_some_and(|engine| is_expression(engine) || view.text(engine).is_some_and(|engine| engine.starts_with("aurora")))
}

/// Where a machine's disks are described.
fn disks(resource: Res<'_>) -> Vec<String> {
    let list = match resource.kind {
        "AWS::EC2::Instance" | "AWS::AutoScaling::LaunchConfiguration" => "BlockDeviceMappings",
        "AWS::EC2::LaunchTemplate" => "LaunchTemplateData/BlockDeviceMappings",
        _ => return Vec::new(),
    };
    (0..resource.list(list).len()).map(|index| format!("{list}/{index}")).collect()
}
