//! One worker: a process with an environment in which nothing of this machine's is left.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::launch::Launch;
use super::leash;

/// What leads a worker to the local cloud, as the agent itself was led there.
const PASSED_ON: &[&str] = &[
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "NO_PROXY",
];

/// The file that takes what a worker writes.
pub(super) fn log(folder: &Path, name: &str) -> PathBuf {
    folder.join("logs").join(format!("{name}.log"))
}

/// Starts a worker; what it writes goes to its [`log`].
pub(super) fn start(launch: &Launch, folder: &Path, name: &str) -> io::Result<Child> {
    let (logs, home, models) = (folder.join("logs"), folder.join("home").join(name), folder.join("models"));
    for folder in [&logs, &home, &models] {
        fs::create_dir_all(folder)?;
    }
    let log = File::options().create(true).append(true).open(log(folder, name))?;
    let mut command = leash::leashed(&launch.program)?;
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("HOME", &home).env("TMPDIR", &home);
    command.envs(launch.recipe.settings.iter().map(|(name, value)| (name, value)));
    // After the template's lines: no line of theirs may lead elsewhere than to the local cloud.
    command.envs(PASSED_ON.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))));
    // There is no instance here, and whatever answers in its place is another machine's.
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("WORKER_MODEL_FOLDER", &models);
    command.envs(launch.key_file.as_ref().map(|file| ("WORKER_ENGINE_KEY_FILE", file)));
    command.current_dir(&home).stdin(Stdio::null()).stderr(log.try_clone()?).stdout(log).spawn()
}

/// Asks a process to end. One that has just ended is no mistake.
pub(super) fn ask_to_end(child: &Child) {
    // The shell has `kill` built in; the program of that name is missing on small machines.
    let id = child.id().to_string();
    drop(Command::new("/bin/sh").args(["-c", r#"kill -s TERM "$1""#, "sh", &id]).stderr(Stdio::null()).status());
}
