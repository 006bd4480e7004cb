//! The events of one stack, each once, whatever order they show in.

use std::collections::BTreeSet;

use jiff::Timestamp;
use protocol::StackRef;

use crate::cloud::StackEvent;
use crate::phase::Phase;
use crate::status::{ResourceWord, Stage};

/// How many known events are read again at every look: AWS may show an event late, among those that it has shown already.
/// A page has a hundred, so that reading them again costs no call.
const OVERLAP: usize = 20;

/// From which event on a stack's events are of interest.
#[derive(Debug, Clone)]
pub(crate) enum Since {
    /// From its first one: the stack is new.
    Birth,
    /// From the one after this one, which was the newest before the operation.
    After(String),
    /// From the beginning of the operation that is under way.
    Operation,
    /// From this time on, by the clock of AWS: the time at which the stack that holds this one began its operation.
    Time(Timestamp),
}

/// One stack's events.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) stack: StackRef,
    pub(crate) stack_id: String,
    /// What has been seen, oldest first as AWS listed it.
    pub(crate) events: Vec<StackEvent>,
    /// How many resources the operation changes, as far as that is known.
    total: usize,
    since: Since,
    /// The event after which the next look begins.
    anchor: Option<String>,
    seen: BTreeSet<String>,
    finished: BTreeSet<String>,
}

impl Feed {
    pub(crate) fn new(stack: StackRef, stack_id: &str, since: Since, total: usize) -> Self {
        let anchor = if let Since::After(id) = &since { Some(id.clone()) } else { None };
        Self {
            stack,
            stack_id: stack_id.to_owned(),
            events: Vec::new(),
            total,
            since,
            anchor,
            seen: BTreeSet::new(),
            finished: BTreeSet::new(),
        }
    }

    /// The event after which a look begins.
    pub(crate) fn anchor(&self) -> Option<&str> {
        self.anchor.as_deref()
    }

    /// Take in what a look found, as AWS listed it, oldest first; the events that are new, in the order of their times.
    pub(crate) fn take(&mut self, listed: Vec<StackEvent>) -> Vec<StackEvent> {
        if let Some(anchor) = listed.len().checked_sub(OVERLAP + 1).and_then(|at| listed.get(at)) {
            self.anchor = Some(anchor.id.clone());
        }
        let first_look = self.seen.is_empty();
        let mut fresh: Vec<StackEvent> = listed.into_iter().filter(|event| self.seen.insert(event.id.clone())).collect();
        match &self.since {
            Since::Birth | Since::After(_) => {}
            Since::Operation if first_look => fresh = self.of_this_operation(fresh),
            Since::Operation => {}
            Since::Time(from) => fresh.retain(|event| time(event).is_none_or(|at| *from <= at)),
        }
        in_order(&mut fresh);
        self.events.extend(fresh.iter().cloned());
        fresh
    }

    fn of_this_operation(&self, mut events: Vec<StackEvent>) -> Vec<StackEvent> {
        let mut before = None;
        let mut beginning = 0;
        for (at, event) in events.iter().enumerate().filter(|(_, event)| self.is_own(event)) {
            if Phase::is_beginning(&event.status, before) {
                beginning = at;
            }
            before = Some(&event.status);
        }
        events.split_off(beginning)
    }

    /// Whether an event is about the stack itself.
    pub(crate) fn is_own(&self, event: &StackEvent) -> bool {
        event.physical_id == self.stack_id && event.resource_type == "AWS::CloudFormation::Stack"
    }

    /// The newest event about the stack itself.
    pub(crate) fn newest_own(&self) -> Option<&StackEvent> {
        let mut own: Vec<&StackEvent> = self.events.iter().filter(|event| self.is_own(event)).collect();
        own.sort_by_key(|event| time(event));
        own.pop()
    }

    /// When the operation began, by the clock of AWS.
    pub(crate) fn began(&self) -> Option<Timestamp> {
        self.events.iter().filter_map(time).min()
    }

    /// Count a resource's event: how many resources are done, and of how many.
    pub(crate) fn count(&mut self, event: &StackEvent) -> (usize, usize) {
        if ResourceWord::from(event.status.as_str()).stage() == Stage::Done {
            self.finished.insert(event.logical_id.clone());
        }
        (self.finished.len(), self.total.max(self.finished.len()))
    }
}

