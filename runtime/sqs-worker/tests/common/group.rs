use std::sync::{Arc, Mutex};

use sqs_worker::Clock;
use sqs_worker::protection::{Group, Refusal};

use super::Paused;

/// What a group was asked, with the time in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Protect(u64),
    Open(u64),
    StillWorks(u64),
    IsDone(u64),
}

/// How a group answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    NotInService,
    Fails,
}

/// An Auto Scaling group with one machine: it answers by a script, and notes what it was asked.
#[derive(Clone)]
pub(crate) struct Staged {
    clock: Paused,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// How it answers from a second on.
    answers: Arc<Vec<(u64, Answer)>>,
}

impl Staged {
    pub(crate) fn new(clock: &Paused, answers: &[(u64, Answer)]) -> Self {
        Self { clock: clock.clone(), asked: Arc::default(), answers: Arc::new(answers.to_vec()) }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn answer(&self, asked: impl FnOnce(u64) -> Asked) -> Result<(), Refusal> {
        let now = self.clock.now().as_secs();
        self.asked.lock().unwrap().push(asked(now));
        match self.answers.iter().rev().find(|(since, _)| *since <= now) {
            Some((_, Answer::NotInService)) => Err(Refusal::NotInService),
            Some((_, Answer::Fails)) => Err(Refusal::Failed { action: "do something", source: "the cloud is away".into() }),
            Some((_, Answer::Yes)) | None => Ok(()),
        }
    }
}

impl Group for Staged {
    async fn protect(&self, protected: bool) -> Result<(), Refusal> {
        self.answer(if protected { Asked::Protect } else { Asked::Open })
    }

    async fn still_works(&self) -> Result<(), Refusal> {
        self.answer(Asked::StillWorks)
    }

    async fn is_done(&self) -> Result<(), Refusal> {
        self.answer(Asked::IsDone)
    }
}
