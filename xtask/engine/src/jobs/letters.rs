//! Dead letters: telling of them, sending them back, deleting them.

use protocol::{DeadLetters, Done, Event, Failure, Fate, Outcome, Sent, Target, Undertaking};

use super::hold::{Graveyard, Held};
use crate::cloud::Cloud;
use crate::engine::{Engine, Talk};
use crate::failure;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Do something about what nobody could get done.
    pub(crate) async fn dead_letters(&self, request: &DeadLetters) -> Result<Outcome, Failure> {
        let target = &request.target;
        let identity = self.cloud.identity().await.map_err(|error| failure::of(error, target))?;
        self.accept(identity, target)?;
        let queues = self.graveyards(request).await?;
        match &request.what {
            Undertaking::List => self.list_letters(&queues, target).await,
            Undertaking::Show { id } => self.show_letter(&queues, id, target).await,
            Undertaking::Redrive { id } => self.redrive(&queues, id.as_deref(), request).await,
            Undertaking::Drop { id, ask } => self.drop_letters(&queues, id.as_deref(), *ask, request).await,
        }
    }

    async fn list_letters(&self, queues: &[Graveyard], target: &Target) -> Result<Outcome, Failure> {
        for queue in queues {
            let held = self.take_all(queue, target).await?;
            held.iter().for_each(|one| self.talk.tell(Event::DeadLetter(Box::new(one.letter.clone()))));
            self.give_back(queue, &held).await;
            let seen = u64::try_from(held.len()).unwrap_or(u64::MAX);
            if seen < queue.waiting {
                // A FIFO queue hands out ten messages of a group, and no more until those are deleted.
                let text = format!("{}.{} holds about {}, of which SQS showed {seen}", queue.stack, queue.logical_id, queue.waiting);
                self.talk.tell(Event::Note { text });
            }
        }
        Ok(self.read())
    }

    async fn show_letter(&self, queues: &[Graveyard], id: &str, target: &Target) -> Result<Outcome, Failure> {
        let mut shown = false;
        for queue in queues {
            let held = self.take_all(queue, target).await?;
            for one in held.iter().filter(|one| one.is(id)) {
                self.talk.tell(Event::DeadLetter(Box::new(one.letter.clone())));
                shown = true;
            }
            self.give_back(queue, &held).await;
        }
        if shown { Ok(self.read()) } else { Err(not_there(id, target)) }
    }

    /// Deletes them, when a person says so.
    async fn drop_letters(&self, queues: &[Graveyard], id: Option<&str>, ask: bool, request: &DeadLetters) -> Result<Outcome, Failure> {
        let target = &request.target;
        // What is to be deleted is looked at first, and given back: a person takes longer than messages can be held.
        let mut wanted: Vec<String> = Vec::new();
        for queue in queues {
            let held = self.take_all(queue, target).await?;
            wanted.extend(held.iter().filter(|one| id.is_none_or(|id| one.is(id))).map(|one| one.letter.message_id.clone()));
            self.give_back(queue, &held).await;
        }
        match id {
            Some(id) if wanted.is_empty() => return Err(not_there(id, target)),
            None if wanted.is_empty() => return Ok(Outcome::Unchanged),
            Some(_) | None => {}
        }
        if ask {
            let question = match id {
                Some(id) => format!("Delete the message of `{id}` for good? Its job stays failed."),
                None => format!("Delete {} messages of `{}` for good? Their jobs stay failed.", wanted.len(), target.environment),
            };
            if self.talk.ask(question).await == protocol::Answer::No {
                return Ok(Outcome::Declined);
            }
        }
        let places = self.places_if_any(&request.jobs, target).await?;
        let mut dropped = 0;
        for queue in queues {
            let held = self.take_all(queue, target).await.map_err(|failure| so_far(failure, dropped))?;
            let mut others = Vec::new();
            for one in held {
                // Only what the person was asked about: what came in since then stays.
                if !wanted.contains(&one.letter.message_id) {
                    others.push(one);
                    continue;
                }
                self.end_job(&one, places.as_ref(), target).await.map_err(|failure| so_far(failure, dropped))?;
                self.bury(queue, &one).await.map_err(|error| so_far(failure::of(error, target), dropped))?;
                dropped += 1;
                self.fate(&one, Done::Dropped, None);
            }
            self.give_back(queue, &others).await;
        }
        Ok(if dropped == 0 { Outcome::Unchanged } else { Outcome::Changed })
    }

    pub(super) fn fate(&self, held: &Held, fate: Done, why: Option<String>) {
        let (message_id, job_id) = (held.letter.message_id.clone(), held.letter.job_id.clone());
        self.talk.tell(Event::Fate(Fate { message_id, job_id, fate, why }));
    }
}

pub(super) fn not_there(id: &str, target: &Target) -> Failure {
    let hint = format!(
        "`cargo xtask dlq list --env {}` lists them by message and by job; somebody else may be looking at it: try again after half a minute",
        target.environment
    );
    failure::request(format!("no dead letter is called `{id}`"), &hint)
}

/// A failure after some have been dealt with.
pub(super) fn so_far(failure: Failure, done: usize) -> Failure {
    if done == 0 {
        return failure;
    }
    Failure {
        hint: format!("{done} were dealt with and stay so; the same command goes on; {}", failure.hint),
        sent: Sent::Something,
        ..failure
    }
}
