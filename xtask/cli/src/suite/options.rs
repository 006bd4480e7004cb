//! Which steps to take.

use clap::ValueEnum;

/// A part of `cargo xtask test`. In this order: what is quick to fail comes first, and cargo's own results come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// The code is formatted
    Format,
    /// The lints of the workspace have nothing to say
    Lints,
    /// jactionlint and zizmor find nothing in any workflow of the pipeline
    Workflows,
    /// cfn-lint and cloudformation-validate find nothing in any rendered template
    Templates,
    /// A deploy to a fresh local cloud works with its smoke test, a second one changes nothing, and all of it can be destroyed
    Local,
    /// Every test of the workspace passes
    Tests,
}

impl Step {
    /// The name on the command line and in the table.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What it proves, in one line.
    pub(super) fn proves(self) -> String {
        self.to_possible_value().and_then(|value| value.get_help().map(ToString::to_string)).unwrap_or_default()
    }
}

/// Which steps to take; all of them, if nothing is said.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Options {
    /// Take only this step; may be given several times
    #[arg(long, value_name = "STEP", conflicts_with = "skip")]
    only: Vec<Step>,
    /// Leave out this step; may be given several times
    #[arg(long, value_name = "STEP")]
    skip: Vec<Step>,
    /// List the steps and what each proves, and do nothing
    #[arg(long, conflicts_with_all = ["only", "skip"])]
    pub(super) list: bool,
}

impl Options {
    pub(super) fn wants(&self, step: Step) -> bool {
        (self.only.is_empty() || self.only.contains(&step)) && !self.skip.contains(&step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(options: &Options) -> Vec<Step> {
        Step::value_variants().iter().copied().filter(|step| options.wants(*step)).collect()
    }

    #[test]
    fn everything_is_tested_unless_somebody_says_otherwise() {
        assert_eq!(wanted(&Options::default()), Step::value_variants(), "a pipeline would test less than it claims");
    }

    #[test]
    fn steps_can_be_chosen_and_left_out() {
        let only = Options { only: vec![Step::Format, Step::Tests], ..Options::default() };
        let skip = Options { skip: vec![Step::Local], ..Options::default() };

        assert_eq!(wanted(&only), [Step::Format, Step::Tests]);
        assert_eq!(wanted(&skip), [Step::Format, Step::Lints, Step::Workflows, Step::Templates, Step::Tests]);
    }

    #[test]
    fn every_step_says_what_it_proves() {
        let silent: Vec<_> = Step::value_variants().iter().filter(|step| step.proves().is_empty()).collect();

        assert!(silent.is_empty(), "`--list` would not help: {silent:?}");
    }
}
