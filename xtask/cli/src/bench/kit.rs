//! `cargo xtask bench kit`: the kit's own benchmarks, told against their bars.

use super::child::{cargo, shown};
use super::metadata::{Metadata, in_root};
use super::{Error, Figure, Workspace, stats};

/// What a name in `benches/kit.rs` stands for, and what it may take at most, in milliseconds.
const ROWS: &[(&str, &str, Option<f64>)] = &[
    ("build", "write 490 resources", None),
    ("value", "typed values to plain JSON", None),
    ("json", "render as JSON", None),
    ("yaml", "render as YAML", None),
    ("read_json", "read JSON", None),
    ("read_yaml", "read YAML", None),
    ("check", "check", None),
    ("lint", "rules", None),
    ("render_check_lint", "render, check and rules", Some(10.0)),
    ("diff", "diff of two such templates", Some(10.0)),
    ("diff_all", "diff where nearly all differs", None),
    ("everything", "all: write, render, check, rules", None),
    ("platform", "all stacks of all environments as JSON and YAML", Some(5.0)),
    ("fresh facts", "facts of the types, first time", Some(1.0)),
    ("fresh everything", "all, first time in a process", None),
];

/// Medians of one benchmark, in milliseconds.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    name: String,
    fastest: f64,
    median: f64,
}

pub(super) fn measure(workspace: &Workspace, tell: &dyn Fn(&str)) -> Result<Vec<Figure>, Error> {
    let features = Metadata::read(workspace)?.features_of_target("kit")?;
    tell("building the kit's benchmarks in release (minutes the first time: all of EC2 is compiled), then running them");
    let mut bench = cargo();
    in_root(&mut bench, workspace).args(["bench", "--quiet", "--package", "cfn-kit", "--bench", "kit", "--features", &features]);
    // The table is for a terminal of any width and without colour: it is read by us.
    let kit = shown(bench.args(["--", "--color=never"]))?;
    let mut stacks = cargo();
    in_root(&mut stacks, workspace).args(["bench", "--quiet", "--package", "stacks", "--bench", "platform", "--", "--color=never"]);
    figures(&(kit + &shown(&mut stacks)?))
}

fn figures(table: &str) -> Result<Vec<Figure>, Error> {
    let rows: Vec<Row> = table.lines().filter_map(|line| row(line).or_else(|| fresh(line))).collect();
    let figure = |(name, what, bar): &(&str, &str, Option<f64>)| {
        let row = rows.iter().find(|row| row.name == *name);
        let row = row.ok_or_else(|| Error::Answer { program: "cargo bench", what: format!("there is no row `{name}`") })?;
        // One thread does it all, so that its CPU is what the clock would show on an idle machine.
        let (value, of) = match table.lines().find_map(|line| cpu(line, name)) {
            Some(cpu) => (cpu, "of CPU"),
            None => (row.median, "by the clock"),
        };
        let note = format!("{of}; median {}, fastest {} by the clock", stats::short(row.median), stats::short(row.fastest));
        let figure = Figure::new(*what, value, "ms").note(note);
        Ok(match bar {
            Some(bar) => figure.at_most(*bar),
            None => figure,
        })
    };
    ROWS.iter().map(figure).collect()
}

/// A row of divan's table: `├─ build  1.2 ms │ 2.1 ms │ 1.3 ms │ 1.3 ms │ 100 │ 100`.
fn row(line: &str) -> Option<Row> {
    let columns: Vec<&str> = line.trim_start_matches(['├', '╰', '─', '│', ' ']).split('│').map(str::trim).collect();
    let [first, _slowest, median, ..] = columns.as_slice() else { return None };
    let (name, fastest) = first.split_once(' ')?;
    Some(Row { name: name.to_owned(), fastest: milliseconds(fastest)?, median: milliseconds(median)? })
}

/// A line of our own: `fresh facts: fastest 700.1 µs, median 750.2 µs, slowest …`.
fn fresh(line: &str) -> Option<Row> {
    let (name, rest) = line.split_once(": ")?;
    let value = |word: &str| milliseconds(rest.split(", ").find_map(|part| part.strip_prefix(word))?);
    Some(Row { name: name.to_owned(), fastest: value("fastest ")?, median: value("median ")? })
}

/// A line of our own about one piece of work: `cpu build: 1900.5 µs, 40 runs`.
fn cpu(line: &str, name: &str) -> Option<f64> {
    let rest = line.strip_prefix("cpu ")?.strip_prefix(name)?.strip_prefix(": ")?;
    milliseconds(rest.split(',').next()?)
}

fn milliseconds(text: &str) -> Option<f64> {
    let (number, unit) = text.trim().split_once(' ')?;
    let factor = match unit.trim() {
        "ns" => 1e-6,
        "µs" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_in_every_unit() {
        let table = "\
Timer precision: 20 ns
kit                   fastest       │ slowest       │ median        │ mean          │ samples │ iters
╰─ kit                              │               │               │               │         │
   ├─ build           812.3 µs      │ 2.309 ms      │ 1.5 ms        │ 1.6 ms        │ 100     │ 100
   ╰─ yaml            1.2 s         │ 3 s           │ 2 s           │ 2 s           │ 100     │ 100
fresh facts: fastest 700.1 µs, median 750.5 µs, slowest 1900.0 µs, 21 processes
cpu yaml: 1500.0 µs, 40 runs
cpu fresh facts: 650.0 µs, median
";

        let rows: Vec<Row> = table.lines().filter_map(|line| row(line).or_else(|| fresh(line))).collect();

        let expected = [("build", 0.8123, 1.5), ("yaml", 1_200.0, 2_000.0), ("fresh facts", 0.7001, 0.7505)]
            .map(|(name, fastest, median)| Row { name: name.to_owned(), fastest, median });
        for (row, expected) in rows.iter().zip(&expected) {
            assert_eq!(row.name, expected.name);
            let near = |one: f64, other: f64| (one - other).abs() < 1e-9;
            assert!(near(row.fastest, expected.fastest) && near(row.median, expected.median), "a bar would be held to µs: {row:?}");
        }
        assert_eq!(rows.len(), expected.len(), "the heads are no rows: {rows:?}");
        let cpu_of = |name: &str| table.lines().find_map(|line| cpu(line, name));
        assert_eq!((cpu_of("yaml"), cpu_of("fresh facts"), cpu_of("build")), (Some(1.5), Some(0.65), None));
    }

    #[test]
    fn a_benchmark_that_is_gone_is_missed() {
        let error = figures("kit fastest │ slowest │ median\n").unwrap_err();

        assert!(error.to_string().contains("`build`"), "a bar would be met by measuring nothing: {error}");
    }
}
