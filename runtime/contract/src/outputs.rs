//! Outputs of stacks that other programs read, by the stack's short name and the output's name.

/// The image pipeline: source bucket, transcoder, destination bucket.
pub mod images {
    /// The stack's short name.
    pub const STACK: &str = "images";
    /// Bucket that pictures arrive in.
    pub const SOURCE_BUCKET_NAME: &str = "SourceBucketName";
    /// Bucket that proxies are written to.
    pub const DESTINATION_BUCKET_NAME: &str = "DestinationBucketName";
}

/// The job queue and what belongs to it.
pub mod jobs {
    /// The stack's short name.
    pub const STACK: &str = "jobs";
    /// URL of the FIFO queue that jobs wait in.
    pub const JOB_QUEUE_URL: &str = "JobQueueUrl";
    /// URL of the FIFO queue that jobs go to when they were tried too often.
    pub const DEAD_LETTER_QUEUE_URL: &str = "DeadLetterQueueUrl";
    /// Name of the table that knows each job's state.
    pub const JOBS_TABLE_NAME: &str = "JobsTableName";
}
