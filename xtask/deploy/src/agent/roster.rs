//! The workers of one group: who is there, who has to come, who has to go.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use super::launch::Launch;
use super::shipper::{Shipper, Sink};
use super::{say, worker};

/// A worker that lived so long is no sign of trouble when it ends.
const SETTLED: Duration = Duration::from_secs(60);

/// Longest pause before a worker that ends again and again is started once more.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A worker, apart from its process.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    number: u64,
    generation: String,
    leaving: bool,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Start,
    Stop(u64),
}

#[derive(Debug)]
struct Worker {
    place: Place,
    child: Child,
    since: Instant,
    /// When it is ended, if it has not ended by then.
    until: Option<Instant>,
    drain: Duration,
    log: Option<Shipper>,
}

/// The workers of one group.
#[derive(Debug)]
pub(super) struct Roster {
    group: String,
    folder: PathBuf,
    workers: Vec<Worker>,
    /// The logs of those that have ended, until their last lines are brought.
    last_words: Vec<Shipper>,
    next: u64,
    /// How many ended early, one after the other.
    early: u32,
    not_before: Option<Instant>,
}

impl Roster {
    pub(super) fn new(group: &str, folder: &Path) -> Self {
        Self {
            group: group.to_owned(),
            folder: folder.to_owned(),
            workers: Vec::new(),
            last_words: Vec::new(),
            next: 1,
            early: 0,
            not_before: None,
        }
    }

    /// Whether nobody is there, and nothing is left of those that were.
    pub(super) fn is_empty(&self) -> bool {
        self.workers.is_empty() && self.last_words.is_empty()
    }

    /// Brings what the workers have written since the last time. The first thing that went wrong, when all have been tried.
    pub(super) async fn ship(&mut self, sink: &impl Sink) -> Result<(), String> {
        let mut first = Ok(());
        for log in self.workers.iter_mut().filter_map(|worker| worker.log.as_mut()) {
            first = first.and(log.ship(sink).await);
        }
        let mut left = Vec::new();
        for mut log in std::mem::take(&mut self.last_words) {
            let finished = log.finish(sink).await;
            if finished != Ok(true) {
                left.push(log);
            }
            first = first.and(finished.map(drop));
        }
        self.last_words = left;
        first
    }

    /// Notices who has ended, and ends who had time enough.
    pub(super) fn bury(&mut self, now: Instant) {
        let mut gone = Vec::new();
        self.workers.retain_mut(|worker| {
            if worker.until.is_some_and(|until| until <= now) {
                drop(worker.child.kill());
                worker.until = None;
            }
            // A child that cannot be asked about is none.
            let ended = worker.child.try_wait().map_or(Some(String::from("unknown")), |status| status.map(|status| status.to_string()));
            if let Some(status) = &ended {
                self.last_words.extend(worker.log.take());
                gone.push((worker.place.clone(), status.clone(), now.duration_since(worker.since)));
            }
            ended.is_none()
        });
        for (place, status, lived) in gone {
            say(&format!("{} ended ({status}) after {} s", self.name(place.number), lived.as_secs()));
            if place.leaving {
                continue;
            }
            self.early = if SETTLED <= lived { 0 } else { self.early.saturating_add(1) };
            self.not_before = Some(now + pause(self.early));
        }
    }

    /// Starts and stops until there are so many workers, all as `launch` says.
    pub(super) fn fit(&mut self, desired: usize, launch: Option<&Launch>, now: Instant) {
        self.bury(now);
        let places: Vec<Place> = self.workers.iter().map(|worker| worker.place.clone()).collect();
        for step in steps(&places, desired, launch.map(|launch| launch.recipe.generation.as_str())) {
            match (step, launch) {
                (Step::Stop(number), _) => self.stop(number, now),
                (Step::Start, Some(launch)) if self.not_before.is_none_or(|moment| moment <= now) => self.start(launch, now),
                (Step::Start, _) => {}
            }
        }
    }

    /// Ends all at once.
    pub(super) fn kill(&mut self) {
        for worker in &mut self.workers {
            drop(worker.child.kill());
            drop(worker.child.wait());
            self.last_words.extend(worker.log.take());
        }
        self.workers.clear();
    }

    fn name(&self, number: u64) -> String {
        format!("{}-{number}", self.group)
    }

