//! Releases: what was deployed, by whom, and everything that it takes to deploy exactly that again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{Artifact, Deploy, Guards, OutputRef, Source, StackRef, StackSpec, Target};

/// The version of [`Release`]'s form; it grows when a field goes or changes its meaning.
pub const RELEASE_VERSION: u32 = 1;

/// What somebody is about to release: what the engine cannot know by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Intended {
    /// The commit that is checked out; none outside of a git checkout.
    pub commit: Option<Commit>,
    /// The program that asks for it, with its version: `cloudwright 0.1.0`.
    pub tool: String,
    /// What sort of release it is.
    pub kind: ReleaseKind,
    /// Digests by stack name that the environment must still have when the lease is taken; none where that does not matter.
    pub expects: Option<BTreeMap<String, Option<String>>>,
}

/// A commit, as far as a person wants to know it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// The full id.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// The tags that point at it.
    pub tags: Vec<String>,
    /// Whether the working tree held more than the commit.
    pub dirty: bool,
}

/// Sorts of release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ReleaseKind {
    /// What was written in the repository.
    #[default]
    Deploy,
    /// What an earlier release was.
    Rollback {
        /// The id of that release.
        of: String,
    },
}

/// How a release ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseOutcome {
    /// Every stack became what was wanted.
    Succeeded,
    /// It failed; some stacks may have changed.
    Failed,
    /// A stack failed and CloudFormation brought it back.
    RolledBack,
    /// Somebody stopped it.
    Interrupted,
    /// Nobody knows: its process ended without a word, or somebody took its lease away.
    Abandoned,
}

/// A release, whole. It is written once and never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// The version of this form: [`RELEASE_VERSION`].
    pub version: u32,
    /// What it is called. Ids sort by time.
    pub id: String,
    /// The environment's name.
    pub environment: String,
    /// The account, twelve digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// What sort of release it is.
    #[serde(flatten)]
    pub kind: ReleaseKind,
    /// The commit; none when it was released outside of a git checkout.
    pub commit: Option<Commit>,
    /// Who released it: an ARN.
    pub by: String,
    /// The program that released it, with its version.
    pub tool: String,
    /// When it began, in RFC 3339, by the clock of whoever released it. What came before what, S3's clock tells.
    pub began: String,
    /// When it ended; none while it goes on.
    pub ended: Option<String>,
    /// How it ended; none while it goes on.
    pub outcome: Option<ReleaseOutcome>,
    /// Why it did not succeed.
    pub message: Option<String>,
    /// All stacks of the environment, in dependency order.
    pub stacks: Vec<ReleasedStack>,
    /// What the stacks' artifact parameters stand for.
    pub artifacts: Vec<ReleasedArtifact>,
    /// Logical IDs of resources that a person let stay behind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orphans: Vec<String>,
    /// The output that names the bucket in which this record lies.
    pub artifact_bucket: OutputRef,
}

/// A stack as it was released.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReleasedStack {
    /// Everything that CloudFormation got, and where each parameter's value came from.
    #[serde(flatten)]
    pub spec: StackSpec,
    /// The key of the template in the artifact bucket, when it is too long to stand in `template`.
    pub template_key: Option<String>,
    /// Parameter → value. Empty for a stack that the release did not come to.
    pub values: IndexMap<String, String>,
}

/// An artifact as it was released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedArtifact {
    /// Its name.
    pub name: String,
    /// Its object key in the artifact bucket.
    pub key: String,
    /// Its SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
}

impl StackSpec {
    /// The parameter that holds the digest of the deploy.
    #[must_use]
    pub fn digest_parameter(&self) -> Option<&str> {
        self.parameters.iter().find(|(_, source)| **source == Source::Digest).map(|(parameter, _)| parameter.as_str())
    }
}

impl ReleasedStack {
    /// The digest of everything that CloudFormation got; none for a stack that the release did not come to.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.values.get(self.spec.digest_parameter()?).map(String::as_str)
    }

    /// The stack's two names.
    #[must_use]
    pub fn reference(&self) -> StackRef {
        StackRef { stack: self.spec.stack.clone(), name: self.spec.name.clone() }
    }
}

impl Release {
    /// The digest of every stack, by the stack's name.
    #[must_use]
    pub fn digests(&self) -> BTreeMap<String, Option<String>> {
        self.stacks.iter().map(|stack| (stack.spec.name.clone(), stack.digest().map(str::to_owned))).collect()
    }

    /// Whether stacks with these digests, by name, are what this release made of them.
    #[must_use]
    pub fn is_live(&self, live: &BTreeMap<String, Option<String>>) -> bool {
        !self.stacks.is_empty() && self.digests().iter().all(|(name, digest)| digest.is_some() && live.get(name) == Some(digest))
    }

    /// The request that makes the environment exactly this again: the same templates, the same code, parameters wired the same way.
    ///
    /// The artifacts have no files: all of them must be in the bucket already.
    #[must_use]
    pub fn deploy_again(&self, target: Target, release: Intended, ask: bool) -> Deploy {
        let as_now = |kept: &&ReleasedArtifact| kept.as_artifact().key() == kept.key;
        let artifacts: Vec<Artifact> = self.artifacts.iter().filter(as_now).map(ReleasedArtifact::as_artifact).collect();
        let stacks = self.stacks.iter().map(|stack| {
            let mut spec = stack.spec.clone();
            for source in spec.parameters.values_mut() {
                // A tool that names objects in another way must not look for them under other names.
                let kept = self.artifacts.iter().find(|kept| matches!(source, Source::Artifact { artifact } if *artifact == kept.name));
                if let Some(kept) = kept.filter(|kept| !as_now(kept)) {
                    *source = Source::Value { value: kept.key.clone() };
                }
            }
            spec
        });
        Deploy {
            target,
            stacks: stacks.collect(),
            artifacts,
            artifact_bucket: self.artifact_bucket.clone(),
            ask,
            skip: Vec::new(),
            orphans: Vec::new(),
            release,
            guards: Guards::default(),
        }
    }

