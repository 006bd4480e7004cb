//! Machines and the networks between them.

use serde_json::{Value, json};

use super::*;

#[test]
fn containers_instances_and_networks() {
    let container = json!({ "name": "worker", "image": "i:1", "command": ["a", "b"], "environment": [{ "name": "A", "value": "1" }],
        "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "g" } } });
    let service_arn = "arn:aws:ecs:eu-central-1:111111111111:service/c/worker";
    let answers = [
        (
            "DescribeClusters",
            json!({ "clusters": [{ "clusterName": "c", "status": "ACTIVE", "settings": [{ "name": "containerInsights", "value": "enabled" }] }] }),
        ),
        (
            "DescribeServices",
            json!({ "services": [{ "serviceArn": service_arn, "status": "ACTIVE", "launchType": "FARGATE", "clusterArn": "arn:aws:ecs:r:1:cluster/c",
                "taskDefinition": "arn:aws:ecs:r:1:task-definition/t:3",
                "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["s"], "assignPublicIp": "DISABLED" } } }] }),
        ),
        (
            "DescribeTaskDefinition",
            json!({ "taskDefinition": { "family": "t", "cpu": "256", "memory": "512", "containerDefinitions": [container] } }),
        ),
        ("DescribeVpcs", json!({ "vpcSet": [{ "vpcId": "vpc-1", "cidrBlock": "10.0.0.0/16", "tagSet": [{ "key": "a", "value": "b" }] }] })),
        ("DescribeVpcAttribute", json!({ "vpcId": "vpc-1", "enableDnsSupport": { "value": "true" } })),
        (
            "DescribeSubnets",
            json!({ "subnetSet": [{ "subnetId": "s-1", "vpcId": "vpc-1", "cidrBlock": "10.0.1.0/24", "mapPublicIpOnLaunch": "false" }] }),
        ),
        (
            "DescribeSecurityGroups",
            json!({ "securityGroupInfo": [{ "groupId": "sg-1", "groupDescription": "d", "vpcId": "vpc-1", "ipPermissions": [
                { "ipProtocol": "tcp", "fromPort": "443", "toPort": "443", "ipRanges": [{ "cidrIp": "10.0.0.0/8" }], "groups": [{ "groupId": "sg-2" }] }] }] }),
        ),
        (
            "DescribeLaunchTemplateVersions",
            json!({ "launchTemplateVersionSet": [{ "launchTemplateId": "lt-1", "versionNumber": "3", "launchTemplateData": {
                "imageId": "ami-1", "instanceType": "g5.xlarge", "securityGroupIdSet": ["sg-1"], "metadataOptions": { "httpTokens": "required" },
                "blockDeviceMappingSet": [{ "deviceName": "/dev/xvda", "ebs": { "volumeSize": "100", "encrypted": "true" } }] } }] }),
        ),
        (
            "DescribeAutoScalingGroups",
            json!({ "AutoScalingGroups": [{ "AutoScalingGroupName": "g", "MinSize": "0", "MaxSize": "4", "VPCZoneIdentifier": "s-1,s-2" }] }),
        ),
        (
            "DescribeRepositories",
            json!({ "repositories": [{ "repositoryName": "r", "imageTagMutability": "IMMUTABLE", "imageScanningConfiguration": { "scanOnPush": true } }] }),
        ),
        ("GetLifecyclePolicy", json!({ "lifecyclePolicyText": "{\"rules\":[]}" })),
        ("DescribeStateMachine", json!({ "name": "m", "definition": "{\"StartAt\":\"A\"}", "roleArn": "arn:r", "type": "STANDARD" })),
    ];

    agrees("AWS::ECS::Cluster", "c", json!({ "ClusterSettings": [{ "Name": "containerInsights", "Value": "enabled" }] }), &answers);
    let declared = json!({ "Cluster": "c", "LaunchType": "FARGATE", "TaskDefinition": "arn:aws:ecs:r:1:task-definition/t:3",
        "NetworkConfiguration": { "AwsvpcConfiguration": { "Subnets": ["s"], "AssignPublicIp": "DISABLED" } } });
    agrees("AWS::ECS::Service", service_arn, declared, &answers);
    let declared = json!({ "Family": "t", "Cpu": 256, "Memory": 512, "ContainerDefinitions": [{ "Name": "worker", "Image": "i:1",
        "Environment": [{ "Name": "A", "Value": "1" }], "LogConfiguration": { "LogDriver": "awslogs", "Options": { "awslogs-group": "g" } },
        "Command": ["a", "b"] }] });
    agrees("AWS::ECS::TaskDefinition", "arn:t", declared, &answers);
    let declared = json!({ "CidrBlock": "10.0.0.0/16", "EnableDnsSupport": true, "Tags": [{ "Key": "a", "Value": "b" }] });
    agrees("AWS::EC2::VPC", "vpc-1", declared, &answers);
    agrees("AWS::EC2::Subnet", "s-1", json!({ "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "MapPublicIpOnLaunch": false }), &answers);
    let declared = json!({ "GroupDescription": "d", "VpcId": "vpc-1", "SecurityGroupIngress": [
        { "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8" },
        { "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "SourceSecurityGroupId": "sg-2" }] });
    agrees("AWS::EC2::SecurityGroup", "sg-1", declared, &answers);
    let declared = json!({ "LaunchTemplateData": { "ImageId": "ami-1", "InstanceType": "g5.xlarge", "SecurityGroupIds": ["sg-1"],
        "MetadataOptions": { "HttpTokens": "required" },
        "BlockDeviceMappings": [{ "DeviceName": "/dev/xvda", "Ebs": { "VolumeSize": 100, "Encrypted": true } }] } });
    agrees("AWS::EC2::LaunchTemplate", "lt-1", declared, &answers);
    agrees(
        "AWS::AutoScaling::AutoScalingGroup",
        "g",
        json!({ "MinSize": "0", "MaxSize": "4", "VPCZoneIdentifier": ["s-2", "s-1"] }),
        &answers,
    );
    let declared = json!({ "ImageTagMutability": "IMMUTABLE", "ImageScanningConfiguration": { "ScanOnPush": true },
        "LifecyclePolicy": { "LifecyclePolicyText": "{ \"rules\": [] }" } });
    agrees("AWS::ECR::Repository", "r", declared, &answers);
    let declared = json!({ "StateMachineName": "m", "RoleArn": "arn:r", "StateMachineType": "STANDARD", "DefinitionString": "{ \"StartAt\": \"A\" }" });
    agrees("AWS::StepFunctions::StateMachine", "arn:m", declared, &answers);
}

#[test]
fn the_ways_out_of_a_network() {
    let table = json!({ "routeTableId": "rtb-1", "vpcId": "vpc-1", "tagSet": [{ "key": "a", "value": "b" }],
        "routeSet": [
            { "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active" },
            { "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "state": "active", "origin": "CreateRoute" },
            { "destinationIpv6CidrBlock": "::/0", "gatewayId": "igw-1", "state": "active" },
        ],
        "associationSet": [{ "routeTableAssociationId": "rtbassoc-1", "routeTableId": "rtb-1", "subnetId": "s-1", "main": "false" }] });
    let policy = json!({ "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*" }] });
    let interface = json!({ "vpcEndpointId": "vpce-1", "vpcEndpointType": "Interface", "vpcId": "vpc-1", "privateDnsEnabled": "true",
        "serviceName": "com.amazonaws.eu-central-1.sqs", "state": "available", "policyDocument": policy.to_string(),
        "subnetIdSet": ["s-1", "s-2"], "groupSet": [{ "groupId": "sg-1", "groupName": "g" }], "routeTableIdSet": "" });
    let gateway = json!({ "vpcEndpointId": "vpce-2", "vpcEndpointType": "Gateway", "vpcId": "vpc-1", "privateDnsEnabled": "false",
        "serviceName": "com.amazonaws.eu-central-1.s3", "routeTableIdSet": ["rtb-1"], "subnetIdSet": "", "groupSet": "" });
    let answers = [
        (
            "DescribeInternetGateways",
            json!({ "internetGatewaySet": [{ "internetGatewayId": "igw-1", "tagSet": [{ "key": "a", "value": "b" }],
                "attachmentSet": [{ "vpcId": "vpc-1", "state": "available" }] }] }),
        ),
        ("DescribeRouteTables", json!({ "routeTableSet": [table] })),
        ("DescribeVpcEndpoints", json!({ "vpcEndpointSet": [interface, gateway] })),
        ("DescribeAddresses", json!({ "addressesSet": [{ "publicIp": "203.0.113.7", "allocationId": "eipalloc-1", "domain": "vpc" }] })),
        (
            "DescribeNatGateways",
            json!({ "natGatewaySet": [{ "natGatewayId": "nat-1", "subnetId": "s-1", "vpcId": "vpc-1", "state": "available",
                "connectivityType": "public", "natGatewayAddressSet": [{ "allocationId": "eipalloc-1", "publicIp": "203.0.113.7" }] }] }),
        ),
        (
            "DescribeFlowLogs",
            json!({ "flowLogSet": [{ "flowLogId": "fl-1", "resourceId": "vpc-1", "trafficType": "ALL", "logGroupName": "flows",
                "logDestinationType": "cloud-watch-logs", "deliverLogsPermissionArn": "arn:r", "flowLogStatus": "ACTIVE" }] }),
        ),
    ];

    agrees("AWS::EC2::InternetGateway", "igw-1", json!({ "Tags": [{ "Key": "a", "Value": "b" }] }), &answers);
    let declared = json!({ "VpcId": "vpc-1", "InternetGatewayId": "igw-1" });
    agrees("AWS::EC2::VPCGatewayAttachment", "IGW|vpc-1", declared, &answers);
    agrees("AWS::EC2::RouteTable", "rtb-1", json!({ "VpcId": "vpc-1", "Tags": [{ "Key": "a", "Value": "b" }] }), &answers);
    let declared = json!({ "RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1" });
    agrees("AWS::EC2::Route", "rtb-1|0.0.0.0/0", declared, &answers);
    let declared = json!({ "RouteTableId": "rtb-1", "DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1" });
    agrees("AWS::EC2::Route", "rtb-1|::/0", declared, &answers);
    let declared = json!({ "RouteTableId": "rtb-1", "SubnetId": "s-1" });
    agrees("AWS::EC2::SubnetRouteTableAssociation", "rtbassoc-1", declared, &answers);
    let declared = json!({ "VpcId": "vpc-1", "VpcEndpointType": "Interface", "ServiceName": "com.amazonaws.eu-central-1.sqs",
        "PrivateDnsEnabled": true, "SubnetIds": ["s-2", "s-1"], "SecurityGroupIds": ["sg-1"], "PolicyDocument": policy });
    agrees("AWS::EC2::VPCEndpoint", "vpce-1", declared, &answers);
    let declared = json!({ "VpcId": "vpc-1", "VpcEndpointType": "Gateway", "ServiceName": "com.amazonaws.eu-central-1.s3",
        "RouteTableIds": ["rtb-1"] });
    agrees("AWS::EC2::VPCEndpoint", "vpce-2", declared, &answers);
    agrees("AWS::EC2::EIP", "203.0.113.7", json!({ "Domain": "vpc" }), &answers);
    agrees("AWS::EC2::NatGateway", "nat-1", json!({ "SubnetId": "s-1", "AllocationId": "eipalloc-1" }), &answers);
    let declared = json!({ "ResourceId": "vpc-1", "ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": "cloud-watch-logs",
        "LogGroupName": "flows", "DeliverLogsPermissionArn": "arn:r" });
    agrees("AWS::EC2::FlowLog", "fl-1", declared, &answers);
}

#[test]
fn a_way_out_that_somebody_took_away_is_missing() {
    let table = json!({ "routeTableSet": [{ "routeTableId": "rtb-1", "vpcId": "vpc-1", "associationSet": "",
        "routeSet": [{ "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local" }] }] });
    let detached = json!({ "internetGatewaySet": [{ "internetGatewayId": "igw-1", "attachmentSet": "" }] });
    let deleted = json!({ "natGatewaySet": [{ "natGatewayId": "nat-1", "state": "deleted", "subnetId": "s-1" }] });
    let answers = [("DescribeRouteTables", table), ("DescribeInternetGateways", detached), ("DescribeNatGateways", deleted)];
    let gone = |kind: &str, id: &str, declared: Value| read(kind, id, &declared, &answers).0.gone;

    let route = json!({ "RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1" });
    assert!(gone("AWS::EC2::Route", "r", route), "workers would reach nothing, and the deploy be called as declared");
    assert!(gone("AWS::EC2::VPCGatewayAttachment", "a", json!({ "VpcId": "vpc-1", "InternetGatewayId": "igw-1" })));
    assert!(gone("AWS::EC2::SubnetRouteTableAssociation", "s", json!({ "RouteTableId": "rtb-1", "SubnetId": "s-1" })));
    assert!(gone("AWS::EC2::NatGateway", "nat-1", json!({ "SubnetId": "s-1" })), "EC2 tells of a deleted gateway for an hour");
}

#[test]
fn a_subnet_that_was_moved_to_another_table_is_a_difference() {
    let moved =
        json!({ "routeTableSet": [{ "routeTableId": "rtb-2", "associationSet": [{ "subnetId": "s-1", "routeTableId": "rtb-2" }] }] });
    let declared = json!({ "RouteTableId": "rtb-1", "SubnetId": "s-1" });

    let found = compared("AWS::EC2::SubnetRouteTableAssociation", "rtbassoc-1", &declared, &[("DescribeRouteTables", moved)]);

    let paths: Vec<_> = found.differences.iter().map(|difference| difference.path.as_str()).collect();
    assert_eq!(paths, ["RouteTableId"], "a private subnet would be public, and nobody know");
}

#[test]
fn what_a_group_waits_for_and_holds_ready() {
    let answers = [
        (
            "DescribeLifecycleHooks",
            json!({ "LifecycleHooks": [{ "LifecycleHookName": "drain", "AutoScalingGroupName": "g", "HeartbeatTimeout": "660",
                "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "GlobalTimeout": "66000", "DefaultResult": "CONTINUE" }] }),
        ),
        (
            "DescribeWarmPool",
            json!({ "WarmPoolConfiguration": { "PoolState": "Stopped", "MinSize": "1", "MaxGroupPreparedCapacity": "2",
                "InstanceReusePolicy": { "ReuseOnScaleIn": "true" } }, "Instances": "" }),
        ),
    ];

    let declared = json!({ "AutoScalingGroupName": "g", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "HeartbeatTimeout": 660, "DefaultResult": "CONTINUE" });
    agrees("AWS::AutoScaling::LifecycleHook", "drain", declared, &answers);
    let declared = json!({ "PoolState": "Stopped", "MinSize": 1, "MaxGroupPreparedCapacity": 2,
        "InstanceReusePolicy": { "ReuseOnScaleIn": true } });
    agrees("AWS::AutoScaling::WarmPool", "g", declared, &answers);
    let (live, _) = read(
        "AWS::AutoScaling::WarmPool",
        "g",
        &json!({ "AutoScalingGroupName": "g" }),
        &[("DescribeWarmPool", json!({ "Instances": "" }))],
    );
    assert!(live.gone, "a warm pool that somebody deleted would be called as declared");
}
