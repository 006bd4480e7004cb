//! The first stack of an environment: where code and release records lie, and container images where it wants them.

use cfn_kit::context::{Context, Mutability};
use cfn_kit::{ecr, s3};
use foundation::{ARTIFACT_BUCKET, ARTIFACTS, IMAGE_REPOSITORY};
use serde_json::json;

use crate::constructs::{Bucket, Lifecycle, protect};
use foundation::environment::{DataProtection, Environment};
use foundation::{Built, Export, Stack};

/// So many images stay, some ten megabytes each: what servers run, and what a rollback needs, is long replaced before it goes. An image with a
/// tag stays for ever.
const IMAGES: u32 = 100;

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
    if env.images.upload.repository {
        let repository = stack.add("ImageRepository", repository(env.protection.data));
        stack.explain(
            &repository,
            Context::why("images by digest, for servers that take pictures of any size; they are never moved by a tag"),
        );
        stack.output(IMAGE_REPOSITORY, repository.repository_uri(), "Repository for container images");
    }
    let bucket = stack.output(ARTIFACT_BUCKET, bucket.bucket_name(), "Bucket for code, templates and release records");
    stack.finish(Artifacts { bucket })
}

/// Images that nobody can replace under their names. Only this account's roles may read them, and only those that a policy lets.
///
/// They are looked through for known flaws when they come. That knows packages of distributions, of which our own images hold none: their
/// glibc is the build machine's, and so is the news about it.
fn repository<S>(data: DataProtection) -> ecr::Repository<S> {
    use ecr::repository::{EncryptionConfiguration, EncryptionType, ImageScanningConfiguration, ImageTagMutability, LifecyclePolicy};
    let rule = json!({
        "rulePriority": 1,
        "description": "The newest images without a tag stay",
        "selection": { "tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": IMAGES },
        "action": { "type": "expire" },
    });
    let repository = ecr::Repository::new()
        .image_tag_mutability(ImageTagMutability::Immutable)
        .image_scanning_configuration(ImageScanningConfiguration::new().scan_on_push(true))
        .encryption_configuration(EncryptionConfiguration::new(EncryptionType::AES256))
        .lifecycle_policy(LifecyclePolicy::new().lifecycle_policy_text(json!({ "rules": [rule] }).to_string()));
    // A repository with images in it could not be deleted with its stack.
    let repository = if data == DataProtection::Delete { repository.empty_on_delete(true) } else { repository };
    protect(repository, data)
}
