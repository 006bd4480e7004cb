//! `cargo xtask completions`: what a shell needs to complete this command line.

use std::io::Write;

use clap_complete::Shell;

use crate::cli::command_line;
use crate::error::Error;
use crate::outcome::Outcome;

/// Print a shell's completions for this command line
///
/// Shells complete by the first word, and for `cargo xtask` that is cargo. So give it a word of its own: a function or alias called
/// `xtask` that runs `cargo xtask`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  alias xtask='cargo xtask'; source <(cargo xtask completions bash)
  cargo xtask completions fish > ~/.config/fish/completions/xtask.fish")]
pub(crate) struct Args {
    /// Shell to complete in
    shell: Shell,
}

pub(crate) fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome, Error> {
    // Written to memory first: clap_complete panics when a pipe breaks.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command_line().bin_name("xtask").name("xtask"), "xtask", &mut script);
    out.write_all(&script).map_err(Error::Output)?;
    Ok(Outcome::Done)
}
