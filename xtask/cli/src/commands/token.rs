//! `cargo xtask token`: a token of an environment's user pool.

use std::io::Write;
use std::path::Path;

use contract::smoke::{Event, Request, Wanted};

use super::{json_line, line, outputs};
use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::progress::{Building, tell};
use crate::session::Session;
use crate::{smoke, tools};

/// Get a token of an environment's user pool, for curl and for scripts
///
/// Beside a stand-in for AWS (`--env local`), a user is made for it. On AWS none is: CLOUDWRIGHT_SMOKE_USER and
/// CLOUDWRIGHT_SMOKE_PASSWORD name one that is there, and the app client has to allow passwords.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask token --env local
  curl -H \"Authorization: Bearer $(cargo xtask token --env local)\" \"$API_URL/ping\"")]
pub(crate) struct Args {
    /// Environment of the user pool, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Write one JSON object on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::open(ctx, &args.env)?;
    let binaries = tools::for_this_machine(&ctx.workspace()?, &session.platform, &Building::tools(ctx.terminal))?;
    let request = smoke::request(&session, &outputs::read(&session)?, Wanted::Token, None);
    let (user, token) = fetch(&session, &tools::smoke_among(&binaries)?, &request)?;
    if args.json {
        json_line(out, &serde_json::json!({ "user": user, "token": token }))?;
    } else {
        tell(&format!("a token for `{user}`"));
        line(out, &token)?;
    }
    Ok(Outcome::Done)
}

/// A user, and a token of his.
pub(super) fn fetch(session: &Session, program: &Path, request: &Request) -> Result<(String, String), Error> {
    let mut found = None;
    smoke::converse(program, session, request, &mut |event| {
        if let Event::Token { user, token: Some(token), .. } = event {
            found = Some((user.clone(), token.clone()));
        }
        Ok(())
    })?;
    found.ok_or_else(|| Error::Words {
        message: "the smoke test got no token and said no reason".to_owned(),
        hint: "it may be of another version: `cargo build -p smoke` makes it anew".to_owned(),
    })
}
