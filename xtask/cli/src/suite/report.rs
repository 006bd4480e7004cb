//! How the steps ended, as a table for people and one line for programs.

use std::time::Duration;

use super::options::Step;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Passed,
    /// Why, in a few words; the details were shown when it happened.
    Failed(String),
    /// Why it was not taken.
    Skipped(String),
}

/// A step that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) step: Step,
    pub(super) end: End,
    pub(super) took: Duration,
}

/// Set off by an empty line: one line per step, then the one that programs read: `4 passed, 1 failed`.
pub(super) fn lines(done: &[Done]) -> Vec<String> {
    let mut lines = vec![String::new(), format!("{:<11}{:<9}{:>8}", "step", "result", "seconds")];
    lines.extend(done.iter().map(row));
    let (passed, failed) = (count(done, |end| *end == End::Passed), failures(done));
    lines.push(String::new());
    lines.push(format!("{passed} passed, {failed} failed"));
    lines
}

/// How many steps failed.
pub(super) fn failures(done: &[Done]) -> usize {
    count(done, |end| matches!(end, End::Failed(_)))
}

fn count(done: &[Done], is: impl Fn(&End) -> bool) -> usize {
    done.iter().filter(|done| is(&done.end)).count()
}

fn row(done: &Done) -> String {
    let seconds = done.took.as_secs_f64();
    let row = match &done.end {
        End::Passed => format!("{:<11}{:<9}{seconds:>8.1}", done.step.name(), "passed"),
        End::Failed(why) => format!("{:<11}{:<9}{seconds:>8.1}  {why}", done.step.name(), "failed"),
        End::Skipped(why) => format!("{:<11}{:<9}{:>8}  {why}", done.step.name(), "skipped", "-"),
    };
    row.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(step: Step, end: End, tenths: u64) -> Done {
        Done { step, end, took: Duration::from_millis(100 * tenths) }
    }

    #[test]
    fn the_table_closes_with_the_line_that_programs_read() {
        let all = [
            done(Step::Format, End::Passed, 8),
            done(Step::Lints, End::Skipped("`cargo clippy` is not installed".to_owned()), 0),
            done(Step::Tests, End::Failed("`cargo test` ended with 101".to_owned()), 1234),
        ];

        let lines = lines(&all);

        let expected = [
            "",
            "step       result    seconds",
            "format     passed        0.8",
            "lints      skipped         -  `cargo clippy` is not installed",
            "tests      failed      123.4  `cargo test` ended with 101",
            "",
            "1 passed, 1 failed",
        ];
        assert_eq!(lines, expected, "a pipeline could not tell how it ended");
    }

    #[test]
    fn a_step_that_was_not_taken_is_no_success() {
        let lines = lines(&[done(Step::Local, End::Skipped("--skip".to_owned()), 0)]);

        assert_eq!(lines.last().unwrap(), "0 passed, 0 failed");
    }
}
