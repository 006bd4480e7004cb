//! Which addresses reach which ports, by the rules of security groups.

use std::collections::HashSet;
use std::net::IpAddr;

use serde_json::Value as Json;

use super::super::compare::{section, type_of};
use super::super::names::function;
use super::super::normal;
use super::super::parts::spoken;
use super::{Area, Bodies, Direction, Renamed, SecurityChange, rename};

/// One rule of a security group.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// The group, by logical ID where the template has it.
    group: String,
    owner: String,
    egress: bool,
    protocol: String,
    /// The ports; none where the template does not say them as numbers.
    ports: Option<(i64, i64)>,
    spoken_ports: String,
    peer: String,
}

pub(super) fn changes(old: &Json, new: &Json, ids: &[&str], renamed: &Renamed<'_>, before: &Bodies, after: &Bodies) -> Vec<SecurityChange> {
    let own = |bodies: &Bodies| -> Vec<Rule> { ids.iter().filter_map(|id| Some(of_resource(id, bodies.get(*id)?))).flatten().collect() };
    let (mut olds, mut news) = (own(before), own(after));
    for rule in &mut olds {
        if let Some(name) = renamed.get(rule.group.as_str()) {
            rule.group = (*name).to_owned();
        }
        rename(&mut rule.peer, renamed);
    }
    let groups: HashSet<String> = olds.iter().chain(&news).map(|rule| rule.group.clone()).collect();
    if groups.is_empty() {
        return Vec::new();
    }
    let changed: HashSet<&str> = ids.iter().copied().collect();
    let known = section(old, "Resources");
    let same = section(new, "Resources").iter().filter(|(id, body)| {
        !changed.contains(id.as_str()) && known.contains_key(*id) && type_of(body).starts_with("AWS::EC2::SecurityGroup")
    });
    let others = same.flat_map(|(id, body)| of_resource(id, &normal::resource(body))).filter(|rule| groups.contains(&rule.group));
    let others: Vec<Rule> = others.collect();
    olds.extend(others.iter().cloned());
    news.extend(others);

    let only = |these: &[Rule], those: &[Rule], direction| -> Vec<SecurityChange> {
        these.iter().filter(|rule| !those.iter().any(|other| covers(other, rule))).map(|rule| told(rule, direction)).collect()
    };
    let mut found = only(&news, &olds, Direction::Broadened);
    found.extend(only(&olds, &news, Direction::Broadened.opposite()));
    found
}

fn of_resource(id: &str, body: &Json) -> Vec<Rule> {
    let Some(properties) = body.get("Properties") else { return Vec::new() };
    match type_of(body) {
        "AWS::EC2::SecurityGroup" => {
            let inline = |name: &str| properties.get(name).and_then(Json::as_array).cloned().unwrap_or_default();
            let ingress = inline("SecurityGroupIngress").into_iter().map(|rule| (rule, false));
            let egress = inline("SecurityGroupEgress").into_iter().map(|rule| (rule, true));
            let mut rules: Vec<Rule> = ingress.chain(egress).map(|(one, egress)| rule(id, id, &one, egress)).collect();
            if properties.get("SecurityGroupEgress").is_none() {
                // Where nothing is said of it, EC2 lets everything out.
                let everywhere = |peer: &str| Rule {
                    group: id.to_owned(),
                    owner: id.to_owned(),
                    egress: true,
                    protocol: "-1".to_owned(),
                    ports: Some((0, 65_535)),
                    spoken_ports: String::new(),
                    peer: peer.to_owned(),
                };
                rules.push(everywhere("0.0.0.0/0"));
            }
            rules
        }
        "AWS::EC2::SecurityGroupIngress" => vec![rule(id, &group(properties), properties, false)],
        "AWS::EC2::SecurityGroupEgress" => vec![rule(id, &group(properties), properties, true)],
        _ => Vec::new(),
    }
}

/// The group that a rule belongs to: its logical ID, however it is referred to.
fn group(properties: &Json) -> String {
    let Some(group) = properties.get("GroupId").or_else(|| properties.get("GroupName")) else { return String::new() };
    match group.as_object().and_then(function) {
        Some(("Ref", Json::String(id))) => id.clone(),
        Some(("Fn::GetAtt", Json::Array(words))) => words.first().map(spoken).unwrap_or_default(),
        _ => spoken(group),
    }
}

