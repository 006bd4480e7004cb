//! `cargo xtask bench peers`: the same resources, rendered by this kit, AWS CDK and troposphere.
//!
//! The peers' programs are written from our own template (`stacks/cfn-kit/benches/peers`), as a person would write them: one function
//! of an environment, a variable for every resource. Before anything is timed, what all of them write is compared as templates.

mod compare;
mod install;
mod tools;

use std::collections::BTreeMap;

pub(super) use self::install::packages;
use self::tools::Tool;
use super::child::{Took, answer, noted_megabytes, noting_memory, time};
use super::{Error, Figure, Workspace, make_folder, stats};
use crate::interrupts::Interrupts;

/// How many platforms of 70 resources are rendered, a template each.
const COUNTS: [u32; 3] = [1, 3, 7];

pub(super) fn measure(workspace: &Workspace, rounds: u32, interrupts: &Interrupts, tell: &dyn Fn(&str)) -> Result<Vec<Figure>, Error> {
    let folder = workspace.scratch().join("bench/peers");
    make_folder(&folder)?;
    let installed = install::install(workspace, &folder, COUNTS[COUNTS.len() - 1], tell)?;
    let tools = tools::all(&installed, &folder);

    tell("comparing what they render");
    for tool in &tools {
        // The first run also fills what a program keeps for its later ones, such as Python's bytecode.
        time(1, || tool.command(COUNTS[COUNTS.len() - 1]))?;
    }
    let (ours, others) = tools.split_first().ok_or_else(|| Error::Answer { program: "bench", what: "no tools".to_owned() })?;
    for tool in others {
        compare::same(&ours.output, tool.name, &tool.output)?;
    }

    let mut taken: BTreeMap<(u32, usize), Vec<Took>> = BTreeMap::new();
    for round in 1..=rounds {
        tell(&format!("round {round} of {rounds}"));
        // In turn, so that what else the machine does hits all of them alike.
        for count in COUNTS {
            for (index, tool) in tools.iter().enumerate() {
                if 0 < interrupts.count() {
                    return Err(Error::Interrupted);
                }
                taken.entry((count, index)).or_default().push(time(tool.repeats, || tool.command(count))?);
            }
        }
    }
    let mut peaks = Vec::new();
    for tool in &tools {
        let note = folder.join("peak");
        let peak = noting_memory(&tool.command(COUNTS[COUNTS.len() - 1]), &note).map(|mut command| {
            answer(&mut command)?;
            noted_megabytes(&note)
        });
        peaks.push(peak.transpose()?);
    }
    if peaks.iter().all(Option::is_none) {
        tell("the memory is not measured: that takes GNU time (Debian: `apt install time`)");
    }
    Ok(figures(&tools, &taken, &peaks))
}

fn figures(tools: &[Tool], taken: &BTreeMap<(u32, usize), Vec<Took>>, peaks: &[Option<f64>]) -> Vec<Figure> {
    let medians = |key: (u32, usize)| {
        let all = taken.get(&key).map(Vec::as_slice).unwrap_or_default();
        let wall = stats::median(&all.iter().map(|took| took.wall_seconds).collect::<Vec<_>>()).unwrap_or_default();
        let cpu: Option<Vec<f64>> = all.iter().map(|took| took.cpu_seconds).collect();
        (wall, cpu.and_then(|cpu| stats::median(&cpu)))
    };
    let mut figures = Vec::new();
    for count in COUNTS {
        let (our_wall, our_cpu) = medians((count, 0));
        for (index, tool) in tools.iter().enumerate() {
            let (wall, cpu) = medians((count, index));
            let mut figure = Figure::new(format!("{count} × 70 resources: {}", tool.name), wall * 1e3, "ms").note(tool.note);
            figure.add("cpu_ms", cpu.map(|cpu| cpu * 1e3));
            figure.add("times_our_wall", stats::ratio(wall, our_wall));
            figure.add("times_our_cpu", cpu.zip(our_cpu).and_then(|(cpu, ours)| stats::ratio(cpu, ours)));
            if count == COUNTS[COUNTS.len() - 1] {
                figure.add("peak_mb", peaks.get(index).copied().flatten());
            }
            figures.push(figure);
        }
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(wall_seconds: f64, cpu_seconds: f64) -> Took {
        Took { wall_seconds, cpu_seconds: Some(cpu_seconds) }
    }

    #[test]
    fn every_tool_is_told_as_a_multiple_of_ours_of_the_same_size() {
        let tool = |name| Tool::named(name);
        let mut taken = BTreeMap::new();
        for count in COUNTS {
            let size = f64::from(count);
            taken.insert((count, 0), vec![took(0.001 * size, 0.001), took(9.0, 9.0), took(0.001 * size, 0.001)]);
            taken.insert((count, 1), vec![took(0.5 * size, 0.4)]);
        }

        let figures = figures(&[tool("ours"), tool("theirs")], &taken, &[Some(3.0), Some(90.0)]);

        let theirs: Vec<_> = figures.iter().filter(|figure| figure.name.ends_with("theirs")).collect();
        assert_eq!(theirs.len(), COUNTS.len());
        for figure in &theirs {
            assert!((figure.more["times_our_wall"] - 500.0).abs() < 1e-6, "compared with another size: {figure:?}");
            assert!((figure.more["times_our_cpu"] - 400.0).abs() < 1e-6, "{figure:?}");
        }
        assert_eq!(theirs[2].more["peak_mb"], 90.0);
    }
}
