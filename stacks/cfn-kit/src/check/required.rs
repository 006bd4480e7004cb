//! Properties that aws-service-spec calls required while CloudFormation's own schema does not insist on them.
//!
//! Most are the only member so far of a structure that will have alternatives, or have a default. CloudFormation validates with
//! its schema, so that nothing certain can be said where one of these is missing. A correction `optional` makes a line superfluous.

use crate::facts::Facts;

/// Type, and property or `Structure.Property`; sorted.
const NOT_INSISTED_ON: [(&str, &str); 31] = [
    ("AWS::ARCZonalShift::ZonalAutoshiftConfiguration", "ResourceIdentifier"),
    ("AWS::AutoScaling::AutoScalingGroup", "InstanceRequirements.BareMetal"),
    ("AWS::AutoScaling::AutoScalingGroup", "InstanceRequirements.BurstablePerformance"),
    ("AWS::AutoScaling::AutoScalingGroup", "InstanceRequirements.LocalStorage"),
    ("AWS::AutoScaling::LaunchConfiguration", "MetadataOptions.HttpTokens"),
    ("AWS::BedrockAgentCore::OnlineEvaluationConfig", "CloudWatchLogsInputConfig.LogGroupNames"),
    ("AWS::Cloud9::EnvironmentEC2", "ImageId"),
    ("AWS::Cloud9::EnvironmentEC2", "InstanceType"),
    ("AWS::DirectoryService::MicrosoftAD", "Password"),
    ("AWS::EC2::EC2Fleet", "InstanceMetadataOptionsRequest.HttpTokens"),
    ("AWS::EC2::EC2Fleet", "InstanceRequirementsRequest.BareMetal"),
    ("AWS::EC2::EC2Fleet", "InstanceRequirementsRequest.BurstablePerformance"),
    ("AWS::EC2::EC2Fleet", "InstanceRequirementsRequest.LocalStorage"),
    ("AWS::EC2::Instance", "MetadataOptions.HttpTokens"),
    ("AWS::EC2::LaunchTemplate", "InstanceRequirements.BareMetal"),
    ("AWS::EC2::LaunchTemplate", "InstanceRequirements.BurstablePerformance"),
    ("AWS::EC2::LaunchTemplate", "InstanceRequirements.LocalStorage"),
    ("AWS::EC2::LaunchTemplate", "MetadataOptions.HttpTokens"),
    ("AWS::EC2::SpotFleet", "InstanceRequirementsRequest.BareMetal"),
    ("AWS::EC2::SpotFleet", "InstanceRequirementsRequest.BurstablePerformance"),
    ("AWS::EC2::SpotFleet", "InstanceRequirementsRequest.LocalStorage"),
    ("AWS::EC2::VPNConcentrator", "TransitGatewayId"),
    ("AWS::ECS::CapacityProvider", "InstanceRequirementsRequest.BareMetal"),
    ("AWS::ECS::CapacityProvider", "InstanceRequirementsRequest.BurstablePerformance"),
    ("AWS::ECS::CapacityProvider", "InstanceRequirementsRequest.LocalStorage"),
    ("AWS::ECS::TaskDefinition", "ResourceRequirement.Value"),
    ("AWS::GameLift::ContainerGroupDefinition", "TotalVcpuLimit"),
    ("AWS::MSK::Cluster", "LoggingInfo.BrokerLogs"),
    ("AWS::MediaTailor::PlaybackConfiguration", "AdDecisionServerConfiguration.HttpRequest"),
    ("AWS::PCS::ComputeNodeGroup", "CustomLaunchTemplate"),
    ("AWS::WorkspacesInstances::WorkspaceInstance", "InstanceMetadataOptionsRequest.HttpTokens"),
];

/// Whether CloudFormation itself insists on a property that the facts call required; `owner` is a structure, or the type.
pub(super) fn is_insisted_on(facts: &Facts, owner: &str, property: &str) -> bool {
    let start = NOT_INSISTED_ON.partition_point(|(name, _)| *name < facts.name.as_ref());
    let of_type = NOT_INSISTED_ON[start..].iter().take_while(|(name, _)| *name == facts.name);
    let is_this = |path: &str| match path.split_once('.') {
        Some((structure, name)) => structure == owner && name == property,
        None => owner == facts.name && path == property,
    };
    !of_type.into_iter().any(|(_, path)| is_this(path))
}
