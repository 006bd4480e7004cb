//! Two public subnets in two zones.

use cfn_kit::prelude::*;
use cfn_kit::{availability_zones, ec2, select};

use super::Site;

/// What the worker needs to be somewhere.
pub(crate) struct Network<S> {
    pub(crate) vpc: Handle<ec2::Vpc, S>,
    pub(crate) subnet: Handle<ec2::Subnet, S>,
}

pub(crate) fn network<S>(site: &mut Site<'_, S>) -> Network<S> {
    let (name, block) = (site.name(), format!("10.{}", site.config.network));
    let vpc = site.add(
        "Vpc",
        ec2::Vpc::new()
            .cidr_block(format!("{block}.0.0/16"))
            .enable_dns_hostnames(true)
            .enable_dns_support(true)
            .tags([ec2::vpc::Tag::new("Name", name.as_str())]),
    );
    let gateway = site.add("InternetGateway", ec2::InternetGateway::new().tags([ec2::internet_gateway::Tag::new("Name", name)]));
    let attachment = site.add("GatewayAttachment", ec2::VPCGatewayAttachment::new(&vpc).internet_gateway_id(&gateway));

    let [subnet, _] = [("A", 0, "0"), ("B", 1, "128")].map(|(letter, zone, third)| {
        let tag = site.named(&letter.to_lowercase());
        let subnet = site.add(
            &format!("Subnet{letter}"),
            ec2::Subnet::new(&vpc)
                .cidr_block(format!("{block}.{third}.0/17"))
                .availability_zone(select(zone, availability_zones("")))
                .map_public_ip_on_launch(true)
                .tags([ec2::subnet::Tag::new("Name", tag.as_str())]),
        );
        let table = ec2::RouteTable::new(&vpc).tags([ec2::route_table::Tag::new("Name", tag)]);
        let table = site.add(&format!("RouteTable{letter}"), table);
        // Without the wait, the route may come before the gateway is part of the network.
        let route = ec2::Route::new(&table).destination_cidr_block("0.0.0.0/0").gateway_id(&gateway).depends_on(&attachment);
        site.add(&format!("DefaultRoute{letter}"), route);
        site.add(&format!("RouteTableAssociation{letter}"), ec2::SubnetRouteTableAssociation::new(&table, &subnet));
        subnet
    });
    Network { vpc, subnet }
}
