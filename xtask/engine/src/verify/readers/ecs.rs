//! ECS.

use serde_json::json;

use super::prelude::*;

static ECS: Service = Service::new("ecs", Protocol::Json { version: "1.1", target: "AmazonEC2ContainerServiceV20141113" });

const CLUSTERS: Action = ECS.action("DescribeClusters", "/");
const SERVICES: Action = ECS.action("DescribeServices", "/");
const TASK: Action = ECS.action("DescribeTaskDefinition", "/");

/// Fields whose keys are somebody's own words.
const MAPS: &[&str] = &["DockerLabels", "Options", "DriverOpts", "Labels"];

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::ECS::Cluster",
        asks: |subject| vec![CLUSTERS.ask(json!({ "clusters": [subject.id], "include": ["SETTINGS", "CONFIGURATIONS", "TAGS"] }))],
        live: |subject, answers| {
            let cluster = one(&answers.get(&CLUSTERS), "clusters", "clusterName", subject.tail());
            let cluster = if text_at(&cluster, "status") == "INACTIVE" { serde_json::Value::Null } else { cluster };
            let all = pascal(&cluster, MAPS);
            Live::default()
                .same(&all, &["CapacityProviders", "ClusterName", "Configuration", "DefaultCapacityProviderStrategy", "Tags"])
                .set("ClusterSettings", at(&all, "Settings"))
                .unless_gone(&cluster)
        },
        attributes: |name, place| vec![("Arn", place.arn("ecs", &format!("cluster/{name}")))],
        rules: &[("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::ECS::Service",
        asks: |subject| {
            let cluster = Some(subject.text("Cluster")).filter(|cluster| !cluster.is_empty()).unwrap_or_else(|| "default".to_owned());
            vec![SERVICES.ask(json!({ "cluster": cluster, "services": [subject.id], "include": ["TAGS"] }))]
        },
        live: |subject, answers| {
            let service = one(&answers.get(&SERVICES), "services", "serviceArn", subject.id);
            let service = if text_at(&service, "status") == "INACTIVE" { serde_json::Value::Null } else { service };
            let all = pascal(&service, MAPS);
            let same = [
                "CapacityProviderStrategy",
                "DeploymentConfiguration",
                "EnableECSManagedTags",
                "EnableExecuteCommand",
                "HealthCheckGracePeriodSeconds",
                "LaunchType",
                "LoadBalancers",
                "NetworkConfiguration",
                "PlacementConstraints",
                "PropagateTags",
                "SchedulingStrategy",
                "ServiceName",
                "TaskDefinition",
                "Tags",
            ];
            Live::default()
                .same(&all, &same)
                .set("Cluster", at(&all, "ClusterArn"))
                .set("PlatformVersion", at(&all, "PlatformVersion"))
                .set("DesiredCount", unknown("automatic scaling changes it"))
                .unless_gone(&service)
        },
        attributes: |arn, _| vec![("Name", tail(arn).to_owned()), ("ServiceArn", arn.to_owned())],
        rules: &[("Tags", Rule::Tags), ("Cluster", Rule::Name), ("TaskDefinition", Rule::Name)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::ECS::TaskDefinition",
        asks: |subject| vec![TASK.ask(json!({ "taskDefinition": subject.id, "include": ["TAGS"] }))],
        live: |_, answers| {
            let all = pascal(&answers.part(&TASK, "taskDefinition"), MAPS);
            let same = [
                "ContainerDefinitions",
                "Cpu",
                "EphemeralStorage",
                "ExecutionRoleArn",
                "Family",
                "Memory",
                "NetworkMode",
                "RequiresCompatibilities",
                "RuntimePlatform",
                "TaskRoleArn",
                "Volumes",
            ];
            Live::default().same(&all, &same).set("Tags", pascal(&answers.part(&TASK, "tags"), &[]))
        },
        attributes: |arn, _| vec![("TaskDefinitionArn", arn.to_owned())],
        rules: &[
            ("Tags", Rule::Tags),
            ("ContainerDefinitions.Command", Rule::Ordered),
            ("ContainerDefinitions.EntryPoint", Rule::Ordered),
            ("ContainerDefinitions.Environment", Rule::Exact),
            ("TaskRoleArn", Rule::Name),
            ("ExecutionRoleArn", Rule::Name),
        ],
        ..PLAIN
    },
];
