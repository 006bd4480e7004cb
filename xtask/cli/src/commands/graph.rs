//! `cargo xtask graph`: an environment as a drawing.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use super::json_line;
use crate::cli::Context;
use crate::error::Error;
use crate::graph::{Drawing, Graph, mermaid, svg};
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::{environments, platform};

/// Draw an environment: its stacks, what is in them, and what has to do with what
///
/// What sets off what, where dead letters go, which alarm watches what and tells whom, which role may do what, which values go from
/// stack to stack, and what only names or waits for another. All of it comes from the templates: nothing is asked of AWS.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask graph --env staging
  cargo xtask graph --env staging --format svg --out staging.svg
  cargo xtask graph --env prod --stack images --format svg > images.svg
  cargo xtask graph --env staging --json | jq '.edges[] | select(.kind == \"permission\")'")]
#[group(skip)]
pub(crate) struct Args {
    /// Environment to draw, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Only this stack, with what of the others it has to do with; may be given several times
    #[arg(long)]
    stack: Vec<String>,
    /// What to write
    #[arg(long, value_enum, default_value = "mermaid", value_name = "FORMAT")]
    format: Format,
    /// File to write to instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write one JSON object with all nodes and edges, for other programs
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Text that GitHub and most editors show as a picture
    Mermaid,
    /// A picture
    Svg,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let workspace = ctx.workspace()?;
    let environment = environments::read(&workspace, &args.env)?;
    // What an administrator makes is drawn for whoever asks for it: no arrow leads there from the platform.
    let stacks = if args.stack.is_empty() { (ctx.platform.stacks)(&environment) } else { ctx.platform.with_administered(&environment) };
    let graph = Graph::of(&environment.name, &stacks);
    platform::chosen(stacks, &args.stack)?;
    let graph = graph.narrowed(&args.stack);

    let mut text = Vec::new();
    match args.format {
        _ if args.json => json_line(&mut text, &graph)?,
        Format::Mermaid => text.extend(mermaid(&Drawing::of(&graph)).into_bytes()),
        Format::Svg => text.extend(svg(&Drawing::of(&graph)).into_bytes()),
    }
    match &args.out {
        None => out.write_all(&text).map_err(Error::Output)?,
        Some(path) => {
            fs::write(path, &text).map_err(|source| Error::Write { path: path.clone(), source })?;
            tell(&format!("wrote {}", path.display()));
        }
    }
    Ok(Outcome::Done)
}
