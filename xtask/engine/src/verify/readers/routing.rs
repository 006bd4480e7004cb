//! EC2: how a network reaches what is outside of it. Gateways, routes, endpoints, and the log of what flows.

use serde_json::{Value, json};

use super::ec2::{EC2, tags};
use super::prelude::*;

const INTERNET_GATEWAYS: Action = EC2.action("DescribeInternetGateways", "/");
const VPN_GATEWAYS: Action = EC2.action("DescribeVpnGateways", "/");
const NAT_GATEWAYS: Action = EC2.action("DescribeNatGateways", "/");
const ADDRESSES: Action = EC2.action("DescribeAddresses", "/");
const ROUTE_TABLES: Action = EC2.action("DescribeRouteTables", "/");
const ENDPOINTS: Action = EC2.action("DescribeVpcEndpoints", "/");
const FLOW_LOGS: Action = EC2.action("DescribeFlowLogs", "/");

/// Where a route may lead to: the property, and the field of the answer.
const TARGETS: &[(&str, &str)] = &[
    ("CarrierGatewayId", "carrierGatewayId"),
    ("EgressOnlyInternetGatewayId", "egressOnlyInternetGatewayId"),
    ("GatewayId", "gatewayId"),
    ("InstanceId", "instanceId"),
    ("LocalGatewayId", "localGatewayId"),
    ("NatGatewayId", "natGatewayId"),
    ("NetworkInterfaceId", "networkInterfaceId"),
    ("TransitGatewayId", "transitGatewayId"),
    ("VpcPeeringConnectionId", "vpcPeeringConnectionId"),
];