fn rule(owner: &str, group: &str, body: &Json, egress: bool) -> Rule {
    let word = |name: &str| body.get(name).map(spoken);
    let peers = [
        "CidrIp",
        "CidrIpv6",
        "SourceSecurityGroupId",
        "SourceSecurityGroupName",
        "SourcePrefixListId",
        "DestinationSecurityGroupId",
        "DestinationPrefixListId",
    ];
    let protocol = match word("IpProtocol").unwrap_or_else(|| "-1".to_owned()).to_ascii_lowercase().as_str() {
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        other => other.to_owned(),
    };
    let port = |name: &str, default: i64| body.get(name).map_or(Some(default), Json::as_i64);
    let ports = match (port("FromPort", 0), port("ToPort", 65_535)) {
        // EC2 reads -1 as all of them.
        (Some(-1), _) | (_, Some(-1)) => Some((0, 65_535)),
        (Some(from), Some(to)) => Some((from, to)),
        _ => None,
    };
    Rule {
        group: group.to_owned(),
        owner: owner.to_owned(),
        egress,
        spoken_ports: [word("FromPort"), word("ToPort")].into_iter().flatten().collect::<Vec<_>>().join("-"),
        ports: if protocol == "-1" { Some((0, 65_535)) } else { ports },
        protocol,
        peer: peers.iter().find_map(|name| word(name)).unwrap_or_default(),
    }
}

/// Whether the one rule lets in everything that the other does.
fn covers(wide: &Rule, narrow: &Rule) -> bool {
    let ports = match (wide.ports, narrow.ports) {
        (Some((from, to)), Some((narrow_from, narrow_to))) => from <= narrow_from && narrow_to <= to,
        (None, None) => wide.spoken_ports == narrow.spoken_ports,
        (Some(all), None) => all == (0, 65_535),
        (None, Some(_)) => false,
    };
    wide.group == narrow.group
        && wide.egress == narrow.egress
        && (wide.protocol == "-1" || wide.protocol == narrow.protocol && ports)
        && (wide.peer == narrow.peer || contains(&wide.peer, &narrow.peer))
}

/// Whether every address of the one range is in the other.
fn contains(wide: &str, narrow: &str) -> bool {
    let (Some((wide, wide_bits)), Some((narrow, narrow_bits))) = (range(wide), range(narrow)) else { return false };
    let same_bits = |wide: u128, narrow: u128, width: u32| {
        let shift = width.saturating_sub(wide_bits);
        shift >= width || (wide >> shift) == (narrow >> shift)
    };
    wide_bits <= narrow_bits
        && match (wide, narrow) {
            (IpAddr::V4(wide), IpAddr::V4(narrow)) => same_bits(u32::from(wide).into(), u32::from(narrow).into(), 32),
            (IpAddr::V6(wide), IpAddr::V6(narrow)) => same_bits(wide.into(), narrow.into(), 128),
            _ => false,
        }
}

fn range(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/')?;
    Some((address.parse().ok()?, bits.parse().ok()?))
}

fn told(rule: &Rule, direction: Direction) -> SecurityChange {
    let ports = match rule.ports {
        _ if rule.protocol == "-1" => "everything".to_owned(),
        Some((0, 65_535)) => format!("{} all ports", rule.protocol),
        Some((from, to)) if from == to => format!("{} {from}", rule.protocol),
        Some((from, to)) => format!("{} {from}-{to}", rule.protocol),
        None => format!("{} {}", rule.protocol, rule.spoken_ports),
    };
    SecurityChange {
        area: Area::Network,
        direction,
        resource: rule.owner.clone(),
        effect: if rule.egress { "egress" } else { "ingress" }.to_owned(),
        who: vec![rule.peer.clone()],
        what: vec![ports],
        on: vec![rule.group.clone()],
        when: None,
        wildcard: matches!(rule.peer.as_str(), "0.0.0.0/0" | "::/0"),
    }
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn a_range_holds_its_parts_and_nothing_else() {
        for (wide, narrow, holds) in [
            ("0.0.0.0/0", "10.0.0.0/8", true),
            ("10.0.0.0/8", "0.0.0.0/0", false),
            ("10.1.0.0/16", "10.1.2.0/24", true),
            ("10.1.0.0/16", "10.2.2.0/24", false),
            ("::/0", "2001:db8::/32", true),
            ("0.0.0.0/0", "::/0", false),
            ("10.0.0.0/99", "10.0.0.0/99", true),
            ("${Vpc.CidrBlock}", "10.0.0.0/8", false),
        ] {
            assert_eq!(contains(wide, narrow), holds, "{wide} {narrow}");
        }
    }
}
