//! `cargo xtask hardening`: what an environment's API refuses, tried out.

use contract::outputs as names;
use contract::smoke::Wanted;
use foundation::environment::UploadMode;

use super::{outputs, token};
use crate::cli::Context;
use crate::error::Error;
use crate::hardening::{self, Variables};
use crate::outcome::Outcome;
use crate::progress::{Building, tell};
use crate::session::{self, Session};
use crate::{smoke, tools};

/// Try out what the API of an environment must refuse
///
/// Runs docs/api/hardening.postman_collection.json with newman, which is installed under target/ the first time: calls with a token,
/// without one and with wrong ones, six calls at once, calls of foreign pages, and prompts and pictures that are none. One picture is
/// generated, which costs some cents where an image model is real. Two users are made for it beside a stand-in for AWS;
/// elsewhere the user that CLOUDWRIGHT_SMOKE_USER and CLOUDWRIGHT_SMOKE_PASSWORD name is both.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask hardening --env local")]
pub(crate) struct Args {
    /// Environment to try, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
}

pub(crate) fn run(args: &Args, ctx: &Context) -> Result<Outcome, Error> {
    let session = Session::open(ctx, &args.env)?;
    let workspace = ctx.workspace()?;
    let all = outputs::read(&session)?;
    let url = all.get(names::api::STACK).and_then(|api| api.get(names::api::API_URL)).cloned();
    let base_url = url.ok_or_else(|| hardening::Error::NoApi { environment: args.env.clone() })?;
    let program = tools::smoke_among(&tools::for_this_machine(&workspace, &session.platform, &Building::tools(ctx.terminal))?)?;
    let request = smoke::request(&session, &all, Wanted::Token, None);
    let (_, token) = token::fetch(&session, &program, &request)?;
    let (_, fresh_token) = token::fetch(&session, &program, &request)?;
    let preflights = !session::is_local(&session.environment);
    let uploads = session.environment.images.upload.mode == UploadMode::Presigned;
    let base_url = base_url.trim_end_matches('/').to_owned();
    let variables = Variables { base_url, token, fresh_token, preflights, uploads };
    hardening::run(workspace.root(), workspace.target(), &variables, &|line| tell(line))?;
    Ok(Outcome::Done)
}
