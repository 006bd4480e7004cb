//! `cargo xtask bench transcode`: our picture pipeline beside sharp, on pictures that the bench makes itself.
//!
//! Each program makes both proxies of one file in a process of its own, all of them in turn, so that what else the machine does hits each
//! alike. The kernel counts CPU and memory; quality is held against the same picture made smaller in floating point. Last, whole files a second
//! in a warm process.

mod figures;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use self::figures::{Compared, Quality, Took};
use super::child::{answer, cargo, shown};
use super::metadata::in_root;
use super::{Error, Figure, make_folder, write};
use crate::artifacts::{C_PROCESSOR, Native};
use crate::interrupts::Interrupts;
use crate::python::{Lookup, Purpose, Venv};
use crate::workspace::Workspace;

/// Ours, what sharp's documentation shows, and the cheaper way that takes knowing it.
const PROGRAMS: [&str; 3] = ["ours", "sharp clone", "sharp cascade"];

/// Edges of the proxies; sharp is told the same in its own file.
const EDGES: [u32; 2] = [2048, 1024];

/// What files a second are taken on, and how many of them.
const MANY: (&str, u32) = ("jpeg-12mp.jpg", 24);

const PACKAGES: &str = include_str!("../../../requirements/sharp/package.json");
const LOCK: &str = include_str!("../../../requirements/sharp/package-lock.json");

pub(super) fn measure(
    workspace: &Workspace,
    rounds: u32,
    only: Option<&str>,
    interrupts: &Interrupts,
    tell: &dyn Fn(&str),
) -> Result<Vec<Figure>, Error> {
    let folder = workspace.scratch().join("bench/transcode");
    let stage = Stage::prepare(workspace, folder, tell)?;
    let inputs = stage.inputs(only)?;
    let mut figures = Vec::new();
    for input in &inputs {
        if 0 < interrupts.count() {
            return Err(Error::Interrupted);
        }
        let name = input.file_name().unwrap_or_default().to_string_lossy();
        tell(&format!("{name}: {rounds} rounds of {}", PROGRAMS.join(", ")));
        let compared = Compared { took: stage.take(input, rounds)?, quality: stage.judge(input)? };
        figures.extend(compared.figures(&name));
    }
    for threads in [1, 2] {
        if 0 < interrupts.count() {
            return Err(Error::Interrupted);
        }
        tell(&format!("files a second, {threads} at once"));
        figures.extend(stage.many(threads)?);
    }
    Ok(figures)
}

/// Everything that is needed, ready.
#[derive(Debug)]
struct Stage {
    ours: PathBuf,
    python: PathBuf,
    folder: PathBuf,
}

impl Stage {
    fn prepare(workspace: &Workspace, folder: PathBuf, tell: &dyn Fn(&str)) -> Result<Self, Error> {
        make_folder(&folder.join("inputs"))?;
        make_folder(&folder.join("out"))?;
        for (name, text) in [
            ("inputs.py", include_str!("inputs.py")),
            ("measure.py", include_str!("measure.py")),
            ("quality.py", include_str!("quality.py")),
            ("sharp.mjs", include_str!("sharp.mjs")),
        ] {
            write(&folder.join(name), text)?;
        }
        let venv = Venv::ensure(&Purpose::PICTURES, workspace.target(), &Lookup::from_environment(), tell)?;
        sharp(&folder, tell)?;
        let ours = build(workspace, tell)?;
        let stage = Self { ours, python: venv.program("python"), folder };
        tell("making pictures (once; minutes)");
        shown(stage.script("inputs.py").arg(stage.folder.join("inputs")))?;
        Ok(stage)
    }

    fn script(&self, name: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(self.folder.join(name));
        command
    }

