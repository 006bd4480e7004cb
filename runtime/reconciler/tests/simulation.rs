//! A thousand minutes with arrivals, boots, crashes and late counts, in a clock of our own: nothing is lost, and it ends at zero.
#![cfg(test)]

mod common;

use std::collections::{BTreeMap, VecDeque};

use common::{Cut, Fake, Job, World, config, messages, minute, reconciler, run, wake};
use contract::jobs::JobState;
use fastrand::Rng;
use reconciler::Reconciler;
use reconciler::cloud::Counts;

const MINUTES: u64 = 1_000;
/// Nobody asks for anything any more from here on.
const LAST_ARRIVAL: u64 = 940;
const STEP_SECONDS: u64 = 5;
/// SQS's counts are as they were so long ago.
const LATE_SECONDS: u64 = 40;
const SLOTS: usize = 2;

#[derive(Debug)]
struct Instance {
    ready_at: u64,
    /// Job and when it will be done.
    work: Vec<(String, u64)>,
    leaving: bool,
}

/// Who asks, who works, and what SQS believes.
struct Play {
    rng: Rng,
    now: u64,
    next_job: u64,
    waiting: VecDeque<(String, u64)>,
    fleet: Vec<Instance>,
    history: VecDeque<(u64, Counts)>,
    most_instances: usize,
}

impl Play {
    fn job_id(&mut self) -> String {
        self.next_job += 1;
        format!("01KATX3W7G2M8Z9QCV{:08}", self.next_job)
    }

    /// Somebody asks: the record is there, the message mostly, the wake mostly.
    fn arrive(&mut self, cloud: &Fake) -> bool {
        let id = self.job_id();
        let reached = self.rng.u8(..100) >= 5;
        let job = Job { state: JobState::Queued, unsent: !reached, created_at: self.now, wanted_until: self.now + 90_000, readable: true };
        cloud.world().jobs.insert(id.clone(), job);
        if reached {
            self.waiting.push_back((id, self.now));
        }
        reached && self.rng.u8(..100) >= 10
    }

    /// What was sent again is in the queue; instances come, work and go.
    fn go_on(&mut self, cloud: &Fake) {
        let mut world = cloud.world();
        let (now, rng) = (self.now, &mut self.rng);
        for id in std::mem::take(&mut world.sent) {
            self.waiting.push_back((id, now));
        }
        for instance in &mut self.fleet {
            let (done, left): (Vec<_>, Vec<_>) = instance.work.drain(..).partition(|(_, until)| *until <= now);
            instance.work = left;
            for (id, _) in done {
                world.jobs.get_mut(&id).unwrap().state = JobState::Done;
            }
            while !instance.leaving && instance.ready_at <= now && instance.work.len() < SLOTS {
                let Some((id, _)) = self.waiting.pop_front() else { break };
                // A message that comes twice finds its job taken.
                if world.jobs[&id].state == JobState::Queued {
                    world.jobs.get_mut(&id).unwrap().state = JobState::Running;
                    instance.work.push((id, now + rng.u64(5..400)));
                }
            }
        }
        let desired = world.group.desired as usize;
        while self.fleet.iter().filter(|instance| !instance.leaving).count() < desired {
            self.fleet.push(Instance { ready_at: now + rng.u64(30..300), work: Vec::new(), leaving: false });
        }
        // Scale-in takes those without work first; the others are protected until they are done.
        self.fleet.sort_by_key(|instance| instance.work.is_empty());
        let stay = self.fleet.iter().filter(|instance| !instance.leaving).count().saturating_sub(desired);
        for instance in self.fleet.iter_mut().rev().filter(|instance| !instance.leaving).take(stay) {
            instance.leaving = true;
        }
        self.fleet.retain(|instance| !(instance.leaving && instance.work.is_empty()));
        self.most_instances = self.most_instances.max(self.fleet.len());
        world.workers = self.fleet.iter().filter(|instance| instance.ready_at <= now).map(|instance| instance.work.len() as u64).collect();
        let in_flight = self.fleet.iter().map(|instance| instance.work.len() as u64).sum();
        self.history.push_back((now, Counts { visible: self.waiting.len() as u64, in_flight, delayed: 0 }));
        while self.history.len() > 1 && self.history[1].0 + LATE_SECONDS <= now {
            self.history.pop_front();
        }
        world.counts = self.history[0].1;
    }

    /// Calls the function, which is cut off now and then.
    fn call(&mut self, function: &Reconciler<Fake>, woken: bool) {
        let cut = (self.rng.u8(..100) < 10).then(|| Cut { at: self.rng.usize(..8), after: self.rng.bool() });
        let before = function.cloud().world().group.desired;
        function.cloud().cut(cut);
        let call = if woken { messages(&[wake()]) } else { minute() };
        drop(run(function.handle(&call, self.now)));
        if before > 0 && function.cloud().world().group.desired == 0 {
            let oldest = self.waiting.iter().map(|(_, since)| self.now - since).max().unwrap_or(0);
            assert!(oldest <= 60, "the fleet goes to zero although a job has waited for {oldest} s");
            assert!(self.fleet.iter().all(|instance| instance.work.is_empty()), "the fleet goes to zero under a job");
        }
    }
}

fn play(seed: u64) -> (World, usize) {
    let function = reconciler(World::default(), config());
    let mut play = Play {
        rng: Rng::with_seed(seed),
        now: 10_000_000,
        next_job: 0,
        waiting: VecDeque::new(),
        fleet: Vec::new(),
        history: VecDeque::new(),
        most_instances: 0,
    };
    // Quiet and busy hours: in each, so many of a thousand steps bring somebody.
    let mut pace = 0;
    for step in 0..MINUTES * 60 / STEP_SECONDS {
        let minute = step * STEP_SECONDS / 60;
        if step % 360 == 0 {
            pace = [0, 0, 10, 60, 300][play.rng.usize(..5)];
        }
        let arrives = minute < LAST_ARRIVAL && play.rng.u64(..1_000) < pace;
        let woken = arrives && play.arrive(function.cloud());
        play.go_on(function.cloud());
        if woken {
            play.call(&function, true);
        }
        if (step * STEP_SECONDS).is_multiple_of(60) {
            play.call(&function, false);
        }
        play.now += STEP_SECONDS;
    }
    assert!(play.next_job > 0, "nobody asked for anything with seed {seed}");
    let world = function.cloud().world().clone();
    (world, play.most_instances)
}

#[test]
fn a_thousand_minutes_lose_no_job_and_end_at_zero() {
    let mut most = 0;
    for seed in 1..=12 {
        let (world, instances) = play(seed);

        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        world.jobs.values().for_each(|job| *states.entry(job.state.as_str()).or_default() += 1);
        assert_eq!(states.keys().collect::<Vec<_>>(), [&"done"], "with seed {seed}: {states:?}");
        assert!(world.jobs.values().all(|job| !job.unsent), "with seed {seed}: a mark is left");
        assert_eq!(world.group.desired, 0, "with seed {seed}: somebody pays for nothing");
        most = most.max(instances);
    }
    assert!(most > 1, "no seed brought enough work for a second instance");
}