    /// The same without what makes it long, for lists.
    #[must_use]
    pub fn summary(&self, live: bool) -> ReleaseLine {
        ReleaseLine {
            id: self.id.clone(),
            version: self.version,
            live,
            details: Some(ReleaseDetails {
                kind: self.kind.clone(),
                commit: self.commit.clone(),
                by: self.by.clone(),
                tool: self.tool.clone(),
                began: self.began.clone(),
                ended: self.ended.clone(),
                outcome: self.outcome,
                message: self.message.clone(),
                digests: self.stacks.iter().map(|stack| (stack.spec.stack.clone(), stack.digest().map(str::to_owned))).collect(),
            }),
        }
    }
}

impl ReleasedArtifact {
    fn as_artifact(&self) -> Artifact {
        Artifact { name: self.name.clone(), path: PathBuf::new(), sha256: self.sha256.clone(), bytes: self.bytes }
    }
}

/// A release in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReleaseLine {
    /// What it is called.
    pub id: String,
    /// The version of its record's form.
    pub version: u32,
    /// Whether the environment is what this release made of it. Of several, the newest.
    pub live: bool,
    /// The rest; none when the record's form is newer than this program.
    #[serde(flatten)]
    pub details: Option<ReleaseDetails>,
}

/// What a list says about a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReleaseDetails {
    /// What sort of release it is.
    #[serde(flatten)]
    pub kind: ReleaseKind,
    /// The commit; none when it was released outside of a git checkout.
    pub commit: Option<Commit>,
    /// Who: an ARN.
    pub by: String,
    /// The program that released it.
    pub tool: String,
    /// When it began, in RFC 3339.
    pub began: String,
    /// When it ended.
    pub ended: Option<String>,
    /// How it ended.
    pub outcome: Option<ReleaseOutcome>,
    /// Why it did not succeed.
    pub message: Option<String>,
    /// Stack → digest; none for a stack that the release did not come to.
    pub digests: IndexMap<String, Option<String>>,
}

/// Where an environment's artifact bucket is found: in an output of the stack that makes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Where the environment is.
    pub target: Target,
    /// The stack that makes the bucket.
    pub stack: StackRef,
    /// The output's logical ID.
    pub output: String,
}

/// List releases, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListReleases {
    /// Where they are recorded.
    pub ledger: Ledger,
    /// How many.
    pub limit: usize,
}

/// Find a release and what it would take to go back to it. Nothing is changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindRelease {
    /// Where it is recorded.
    pub ledger: Ledger,
    /// Its commit, tag or id, the beginning of one, or `previous`.
    pub which: String,
    /// The stacks of the environment, as they are known now.
    pub stacks: Vec<StackRef>,
}

/// A release beside what is deployed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundRelease {
    /// The release, with all templates in it.
    pub release: Release,
    /// Its stacks as they are deployed, in its order.
    pub live: Vec<LiveStack>,
    /// Stacks that are deployed and do not belong to the release.
    pub others: Vec<StackRef>,
}

/// A stack as it is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveStack {
    /// Which stack.
    #[serde(flatten)]
    pub stack: StackRef,
    /// Its template, where its digest is not that of the release; none for a stack that does not exist too.
    pub template: Option<String>,
    /// Parameter → value.
    pub parameters: BTreeMap<String, String>,
    /// The digest of what was deployed.
    pub digest: Option<String>,
}

/// Take away the lease of a deploy that will not give it back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unlock {
    /// Where the lease is.
    pub ledger: Ledger,
    /// Whether to ask before.
    pub ask: bool,
    /// Whether to take it away from a deploy that still renews it.
    pub force: bool,
}

/// Delete what no release needs any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Collect {
    /// Where it lies.
    pub ledger: Ledger,
    /// How many of the newest releases that succeeded are kept whole, besides the live one and its predecessor.
    pub keep: usize,
    /// Whether to delete; otherwise it is only told what would be deleted.
    pub delete: bool,
}

/// Objects that no release needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Garbage {
    /// Their keys.
    pub keys: Vec<String>,
    /// Their length together, in bytes.
    pub bytes: u64,
    /// How many more are too young to be judged.
    pub young: usize,
    /// How many releases are kept whole.
    pub kept: usize,
    /// Whether they are deleted now.
    pub deleted: bool,
}

/// The lease of an environment: one deploy at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseState {
    /// Who holds it: an ARN.
    pub by: String,
    /// Since when, in RFC 3339.
    pub since: String,
    /// What for, in words: `a deploy of 0123abcd (images: fewer proxies)`.
    pub purpose: String,
    /// How long ago it was renewed, in seconds, by S3's clock.
    pub silent_seconds: u64,
    /// After how long a silence it has run out, in seconds.
    #[serde(default = "usual")]
    pub lasts_seconds: u64,
}

fn usual() -> u64 {
    crate::LEASE_SECONDS
}