    /// All pictures, or those whose name holds a word, in the order of their names.
    fn inputs(&self, only: Option<&str>) -> Result<Vec<PathBuf>, Error> {
        let folder = self.folder.join("inputs");
        let listed = fs::read_dir(&folder).map_err(|source| Error::Read { path: folder.clone(), source })?;
        let mut inputs: Vec<_> = listed.filter_map(Result::ok).map(|entry| entry.path()).collect();
        inputs.retain(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            !name.ends_with(".draft") && only.is_none_or(|word| name.contains(word))
        });
        inputs.sort();
        if inputs.is_empty() {
            let what = format!("no picture's name holds `{}`", only.unwrap_or_default());
            return Err(Error::Answer { program: "inputs.py", what });
        }
        Ok(inputs)
    }

    fn prefix(&self, program: &str) -> PathBuf {
        self.folder.join("out").join(program.replace(' ', "-"))
    }

    /// Words of a program that makes the proxies of one file.
    fn words(&self, program: &str, input: &Path) -> Vec<String> {
        let text = |path: &Path| path.display().to_string();
        let (file, prefix) = (text(input), text(&self.prefix(program)));
        match program.strip_prefix("sharp ") {
            None => vec![text(&self.ours), file, prefix],
            Some(way) => vec!["node".to_owned(), text(&self.folder.join("sharp.mjs")), way.to_owned(), file, prefix],
        }
    }

    fn take(&self, input: &Path, rounds: u32) -> Result<Vec<Took>, Error> {
        let lines = PROGRAMS.map(|name| json!({ "name": name, "words": self.words(name, input) }).to_string());
        let mut command = self.script("measure.py");
        command.arg(rounds.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let cannot = |source| Error::Start { program: "python".to_owned(), source };
        let mut child = command.spawn().map_err(cannot)?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(lines.join("\n").as_bytes()).map_err(cannot)?;
        }
        let output = child.wait_with_output().map_err(cannot)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).lines().map(ToOwned::to_owned).collect();
            return Err(Error::Failed { command: "measure.py".to_owned(), said });
        }
        lines_of(&String::from_utf8_lossy(&output.stdout), "measure.py")
    }

    /// What each program has made of the input, larger proxy first.
    fn judge(&self, input: &Path) -> Result<Vec<Quality>, Error> {
        let mut command = self.script("quality.py");
        command.arg(input);
        for program in PROGRAMS {
            let prefix = self.prefix(program).display().to_string();
            command.args(EDGES.map(|edge| format!("{prefix}-{edge}.jpg")));
        }
        lines_of(&shown(&mut command)?, "quality.py")
    }

    fn many(&self, threads: u32) -> Result<Vec<Figure>, Error> {
        #[derive(Deserialize)]
        struct Said {
            files_per_second: f64,
        }
        let (file, times) = MANY;
        let rest = [threads.to_string(), times.to_string()];
        let input = self.folder.join("inputs").join(file);
        let mut ours = Command::new(&self.ours);
        ours.arg("many").arg(&input).args(&rest);
        let mut theirs = Command::new("node");
        theirs.arg(self.folder.join("sharp.mjs")).arg("many").arg(&input).args(&rest);
        let said = |mut command: Command, program| parse::<Said>(&shown(&mut command)?, program);
        let (ours, theirs) = (said(ours, "proxies")?, said(theirs, "sharp")?);
        Ok(vec![figures::many(&format!("{file}, {threads} at once"), ours.files_per_second, theirs.files_per_second)])
    }
}

/// sharp, as the committed lock file has it.
fn sharp(folder: &Path, tell: &dyn Fn(&str)) -> Result<(), Error> {
    let ready = folder.join("ready");
    if fs::read_to_string(&ready).is_ok_and(|found| found == LOCK) {
        return Ok(());
    }
    tell("fetching sharp (once)");
    write(&folder.join("package.json"), PACKAGES)?;
    write(&folder.join("package-lock.json"), LOCK)?;
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"];
    answer(Command::new("npm").args(arguments).current_dir(folder))?;
    // Last, so that half of an installation does not count as one.
    write(&ready, LOCK)
}

/// Our pipeline behind a command line, optimised as what is deployed is.
fn build(workspace: &Workspace, tell: &dyn Fn(&str)) -> Result<PathBuf, Error> {
    let native = Native::of(workspace, Some(&["picture"]))?;
    tell("building the pipeline as it is deployed");
    let mut cargo = cargo();
    in_root(&mut cargo, workspace).env("CARGO_TARGET_DIR", workspace.target()).envs(native.variables(workspace, tell)?);
    cargo.env(C_PROCESSOR.0, C_PROCESSOR.1);
    shown(cargo.args(["build", "--quiet", "--profile", "lambda", "--package", "picture", "--example", "proxies"]))?;
    Ok(workspace.target().join("lambda/examples/proxies"))
}

fn parse<T: DeserializeOwned>(line: &str, program: &'static str) -> Result<T, Error> {
    serde_json::from_str(line).map_err(|error| Error::Answer { program, what: error.to_string() })
}

fn lines_of<T: DeserializeOwned>(text: &str, program: &'static str) -> Result<Vec<T>, Error> {
    text.lines().map(|line| parse(line, program)).collect()
}
