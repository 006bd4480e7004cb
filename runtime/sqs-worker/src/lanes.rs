//! A lane for each message group: one message in work at a time, whatever the queue hands out.
//!
//! SQS itself hands out one message of a group at a time. But when a lease is lost, the same message comes again while its first worker
//! may still be winding up; the lane makes the second wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Lock, PoisonError, Weak};

use tokio::sync::Mutex;

#[derive(Debug, Default)]
pub(crate) struct Lanes(Lock<HashMap<String, Weak<Mutex<()>>>>);

impl Lanes {
    /// The lane of a group; it is as long in the map as somebody has it.
    pub(crate) fn of(&self, group: &str) -> Arc<Mutex<()>> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(group).and_then(Weak::upgrade) {
            return lane;
        }
        // There are never more than there are slots, but for those that nobody has any more.
        lanes.retain(|_, lane| 0 < lane.strong_count());
        let lane = Arc::new(Mutex::new(()));
        lanes.insert(group.to_owned(), Arc::downgrade(&lane));
        lane
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_one_lane_as_long_as_somebody_is_on_it() {
        let lanes = Lanes::default();
        let first = lanes.of("ada");
        let _on_it = first.try_lock().unwrap();

        assert!(lanes.of("ada").try_lock().is_err(), "two jobs of one user would be in work at once");
        assert!(lanes.of("grace").try_lock().is_ok(), "one user would wait for another");
    }

    #[test]
    fn lanes_that_nobody_is_on_are_forgotten() {
        let lanes = Lanes::default();

        (0..1_000).for_each(|user| drop(lanes.of(&format!("user {user}"))));

        assert!(lanes.0.lock().unwrap().len() < 10, "a worker that runs for weeks would fill its memory with users");
    }
}
