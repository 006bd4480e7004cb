//! Waiting for a stack to come to rest, event by event, with those of the stacks nested in it.

use std::time::Instant;

use jiff::Timestamp;
use protocol::{Event, Failure, Sent, StackRef, Target};

use crate::cloud::{Cloud, CloudError, ErrorKind, StackEvent};
use crate::engine::{Engine, Talk};
use crate::failure;
use crate::feed::{Feed, Since};
use crate::interrupt::Wish;
use crate::pace::{LATE_LOOKS, Looks, SECOND_THOUGHT};
use crate::patient::{is_ambiguous, name_of};
use crate::phase::Phase;
use crate::status::{ResourceWord, Stage};

/// An operation that this engine began.
#[derive(Debug)]
pub(crate) struct Operation<'a> {
    pub(crate) stack: &'a StackRef,
    /// The stack's ARN: the name could belong to a newer stack.
    pub(crate) stack_id: &'a str,
    /// The newest event from before the operation; none when the stack is new.
    pub(crate) after: Option<String>,
    /// How many resources it changes.
    pub(crate) total: usize,
}

/// How an operation ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// AWS's word for the stack's state.
    pub(crate) status: String,
    /// AWS's words about it.
    pub(crate) reason: Option<String>,
    /// Everything that happened, oldest first.
    pub(crate) events: Vec<StackEvent>,
    /// The same of the stacks nested in it, by ARN.
    pub(crate) nested: Vec<(String, Vec<StackEvent>)>,
}

/// Whose operation is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Begun by this engine, which may cancel it.
    Ours,
    /// Begun by somebody else, who will not be meddled with.
    Theirs,
}

/// A stack and all that are nested in it.
#[derive(Debug)]
struct Feeds {
    root: Feed,
    nested: Vec<Nested>,
}

/// A nested stack, looked at while it moves.
#[derive(Debug)]
struct Nested {
    feed: Feed,
    /// Whether there may be more to come: it moves, or it has ended since the last look.
    open: bool,
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Watch an operation that this engine began to its end, and tell each event once.
    ///
    /// The first Ctrl-C leaves CloudFormation to itself, a second one cancels an update and watches it being rolled back.
    pub(crate) async fn watch(&self, operation: Operation<'_>, target: &Target) -> Result<Ended, Failure> {
        let is_new = operation.after.is_none();
        let since = operation.after.map_or(Since::Birth, Since::After);
        self.cloud.begun(operation.stack_id);
        let root = Feed::new(operation.stack.clone(), operation.stack_id, since, operation.total);
        let ended = self.follow(root, Whose::Ours, target).await?;
        if is_new && ended.status == "DELETE_COMPLETE" {
            self.cloud.undone(operation.stack_id);
        }
        Ok(ended)
    }

    /// Watch an operation that is under way and that somebody else began.
    pub(crate) async fn attach(&self, stack: &StackRef, stack_id: &str, target: &Target) -> Result<Ended, Failure> {
        self.follow(Feed::new(stack.clone(), stack_id, Since::Operation, 0), Whose::Theirs, target).await
    }

    async fn follow(&self, root: Feed, whose: Whose, target: &Target) -> Result<Ended, Failure> {
        let problem = |error: CloudError, stack: &StackRef| failure::in_the_middle(error, stack, target);
        let started = Instant::now();
        let mut feeds = Feeds { root, nested: Vec::new() };
        let mut looks = Looks::new();
        let mut cancelled = false;
        loop {
            let stack = feeds.root.stack.clone();
            let moved = self.look(&mut feeds).await.map_err(|error| problem(error, &stack))?;
            let own = feeds.root.newest_own().filter(|own| Phase::is_end(&own.status));
            let mut end = own.map(|own| (own.status.clone(), own.reason.clone()));
            // Who attaches may see the end of an earlier operation before the first event of this one: the stack itself knows.
            let doubtful = end.is_some() && whose == Whose::Theirs;
            if doubtful || (end.is_none() && looks.is_silent()) {
                end = self.ask_stack(&feeds.root.stack_id).await.map_err(|error| problem(error, &stack))?;
            }
            if let Some((status, reason)) = end {
                self.read_to_the_end(&mut feeds, &status, &mut looks).await.map_err(|error| problem(error, &stack))?;
                let seconds = started.elapsed().as_secs_f64();
                self.talk.tell(Event::StackDone { stack, status: status.clone(), seconds });
                let nested = feeds.nested.into_iter().map(|nested| (nested.feed.stack_id, nested.feed.events)).collect();
                let mut events = feeds.root.events;
                crate::feed::in_order(&mut events);
                return Ok(Ended { status, reason, events, nested });
            }
            let pause = looks.next(moved);
            if cancelled {
                self.cloud.pause(pause).await;
                continue;
            }
            tokio::select! {
                () = self.cloud.pause(pause) => {}
                () = self.interrupt.wait() => {
                    if whose == Whose::Theirs || !self.second_thought(&feeds.root, target).await? {
                        return Err(left_alone(&stack, target));
                    }
                    cancelled = true;
                }
            }
        }
    }