/// What a route is for, of which it declares one: the property, and the field of the answer.
const DESTINATIONS: &[(&str, &str)] = &[
    ("DestinationCidrBlock", "destinationCidrBlock"),
    ("DestinationIpv6CidrBlock", "destinationIpv6CidrBlock"),
    ("DestinationPrefixListId", "destinationPrefixListId"),
];

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::EC2::InternetGateway",
        asks: |subject| vec![INTERNET_GATEWAYS.ask(json!({ "InternetGatewayId": [subject.id] }))],
        live: |subject, answers| {
            let gateway = one(&answers.get(&INTERNET_GATEWAYS), "internetGatewaySet", "internetGatewayId", subject.id);
            Live::default().set("Tags", tags(&gateway)).unless_gone(&gateway)
        },
        attributes: |id, _| vec![("InternetGatewayId", id.to_owned())],
        rules: &[("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::EC2::VPCGatewayAttachment",
        // Its name in AWS is CloudFormation's own: what EC2 knows are the gateway and the network.
        asks: |subject| {
            if subject.declares("VpnGatewayId") {
                return vec![VPN_GATEWAYS.ask(json!({ "VpnGatewayId": [subject.text("VpnGatewayId")] }))];
            }
            vec![INTERNET_GATEWAYS.ask(json!({ "InternetGatewayId": [subject.text("InternetGatewayId")] }))]
        },
        live: |subject, answers| {
            let (internet, vpn) = (answers.get(&INTERNET_GATEWAYS), answers.get(&VPN_GATEWAYS));
            let (gateway, attached) = if subject.declares("VpnGatewayId") {
                let gateway = one(&vpn, "vpnGatewaySet", "vpnGatewayId", &subject.text("VpnGatewayId"));
                let attached = one(&gateway, "attachments", "vpcId", &subject.text("VpcId"));
                (("VpnGatewayId", at(&gateway, "vpnGatewayId")), attached)
            } else {
                let gateway = one(&internet, "internetGatewaySet", "internetGatewayId", &subject.text("InternetGatewayId"));
                let attached = one(&gateway, "attachmentSet", "vpcId", &subject.text("VpcId"));
                (("InternetGatewayId", at(&gateway, "internetGatewayId")), attached)
            };
            Live::default().set("VpcId", at(&attached, "vpcId")).set(gateway.0, gateway.1).unless_gone(&attached)
        },
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::EC2::RouteTable",
        asks: |subject| vec![ROUTE_TABLES.ask(json!({ "RouteTableId": [subject.id] }))],
        live: |subject, answers| {
            let table = one(&answers.get(&ROUTE_TABLES), "routeTableSet", "routeTableId", subject.id);
            Live::default().set("VpcId", at(&table, "vpcId")).set("Tags", tags(&table)).unless_gone(&table)
        },
        attributes: |id, _| vec![("RouteTableId", id.to_owned())],
        rules: &[("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::EC2::Route",
        asks: |subject| vec![ROUTE_TABLES.ask(json!({ "RouteTableId": [subject.text("RouteTableId")] }))],
        live: |subject, answers| {
            let id = subject.text("RouteTableId");
            let table = one(&answers.get(&ROUTE_TABLES), "routeTableSet", "routeTableId", &id);
            let route = DESTINATIONS
                .iter()
                .find(|(property, _)| subject.declares(property))
                .map_or(Value::Null, |(property, field)| one(&table, "routeSet", field, &subject.text(property)));
            let live = Live::default().set("RouteTableId", at(&table, "routeTableId")).unless_gone(&route);
            DESTINATIONS.iter().chain(TARGETS).fold(live, |live, (property, field)| live.set(property, at(&route, field)))
        },
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::EC2::SubnetRouteTableAssociation",
        // By the subnet, not by its own name: a subnet that somebody moved to another table has another association.
        asks: |subject| {
            let filter = json!({ "Name": "association.subnet-id", "Value": [subject.text("SubnetId")] });
            vec![ROUTE_TABLES.ask(json!({ "Filter": [filter] }))]
        },
        live: |subject, answers| {
            let id = subject.text("SubnetId");
            let tables = list(answers.part(&ROUTE_TABLES, "routeTableSet"));
            let found = items(&tables).iter().map(|table| (table, one(table, "associationSet", "subnetId", &id)));
            let (table, association) = match found.into_iter().find(|(_, association)| !association.is_null()) {
                Some((table, association)) => (table.clone(), association),
                None => (tables.clone(), if unknown_reason(&tables).is_some() { tables } else { Value::Null }),
            };
            Live::default()
                .set("RouteTableId", at(&table, "routeTableId"))
                .set("SubnetId", at(&association, "subnetId"))
                .unless_gone(&association)
        },
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::EC2::VPCEndpoint",
        asks: |subject| vec![ENDPOINTS.ask(json!({ "VpcEndpointId": [subject.id] }))],
        live: |subject, answers| {
            let endpoint = one(&answers.get(&ENDPOINTS), "vpcEndpointSet", "vpcEndpointId", subject.id);
            let groups = each(list(at(&endpoint, "groupSet")), |group| at(group, "groupId"));
            Live::default()
                .same(
                    &pascal(&endpoint, &[]),
                    &["IpAddressType", "PolicyDocument", "PrivateDnsEnabled", "ServiceName", "VpcEndpointType", "VpcId"],
                )
                .set("RouteTableIds", list(at(&endpoint, "routeTableIdSet")))
                .set("SubnetIds", list(at(&endpoint, "subnetIdSet")))
                .set("SecurityGroupIds", groups)
                .set("Tags", tags(&endpoint))
                .unless_gone(&endpoint)
        },
        attributes: |id, _| vec![("Id", id.to_owned())],
        rules: &[("PolicyDocument", Rule::Policy), ("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::EC2::EIP",
        asks: |subject| vec![ADDRESSES.ask(json!({ "PublicIp": [subject.id] }))],
        live: |subject, answers| {
            let address = one(&answers.get(&ADDRESSES), "addressesSet", "publicIp", subject.id);
            Live::default()
                .same(&pascal(&address, &[]), &["Domain", "InstanceId", "NetworkBorderGroup", "PublicIpv4Pool"])
                .set("Tags", tags(&address))
                .attribute("AllocationId", at(&address, "allocationId"))
                .unless_gone(&address)
        },
        attributes: |id, _| vec![("PublicIp", id.to_owned())],
        rules: &[("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::EC2::NatGateway",
        asks: |subject| vec![NAT_GATEWAYS.ask(json!({ "NatGatewayId": [subject.id] }))],
        live: |subject, answers| {
            let gateway = one(&answers.get(&NAT_GATEWAYS), "natGatewaySet", "natGatewayId", subject.id);
            // EC2 tells of a deleted one for about an hour.
            let gateway = if matches!(text_at(&gateway, "state").as_str(), "deleted" | "deleting") { Value::Null } else { gateway };
            let addresses = list(at(&gateway, "natGatewayAddressSet"));
            let first = items(&addresses).first().cloned().unwrap_or(addresses);
            let kind = at(&gateway, "connectivityType");
            Live::default()
                .same(&pascal(&gateway, &[]), &["SubnetId", "VpcId"])
                .set("AllocationId", at(&first, "allocationId"))
                .set("ConnectivityType", if kind.is_null() { json!("public") } else { kind })
                .set("PrivateIpAddress", at(&first, "privateIp"))
                .set("Tags", tags(&gateway))
                .unless_gone(&gateway)
        },
        attributes: |id, _| vec![("NatGatewayId", id.to_owned())],
        rules: &[("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::EC2::FlowLog",
        asks: |subject| vec![FLOW_LOGS.ask(json!({ "FlowLogId": [subject.id] }))],
        live: |subject, answers| {
            let log = one(&answers.get(&FLOW_LOGS), "flowLogSet", "flowLogId", subject.id);
            let same = [
                "DeliverLogsPermissionArn",
                "LogDestination",
                "LogDestinationType",
                "LogFormat",
                "LogGroupName",
                "MaxAggregationInterval",
                "ResourceId",
                "TrafficType",
            ];
            Live::default()
                .same(&pascal(&log, &[]), &same)
                .set("ResourceType", kind_of(&at(&log, "resourceId")))
                .set("Tags", tags(&log))
                .unless_gone(&log)
        },
        attributes: |id, _| vec![("Id", id.to_owned())],
        rules: &[("Tags", Rule::Tags)],
        ..PLAIN
    },
];

/// What a flow log watches, which the answer says only by the name of it.
fn kind_of(id: &Value) -> Value {
    const KINDS: &[(&str, &str)] = &[
        ("vpc-", "VPC"),
        ("subnet-", "Subnet"),
        ("eni-", "NetworkInterface"),
        ("tgw-attach-", "TransitGatewayAttachment"),
        ("tgw-", "TransitGateway"),
    ];
    let Some(id) = id.as_str() else { return id.clone() };
    KINDS
        .iter()
        .find(|(prefix, _)| id.starts_with(prefix))
        .map_or_else(|| unknown("EC2 does not say what it watches"), |(_, kind)| json!(kind))
}
