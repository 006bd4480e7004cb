//! `cargo xtask image`: what the servers of an environment run, as a container image.

use std::io::Write;
use std::path::PathBuf;

use super::{json_line, line};
use crate::artifacts::{self, Profile};
use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::session::is_local;
use crate::{environments, git, platform, tools};

/// Make the container image that an environment's servers run
///
/// One `cargo build`, then one layer: the binary, the libraries that it is linked with and the certificate authorities that it trusts,
/// on nothing below. No Docker is needed, and the same commit gives the same digest. It becomes an OCI image layout, a folder that
/// podman, skopeo and registries know.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask image --env staging
  cargo xtask image --env staging --out image && skopeo inspect oci:image
  cargo xtask image --env staging --json | jq -r .digest")]
pub(crate) struct Args {
    /// Environment to build for, as named in environments/; a local one is built quickly, others for AWS
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Folder for the image layout, new, empty, or with an image that may go [default: in cargo's target folder]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Write one JSON object on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let workspace = ctx.workspace()?;
    let environment = environments::read(&workspace, &args.env)?;
    let image = (ctx.platform.image)(&environment);
    let machine = platform::machine(image.architecture);
    let profile = if is_local(&environment) { Profile::Dev } else { Profile::Lambda };
    let folder = args.out.clone().unwrap_or_else(|| workspace.scratch().join("images").join(&environment.name));

    let built = tools::contained(ctx, &workspace, image.binary, machine, profile)?;
    let commit = git::head(&workspace).map(|commit| if commit.dirty { format!("{}-dirty", commit.id) } else { commit.id });
    let made = artifacts::image(&image, machine, built.executable(image.binary)?, profile, commit.as_deref(), &folder)?;
    if args.json {
        json_line(out, &made)?;
    } else {
        let text = format!("{}  {} bytes, {} unpacked  {}", made.digest, made.bytes, made.unpacked_bytes, made.folder.display());
        line(out, &text)?;
    }
    tell(&format!("in it: `{}` for {}, {}", image.binary, machine.name(), made.libraries.join(", ")));
    Ok(Outcome::Done)
}