    /// Read on until the stack's own last event is among those seen: a stack may say that it is at rest before its events do.
    ///
    /// What never shows is not waited for, and an end whose event was seen costs no call, unless it is one that wants to be explained.
    async fn read_to_the_end(&self, feeds: &mut Feeds, status: &str, looks: &mut Looks) -> Result<(), CloudError> {
        let mut left = LATE_LOOKS;
        let mut moved = true;
        if Phase::of(status) != Phase::Settled {
            // The last event may be there already, and the one that explains it may still come in behind it.
            moved = self.look(feeds).await?;
            left = left.saturating_sub(1);
        }
        while 0 < left && feeds.root.newest_own().is_none_or(|own| own.status != status) {
            tokio::select! {
                () = self.cloud.pause(looks.next(moved)) => {}
                // The end is known, and whoever wants to go need not wait for words about it.
                () = self.interrupt.wait() => return Ok(()),
            }
            moved = self.look(feeds).await?;
            left = left.saturating_sub(1);
        }
        Ok(())
    }

    /// Look once at every stack that moves; whether anything was new.
    async fn look(&self, feeds: &mut Feeds) -> Result<bool, CloudError> {
        let listed = match self.cloud.events(&feeds.root.stack_id, feeds.root.anchor()).await {
            // A stack that is gone may take its events with it. Whether it is, the stack itself is asked.
            Err(error) if error.kind == ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        let fresh = feeds.root.take(listed);
        let mut moved = !fresh.is_empty();
        let began = feeds.root.began();
        self.tell_all(&mut feeds.root, &fresh);
        feeds.find_nested(&feeds.root.stack.clone(), &fresh, began);
        let mut at = 0;
        // The list grows while it is walked: nested stacks have nested stacks.
        while let Some(nested) = feeds.nested.get_mut(at) {
            at = at.saturating_add(1);
            if !nested.open {
                continue;
            }
            let listed = match self.cloud.events(&nested.feed.stack_id, nested.feed.anchor()).await {
                Err(error) if error.kind == ErrorKind::NotFound => Vec::new(),
                other => other?,
            };
            let fresh = nested.feed.take(listed);
            moved = moved || !fresh.is_empty();
            nested.open = !nested.feed.newest_own().is_some_and(|own| Phase::is_end(&own.status));
            self.tell_all(&mut nested.feed, &fresh);
            let parent = nested.feed.stack.clone();
            feeds.find_nested(&parent, &fresh, began);
        }
        Ok(moved)
    }

    /// Tell the events of one stack but for those about itself.
    fn tell_all(&self, feed: &mut Feed, fresh: &[StackEvent]) {
        for event in fresh {
            if event.physical_id == feed.stack_id {
                continue;
            }
            let (done, total) = feed.count(event);
            self.talk.tell(Event::Resource {
                stack: feed.stack.clone(),
                logical_id: event.logical_id.clone(),
                resource_type: event.resource_type.clone(),
                status: event.status.clone(),
                reason: event.reason.clone(),
                at: event.at.clone(),
                done,
                total,
            });
        }
    }

    /// The stack's own word, when its events stay silent; none while it moves.
    async fn ask_stack(&self, stack_id: &str) -> Result<Option<(String, Option<String>)>, CloudError> {
        Ok(match self.cloud.stack(stack_id).await? {
            None => Some(("DELETE_COMPLETE".to_owned(), None)),
            Some(state) if Phase::is_rest(&state.status) => Some((state.status, state.reason)),
            Some(_) => None,
        })
    }

    /// After the first Ctrl-C: wait for a second one, and cancel then. Whether there is a rollback to watch now.
    async fn second_thought(&self, root: &Feed, target: &Target) -> Result<bool, Failure> {
        self.say_once(&format!(
            "CloudFormation goes on by itself. Ctrl-C again within {} seconds cancels the updates under way and watches them being rolled back \
             (a first deploy cannot be cancelled)",
            SECOND_THOUGHT.as_secs()
        ));
        tokio::select! {
            () = self.interrupt.wait_for(Wish::Cancel) => {}
            () = self.cloud.pause(SECOND_THOUGHT) => if !self.interrupt.is(Wish::Cancel) { return Ok(false) },
        }
        let note = |text: String| self.talk.tell(Event::Note { text });
        let (name, status) = (&root.stack.name, root.newest_own().map(|own| own.status.as_str()).unwrap_or_default());
        if status != "UPDATE_IN_PROGRESS" {
            let why = if status.starts_with("CREATE") {
                "it is a first deploy, and the next one deletes what a failed one leaves"
            } else {
                status
            };
            note(format!("`{name}` cannot be cancelled: {why}"));
            return Ok(false);
        }
        match self.cloud.cancel_update(&root.stack_id).await {
            Ok(()) => {
                note(format!("the update of `{name}` is cancelled; Ctrl-C again stops the watching, and the rollback goes on by itself"))
            }
            Err(error) if is_ambiguous(&error) => {
                note(format!("{error}; whether the update of `{name}` is cancelled, its events will show"))
            }
            // It has come to its end meanwhile, which is worth a look.
            Err(error) if error.kind == ErrorKind::Refused => note(format!("`{name}` is not cancelled: {}", error.message)),
            Err(error) => return Err(failure::in_the_middle(error, &root.stack, target)),
        }
        Ok(true)
    }

    /// Delete a stack and wait until it is gone; how it ended otherwise.
    pub(crate) async fn delete_and_watch(&self, stack: &StackRef, stack_id: &str, target: &Target) -> Result<Ended, Failure> {
        self.delete_except(stack, stack_id, &[], 0, target).await
    }

    /// Delete a stack but for some resources, and wait for the end.
    pub(crate) async fn delete_except(
        &self,
        stack: &StackRef,
        stack_id: &str,
        retain: &[String],
        total: usize,
        target: &Target,
    ) -> Result<Ended, Failure> {
        let problem = |error| failure::in_the_middle(error, stack, target);
        let after = self.cloud.newest_event(stack_id).await.map_err(problem)?;
        self.cloud.deleted(stack_id, retain).await.map_err(problem)?;
        self.watch(Operation { stack, stack_id, after, total }, target).await
    }
}

impl Feeds {
    /// Follow the stacks that these events of `parent` are about.
    fn find_nested(&mut self, parent: &StackRef, fresh: &[StackEvent], began: Option<Timestamp>) {
        for event in fresh.iter().filter(|event| event.resource_type == "AWS::CloudFormation::Stack") {
            let arn = &event.physical_id;
            // Before CloudFormation has begun it, a nested stack has no ARN; and every stack reports about itself.
            if !arn.starts_with("arn:") || self.root.stack_id == *arn || parent.name == event.logical_id {
                continue;
            }
            let moving = ResourceWord::from(event.status.as_str()).stage() == Stage::Moving;
            match self.nested.iter_mut().find(|nested| nested.feed.stack_id == *arn) {
                Some(known) => known.open = known.open || moving,
                None => {
                    let stack = StackRef { stack: format!("{}/{}", parent.stack, event.logical_id), name: name_of(arn).to_owned() };
                    let since = began.map_or(Since::Operation, Since::Time);
                    self.nested.push(Nested { feed: Feed::new(stack, arn, since, 0), open: true });
                }
            }
        }
    }
}

fn left_alone(stack: &StackRef, target: &Target) -> Failure {
    let environment = &target.environment;
    failure::interrupted(
        format!("interrupted while CloudFormation was at work on `{}`", stack.name),
        format!(
            "CloudFormation goes on by itself; `cargo xtask status --env {environment}` shows how far it is, and `cargo xtask deploy --env {environment}` waits for it and goes on"
        ),
        Sent::Something,
    )
}
