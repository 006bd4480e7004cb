//! Buckets that only their owner can read.

use cfn_kit::prelude::*;
use cfn_kit::{HasLogicalId, s3};

use super::{protect, tls_only};
use foundation::environment::DataProtection;

/// A private bucket: encrypted, TLS only, closed to the public, without ACLs, under a name that CloudFormation makes.
///
/// A fixed name would have to be free worldwide, and would not be free again at once after a deletion.
#[derive(Debug)]
pub struct Bucket<S> {
    bucket: s3::Bucket<S>,
}

/// What is deleted by itself, and when.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// Days that an overwritten or deleted version stays; none in a bucket without versions.
    pub old_version_days: Option<u32>,
    /// Days after which the parts of an unfinished upload are thrown away: they are billed, and nobody sees them.
    pub incomplete_upload_days: u32,
    /// Objects that expire.
    pub expire: Vec<Expiry>,
}

/// Objects under a prefix expire.
#[derive(Debug, Clone)]
pub struct Expiry {
    /// The rule's name.
    pub name: &'static str,
    /// The prefix of the keys.
    pub prefix: String,
    /// Days after which they expire.
    pub days: u32,
}

impl<S> Bucket<S> {
    /// A bucket whose objects are kept or deleted with the stack.
    #[must_use]
    pub fn new(data: DataProtection) -> Self {
        use s3::bucket::{BucketEncryption, OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration};
        use s3::bucket::{ObjectOwnership, SSEAlgorithm, ServerSideEncryptionByDefault, ServerSideEncryptionRule};
        // Keys of S3's own: free, while a customer-managed key costs money even when nothing happens.
        let encryption = ServerSideEncryptionByDefault::new(SSEAlgorithm::AES256);
        let rule = ServerSideEncryptionRule::new().server_side_encryption_by_default(encryption);
        let closed = PublicAccessBlockConfiguration::new()
            .block_public_acls(true)
            .block_public_policy(true)
            .ignore_public_acls(true)
            .restrict_public_buckets(true);
        let owner = OwnershipControlsRule::new().object_ownership(ObjectOwnership::BucketOwnerEnforced);
        let bucket = s3::Bucket::new()
            .bucket_encryption(BucketEncryption::new([rule]))
            .public_access_block_configuration(closed)
            .ownership_controls(OwnershipControls::new([owner]));
        Self { bucket: protect(bucket, data) }
    }

    /// Keep every version of every object.
    #[must_use]
    pub fn versioned(self) -> Self {
        let versions = s3::bucket::VersioningConfiguration::new(s3::bucket::VersioningConfigurationStatus::Enabled);
        Self { bucket: self.bucket.versioning_configuration(versions) }
    }

    /// Delete by itself what nobody needs.
    #[must_use]
    pub fn lifecycle(self, lifecycle: &Lifecycle) -> Self {
        use s3::bucket::{AbortIncompleteMultipartUpload, LifecycleConfiguration, NoncurrentVersionExpiration, Rule, RuleStatus};
        let unfinished = AbortIncompleteMultipartUpload::new(lifecycle.incomplete_upload_days);
        let unfinished = Rule::new(RuleStatus::Enabled).id("UnfinishedUploads").abort_incomplete_multipart_upload(unfinished);
        let old = lifecycle.old_version_days.map(|days| {
            Rule::new(RuleStatus::Enabled).id("OldVersions").noncurrent_version_expiration(NoncurrentVersionExpiration::new(days))
        });
        let expired = lifecycle
            .expire
            .iter()
            .map(|expiry| Rule::new(RuleStatus::Enabled).id(expiry.name).prefix(expiry.prefix.as_str()).expiration_in_days(expiry.days));
        let rules: Vec<_> = std::iter::once(unfinished).chain(old).chain(expired).collect();
        Self { bucket: self.bucket.lifecycle_configuration(LifecycleConfiguration::new(rules)) }
    }

    /// Let pages of these origins send forms, and read the answer.
    #[must_use]
    pub fn posted_from<'o>(self, origins: impl IntoIterator<Item = &'o str>) -> Self {
        use s3::bucket::{AllowedMethods, CorsConfiguration, CorsRule};
        // A form needs no leave of its own (it is a simple request), so an hour costs nothing.
        let rule = CorsRule::new([AllowedMethods::Post], origins.into_iter().collect::<Vec<_>>()).max_age(3_600);
        Self { bucket: self.bucket.cors_configuration(CorsConfiguration::new([rule])) }
    }

    /// Tell a queue about arrivals, once a policy lets S3 do so: S3 tries it while the bucket is made, and fails otherwise.
    #[must_use]
    pub fn notify(self, notifications: s3::bucket::NotificationConfiguration<S>, policy: &impl HasLogicalId<S>) -> Self {
        Self { bucket: self.bucket.notification_configuration(notifications).depends_on(policy) }
    }
}

impl<S> Construct<S> for Bucket<S> {
    type Handle = Handle<s3::Bucket, S>;

    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle {
        let bucket = template.add(id, self.bucket);
        let objects = sub!("{}/*", bucket.arn());
        let policy = PolicyDocument::new([tls_only("s3:*").on(bucket.arn()).on(objects)]);
        template.add(&format!("{id}Policy"), s3::BucketPolicy::new(bucket.bucket_name(), policy));
        bucket
    }
}
