//! EC2, Auto Scaling, SSM and DynamoDB as far as the definitions call them, with the refusals that AWS has.

use std::collections::BTreeMap;

use serde_json::{Value, json};

const STOP_SECONDS: u64 = 100;
const START_SECONDS: u64 = 40;
const REFRESH_SECONDS: u64 = 400;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) kind: String,
    pub(crate) state: &'static str,
    settles_at: u64,
}

#[derive(Debug, Clone)]
struct Refresh {
    status: &'static str,
    to: usize,
    ends_at: u64,
}

type Failure = (String, String);

#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    pub(crate) now: u64,
    /// Each so-manieth call is throttled; 0 never.
    pub(crate) throttle_every: usize,
    calls: usize,
    pub(crate) no_capacity: Vec<&'static str>,
    pub(crate) instance: Instance,
    /// The instance type of each version, from version 1 on.
    pub(crate) versions: Vec<String>,
    tokens: BTreeMap<String, usize>,
    pub(crate) default_version: usize,
    pub(crate) group_version: usize,
    pub(crate) mixed: bool,
    /// The version of each instance of the group.
    pub(crate) instances: Vec<usize>,
    refreshes: Vec<Refresh>,
    pub(crate) parameter: String,
    operation: BTreeMap<String, String>,
}

impl Scripted {
    pub(crate) fn with_instance(state: &'static str) -> Self {
        let now = 1_000_000;
        Self {
            now,
            throttle_every: 0,
            calls: 0,
            no_capacity: Vec::new(),
            instance: Instance { kind: "g4dn.xlarge".to_owned(), state, settles_at: now + 30 },
            versions: vec!["g4dn.xlarge".to_owned()],
            tokens: BTreeMap::new(),
            default_version: 1,
            group_version: 1,
            mixed: false,
            instances: Vec::new(),
            refreshes: Vec::new(),
            parameter: "g4dn.xlarge".to_owned(),
            operation: BTreeMap::new(),
        }
    }

    pub(crate) fn with_group(instances: usize) -> Self {
        Self { instances: vec![1; instances], ..Self::with_instance("running") }
    }

    /// A column of the operation's item.
    pub(crate) fn operation(&self, column: &str) -> &str {
        self.operation.get(column).map_or("", String::as_str)
    }

    /// What people see in the end.
    pub(crate) fn outcome(&self) -> (String, &'static str, Vec<String>, [usize; 2], Vec<usize>, String, String) {
        (
            self.instance.kind.clone(),
            self.instance.state,
            self.versions.clone(),
            [self.default_version, self.group_version],
            self.instances.clone(),
            self.parameter.clone(),
            self.operation("state").to_owned(),
        )
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        if self.instance.settles_at <= self.now {
            self.instance.state = match self.instance.state {
                "stopping" => "stopped",
                "pending" => "running",
                settled => settled,
            };
        }
        let (now, lacking) = (self.now, self.no_capacity.clone());
        for refresh in self.refreshes.iter_mut().filter(|refresh| refresh.status == "InProgress" && refresh.ends_at <= now) {
            let lacks = lacking.iter().any(|kind| *kind == self.versions[refresh.to - 1]);
            let matches = self.instances.iter().all(|version| *version == refresh.to);
            refresh.status = if lacks && !matches { "Failed" } else { "Successful" };
            if !lacks {
                self.instances.iter_mut().for_each(|version| *version = refresh.to);
            }
        }
    }

