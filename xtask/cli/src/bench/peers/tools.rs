//! How each tool is run.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::install::Installed;

/// Makes the command that renders so many platforms into a folder.
type Make = Box<dyn Fn(u32, &Path) -> Command>;

/// One way to render the platforms.
pub(super) struct Tool {
    pub(super) name: &'static str,
    /// What else one has to know to judge the figure.
    pub(super) note: &'static str,
    /// Runs in a row that count as one: what takes milliseconds is below the kernel's count of CPU.
    pub(super) repeats: u32,
    pub(super) output: PathBuf,
    make: Make,
}

impl Tool {
    /// The command that renders so many platforms.
    pub(super) fn command(&self, count: u32) -> Command {
        (self.make)(count, &self.output)
    }

    /// A tool that is never run.
    #[cfg(test)]
    pub(super) fn named(name: &'static str) -> Self {
        Self { name, note: "", repeats: 1, output: PathBuf::new(), make: Box::new(|_, _| Command::new("true")) }
    }
}

/// All of them; the first is ours, and what the others are compared with.
pub(super) fn all(installed: &Installed, folder: &Path) -> Vec<Tool> {
    let program = installed.platform.clone();
    let ours = move |count: u32, output: &Path| {
        let mut command = Command::new(&program);
        command.arg(count.to_string()).arg(output);
        command
    };
    let render = ours.clone();
    let checked = move |count: u32, output: &Path| {
        let mut command = ours(count, output);
        command.arg("--check");
        command
    };
    let (python, troposphere) = (installed.python.clone(), installed.troposphere.clone());
    let troposphere = move |count: u32, output: &Path| {
        let mut command = Command::new(&python);
        command.arg(&troposphere).arg(count.to_string()).arg(output);
        command
    };
    let app = installed.app.clone();
    let node = move |count: u32, output: &Path| {
        let mut command = quiet(Command::new("node"), count);
        command.arg(&app).env("CDK_OUTDIR", output);
        command
    };
    let validated = node.clone();
    let bare = move |count: u32, output: &Path| {
        let mut command = node(count, output);
        command.env("CDK_VALIDATION", "false");
        command
    };
    let (cdk, app) = (installed.cdk.clone(), installed.app.clone());
    let synth = move |count: u32, output: &Path| {
        let mut command = quiet(Command::new(&cdk), count);
        let flags = ["--quiet", "--no-notices", "--no-version-reporting", "--no-path-metadata", "--no-asset-metadata"];
        command.arg("synth").args(flags).arg("--app").arg(format!("node '{}'", app.display())).arg("--output").arg(output);
        command.current_dir(app.parent().unwrap_or(&app));
        command
    };
    let tool = |name: &'static str, short: &str, note, repeats, make: Make| Tool {
        name,
        note,
        repeats,
        output: folder.join("out").join(short),
        make,
    };
    vec![
        tool("cfn-kit", "cfn-kit", "release build", 20, Box::new(render)),
        tool("cfn-kit, checked", "cfn-kit-checked", "with check and rules", 20, Box::new(checked)),
        tool("troposphere", "troposphere", "bytecode cached", 1, Box::new(troposphere)),
        tool("CDK app, bare", "cdk-bare", "L1 as JavaScript, CDK_VALIDATION=false", 1, Box::new(bare)),
        tool("CDK app", "cdk-app", "L1 as JavaScript, as it comes", 1, Box::new(validated)),
        tool("cdk synth", "cdk-synth", "the same app, no TypeScript to compile", 1, Box::new(synth)),
    ]
}

/// Without questions to the network, which would be measured as well.
fn quiet(mut command: Command, count: u32) -> Command {
    command.env("COUNT", count.to_string());
    command
        .env("CDK_DISABLE_VERSION_CHECK", "1")
        .env("CDK_DISABLE_CLI_TELEMETRY", "1")
        .env("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1");
    command
}
