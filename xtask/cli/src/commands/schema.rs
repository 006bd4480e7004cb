//! `cargo xtask schema`: the JSON schema of environment files.

use std::fs;
use std::io::Write;

use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::progress::tell;

/// Write the JSON schema that editors complete environment files from
///
/// It is made from the Rust type that reads the files, so it never says anything else. With `--check` nothing is written, and the
/// command ends with 3 when the committed file is out of date.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask schema
  cargo xtask schema --stdout | jq .properties.jobs")]
#[group(skip)]
pub(crate) struct Args {
    /// Only compare with environments/schema.json
    #[arg(long, conflicts_with = "stdout")]
    check: bool,
    /// Print it instead of writing environments/schema.json
    #[arg(long)]
    stdout: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let schema = foundation::environment::schema();
    if args.stdout {
        out.write_all(schema.as_bytes()).map_err(Error::Output)?;
        return Ok(Outcome::Done);
    }

    let path = ctx.workspace()?.root().join("environments").join("schema.json");
    let fresh = fs::read_to_string(&path).is_ok_and(|committed| committed == schema);
    match (fresh, args.check) {
        (true, _) => {
            tell("environments/schema.json is up to date");
            Ok(Outcome::Done)
        }
        (false, true) => {
            tell("environments/schema.json is out of date: write it with `cargo xtask schema`");
            Ok(Outcome::Different)
        }
        (false, false) => {
            fs::write(&path, schema).map_err(|source| Error::Write { path, source })?;
            tell("wrote environments/schema.json");
            Ok(Outcome::Done)
        }
    }
}
