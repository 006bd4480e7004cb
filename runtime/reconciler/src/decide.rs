//! How large the fleet should be: a table of what was seen, and one number. No call, no clock.

use contract::fleet::ReconcilerConfig;

/// SQS's counts are right a minute after the last message came or went, so nothing is believed to be idle sooner.
pub const SETTLE_SECONDS: u64 = 60;

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Messages in the queue: visible, in flight and delayed.
    pub backlog: u64,
    /// Jobs in work, by the workers' own word.
    pub busy_jobs: u64,
    /// Workers that have jobs in work.
    pub busy_workers: u32,
    /// Whether somebody has just said that jobs have arrived: the counts may not know it yet.
    pub woken: bool,
    /// Since when there has been nothing to do, as far as it was written down.
    pub idle_since: Option<u64>,
    /// Now, in seconds since 1970.
    pub now: u64,
}

/// What the work asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// There is work for so many workers.
    Workers(u32),
    /// There is nothing to do, but not for long enough, or it is not written down yet.
    Wait {
        /// Whether it has to be written down.
        begins: bool,
    },
    /// There has been nothing to do for long enough.
    Nothing,
}

/// What the work asks for.
#[must_use]
pub fn need(config: &ReconcilerConfig, seen: &Seen) -> Need {
    let jobs = seen.backlog.max(seen.busy_jobs);
    if jobs > 0 || seen.woken || seen.busy_workers > 0 {
        let wanted = jobs.div_ceil(u64::from(config.backlog_per_worker.max(1)));
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        return Need::Workers(wanted.clamp(1, config.max_workers.max(1)));
    }
    let patience = (u64::from(config.idle_minutes) * 60).max(SETTLE_SECONDS);
    match seen.idle_since {
        None => Need::Wait { begins: true },
        // A clock that went back is no reason to stop a fleet early.
        Some(since) if seen.now.saturating_sub(since) < patience => Need::Wait { begins: false },
        Some(_) => Need::Nothing,
    }
}

/// The desired capacity that a group should get, given what it has.
///
/// A wake only raises: the counts behind it are the least settled ones. An instance refresh replaces instances by itself, so nothing is
/// taken away from under it. What is lowered stays at what is busy: scale-in protection then decides which instances go.
#[must_use]
pub fn desired(need: Need, seen: &Seen, group: &crate::cloud::GroupState) -> u32 {
    let wanted = match need {
        Need::Wait { .. } => return group.desired,
        Need::Nothing => 0,
        Need::Workers(workers) => workers.max(seen.busy_workers),
    };
    let wanted = wanted.clamp(group.least, group.most.max(group.least));
    if wanted < group.desired && (seen.woken || group.refreshing) { group.desired } else { wanted }
}
