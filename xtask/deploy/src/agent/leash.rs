//! Workers that end together with the agent, also when it is killed and cannot end them itself.
//!
//! The agent starts this binary in another mode, which asks the kernel for a signal when the agent is gone, and then becomes the worker:
//! the same process, so that the agent ends it as any other.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use super::say;

/// The mode's name on the command line.
pub(crate) const MODE: &str = "leashed";

/// A program that ends with this thread: with SIGTERM, so that it ends in good order.
pub(super) fn leashed(program: &Path) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(MODE).arg(std::process::id().to_string()).arg(program);
    Ok(command)
}

/// Becomes the program, in a process whose parent has this number.
pub(crate) fn run(parent: &OsStr, program: &OsStr, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    if let Err(error) = tie(parent) {
        say(&format!("{} is not started: {error}", program.display()));
        return ExitCode::FAILURE;
    }
    let error = Command::new(program).args(arguments).exec();
    say(&format!("{} cannot be started: {error}", program.display()));
    ExitCode::FAILURE
}

#[cfg(target_os = "linux")]
fn tie(parent: &OsStr) -> io::Result<()> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::TERM))?;
    // Gone before the kernel knew: nothing would come any more.
    let is_there = getppid().is_some_and(|pid| *pid.as_raw_nonzero().to_string() == *parent);
    if is_there { Ok(()) } else { Err(io::Error::other("the agent that started it is gone")) }
}

/// Other systems have no such signal; a worker may outlive an agent that was killed.
#[cfg(not(target_os = "linux"))]
fn tie(_: &OsStr) -> io::Result<()> {
    Ok(())
}