/// When an event happened; none when AWS's words for it cannot be read.
pub(crate) fn time(event: &StackEvent) -> Option<Timestamp> {
    event.at.parse().ok()
}

/// Events in the order of their times. Those of one time, or of none that can be read, stay as AWS listed them.
pub(crate) fn in_order(events: &mut [StackEvent]) {
    if events.iter().all(|event| time(event).is_some()) {
        events.sort_by_cached_key(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: &str = "arn:aws:cloudformation:eu-central-1:111111111111:stack/cloudwright-qa-jobs/1";

    fn event(id: &str, second: u32) -> StackEvent {
        StackEvent {
            id: id.to_owned(),
            logical_id: id.to_owned(),
            physical_id: String::new(),
            resource_type: "AWS::SQS::Queue".to_owned(),
            status: "CREATE_IN_PROGRESS".to_owned(),
            reason: None,
            at: format!("2026-11-23T10:00:{second:02}.5Z"),
        }
    }

    fn own(id: &str, status: &str, second: u32) -> StackEvent {
        let (resource_type, physical_id) = ("AWS::CloudFormation::Stack".to_owned(), STACK.to_owned());
        StackEvent { status: status.to_owned(), resource_type, physical_id, ..event(id, second) }
    }

    fn feed(since: Since) -> Feed {
        Feed::new(StackRef { stack: "jobs".to_owned(), name: "cloudwright-qa-jobs".to_owned() }, STACK, since, 0)
    }

    fn ids(events: &[StackEvent]) -> Vec<&str> {
        events.iter().map(|event| event.id.as_str()).collect()
    }

    #[test]
    fn an_event_that_shows_late_among_known_ones_is_told_once() {
        let mut feed = feed(Since::Birth);
        let all: Vec<_> = (0..50).map(|second| event(&format!("e{second:02}"), second)).collect();
        let without: Vec<_> = all.iter().filter(|event| event.id != "e45").cloned().collect();

        feed.take(without);
        let anchor = feed.anchor().unwrap().to_owned();
        let from = all.iter().position(|event| event.id == anchor).unwrap();
        let late = feed.take(all[from + 1..].to_vec());

        assert_eq!(ids(&late), ["e45"], "the failure that explains everything would be missed");
    }

    #[test]
    fn events_are_told_in_the_order_of_their_times_and_as_listed_within_one() {
        let mut feed = feed(Since::Birth);

        let fresh = feed.take(vec![event("late", 9), event("early", 1), event("twin", 9), event("early", 1)]);

        assert_eq!(ids(&fresh), ["early", "late", "twin"]);
    }

    #[test]
    fn fractions_of_a_second_are_compared_as_times_and_not_as_text() {
        let mut whole = event("whole", 1);
        whole.at = "2026-11-23T10:00:01Z".to_owned();
        let mut events = vec![event("half", 1), whole];

        in_order(&mut events);

        assert_eq!(ids(&events), ["whole", "half"], "`Z` sorts behind `.`");
    }

    #[test]
    fn somebody_who_attaches_hears_nothing_of_years_ago() {
        let mut feed = feed(Since::Operation);

        let fresh = feed.take(vec![
            own("born", "CREATE_IN_PROGRESS", 1),
            own("done", "CREATE_COMPLETE", 2),
            own("update", "UPDATE_IN_PROGRESS", 3),
            event("queue", 4),
            own("back", "UPDATE_ROLLBACK_IN_PROGRESS", 5),
        ]);

        assert_eq!(ids(&fresh), ["update", "queue", "back"], "the end of the first deploy would be taken for the end of this one");
    }

    #[test]
    fn a_nested_stacks_earlier_operations_are_left_out_by_the_clock_of_aws() {
        let mut feed = feed(Since::Time("2026-11-23T10:00:05Z".parse().unwrap()));

        let fresh = feed.take(vec![event("old", 4), event("new", 5)]);

        assert_eq!(ids(&fresh), ["new"]);
    }
}
