//! Which templates are compared with which.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cfn_kit::{Document, Json};
use foundation::Finished;
use protocol::{Event, Request};
use serde_json::Map;

use super::super::check;
use crate::cli::Context;
use crate::environments;
use crate::error::Error;
use crate::git;
use crate::local::omissions::without_refused;
use crate::session::{Session, is_local};

/// One stack before and after; an empty template where it does not exist.
pub(super) struct Pair {
    pub(super) stack: Option<String>,
    pub(super) old: Document,
    pub(super) new: Document,
}

/// Two template files.
pub(super) fn files(old: &Path, new: &Path) -> Result<Vec<Pair>, Error> {
    Ok(vec![Pair { stack: None, old: check::read(old)?, new: check::read(new)? }])
}

/// Every stack as it was reviewed in a revision, and as it is rendered now.
pub(super) fn reviewed(ctx: &Context, name: &str, rev: &str) -> Result<Vec<Pair>, Error> {
    let workspace = ctx.workspace()?;
    let environment = environments::read(&workspace, name)?;
    let mut old: BTreeMap<_, _> = git::snapshots(&workspace, rev, name)?.into_iter().collect();

    let mut pairs = Vec::new();
    for finished in (ctx.platform.stacks)(&environment) {
        pairs.push(Pair {
            stack: Some(finished.stack.to_owned()),
            old: old.remove(finished.stack).map_or_else(|| Ok(nothing()), |text| snapshot(&text, rev, name, finished.stack))?,
            // Both sides come from text, so that what the text cannot tell apart is no difference; the lines are those of the Rust.
            new: Document { sources: finished.template.sources().clone(), ..read(&finished.yaml(), finished.stack)? },
        });
    }
    for (stack, text) in old {
        pairs.push(Pair { old: snapshot(&text, rev, name, &stack)?, new: nothing(), stack: Some(stack) });
    }
    Ok(pairs)
}

/// Every stack as it was reviewed in two revisions. Nothing is rendered, so that the stacks of both may be code that is gone.
pub(super) fn between(ctx: &Context, name: &str, from: &str, to: &str) -> Result<Vec<Pair>, Error> {
    let workspace = ctx.workspace()?;
    // As in git, an end that is left out is what is checked out.
    let [from, to] = [from, to].map(|rev| if rev.is_empty() { "HEAD" } else { rev });
    let mut old: BTreeMap<_, _> = git::snapshots(&workspace, from, name)?.into_iter().collect();
    let mut pairs = Vec::new();
    for (stack, text) in git::snapshots(&workspace, to, name)? {
        let old = old.remove(&stack).map_or_else(|| Ok(nothing()), |text| snapshot(&text, from, name, &stack))?;
        pairs.push(Pair { old, new: snapshot(&text, to, name, &stack)?, stack: Some(stack) });
    }
    for (stack, text) in old {
        pairs.push(Pair { old: snapshot(&text, from, name, &stack)?, new: nothing(), stack: Some(stack) });
    }
    Ok(pairs)
}

/// Every stack as it is deployed, and as it would be deployed now.
pub(super) fn deployed(ctx: &Context, name: &str) -> Result<Vec<Pair>, Error> {
    let session = Session::open(ctx, name)?;
    let mut bodies = BTreeMap::new();
    session.read(&Request::Templates(session.stacks()), |event| {
        if let Event::Template { stack, body: Some(body) } = event {
            bodies.insert(stack.stack.clone(), body.clone());
        }
        Ok(())
    })?;

    let sent = |finished: &Finished| {
        let template = finished.template.to_json();
        if is_local(&session.environment) { without_refused(&template) } else { template }
    };
    let pair = |finished: &Finished| {
        let old = bodies.remove(finished.stack).map_or_else(|| Ok(nothing()), |body| read(&body, &finished.name))?;
        let new = Document { sources: finished.template.sources().clone(), ..Document::from_json(sent(finished)) };
        Ok(Pair { stack: Some(finished.stack.to_owned()), old, new })
    };
    session.platform.iter().map(pair).collect()
}

fn nothing() -> Document {
    Document::from_json(Json::Object(Map::new()))
}

fn snapshot(text: &str, rev: &str, environment: &str, stack: &str) -> Result<Document, Error> {
    read(text, &format!("{rev}:snapshots/{environment}/{stack}.snap"))
}

fn read(text: &str, file: &str) -> Result<Document, Error> {
    cfn_kit::read(text, file).map_err(|error| Error::Template { path: PathBuf::from(file), source: Box::new(error) })
}
