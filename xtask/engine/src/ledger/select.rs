//! Which release somebody means.

use std::cmp::Reverse;

use protocol::{Failure, FailureKind, Release, ReleaseOutcome, Sent};

use super::shelf::Record;
use super::short;

/// As many names as a person reads.
const NAMED: usize = 5;

/// The release that `which` names: an id, a commit, a tag, or the beginning of an id or a commit. Records come newest first.
///
/// A commit or a tag means its newest release that succeeded, one without uncommitted changes before one with.
///
/// # Errors
/// When nothing has that name, when several have, or when it is a release that nobody should return to.
pub(super) fn select<'r>(records: &'r [Record], which: &str, environment: &str) -> Result<&'r Release, Failure> {
    if let Some(record) = the_only(records.iter().filter(|record| record.id().starts_with(which)).collect(), which, environment)? {
        return usable(record, environment);
    }
    let named = |release: &&Release| {
        let commit = release.commit.as_ref();
        commit.is_some_and(|commit| (4 <= which.len() && commit.id.starts_with(which)) || commit.tags.iter().any(|tag| tag == which))
    };
    let known: Vec<&Release> = records.iter().filter_map(Record::known).filter(named).collect();
    let mut commits: Vec<&str> = known.iter().filter_map(|release| release.commit.as_ref()).map(|commit| commit.id.as_str()).collect();
    commits.sort_unstable();
    commits.dedup();
    if 1 < commits.len()
        && known.iter().all(|release| release.commit.as_ref().is_none_or(|commit| !commit.tags.iter().any(|tag| tag == which)))
    {
        return Err(ambiguous(which, &commits.iter().map(|commit| short(commit).to_owned()).collect::<Vec<_>>(), environment));
    }
    let succeeded: Vec<&Release> = known.iter().copied().filter(|release| release.outcome == Some(ReleaseOutcome::Succeeded)).collect();
    let clean = succeeded.iter().find(|release| release.commit.as_ref().is_some_and(|commit| !commit.dirty));
    match (clean.or(succeeded.first()), known.first()) {
        (Some(release), _) => Ok(release),
        (None, Some(failed)) => Err(unusable(failed, environment)),
        (None, None) => Err(unknown(records, which, environment)),
    }
}

fn the_only<'r>(mut found: Vec<&'r Record>, which: &str, environment: &str) -> Result<Option<&'r Record>, Failure> {
    if let Some(exact) = found.iter().find(|record| record.id() == which) {
        return Ok(Some(exact));
    }
    if 1 < found.len() {
        let ids: Vec<String> = found.iter().map(|record| record.id().to_owned()).collect();
        return Err(ambiguous(which, &ids, environment));
    }
    Ok(found.pop())
}

fn usable<'r>(record: &'r Record, environment: &str) -> Result<&'r Release, Failure> {
    match record {
        Record::Known(release) if release.outcome == Some(ReleaseOutcome::Succeeded) => Ok(release),
        Record::Known(release) => Err(unusable(release, environment)),
        Record::Strange { id, version } => Err(refuse(
            format!("the record of {id} has form {version}, and this program understands up to form {}", protocol::RELEASE_VERSION),
            format!("use the program that released it, or choose another release: `cargo xtask releases --env {environment}`"),
        )),
    }
}

fn unusable(release: &Release, environment: &str) -> Failure {
    let outcome = release.outcome.and_then(|outcome| serde_json::to_value(outcome).ok());
    let outcome = outcome.as_ref().and_then(|word| word.as_str()).unwrap_or("under way");
    refuse(
        format!("release {} is {outcome}: it says what was wanted, and not what anybody has seen work", release.id),
        format!("choose one that succeeded: `cargo xtask releases --env {environment}`"),
    )
}

fn ambiguous(which: &str, names: &[String], environment: &str) -> Failure {
    let more = names.len().saturating_sub(NAMED);
    let more = if 0 < more { format!(" and {more} more") } else { String::new() };
    let names: Vec<_> = names.iter().take(NAMED).map(String::as_str).collect();
    refuse(
        format!("`{which}` is the beginning of several: {}{more}", names.join(", ")),
        format!("write more of it; `cargo xtask releases --env {environment}` lists them"),
    )
}

fn unknown(records: &[Record], which: &str, environment: &str) -> Failure {
    let mut names: Vec<String> = Vec::new();
    for release in records.iter().filter_map(Record::succeeded) {
        names.push(release.id.clone());
        names.extend(release.commit.iter().flat_map(|commit| [vec![short(&commit.id).to_owned()], commit.tags.clone()].concat()));
    }
    names.dedup();
    // What begins alike comes first; the newest of those that are equally near.
    let alike = |name: &String| name.chars().zip(which.chars()).take_while(|(a, b)| a == b).count();
    names.sort_by_key(|name| Reverse(alike(name)));
    names.truncate(NAMED);
    let hint = match names.is_empty() {
        true => format!("no deploy of `{environment}` has succeeded yet"),
        false => {
            format!("the nearest are {}; `cargo xtask releases --env {environment}` lists all, and `previous` is one too", names.join(", "))
        }
    };
    refuse(format!("`{environment}` has no release, commit or tag `{which}`"), hint)
}

pub(super) fn refuse(message: String, hint: String) -> Failure {
    Failure { kind: FailureKind::Request, message, causes: Vec::new(), source: None, hint, sent: Sent::Nothing }
}
