//! `cargo xtask image`: what the servers of an environment run, as a container image.

use std::io::Write;
use std::path::PathBuf;

use foundation::{ARTIFACTS, ContainerImage, IMAGE_REPOSITORY};
use protocol::{Event, Push, Request};
use serde::Serialize;

use super::{json_line, line};
use crate::artifacts::{self, Image, Profile};
use crate::cli::Context;
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::session::{Session, is_local};
use crate::workspace::Workspace;
use crate::{environments, git, guards, platform, tools};

/// Make the container image that an environment's servers run, and push it
///
/// One `cargo build`, then one layer: the binary, the libraries that it is linked with and the certificate authorities that it trusts,
/// on nothing below. No Docker is needed, and the same commit gives the same digest. It becomes an OCI image layout, a folder that
/// podman, skopeo and registries know.
///
/// With `--push` it goes to the environment's repository in ECR, where what is there already is not sent again, and the answer is the
/// name for the environment's file. Nothing runs it before a deploy with that name.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask image --env staging
  cargo xtask image --env staging --out image && skopeo inspect oci:image
  cargo xtask image --env staging --push
  cargo xtask image --env staging --push --json | jq -r .name")]
pub(crate) struct Args {
    /// Environment to build for, as named in environments/; a local one is built quickly, others for AWS
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Folder for the image layout, new, empty, or with an image that may go [default: in cargo's target folder]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Push it to the environment's repository
    #[arg(long)]
    push: bool,
    /// Push what no commit holds
    #[arg(long, requires = "push")]
    allow_dirty: bool,
    /// Write one JSON object on stdout, for other programs
    #[arg(long)]
    json: bool,
}

/// The answer for other programs.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    /// The whole name, once it was pushed.
    name: Option<String>,
    #[serde(flatten)]
    image: &'a Image,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let workspace = ctx.workspace()?;
    let environment = environments::read(&workspace, &args.env)?;
    let image = (ctx.platform.image)(&environment);
    // What speaks against a push is found now and not after minutes of building.
    let registry = if args.push { Some(registry(args, ctx, &workspace, &image)?) } else { None };

    let machine = platform::machine(image.architecture);
    let profile = if is_local(&environment) { Profile::Dev } else { Profile::Lambda };
    let folder = args.out.clone().unwrap_or_else(|| workspace.scratch().join("images").join(&environment.name));
    // Before the build: what is committed while it runs may not be in it.
    let commit = git::head(&workspace).map(|commit| if commit.dirty { format!("{}-dirty", commit.id) } else { commit.id });
    let built = tools::contained(ctx, &workspace, image.binary, machine, profile)?;
    let made = artifacts::image(&image, machine, built.executable(image.binary)?, profile, commit.as_deref(), &folder)?;
    tell(&format!("in it: `{}` for {}, {}", image.binary, machine.name(), made.libraries.join(", ")));
    let name = registry.map(|session| push(&session, &made)).transpose()?;
    match &name {
        _ if args.json => json_line(out, &Answer { name: name.clone(), image: &made })?,
        Some(name) => line(out, name)?,
        None => line(out, &format!("{}  {} bytes, {} unpacked  {}", made.digest, made.bytes, made.unpacked_bytes, made.folder.display()))?,
    }
    if let Some(name) = &name {
        tell(&format!("to run it, set `{}` in environments/{}.yaml and deploy: {name}", image.setting, environment.name));
    }
    Ok(Outcome::Done)
}

/// The way to the repository, once nothing speaks against a push.
fn registry(args: &Args, ctx: &Context, workspace: &Workspace, image: &ContainerImage) -> Result<Session, Error> {
    let environment = environments::read(workspace, &args.env)?;
    let has_repository = (ctx.platform.stacks)(&environment)
        .iter()
        .any(|finished| finished.stack == ARTIFACTS && finished.template.to_json()["Outputs"].get(IMAGE_REPOSITORY).is_some());
    if !has_repository {
        return Err(Error::NoRepository { environment: environment.name, setting: image.repository_setting });
    }
    if !args.allow_dirty && !is_local(&environment) {
        guards::must_be_clean(workspace, &environment)?;
    }
    let session = Session::with_engine_alone(ctx, &args.env)?;
    session.read(&Request::Status(session.stacks()), |_| Ok(()))?;
    Ok(session)
}

/// Brings it there; the name that is good for ever.
fn push(session: &Session, made: &Image) -> Result<String, Error> {
    let holder = session.platform.iter().find(|finished| finished.stack == ARTIFACTS).map(platform::stack_ref);
    let repository_stack = holder.ok_or_else(|| Error::UnknownStack { name: ARTIFACTS.to_owned(), known: Vec::new() })?;
    let layout = made.folder.canonicalize().map_err(|source| Error::Read { path: made.folder.clone(), source })?;
    let request = Push {
        target: session.target(),
        layout,
        digest: made.digest.clone(),
        repository_stack,
        repository_output: IMAGE_REPOSITORY.to_owned(),
    };
    let interrupts = Interrupts::catch()?;
    let mut pushed = None;
    let mut hear = |event: &Event| {
        if let Event::Image { name, bytes, uploaded } = event {
            let how = if *uploaded { format!("pushed, {bytes} bytes sent") } else { "the repository had it already".to_owned() };
            tell(&how);
            pushed = Some(name.clone());
        }
        Ok(())
    };
    session.converse(&Request::Push(request), &interrupts, &mut hear)?;
    pushed.ok_or(Error::NoName)
}
