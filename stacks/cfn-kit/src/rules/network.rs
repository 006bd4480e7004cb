//! What can be reached from the internet.

use serde_json::Value as Json;

use super::view::{View, function};
use super::{Broken, Rule};
use crate::finding::Severity;

/// A database or a shell for everybody.
pub(super) const OPEN_INGRESS: Rule = Rule {
    id: "open-ingress",
    severity: Severity::Error,
    title: "no shell, database or other inner service is open to the whole internet",
    why: "machines try every address on these ports all day, with lists of passwords and of known holes",
    check: open_ingress,
};

/// Ports that are for people inside, and what listens there.
const INNER: &[(f64, &str)] = &[
    (22.0, "SSH"),
    (23.0, "Telnet"),
    (135.0, "Windows RPC"),
    (445.0, "SMB"),
    (1433.0, "SQL Server"),
    (1521.0, "Oracle"),
    (2049.0, "NFS"),
    (2375.0, "Docker"),
    (2376.0, "Docker"),
    (2379.0, "etcd"),
    (3306.0, "MySQL"),
    (3389.0, "Remote Desktop"),
    (5432.0, "PostgreSQL"),
    (5439.0, "Redshift"),
    (5900.0, "VNC"),
    (5984.0, "CouchDB"),
    (6379.0, "Redis"),
    (9042.0, "Cassandra"),
    (9092.0, "Kafka"),
    (9200.0, "Elasticsearch"),
    (9300.0, "Elasticsearch"),
    (10250.0, "Kubernetes"),
    (11211.0, "Memcached"),
    (27017.0, "MongoDB"),
];

fn open_ingress(view: &View<'_>, broken: &mut Broken<'_>) {
    for resource in view.all() {
        match resource.kind {
            "AWS::EC2::SecurityGroup" => {
                for (index, rule) in resource.list("SecurityGroupIngress").iter().enumerate() {
                    judge(view, resource.id, rule.as_object(), &resource.path(&format!("SecurityGroupIngress/{index}")), broken);
                }
            }
            "AWS::EC2::SecurityGroupIngress" => {
                let path = resource.path("x");
                judge(view, resource.id, Some(resource.properties), path.trim_end_matches("/x"), broken);
            }
            _ => {}
        }
    }
}

fn judge(view: &View<'_>, id: &str, rule: Option<&serde_json::Map<String, Json>>, path: &str, broken: &mut Broken<'_>) {
    let Some(rule) = rule else { return };
    let source =
        [("CidrIp", "0.0.0.0/0"), ("CidrIpv6", "::/0")].into_iter().find(|(name, all)| rule.get(*name).is_some_and(|one| one == all));
    let Some((name, source)) = source else { return };
    let number = |name: &str| rule.get(name).and_then(|port| view.branches(port).first().copied()).and_then(as_number);
    let protocol = match rule.get("IpProtocol") {
        Some(Json::String(protocol)) => protocol.clone(),
        Some(Json::Number(protocol)) => protocol.to_string(),
        _ => return,
    };
    let what = match protocol.as_str() {
        "-1" => "everything".to_owned(),
        "tcp" | "udp" | "6" | "17" => {
            let (Some(from), Some(to)) = (number("FromPort"), number("ToPort")) else { return };
            let inner: Vec<&str> = INNER.iter().filter(|(port, _)| (from..=to).contains(port)).map(|(_, what)| *what).collect();
            match inner.as_slice() {
                [] => return,
                [only] if from == to => format!("port {from} ({only})"),
                [first, ..] => format!("ports {from} to {to}, {first} among them,"),
            }
        }
        _ => return,
    };
    broken.at(
        &format!("{path}/{name}"),
        format!("`{id}` opens {what} to `{source}`"),
        "let in a security group or a network of your own; for a shell, Session Manager needs no open port",
    );
}

fn as_number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A database with an address on the internet.
pub(super) const PUBLIC_DATABASE: Rule = Rule {
    id: "public-database",
    severity: Severity::Warning,
    title: "a database has no address on the internet",
    why: "then one open security group and one weak password are all that is between the data and everybody",
    check: public_database,
};

const DATABASES: &[&str] = &[
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
    "AWS::Redshift::Cluster",
    "AWS::RedshiftServerless::Workgroup",
    "AWS::DMS::ReplicationInstance",
    "AWS::AmazonMQ::Broker",
    "AWS::Neptune::DBInstance",
    "AWS::DocDB::DBInstance",
];

fn public_database(view: &View<'_>, broken: &mut Broken<'_>) {
    for database in view.all().filter(|one| DATABASES.contains(&one.kind)) {
        if database.get("PubliclyAccessible").and_then(|switch| view.switch(switch)) == Some(true) {
            broken.at(
                &database.path("PubliclyAccessible"),
                format!("`{}` has an address on the internet", database.id),
                "set it to false and reach it from inside the VPC, by Session Manager or a VPN",
            );
        }
    }
}

/// A load balancer that speaks without TLS.
pub(super) const HTTP_LISTENER: Rule = Rule {
    id: "http-listener",
    severity: Severity::Warning,
    title: "a load balancer on the internet answers over HTTP with a redirect alone",
    why: "passwords, tokens and answers travel readable and changeable through every network on the way",
    check: http_listener,
};

fn http_listener(view: &View<'_>, broken: &mut Broken<'_>) {
    for listener in view.of_type("AWS::ElasticLoadBalancingV2::Listener") {
        // Only of a balancer in this template is it known that it is on the internet.
        let Some(arn) = listener.get("LoadBalancerArn") else { continue };
        let Some(balancer) = view.target_of(arn, "AWS::ElasticLoadBalancingV2::LoadBalancer") else { continue };
        let is_public = match balancer.get("Scheme") {
            None => true,
            Some(scheme) => view.text(scheme).as_deref() == Some("internet-facing"),
        };
        // A network load balancer has no HTTP, so such a listener fails for another reason.
        let is_application = balancer.get("Type").is_none_or(|kind| view.text(kind).as_deref() == Some("application"));
        let is_http = listener.get("Protocol").and_then(|protocol| view.text(protocol)).as_deref() == Some("HTTP");
        if !is_public || !is_application || !is_http {
            continue;
        }
        for (index, action) in listener.list("DefaultActions").iter().enumerate().filter(|(_, action)| function(action).is_none()) {
            if action.get("Type").is_some_and(|kind| kind == "forward") {
                broken.at(
                    &listener.path(&format!("DefaultActions/{index}/Type")),
                    format!("`{}` hands requests on that came over HTTP", listener.id),
                    "redirect to HTTPS (`Type: redirect`, `StatusCode: HTTP_301`), and forward on a listener with a certificate",
                );
            }
        }
    }
}
