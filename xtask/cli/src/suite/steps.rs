//! What each step does.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use super::Setting;
use super::options::Step;
use super::report::End;
use super::tool::Tool;
use super::workflows;
use crate::artifacts::{self, Native};
use crate::local::LOCATION;
use crate::workspace::ENVIRONMENTS_VARIABLE;
use crate::{environments, judges};

/// Takes one step to its end.
pub(super) fn take(step: Step, setting: &Setting<'_>) -> End {
    match step {
        Step::Format => rustup_component("rustfmt", "fmt", || Ok(Tool::cargo(&["fmt", "--all", "--check"])), setting),
        Step::Lints => {
            let clippy = || native(&["clippy", "--workspace", "--all-targets"], &["--", "-D", "warnings"], setting);
            rustup_component("clippy", "clippy", clippy, setting)
        }
        Step::Workflows => ended(workflows::check(setting.workspace.root(), setting.workspace.target(), setting.say)),
        Step::Templates => ended(templates(setting)),
        Step::Local => ended(local(setting, &setting.workspace.target().join("local-test"))),
        // Everything is tested, whatever fails: whoever waits for this wants the whole list.
        Step::Tests => ended(native(&["test", "--workspace", "--no-fail-fast"], &[], setting).and_then(|tool| run(tool, setting))),
    }
}

/// A part of cargo that not every installation of Rust has. Without it, the step is left out and says so.
fn rustup_component(component: &str, command: &str, tool: impl FnOnce() -> Result<Tool, String>, setting: &Setting<'_>) -> End {
    if !Tool::cargo(&[command, "--version"]).exists() {
        return End::Skipped(format!("`cargo {command}` is not installed: `rustup component add {component}`"));
    }
    ended(tool().and_then(|tool| run(tool, setting)))
}

/// A command of cargo for the whole workspace, packages with C++ inside included, and with the tools that they need.
fn native(arguments: &[&str], after: &[&str], setting: &Setting<'_>) -> Result<Tool, String> {
    let reason = |error: artifacts::Error| {
        error.causes().iter().for_each(|cause| (setting.say)(cause));
        (setting.say)(&format!("hint: {}", error.hint()));
        error.to_string()
    };
    let native = Native::of(setting.workspace, None).map_err(reason)?;
    let features = native.arguments();
    let words: Vec<_> = arguments.iter().copied().chain(features.iter().map(String::as_str)).chain(after.iter().copied()).collect();
    let variables = native.variables(setting.workspace, setting.say).map_err(reason)?;
    Ok(variables.into_iter().fold(Tool::cargo(&words), |tool, (name, value)| tool.with(name, value)))
}

/// Renders every template and asks the judges.
fn templates(setting: &Setting<'_>) -> Result<(), String> {
    let folder = setting.workspace.scratch().join("judged");
    clear(&folder)?;
    let out = folder.display().to_string();
    run(myself(&["render", "--all", "--out", &out], setting), setting)?;

    let environments = environments::read_all(setting.workspace).map_err(|error| error.to_string())?;
    let mut regions: Vec<_> = environments.iter().map(|environment| environment.region.to_string()).collect();
    regions.sort();
    regions.dedup();
    let verdict = judges::judge(setting.workspace, &folder, &regions, setting.say).map_err(|error| {
        error.causes().iter().for_each(|cause| (setting.say)(cause));
        (setting.say)(&format!("hint: {}", error.hint()));
        error.to_string()
    })?;
    verdict.findings.iter().for_each(|finding| (setting.say)(&finding.to_string()));
    match verdict.findings.len() {
        0 => {
            (setting.say)(&format!("cfn-lint and cloudformation-validate find nothing in {} templates", verdict.templates));
            Ok(())
        }
        number => Err(format!("{number} found in {} templates", verdict.templates)),
    }
}

/// The whole way in a local cloud of its own, which disturbs no other: deploy with its smoke test, nothing to change, a change, back to
/// the first release, destroy.
fn local(setting: &Setting<'_>, folder: &Path) -> Result<(), String> {
    let others = folder.with_extension("environments");
    let command = |arguments: &[&str], more: &[(&str, &OsStr)]| {
        let tool = myself(arguments, setting).with(LOCATION, folder);
        run(more.iter().fold(tool, |tool, (name, value)| tool.with(name, value)), setting)
    };
    // One that an interrupted run left behind.
    command(&["local", "down"], &[])?;
    clear(folder)?;
    let result = changed(setting, &others).and_then(|()| there_and_back(&others, &command));
    // Whatever happened, no process stays behind.
    let stopped = command(&["local", "down"], &[]);
    result.and(stopped)?;
    clear(&others)?;
    clear(folder)
}

