//! The release ledger in the artifact bucket: who may deploy now, and what was deployed when.
//!
//! `lease.json` is there while a deploy is at work, `releases/<id>.json` says for ever what a deploy did.

mod collect;
mod find;
mod lease;
mod record;
mod releases;
mod select;
mod shelf;
mod unlock;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use indexmap::IndexMap;
use protocol::{Deploy, Failure, Target};
use tokio::sync::Notify;

use crate::cloud::Identity;

use lease::Held;

/// The key of the lease.
pub(crate) const LEASE: &str = "lease.json";
/// What the keys of the records begin with.
pub(crate) const RELEASES: &str = "releases/";
/// CloudFormation's limit for a template inside a call; a longer one lies in the bucket, and a record names its key.
pub(crate) const INLINE_TEMPLATE_BYTES: usize = 51_200;

/// What the ledger has to know of the request that goes on.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// Whose credentials these are.
    caller: RefCell<String>,
    held: RefCell<Option<Held>>,
    /// Wakes whoever renews the lease.
    taken: Notify,
    /// The lease is gone, and this is what is known of it.
    lost: RefCell<Option<Failure>>,
    /// The parameters' values of the stacks that were planned, by stack name.
    values: RefCell<BTreeMap<String, IndexMap<String, String>>>,
    /// Whether the lease was taken in good order, so that what follows is a release.
    began: Cell<bool>,
    /// Whether the lease was that of somebody who did not come to an end.
    took_over: Cell<bool>,
    /// Whether the stacks changed while the lease was waited for.
    moved: Cell<bool>,
}

impl Desk {
    /// Whose credentials these are.
    pub(crate) fn caller(&self, identity: &Identity) {
        self.caller.borrow_mut().clone_from(&identity.arn);
    }

    /// These values are what a stack is going to have.
    pub(crate) fn planned(&self, stack: &str, values: &IndexMap<String, String>) {
        self.values.borrow_mut().insert(stack.to_owned(), values.clone());
    }

    /// Whether the lease is held.
    pub(crate) fn holds(&self) -> bool {
        self.held.borrow().is_some()
    }

    /// From here on, what happens is a release and goes into the ledger.
    pub(crate) fn begin(&self) {
        self.began.set(true);
    }

    /// The stacks are not what they were when they were read: everything has to be looked at again.
    pub(crate) fn moved(&self) {
        self.moved.set(true);
    }

    /// Asked before every write: an error when somebody else may be at work by now.
    pub(crate) fn still_ours(&self) -> Result<(), Failure> {
        match &*self.lost.borrow() {
            Some(failure) => Err(failure.clone()),
            None => self.held.borrow().as_ref().map_or(Ok(()), Held::is_fresh),
        }
    }
}

/// The key of a template: the same text has the same key, whoever uploads it.
pub(crate) fn template_key(stack: &str, template: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest: String = Sha256::digest(template.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("templates/{stack}/{digest}.json")
}

/// What a deploy is, in the words that somebody reads who has to wait for it.
fn purpose(request: &Deploy) -> String {
    let release = &request.release;
    if let protocol::ReleaseKind::Rollback { of } = &release.kind {
        return format!("a rollback to {of}");
    }
    match &release.commit {
        Some(commit) => {
            let more = if commit.dirty { " with changes that are not committed" } else { "" };
            format!("a deploy of {}{more} ({})", short(&commit.id), commit.subject)
        }
        None => "a deploy".to_owned(),
    }
}

/// The first eight digits of a commit, as people write them.
fn short(commit: &str) -> &str {
    commit.get(..8).unwrap_or(commit)
}

/// What a person can do about somebody else's lease.
fn unlock_hint(target: &Target) -> String {
    format!("`cargo xtask unlock --env {}` takes the lease away from a deploy that is dead", target.environment)
}