    pub(crate) fn call(&mut self, action: &str, arguments: &Value) -> Result<Value, Failure> {
        self.pass(1);
        self.calls += 1;
        if self.throttle_every > 0 && self.calls.is_multiple_of(self.throttle_every) {
            return Err(("Ec2.Ec2Exception".to_owned(), "Request limit exceeded (RequestLimitExceeded)".to_owned()));
        }
        let word = |name: &str| arguments[name].as_str().unwrap_or_else(|| panic!("{action}: no `{name}` in {arguments}")).to_owned();
        match action {
            "ec2:describeInstances" => {
                let instance = json!({ "InstanceType": self.instance.kind, "State": { "Name": self.instance.state } });
                Ok(json!({ "Reservations": [{ "Instances": [instance] }] }))
            }
            "ec2:stopInstances" => self.stop(),
            "ec2:startInstances" => self.start(),
            "ec2:modifyInstanceAttribute" => {
                self.must_be("stopped")?;
                self.instance.kind = arguments["InstanceType"]["Value"].as_str().unwrap().to_owned();
                Ok(json!({}))
            }
            "ec2:describeLaunchTemplateVersions" => {
                let number: usize = arguments["Versions"][0].as_str().unwrap().parse().unwrap();
                let data = json!({ "InstanceType": self.versions[number - 1] });
                Ok(json!({ "LaunchTemplateVersions": [{ "VersionNumber": number, "LaunchTemplateData": data }] }))
            }
            "ec2:createLaunchTemplateVersion" => {
                assert_eq!(word("SourceVersion"), "1", "the user data of another version would be taken");
                let kind = arguments["LaunchTemplateData"]["InstanceType"].as_str().unwrap().to_owned();
                let versions = &mut self.versions;
                let number = *self.tokens.entry(word("ClientToken")).or_insert_with(|| {
                    versions.push(kind);
                    versions.len()
                });
                Ok(json!({ "LaunchTemplateVersion": { "VersionNumber": number } }))
            }
            "ec2:modifyLaunchTemplate" => {
                self.default_version = word("DefaultVersion").parse().unwrap();
                Ok(json!({}))
            }
            "ssm:putParameter" => {
                self.parameter = word("Value");
                Ok(json!({ "Version": 2 }))
            }
            "autoscaling:describeAutoScalingGroups" => Ok(json!({ "AutoScalingGroups": [self.group()] })),
            "autoscaling:updateAutoScalingGroup" => {
                self.group_version = arguments["LaunchTemplate"]["Version"].as_str().unwrap().parse().unwrap();
                Ok(json!({}))
            }
            "autoscaling:startInstanceRefresh" => {
                if self.refreshes.iter().any(|refresh| refresh.status == "InProgress") {
                    return Err(("AutoScaling.InstanceRefreshInProgressException".to_owned(), "one goes on".to_owned()));
                }
                self.refreshes.push(Refresh { status: "InProgress", to: self.group_version, ends_at: self.now + REFRESH_SECONDS });
                Ok(json!({ "InstanceRefreshId": (self.refreshes.len() - 1).to_string() }))
            }
            "autoscaling:describeInstanceRefreshes" => {
                let refresh = &self.refreshes[arguments["InstanceRefreshIds"][0].as_str().unwrap().parse::<usize>().unwrap()];
                // Only a refresh that has something to say says why.
                let mut told = json!({ "Status": refresh.status });
                if refresh.status == "Failed" {
                    told["StatusReason"] = json!("InsufficientInstanceCapacity");
                }
                Ok(json!({ "InstanceRefreshes": [told] }))
            }
            "dynamodb:updateItem" => Ok(self.update(arguments)),
            other => panic!("`{other}` is not scripted"),
        }
    }

    fn group(&self) -> Value {
        let instances: Vec<_> = self.instances.iter().map(|version| json!({ "Version": version })).collect();
        if self.mixed {
            return json!({ "MixedInstancesPolicy": {}, "Instances": instances });
        }
        json!({ "LaunchTemplate": { "Version": self.group_version.to_string() }, "Instances": instances })
    }

    fn must_be(&self, state: &str) -> Result<(), Failure> {
        let words = format!("the instance is {} (IncorrectInstanceState)", self.instance.state);
        if self.instance.state == state { Ok(()) } else { Err(("Ec2.Ec2Exception".to_owned(), words)) }
    }

    fn stop(&mut self) -> Result<Value, Failure> {
        match self.instance.state {
            "running" => (self.instance.state, self.instance.settles_at) = ("stopping", self.now + STOP_SECONDS),
            "stopping" | "stopped" => {}
            _ => self.must_be("running")?,
        }
        Ok(json!({}))
    }

    fn start(&mut self) -> Result<Value, Failure> {
        match self.instance.state {
            "stopped" if self.no_capacity.iter().any(|kind| *kind == self.instance.kind) => {
                return Err(("Ec2.Ec2Exception".to_owned(), "none here (InsufficientInstanceCapacity)".to_owned()));
            }
            "stopped" => (self.instance.state, self.instance.settles_at) = ("pending", self.now + START_SECONDS),
            "pending" | "running" => {}
            _ => self.must_be("stopped")?,
        }
        Ok(json!({}))
    }

    /// `SET #a = :a, #b = if_not_exists(#b, :b) REMOVE #c`, and nothing else.
    fn update(&mut self, arguments: &Value) -> Value {
        assert_eq!(arguments["Key"]["id"]["S"], "operation#01KATX3W7G2M8Z9QCVB4R5NDEG");
        let expression = arguments["UpdateExpression"].as_str().unwrap();
        let (set, remove) = expression.strip_prefix("SET ").unwrap().split_once(" REMOVE ").unwrap_or((&expression[4..], ""));
        let name = |word: &str| arguments["ExpressionAttributeNames"][word].as_str().unwrap().to_owned();
        let value = |word: &str| {
            let typed = &arguments["ExpressionAttributeValues"][word];
            typed["S"].as_str().or(typed["N"].as_str()).unwrap_or_else(|| panic!("no text in {typed} for `{word}`")).to_owned()
        };
        // The only commas inside an assignment are those of `if_not_exists`.
        for assignment in set.replace(", :", " :").split(", ") {
            let (column, source) = assignment.split_once(" = ").unwrap();
            match source.strip_prefix("if_not_exists(") {
                Some(inner) => {
                    let word = inner.trim_end_matches(')').split_once(' ').unwrap().1;
                    self.operation.entry(name(column)).or_insert_with(|| value(word));
                }
                None => drop(self.operation.insert(name(column), value(source))),
            }
        }
        if !remove.is_empty() {
            self.operation.remove(&name(remove));
        }
        let attributes: BTreeMap<_, _> = self.operation.iter().map(|(name, value)| (name.clone(), json!({ "S": value }))).collect();
        json!({ "Attributes": attributes })
    }
}
