//! `cargo xtask bench deploys`: the same stacks, deployed by this engine, the AWS CLI, SAM and AWS CDK to the same local cloud.
//!
//! Three deploys each: into an empty account, again with nothing changed, and with one property changed. A proxy counts every call on
//! its way. All tools deploy the templates that our own local deploy sends, with the same zip.

mod install;
pub(super) mod plan;
mod programs;
pub(super) mod script;

use std::collections::BTreeMap;
use std::path::Path;

use self::install::{Installed, install};
use self::programs::Program;
use super::child::{Took, answer, timed};
use super::ground::{Ground, Version};
use super::proxy::{Calls, Proxy};
use super::{Error, Figure, make_folder, stats};
use crate::cli::Context;
use crate::interrupts::Interrupts;
use crate::local;

/// The three deploys, in their order.
const STEPS: [(&str, Version); 3] =
    [("first deploy", Version::Written), ("nothing changed", Version::Written), ("one property changed", Version::Changed)];

/// What one deploy came to.
#[derive(Debug, Clone)]
struct Run {
    calls: Calls,
    took: Took,
}

/// The runs of a step and a program.
type Runs = BTreeMap<(usize, usize), Vec<Run>>;

pub(super) fn measure(ctx: &Context, rounds: u32, interrupts: &Interrupts, tell: &dyn Fn(&str)) -> Result<Vec<Figure>, Error> {
    let folder = ctx.workspace()?.scratch().join("bench/deploys");
    make_folder(&folder)?;
    let ground = Ground::prepare(ctx, &folder, tell)?;
    let installed = install(ctx, &ground, &folder, tell)?;
    let proxy = Proxy::before(ground.cloud.port()).map_err(|source| Error::Start { program: "the counting proxy".to_owned(), source })?;
    let place = folder.join("counted");
    local::show_at(&place, &ground.cloud, proxy.port())?;

    let mut runs = Runs::new();
    for round in 1..=rounds {
        for (index, program) in Program::ALL.into_iter().enumerate() {
            ground.empty()?;
            program.set_up(&ground, &installed, ground.cloud.port())?;
            for (step, (what, version)) in STEPS.into_iter().enumerate() {
                if 0 < interrupts.count() {
                    return Err(Error::Interrupted);
                }
                let run = deploy(program, version, &ground, &installed, &proxy, &place)?;
                let executed = executed(&run.calls);
                let expected = [installed.stacks, 0, 1][step];
                if executed != expected as u64 {
                    let what = format!("{}, {what}: {executed} stacks were changed, not {expected}: {:?}", program.name(), run.calls);
                    return Err(Error::Answer { program: "the proxy", what });
                }
                let (calls, seconds) = (total(&run.calls), run.took.wall_seconds);
                tell(&format!("round {round} of {rounds}: {}, {what}: {calls} calls, {seconds:.1} s", program.name()));
                runs.entry((step, index)).or_default().push(run);
            }
        }
    }
    Ok(figures(&runs))
}

fn deploy(program: Program, version: Version, ground: &Ground, installed: &Installed, proxy: &Proxy, place: &Path) -> Result<Run, Error> {
    proxy.take();
    let mut command = program.deploy(version, ground, installed, proxy.port(), place);
    let (took, _) = timed(|| answer(&mut command))?;
    Ok(Run { calls: proxy.take(), took })
}

/// How many stacks were really created or changed.
fn executed(calls: &Calls) -> u64 {
    let names = ["ExecuteChangeSet", "CreateStack", "UpdateStack"];
    names.iter().filter_map(|name| calls.get(&format!("cloudformation:{name}"))).sum()
}

fn total(calls: &Calls) -> u64 {
    calls.values().sum()
}

/// The number in the middle of all runs.
fn middle(runs: &[Run], of: impl Fn(&Run) -> Option<f64>) -> Option<f64> {
    runs.iter().map(of).collect::<Option<Vec<_>>>().and_then(|values| stats::median(&values))
}

fn figures(runs: &Runs) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (step, (what, _)) in STEPS.into_iter().enumerate() {
        let all = |index: usize| runs.get(&(step, index)).map(Vec::as_slice).unwrap_or_default();
        let ours = all(0);
        for (index, program) in Program::ALL.into_iter().enumerate() {
            let theirs = all(index);
            let Some(last) = theirs.last() else { continue };
            let calls = |runs: &[Run]| middle(runs, |run| Some(total(&run.calls) as f64));
            let cpu = |runs: &[Run]| middle(runs, |run| run.took.cpu_seconds);
            let wall = |runs: &[Run]| middle(runs, |run| Some(run.took.wall_seconds));
            let ratio = |of: &dyn Fn(&[Run]) -> Option<f64>| of(theirs).zip(of(ours)).and_then(|(one, other)| stats::ratio(one, other));
            let mut figure = Figure::new(format!("{what}: {}", program.name()), calls(theirs).unwrap_or_default(), "calls");
            figure.add("times_our_calls", ratio(&calls));
            figure.add("cpu_s", cpu(theirs));
            figure.add("times_our_cpu", ratio(&cpu));
            figure.add("wall_s", wall(theirs));
            figure.add("times_our_wall", ratio(&wall));
            let figure = figure.counts(last.calls.clone());
            figures.push(if step == 0 { figure.note(program.note()) } else { figure });
        }
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(counts: &[(&str, u64)]) -> Calls {
        counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    fn run(number: u64, cpu: f64) -> Run {
        let took = Took { wall_seconds: 2.0 * cpu, cpu_seconds: Some(cpu) };
        Run { calls: calls(&[("cloudformation:DescribeStacks", number), ("sts:GetCallerIdentity", 1)]), took }
    }

    #[test]
    fn every_tool_is_told_as_a_multiple_of_ours_in_the_same_deploy() {
        let mut runs = Runs::new();
        for step in 0..STEPS.len() {
            runs.insert((step, 0), vec![run(9, 0.5), run(1, 0.5), run(1, 900.0)]);
            runs.insert((step, 1), vec![run(19, 1.0), run(19, 1.0), run(19, 1.0)]);
        }

        let figures = figures(&runs);

        assert_eq!(figures.len(), 2 * STEPS.len(), "tools that were not run have no figures");
        let theirs = &figures[1];
        assert_eq!((theirs.name.as_str(), theirs.value), ("first deploy: aws cloudformation deploy", 20.0));
        assert_eq!((theirs.more["times_our_calls"], theirs.more["times_our_cpu"], theirs.more["times_our_wall"]), (10.0, 2.0, 2.0));
        assert_eq!(theirs.counts["cloudformation:DescribeStacks"], 19);
    }

    #[test]
    fn a_deploy_that_was_refused_changed_nothing() {
        let counted =
            calls(&[("cloudformation:ExecuteChangeSet", 2), ("cloudformation:UpdateStack", 1), ("cloudformation:UpdateStack 400", 3)]);

        assert_eq!(executed(&counted), 3, "a tool that deploys nothing would need the fewest calls");
    }
}
