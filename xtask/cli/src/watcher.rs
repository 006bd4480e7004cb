//! Somebody who watches a deploy or a destroy, and is asked.

use std::collections::BTreeSet;
use std::io::Write;

use indexmap::IndexMap;
use protocol::{Answer, Event, Outputs};

use crate::ask::{Yes, ask};
use crate::engine::Listener;
use crate::error::Error;
use crate::guards::Review;
use crate::interrupts::Interrupts;
use crate::progress::Reporter;

/// Shows the engine's events, puts its questions to the person, and keeps the outputs.
pub(crate) struct Watcher<'a> {
    pub(crate) reporter: &'a mut Reporter,
    pub(crate) out: &'a mut dyn Write,
    interrupts: &'a Interrupts,
    /// What counts as a yes.
    yes: Yes<'a>,
    /// The outputs of the stacks so far.
    pub(crate) outputs: IndexMap<String, Outputs>,
    /// The short names of the stacks that have something to change.
    pub(crate) changed: BTreeSet<String>,
    /// The last event, when it is not told yet.
    done: Option<Event>,
    /// Who says whether the changes may be made, by what they mean.
    review: Option<Review>,
}

impl<'a> Watcher<'a> {
    /// Somebody who has seen nothing yet.
    pub(crate) fn new(reporter: &'a mut Reporter, out: &'a mut dyn Write, interrupts: &'a Interrupts, yes: Yes<'a>) -> Self {
        Self { reporter, out, interrupts, yes, outputs: IndexMap::new(), changed: BTreeSet::new(), done: None, review: None }
    }

    /// The same, with somebody who reads the templates first.
    pub(crate) fn with(self, review: Review) -> Self {
        Self { review: Some(review), ..self }
    }

    /// Why the changes were not made, when that was decided here.
    pub(crate) fn refusal(&mut self) -> Result<(), Error> {
        self.review.take().and_then(Review::into_refusal).map_or(Ok(()), Err)
    }

    /// Tells the last event, if that was held back.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        match self.done.take() {
            Some(done) => self.reporter.event(&done, self.out),
            None => Ok(()),
        }
    }
}

impl Listener for Watcher<'_> {
    fn hear(&mut self, event: &Event) -> Result<(), Error> {
        if let Event::Outputs { stack, outputs } = event {
            self.outputs.insert(stack.stack.clone(), outputs.clone());
        }
        if let Event::ChangeSet { stack, .. } = event {
            self.changed.insert(stack.stack.clone());
        }
        if let Some(review) = &mut self.review {
            review.hear(event)?;
        }
        // A program takes the last event for the end, and the command may have more to do.
        if self.reporter.is_for_programs() && matches!(event, Event::Done { .. }) {
            self.done = Some(event.clone());
            return Ok(());
        }
        self.reporter.event(event, self.out)
    }

    fn review(&mut self) -> Answer {
        self.review.as_mut().map_or(Answer::Yes, Review::answer)
    }

    fn answer(&mut self, question: &str) -> Answer {
        self.reporter.aside(|| ask(question, self.yes, self.interrupts))
    }
}
