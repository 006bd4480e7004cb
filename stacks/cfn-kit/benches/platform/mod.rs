//! A job platform of 70 resources, as a person would write it: what the benchmarks build, and what the peers render as well.
//!
//! Jobs come in through an HTTP API with a user pool, wait in a FIFO queue, and are taken by a GPU worker that a function starts.
//! Nothing here is deployed; it is large enough to measure with, and uses the kit as `stacks/` does.

mod alarms;
mod api;
mod functions;
mod network;
mod queue;
mod worker;

use cfn_kit::prelude::*;

/// What differs between environments.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) name: String,
    pub(crate) visibility_seconds: u32,
    pub(crate) log_days: u32,
    pub(crate) submit_rate: u32,
    pub(crate) submit_burst: u32,
    pub(crate) read_rate: u32,
    pub(crate) read_burst: u32,
    pub(crate) instance_type: String,
    pub(crate) alarm_email: String,
    pub(crate) oldest_seconds: u32,
    pub(crate) memory_mb: u32,
    /// The second number of the network's addresses, so that no two overlap.
    pub(crate) network: u32,
}

/// The three environments, and again under other names for as many as are wanted.
pub(crate) fn config(index: u32) -> Config {
    let (name, visibility_seconds, log_days, [submit_rate, submit_burst, read_rate, read_burst]) = match index % 3 {
        0 => ("staging", 900, 7, [2, 4, 10, 20]),
        1 => ("qa", 900, 14, [5, 10, 20, 40]),
        _ => ("prod", 1_800, 90, [20, 40, 100, 200]),
    };
    let large = name == "prod";
    Config {
        name: if index < 3 { name.to_owned() } else { format!("{name}-{}", index / 3 + 1) },
        visibility_seconds,
        log_days,
        submit_rate,
        submit_burst,
        read_rate,
        read_burst,
        instance_type: if large { "g5.xlarge" } else { "g4dn.xlarge" }.to_owned(),
        alarm_email: format!("ops+{name}@example.com"),
        oldest_seconds: if large { 300 } else { 600 },
        memory_mb: if large { 512 } else { 256 },
        network: index % 250,
    }
}

/// Where one platform is written into: a template, what its logical IDs begin with, and its environment.
pub(crate) struct Site<'a, S> {
    template: &'a mut Template<S>,
    prefix: &'a str,
    config: &'a Config,
}

impl<S> Site<'_, S> {
    #[track_caller]
    fn add<C: Construct<S>>(&mut self, id: &str, construct: C) -> C::Handle {
        // Without a prefix there is nothing to put together.
        if self.prefix.is_empty() {
            self.template.add(id, construct)
        } else {
            self.template.add(&format!("{}{id}", self.prefix), construct)
        }
    }

    #[track_caller]
    fn output(&mut self, id: &str, value: impl Into<Output<S>>) {
        self.template.output(&format!("{}{id}", self.prefix), value);
    }

    /// The name of the platform, such as `jobs-staging`.
    fn name(&self) -> String {
        format!("jobs-{}", self.config.name)
    }

    /// The name of a part, such as `jobs-staging-worker`.
    fn named(&self, part: &str) -> String {
        format!("jobs-{}-{part}", self.config.name)
    }
}

/// Writes one platform into a template; several fit into one under different prefixes.
pub(crate) fn platform<S>(template: &mut Template<S>, prefix: &str, config: &Config) {
    let site = &mut Site { template, prefix, config };
    let jobs = queue::jobs(site);
    let users = api::users(site);
    let network = network::network(site);
    let worker = worker::worker(site, &jobs, &network);

    let submit = functions::submit(site, &jobs, &users);
    let status = functions::status(site, &jobs);
    let starter = functions::starter(site, &jobs, &worker);
    let http = api::api(site, &users, &submit, &status);
    for part in ["Audit", "Billing", "Database", "Gateway", "Mail", "Orders", "Search"] {
        // Logs of programs that are deployed elsewhere and write here.
        functions::log_group(site, part);
    }
    alarms::watch(site, &jobs, &[("Submit", &submit), ("Status", &status), ("Starter", &starter)]);

    site.output("ApiUrl", sub!("https://{}.execute-api.{}.{}/", http.api_id(), region(), cfn_kit::url_suffix()));
    site.output("QueueUrl", jobs.queue.queue_url());
    site.output("UserPoolId", users.pool.user_pool_id());
    site.output("UserPoolClientId", users.client.client_id());
    site.output("WorkerInstanceId", worker.instance_id());
}

/// Seven platforms in one template of 490 resources, close to the 500 that CloudFormation takes.
pub(crate) fn large<S>() -> Template<S> {
    let mut template = Template::new("Seven job platforms");
    for index in 0..7 {
        platform(&mut template, &format!("P{index}"), &config(index));
    }
    template
}
