//! What a person writes around a tool that knows one stack at a time: the stacks in order, with what one gives passed on to the next.

use std::collections::BTreeSet;
use std::path::Path;

use super::plan::{Piece, Plan, Source};

/// Which tool deploys a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    AwsCli,
    Sam,
}

/// A script for `sh`. `aws` is the AWS CLI, which SAM's users have for what SAM does not do.
pub(super) fn script(tool: Tool, plan: &Plan, aws: &Path, sam: &Path) -> String {
    let mut lines =
        vec!["set -eu".to_owned(), format!("aws() {{ {} \"$@\"; }}", quoted(aws)), format!("sam() {{ {} \"$@\"; }}", quoted(sam))];
    let sources = || plan.stacks.iter().flat_map(|piece| piece.parameters.values());
    let used: BTreeSet<_> = sources().filter_map(given).collect();
    for piece in &plan.stacks {
        for source in piece.parameters.values() {
            lines.extend(upload(source, piece));
        }
        lines.push(deploy(tool, piece));
        for (_, output) in used.iter().filter(|(stack, _)| *stack == piece.stack) {
            let query = format!("Stacks[0].Outputs[?OutputKey=='{output}'].OutputValue");
            let words = format!("aws cloudformation describe-stacks --stack-name {} --query \"{query}\" --output text", piece.name);
            lines.push(format!("{}=$({words})", variable(piece.stack, output)));
        }
    }
    lines.join("\n") + "\n"
}

/// The output behind a parameter.
fn given(source: &Source) -> Option<(&'static str, &'static str)> {
    match source {
        Source::Output { stack, output } | Source::Bucket { stack, output, .. } => Some((stack, output)),
        Source::Key { .. } => None,
    }
}

/// The zip is sent when it is not there: its key holds its digest.
fn upload(source: &Source, piece: &Piece) -> Option<String> {
    let Source::Key { zip, key } = source else { return None };
    let bucket = piece.parameters.values().find_map(|source| match source {
        Source::Bucket { stack, output, .. } => Some(variable(stack, output)),
        Source::Key { .. } | Source::Output { .. } => None,
    })?;
    Some(format!(
        "aws s3api head-object --bucket \"${bucket}\" --key {key} >/dev/null 2>&1 || \
         aws s3 cp --only-show-errors {} \"s3://${bucket}/{key}\"",
        quoted(zip)
    ))
}

fn deploy(tool: Tool, piece: &Piece) -> String {
    let mut words = match tool {
        Tool::AwsCli => "aws cloudformation deploy".to_owned(),
        Tool::Sam => "sam deploy --no-confirm-changeset --no-progressbar".to_owned(),
    };
    let mut add = |word: String| {
        words.push(' ');
        words.push_str(&word);
    };
    add(format!("--no-fail-on-empty-changeset --template-file {} --stack-name {}", quoted(&piece.template), piece.name));
    if !piece.capabilities.is_empty() {
        add(format!("--capabilities {}", piece.capabilities.join(" ")));
    }
    add("--tags".to_owned());
    piece.tags.iter().for_each(|(key, value)| add(format!("{key}={value}")));
    if !piece.parameters.is_empty() {
        add("--parameter-overrides".to_owned());
    }
    for (id, source) in &piece.parameters {
        let value = match source {
            Source::Key { key, .. } => key.clone(),
            Source::Bucket { stack, output, .. } | Source::Output { stack, output } => format!("${}", variable(stack, output)),
        };
        add(format!("\"{id}={value}\""));
    }
    words
}

fn variable(stack: &str, output: &str) -> String {
    format!("{}_{output}", stack.replace('-', "_"))
}

/// For the shell, whatever it holds.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
