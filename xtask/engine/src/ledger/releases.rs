//! `releases`: what was deployed, newest first.

use protocol::{Event, Failure, ListReleases, Outcome, ReleaseLine};

use super::shelf::{Record, live_digests, no_ledger};
use crate::cloud::Cloud;
use crate::engine::{Engine, Talk};
use crate::failure;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Tell the newest releases, and which of them is live.
    pub(crate) async fn releases(&self, request: &ListReleases) -> Result<Outcome, Failure> {
        let problem = |error| failure::of(error, &request.ledger.target);
        let (states, bucket) = self.open_ledger(&request.ledger).await?;
        let Some(bucket) = bucket else {
            self.talk.tell(Event::Note { text: no_ledger(&request.ledger).message });
            return Ok(self.read());
        };
        let mut ids = self.release_ids(&bucket).await.map_err(problem)?;
        ids.truncate(request.limit);
        let records = self.records(&bucket, &ids).await.map_err(problem)?;
        let live = records
            .iter()
            .filter_map(Record::succeeded)
            .find(|release| release.is_live(&live_digests(release, &states)))
            .map(|release| release.id.clone());
        for record in &records {
            let line = match record {
                Record::Known(release) => release.summary(live.as_ref() == Some(&release.id)),
                Record::Strange { id, version } => ReleaseLine { id: id.clone(), version: *version, live: false, details: None },
            };
            self.talk.tell(Event::Release(line));
        }
        Ok(self.read())
    }
}
