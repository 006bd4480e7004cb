//! A cloud in memory whose clock is set by hand, and which can be taken away at any call.
#![allow(dead_code, reason = "each test file uses its own part of what is common")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use contract::fleet::{OperationState, ReconcilerConfig};
use contract::jobs::{JobMessage, JobState};
use lambda_events::Message;
use reconciler::Reconciler;
use reconciler::cloud::{
    CloudError, Counts, End, FailedActivity, FleetTable, Group, GroupState, JobQueue, JobRecord, JobsTable, Machines, Operation, Started,
    Worker,
};
use reconciler::event::Call;
use serde_json::{Value, json};
use telemetry::Log;

pub(crate) const RESIZE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:resize";
pub(crate) const POWER: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:power";

/// A job as the table knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) state: JobState,
    pub(crate) unsent: bool,
    pub(crate) created_at: u64,
    pub(crate) wanted_until: u64,
    pub(crate) readable: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Op {
    pub(crate) state: OperationState,
    pub(crate) execution_arn: Option<String>,
    pub(crate) error: Option<String>,
}

/// Everything that outlives a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct World {
    pub(crate) counts: Counts,
    pub(crate) sent: BTreeSet<String>,
    pub(crate) jobs: BTreeMap<String, Job>,
    pub(crate) idle_since: Option<u64>,
    /// Jobs in work of workers that have spoken lately.
    pub(crate) workers: Vec<u64>,
    pub(crate) operations: BTreeMap<String, Op>,
    pub(crate) group: GroupState,
    pub(crate) failed: Option<(String, String)>,
    /// Name and machine of each execution, its input, and whether it runs.
    pub(crate) executions: BTreeMap<(String, String), (Value, bool)>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            counts: Counts::default(),
            sent: BTreeSet::new(),
            jobs: BTreeMap::new(),
            idle_since: None,
            workers: Vec::new(),
            operations: BTreeMap::new(),
            group: GroupState { least: 0, most: 4, desired: 0, refreshing: false },
            failed: None,
            executions: BTreeMap::new(),
        }
    }
}

/// When the function is cut off: at which call, and whether that call still has its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) at: usize,
    pub(crate) after: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Fake {
    world: Mutex<World>,
    calls: Mutex<(usize, Option<Cut>)>,
}

impl Fake {
    pub(crate) fn of(world: World) -> Self {
        Self { world: Mutex::new(world), calls: Mutex::default() }
    }

    pub(crate) fn cut(&self, cut: Option<Cut>) {
        *self.calls.lock().unwrap() = (0, cut);
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.lock().unwrap().0
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn call<T>(&self, effect: impl FnOnce(&mut World) -> T) -> Result<T, CloudError> {
        let mut calls = self.calls.lock().unwrap();
        let (at, cut) = (calls.0, calls.1);
        calls.0 += 1;
        let gone = || CloudError { doing: "go on".to_owned(), source: "cut off".into() };
        match cut {
            Some(cut) if cut.at < at || (cut.at == at && !cut.after) => Err(gone()),
            Some(cut) if cut.at == at => {
                effect(&mut self.world());
                Err(gone())
            }
            Some(_) | None => Ok(effect(&mut self.world())),
        }
    }
}

impl JobQueue for Fake {
    async fn counts(&self) -> Result<Counts, CloudError> {
        self.call(|world| world.counts)
    }

    async fn send(&self, job: &JobMessage<Value>) -> Result<(), CloudError> {
        // A second one within five minutes is the same message.
        self.call(|world| world.counts.visible += u64::from(world.sent.insert(job.job_id.to_string())))
    }
}

impl JobsTable for Fake {
    async fn unsent(&self, before_seconds: u64, most: u32) -> Result<Vec<String>, CloudError> {
        self.call(|world| {
            let unsent = world.jobs.iter().filter(|(_, job)| job.unsent && job.created_at <= before_seconds);
            unsent.map(|(id, _)| id.clone()).take(most as usize).collect()
        })
    }

    async fn job(&self, job_id: &str) -> Result<Option<JobRecord>, CloudError> {
        self.call(|world| {
            let job = world.jobs.get(job_id)?;
            let lifetime = job.wanted_until - job.created_at;
            let message = JobMessage::new(job_id.parse().unwrap(), "alice", "generate", job.created_at, lifetime, json!({}));
            let message = if job.readable { Ok(message) } else { Err("the record has no `parameters`".to_owned()) };
            Some(JobRecord { state: Some(job.state), unsent: job.unsent, wanted_until: job.wanted_until, message })
        })
    }

    async fn remove_mark(&self, job_id: &str) -> Result<(), CloudError> {
        self.call(|world| {
            if let Some(job) = world.jobs.get_mut(job_id) {
                job.unsent = false;
            }
        })
    }

    async fn end_job(&self, job_id: &str, end: End<'_>, _now_seconds: u64) -> Result<(), CloudError> {
        self.call(|world| {
            if let Some(job) = world.jobs.get_mut(job_id).filter(|job| job.unsent && job.state == JobState::Queued) {
                job.unsent = false;
                job.state = if end == End::Expired { JobState::Expired } else { JobState::Failed };
            }
        })
    }
}

impl FleetTable for Fake {
    async fn idle_since(&self) -> Result<Option<u64>, CloudError> {
        self.call(|world| world.idle_since)
    }

