//! The first stack of an environment: where code and release records lie.

use cfn_kit::context::{Context, Mutability};
use cfn_kit::s3;
use foundation::{ARTIFACT_BUCKET, ARTIFACTS};

use crate::constructs::{Bucket, Lifecycle};
use foundation::environment::Environment;
use foundation::{Built, Export, Stack};

/// What the stack gives to others.
#[derive(Debug, Clone, Copy)]
pub struct Artifacts {
    /// The bucket for code, long templates and release records.
    pub bucket: Export<s3::bucket::BucketName>,
}

/// One bucket that keeps every version: packed code by digest, templates too long to be sent inline, the release ledger.
#[must_use]
pub fn artifacts(env: &Environment) -> Built<Artifacts> {
    let mut stack = Stack::new(env, ARTIFACTS, "Code and release records of the environment");

    // Objects are named by their content, so an old version is only ever one that somebody overwrote or deleted by hand.
    let bucket = stack.add(
        "Bucket",
        Bucket::new(env.protection.data).versioned().lifecycle(&Lifecycle {
            old_version_days: Some(env.artifacts.old_version_days),
            incomplete_upload_days: env.artifacts.incomplete_upload_days,
            expire: Vec::new(),
        }),
    );

    stack.explain(
        &bucket,
        Context::why("code by digest, and the ledger that a rollback reads: lost, nothing earlier can be deployed again")
            .property("VersioningConfiguration", Mutability::ReviewRequired),
    );
    let bucket = stack.output(ARTIFACT_BUCKET, bucket.bucket_name(), "Bucket for code, templates and release records");
    stack.finish(Artifacts { bucket })
}
