//! One bar per stack that changes, for a person at a terminal.

use std::collections::HashMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use protocol::{Event, Intent, StackRef};

use super::telling::is_failure;

/// How often a bar's clock moves on while nothing happens.
const TICK: Duration = Duration::from_millis(120);

/// The bars at the bottom of the terminal, and what is printed above them.
#[derive(Debug)]
pub(super) struct Bars {
    all: MultiProgress,
    by_stack: HashMap<String, ProgressBar>,
}

impl Bars {
    pub(super) fn new() -> Self {
        Self { all: MultiProgress::new(), by_stack: HashMap::new() }
    }

    /// Moves the bars. Says whether the event was worth no line of its own, because the bar shows it.
    pub(super) fn event(&mut self, event: &Event) -> bool {
        match event {
            Event::Plan { stack, intent, .. } if *intent != Intent::Nothing => {
                self.bar(stack);
                false
            }
            Event::ChangeSet { stack, changes } => {
                self.bar(stack).set_length(changes.len() as u64);
                false
            }
            Event::Resource { stack, logical_id, status, done, total, .. } => {
                let bar = self.bar(stack);
                bar.set_length(*total as u64);
                bar.set_position(*done as u64);
                bar.set_message(format!("{status} {logical_id}"));
                !is_failure(status)
            }
            Event::StackDone { stack, .. } => {
                if let Some(bar) = self.by_stack.remove(&stack.stack) {
                    bar.finish_and_clear();
                }
                false
            }
            Event::Failed(_) | Event::Done { .. } => {
                self.clear();
                false
            }
            Event::Plan { .. }
            | Event::Identity { .. }
            | Event::Confirm { .. }
            | Event::Review
            | Event::Planned(_)
            | Event::Artifact { .. }
            | Event::Image { .. }
            | Event::Status(_)
            | Event::Outputs { .. }
            | Event::Template { .. }
            | Event::Log { .. }
            | Event::Kept { .. }
            | Event::Note { .. }
            | Event::Release(_)
            | Event::Found(_)
            | Event::Lease(_)
            | Event::Garbage(_)
            | Event::Verified(_)
            | Event::Detected(_)
            | Event::Checked(_)
            | Event::Queue(_)
            | Event::Job(_)
            | Event::DeadLetter(_)
            | Event::Fate(_) => false,
        }
    }

    /// Prints a line above the bars.
    pub(super) fn print(&self, line: &str) {
        // A terminal that is gone cannot be told so.
        drop(self.all.println(line));
    }

    /// Takes the bars away while something else uses the terminal.
    pub(super) fn aside<T>(&self, other: impl FnOnce() -> T) -> T {
        self.all.suspend(other)
    }

    pub(super) fn clear(&mut self) {
        for (_, bar) in self.by_stack.drain() {
            bar.finish_and_clear();
        }
    }

    fn bar(&mut self, stack: &StackRef) -> &ProgressBar {
        self.by_stack.entry(stack.stack.clone()).or_insert_with(|| {
            let bar = self.all.add(ProgressBar::new(0)).with_style(style()).with_prefix(stack.stack.clone());
            bar.enable_steady_tick(TICK);
            bar
        })
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix:>12} [{bar:24}] {pos}/{len} {elapsed:>4} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}