    async fn begin_idle(&self, now_seconds: u64) -> Result<(), CloudError> {
        self.call(|world| world.idle_since = world.idle_since.or(Some(now_seconds)))
    }

    async fn end_idle(&self) -> Result<(), CloudError> {
        self.call(|world| world.idle_since = None)
    }

    async fn workers(&self, _since_seconds: u64) -> Result<Vec<Worker>, CloudError> {
        self.call(|world| world.workers.iter().map(|busy| Worker { busy: *busy }).collect())
    }

    async fn operation(&self, operation_id: &str) -> Result<Option<Operation>, CloudError> {
        self.call(|world| {
            let op = world.operations.get(operation_id)?;
            Some(Operation { state: Some(op.state), has_execution: op.execution_arn.is_some() })
        })
    }

    async fn operation_runs(&self, operation_id: &str, execution_arn: &str, _now_seconds: u64) -> Result<(), CloudError> {
        self.call(|world| {
            let op = world.operations.entry(operation_id.to_owned()).or_insert(Op {
                state: OperationState::Queued,
                execution_arn: None,
                error: None,
            });
            op.execution_arn = Some(execution_arn.to_owned());
            if op.state == OperationState::Queued {
                op.state = OperationState::Running;
            }
        })
    }

    async fn operation_refused(&self, operation_id: &str, error: &str, _now_seconds: u64) -> Result<(), CloudError> {
        self.call(|world| {
            if let Some(op) = world.operations.get_mut(operation_id).filter(|op| op.state == OperationState::Queued) {
                op.state = OperationState::Failed;
                op.error = Some(error.to_owned());
            }
        })
    }
}

impl Group for Fake {
    async fn group(&self) -> Result<GroupState, CloudError> {
        self.call(|world| world.group)
    }

    async fn set_desired(&self, desired: u32) -> Result<(), CloudError> {
        self.call(|world| {
            assert!((world.group.least..=world.group.most).contains(&desired), "Auto Scaling would refuse {desired}");
            world.group.desired = desired;
        })
    }

    async fn failed_activity(&self, _since_seconds: u64) -> Result<Option<FailedActivity>, CloudError> {
        self.call(|world| world.failed.clone().map(|(description, reason)| FailedActivity { description, reason }))
    }
}

impl Machines for Fake {
    async fn running(&self, machine_arn: &str) -> Result<Vec<String>, CloudError> {
        self.call(|world| {
            let of_machine = world.executions.iter().filter(|((_, machine), (_, runs))| machine == machine_arn && *runs);
            of_machine.map(|((name, _), _)| name.clone()).collect()
        })
    }

    async fn start(&self, machine_arn: &str, name: &str, input: Value) -> Result<Started, CloudError> {
        self.call(|world| {
            let key = (name.to_owned(), machine_arn.to_owned());
            let (known, runs) = world.executions.entry(key).or_insert_with(|| (input.clone(), true));
            assert_eq!(*known, input, "Step Functions refuses a known name with another input");
            if *runs { Started::Runs { execution_arn: format!("{machine_arn}:{name}") } } else { Started::Ended }
        })
    }
}

/// Settings of a scaled fleet: ten jobs a worker, four workers, idle for five minutes.
pub(crate) fn config() -> ReconcilerConfig {
    ReconcilerConfig {
        job_queue_url: "url".to_owned(),
        picture_queue_url: "pictures".to_owned(),
        jobs_table: "jobs".to_owned(),
        fleet_table: "fleet".to_owned(),
        target: "group".to_owned(),
        resize_machine_arn: RESIZE.to_owned(),
        power_machine_arn: POWER.to_owned(),
        mode: "scaled".to_owned(),
        max_workers: 4,
        backlog_per_worker: 10,
        idle_minutes: 5,
        unsent_seconds: 30,
        instance_types: ["g4dn.xlarge", "g5.xlarge"].into_iter().collect(),
    }
}

pub(crate) fn reconciler(world: World, config: ReconcilerConfig) -> Reconciler<Fake> {
    Reconciler::new(Fake::of(world), config, Log::to(Box::new(std::io::sink()), "reconciler"))
}

pub(crate) fn minute() -> Call {
    Call::default()
}

pub(crate) fn messages(bodies: &[Value]) -> Call {
    let message = |(at, body): (usize, &Value)| Message {
        message_id: format!("message-{at}"),
        receipt_handle: format!("receipt-{at}"),
        body: body.to_string(),
    };
    Call { messages: bodies.iter().enumerate().map(message).collect() }
}

pub(crate) fn wake() -> Value {
    json!({ "version": 1, "order": "wake" })
}

pub(crate) fn resize(operation_id: &str, instance_type: &str) -> Value {
    json!({ "version": 1, "order": "resize", "operation_id": operation_id, "instance_type": instance_type, "asked_by": "admin" })
}

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
