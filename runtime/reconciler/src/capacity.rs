//! The mode `scaled`: the desired capacity of an Auto Scaling group.

use contract::logs;
use contract::metrics::{self, Unit};

use crate::Reconciler;
use crate::cloud::{Cloud, CloudError};
use crate::decide::{self, Need, Seen};

/// A worker writes what it has in work three times a minute; one that has been silent for longer is not there any more.
pub(crate) const FRESH_SECONDS: u64 = 60;

/// How far to look back for a failed activity: as far as the schedule's last call, so that each is reported about once.
const ACTIVITY_SECONDS: u64 = 60;

impl<C: Cloud> Reconciler<C> {
    /// What there is to do, by all who know of it.
    pub(crate) async fn look(&self, now: u64, woken: bool, sent: u64) -> Result<Seen, CloudError> {
        let counts = self.cloud.counts().await?;
        let workers = self.cloud.workers(now.saturating_sub(FRESH_SECONDS)).await?;
        let idle_since = self.cloud.idle_since().await?;
        let busy = workers.iter().filter(|worker| worker.busy > 0);
        Ok(Seen {
            backlog: counts.backlog().saturating_add(sent),
            busy_jobs: workers.iter().map(|worker| worker.busy).sum(),
            busy_workers: u32::try_from(busy.count()).unwrap_or(u32::MAX),
            woken,
            idle_since,
            now,
        })
    }

    /// Writes down whether there is something to do. Before anything is changed: whoever goes to zero looks here last.
    pub(crate) async fn note_idle(&self, need: Need, seen: &Seen) -> Result<(), CloudError> {
        match need {
            Need::Workers(_) if seen.idle_since.is_some() || seen.woken => self.cloud.end_idle().await,
            Need::Wait { begins: true } => self.cloud.begin_idle(seen.now).await,
            Need::Workers(_) | Need::Wait { begins: false } | Need::Nothing => Ok(()),
        }
    }

    /// Gives the group the capacity that the work asks for.
    pub(crate) async fn fit_group(&self, now: u64, woken: bool, sent: u64) -> Result<(), CloudError> {
        let seen = self.look(now, woken, sent).await?;
        let need = decide::need(&self.config, &seen);
        self.note_idle(need, &seen).await?;
        let group = self.cloud.group().await?;
        let wanted = decide::desired(need, &seen, &group);
        if wanted != group.desired {
            // Somebody may have woken the fleet since idle_since was read.
            if need == Need::Nothing && self.cloud.idle_since().await?.is_none() {
                return Ok(());
            }
            self.cloud.set_desired(wanted).await?;
            self.tell(&seen, group.desired, wanted);
            // And since then: whoever wakes forgets idle_since before it raises, so either it raised after us, or we see it here.
            if need == Need::Nothing && self.cloud.idle_since().await?.is_none() {
                self.cloud.set_desired(group.desired.max(1).min(group.most)).await?;
            }
        }
        if !woken && (group.desired > 0 || wanted > 0) {
            self.report_failure(now).await?;
        }
        Ok(())
    }

    fn tell(&self, seen: &Seen, before: u32, after: u32) {
        self.log
            .info("the desired capacity is changed")
            .number("before", before.into())
            .number("after", after.into())
            .number("backlog", seen.backlog)
            .number("busy", seen.busy_jobs)
            .write();
    }

    /// A launch without capacity is tried again by the group itself, over its zones and types. People should know all the same.
    async fn report_failure(&self, now: u64) -> Result<(), CloudError> {
        if let Some(failed) = self.cloud.failed_activity(now.saturating_sub(ACTIVITY_SECONDS)).await? {
            self.log
                .warn("the Auto Scaling group failed at something")
                .field("activity", &failed.description)
                .field(logs::ERROR, &failed.reason)
                .metric(metrics::FLEET_FAILED_ACTIVITIES, Unit::Count, 1.0)
                .write();
        }
        Ok(())
    }
}
