//! Programs that end together with whoever started them, however that one ended.

use std::process::Command;

/// Holds the number of the process that a program ends with.
const VARIABLE: &str = "TESTCLOUD_PARENT";

/// Has a program end with this thread, if the program asks for it by [`end_with_parent`].
pub fn leash(command: &mut Command) -> &mut Command {
    command.env(VARIABLE, std::process::id().to_string())
}

/// Ends this program, as with `kill -9`, as soon as the thread that started it is gone: also when that one was killed, and when this one
/// is frozen. For whoever was started by [`leash`]; nothing otherwise, and on systems other than Linux.
///
/// # Errors
///
/// When the kernel refuses, or whoever started it is gone already.
pub fn end_with_parent() -> std::io::Result<()> {
    match std::env::var(VARIABLE) {
        Ok(parent) => tie(&parent),
        Err(_) => Ok(()),
    }
}

#[cfg(target_os = "linux")]
fn tie(parent: &str) -> std::io::Result<()> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Gone before the kernel knew: nothing would come any more.
    let is_there = getppid().is_some_and(|pid| pid.as_raw_nonzero().to_string() == parent);
    if is_there { Ok(()) } else { Err(std::io::Error::other(format!("process {parent}, which started this one, is gone"))) }
}

#[cfg(not(target_os = "linux"))]
fn tie(_: &str) -> std::io::Result<()> {
    Ok(())
}
