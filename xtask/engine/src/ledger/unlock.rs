//! `unlock`: a lease that its holder will not give back.

use std::time::Duration;

use protocol::{Answer, Event, Failure, Outcome, Sent, Unlock};

use super::LEASE;
use super::lease::{Lease, held_by};
use super::shelf::no_ledger;
use crate::cloud::{Cloud, ErrorKind};
use crate::engine::{Engine, Talk};
use crate::failure;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Delete the lease, and write down what its holder began.
    pub(crate) async fn unlock(&self, request: &Unlock) -> Result<Outcome, Failure> {
        let target = &request.ledger.target;
        let problem = |error| failure::of(error, target);
        let (_, bucket) = self.open_ledger(&request.ledger).await?;
        let Some(bucket) = bucket else { return Err(no_ledger(&request.ledger)) };
        let Some(mut found) = self.cloud.object(&bucket, LEASE).await.map_err(problem)? else { return Ok(Outcome::Unchanged) };
        let lease = Lease::read(&found);
        self.talk.tell(Event::Lease(lease.state(&found)));
        if !request.force {
            let again = lease.surely_renewed().max(Duration::from_secs(1));
            let text = format!("looking whether it is renewed, for {} s", again.as_secs());
            self.talk.tell(Event::Note { text });
            tokio::select! {
                () = self.cloud.pause(again) => {}
                () = self.interrupt.wait() => {
                    let hint = "the lease is as it was".to_owned();
                    return Err(failure::interrupted("interrupted before anything was changed".to_owned(), hint, Sent::Nothing));
                }
            }
            let Some(later) = self.cloud.object(&bucket, LEASE).await.map_err(problem)? else { return Ok(Outcome::Unchanged) };
            if later.modified_seconds != found.modified_seconds {
                let hint = "wait for its end; if you are sure that it must not go on, `--force` takes the lease away from it".to_owned();
                return Err(Failure { hint, ..held_by(target, &Lease::read(&later)) });
            }
            found = later;
        }
        if request.ask {
            let question = format!("Take the lease of `{}` away from {}?", target.environment, lease.by);
            if self.talk.ask(question).await == Answer::No {
                return Ok(Outcome::Declined);
            }
        }
        match self.cloud.delete_if(&bucket, LEASE, &found.etag).await {
            Ok(()) => {}
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Outcome::Unchanged),
            Err(error) if error.kind == ErrorKind::Conflict => return Err(held_by(target, &lease)),
            Err(error) => return Err(problem(error)),
        }
        self.abandoned(target, &bucket, lease, "its lease was taken away").await;
        Ok(Outcome::Changed)
    }
}