    fn start(&mut self, launch: &Launch, now: Instant) {
        let name = self.name(self.next);
        // Before it writes its first line.
        let log = launch.recipe.log_group.as_deref().map(|group| Shipper::new(&worker::log(&self.folder, &name), group, &name));
        match worker::start(launch, &self.folder, &name) {
            Ok(child) => {
                say(&format!("{name} started as process {}", child.id()));
                let place = Place { number: self.next, generation: launch.recipe.generation.clone(), leaving: false };
                let drain = Duration::from_secs(launch.recipe.drain_seconds);
                self.workers.push(Worker { place, child, since: now, until: None, drain, log });
                self.next += 1;
            }
            Err(error) => {
                say(&format!("{name} cannot be started: {error}"));
                self.early = self.early.saturating_add(1);
                self.not_before = Some(now + pause(self.early));
            }
        }
    }

    fn stop(&mut self, number: u64, now: Instant) {
        let name = self.name(number);
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.place.number == number) {
            say(&format!("{name} is asked to end, and has {} s", worker.drain.as_secs()));
            worker::ask_to_end(&worker.child);
            worker.place.leaving = true;
            worker.until = Some(now + worker.drain);
        }
    }
}

/// One second, two, four …
fn pause(early: u32) -> Duration {
    if early == 0 { Duration::ZERO } else { Duration::from_secs(1 << (early - 1).min(6)).min(LONGEST_PAUSE) }
}

/// What makes `places` so many, all of one generation. Old ones go one at a time: while one drains, the others work on.
fn steps(places: &[Place], desired: usize, generation: Option<&str>) -> Vec<Step> {
    let mut staying: Vec<&Place> = places.iter().filter(|place| !place.leaving).collect();
    // The old first, then whoever came last: as an Auto Scaling group chooses by launch template.
    staying.sort_by_key(|place| (Some(place.generation.as_str()) == generation, std::cmp::Reverse(place.number)));
    let is_old = |place: &Place| generation.is_some_and(|generation| place.generation != generation);
    let surplus = staying.len().saturating_sub(desired);
    let mut steps: Vec<Step> = staying.iter().take(surplus).map(|place| Step::Stop(place.number)).collect();
    let mut left = staying.len() - surplus;
    let old = staying.iter().skip(surplus).find(|place| is_old(place));
    if let Some(old) = old.filter(|_| surplus == 0 && places.iter().all(|place| !place.leaving)) {
        steps.push(Step::Stop(old.number));
        left -= 1;
    }
    steps.extend((left..desired).map(|_| Step::Start));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u64, generation: &str, leaving: bool) -> Place {
        Place { number, generation: generation.to_owned(), leaving }
    }

    #[test]
    fn there_are_as_many_workers_as_desired() {
        let two = [place(1, "a", false), place(2, "a", false)];

        assert_eq!(steps(&[], 2, Some("a")), [Step::Start, Step::Start]);
        assert_eq!(steps(&two, 2, Some("a")), []);
        assert_eq!(steps(&two, 1, Some("a")), [Step::Stop(2)]);
        assert_eq!(steps(&two, 0, None), [Step::Stop(2), Step::Stop(1)]);
    }

    #[test]
    fn a_worker_that_drains_counts_no_more_and_is_not_asked_again() {
        let places = [place(1, "a", true), place(2, "a", false)];

        assert_eq!(steps(&places, 2, Some("a")), [Step::Start]);
        assert_eq!(steps(&places, 0, None), [Step::Stop(2)]);
    }

    #[test]
    fn a_new_generation_replaces_one_worker_after_the_other() {
        let old = [place(1, "a", false), place(2, "a", false)];
        let half = [place(1, "a", false), place(2, "a", true), place(3, "b", false)];
        let next = [place(1, "a", false), place(3, "b", false)];

        assert_eq!(steps(&old, 2, Some("b")), [Step::Stop(2), Step::Start]);
        assert_eq!(steps(&half, 2, Some("b")), [], "jobs of two workers would be interrupted at once");
        assert_eq!(steps(&next, 2, Some("b")), [Step::Stop(1), Step::Start]);
        assert_eq!(steps(&next, 1, Some("b")), [Step::Stop(1)], "the new one would go, and the old one right after it");
    }

    #[test]
    fn a_worker_that_ends_again_and_again_is_waited_for_longer_each_time() {
        let pauses: Vec<u64> = (0..=9).map(|early| pause(early).as_secs()).collect();

        assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }
}