/// The local environment with another value: what somebody else's commit would deploy.
fn changed(setting: &Setting<'_>, folder: &Path) -> Result<(), String> {
    const SETTING: &str = "visibility_timeout_seconds: 3";
    let file = setting.workspace.environments().join("local.yaml");
    let text = fs::read_to_string(&file).map_err(|error| format!("cannot read `{}`: {error}", file.display()))?;
    let other = text.replacen(SETTING, "visibility_timeout_seconds: 4", 1);
    if other == text {
        return Err(format!("there is no `{SETTING}…` in `{}` that could be another", file.display()));
    }
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(folder.join("local.yaml"), other));
    written.map_err(|error| format!("cannot write `{}`: {error}", folder.display()))
}

fn there_and_back(others: &Path, command: &impl Fn(&[&str], &[(&str, &OsStr)]) -> Result<(), String>) -> Result<(), String> {
    let deploy = ["deploy", "--env", "local", "--yes"];
    let nothing_differs = ["diff", "--env", "local", "--deployed"];
    command(&deploy, &[])?;
    // Ends with 3 when something would change.
    command(&nothing_differs, &[])?;
    command(&["hardening", "--env", "local"], &[])?;
    command(&deploy, &[])?;

    command(&[&deploy[..], &["--no-smoke"]].concat(), &[(ENVIRONMENTS_VARIABLE, others.as_os_str())])?;
    // It has to do without git: whoever goes back in an emergency may have nothing but the program.
    command(&["rollback", "--env", "local", "--to", "previous", "--yes"], &[("GIT_DIR", OsStr::new("/nowhere"))])?;
    command(&nothing_differs, &[])?;
    command(&["drift", "--env", "local"], &[])?;
    command(&["destroy", "--env", "local", "--yes", "--purge"], &[])
}

/// This program with another command.
fn myself(arguments: &[&str], setting: &Setting<'_>) -> Tool {
    let words: Vec<_> = setting.myself.iter().cloned().chain(arguments.iter().map(OsString::from)).collect();
    Tool::new(words, &[&["cargo", "xtask"], arguments].concat().join(" "))
}

fn run(tool: Tool, setting: &Setting<'_>) -> Result<(), String> {
    (setting.say)(&format!("$ {}", tool.text()));
    tool.in_folder(setting.workspace.root()).run()
}

fn ended(result: Result<(), String>) -> End {
    match result {
        Ok(()) => End::Passed,
        Err(why) => End::Failed(why),
    }
}

fn clear(folder: &Path) -> Result<(), String> {
    if !folder.exists() {
        return Ok(());
    }
    fs::remove_dir_all(folder).map_err(|error| format!("cannot remove `{}`: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    /// Plays this program: writes down what it is asked to do and in which local cloud, and fails at one command.
    fn played(fails_at: &str) -> (Result<(), String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let (cloud, record) = (folder.path().join("cloud"), folder.path().join("record"));
        let script = format!(
            "mkdir -p \"${LOCATION}\"; test \"${LOCATION}\" = '{}' && echo \"$*\" >> '{}'; test \"$*\" != '{fails_at}'",
            cloud.display(),
            record.display()
        );
        // A script that the shell reads, so that no file has to be written that is then started.
        let player = folder.path().join("player");
        fs::write(&player, script).unwrap();
        let workspace = Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let setting = Setting { workspace: &workspace, myself: vec!["sh".into(), player.into()], say: &|_| {} };

        let result = local(&setting, &cloud);

        assert!(!cloud.exists() || result.is_err(), "the local cloud of the test would fill the disk");
        (result, fs::read_to_string(record).unwrap().lines().map(str::to_owned).collect())
    }

    #[test]
    fn the_way_there_and_back_leaves_no_local_cloud_behind() {
        let (result, asked) = played("");

        let expected = [
            "local down",
            "deploy --env local --yes",
            "diff --env local --deployed",
            "hardening --env local",
            "deploy --env local --yes",
            "deploy --env local --yes --no-smoke",
            "rollback --env local --to previous --yes",
            "diff --env local --deployed",
            "drift --env local",
            "destroy --env local --yes --purge",
            "local down",
        ];
        assert_eq!(result, Ok(()));
        assert_eq!(asked, expected, "something would not be tried, or be tried in a developer's own local cloud");
    }

    #[test]
    fn a_deploy_that_fails_fails_the_step_and_still_stops_its_local_cloud() {
        let (result, asked) = played("deploy --env local --yes");

        assert_eq!(result, Err("`cargo xtask deploy --env local --yes` ended with 1".to_owned()));
        assert_eq!(asked, ["local down", "deploy --env local --yes", "local down"], "each failed run would leave a process behind");
    }

    #[test]
    fn a_release_that_cannot_be_returned_to_fails_the_step() {
        let (result, _) = played("rollback --env local --to previous --yes");

        assert!(result.is_err(), "nobody would know before the night when it is needed");
    }

    #[test]
    fn a_second_deploy_that_would_change_something_fails_the_step() {
        let (result, _) = played("diff --env local --deployed");

        assert!(result.is_err(), "every deploy would change something, and nobody would know");
    }
}
