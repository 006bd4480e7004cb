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
    /// Name of the table that counts requests per user.
    pub const RATE_TABLE_NAME: &str = "RateTableName";
    /// Name of the table that holds the fleet's state.
    pub const FLEET_TABLE_NAME: &str = "FleetTableName";
    /// URL of the FIFO queue that the reconciler listens to.
    pub const OPS_QUEUE_URL: &str = "OpsQueueUrl";
}

/// Generated pictures: their queue, the function that has them made, and where they lie.
pub mod imagegen {
    /// The stack's short name.
    pub const STACK: &str = "imagegen";
    /// URL of the queue that jobs for pictures wait in.
    pub const PICTURE_QUEUE_URL: &str = "PictureQueueUrl";
    /// Bucket that pictures are put into.
    pub const PICTURE_BUCKET_NAME: &str = "PictureBucketName";
}

/// The HTTP API and who may use it.
pub mod api {
    /// The stack's short name.
    pub const STACK: &str = "api";
    /// Where the API is; beside the local cloud it is reached through the cloud's own address.
    pub const API_URL: &str = "ApiUrl";
    /// Identity of the API, which is part of its host name.
    pub const API_ID: &str = "ApiId";
    /// The user pool.
    pub const USER_POOL_ID: &str = "UserPoolId";
    /// The app client that tokens are for.
    pub const USER_POOL_CLIENT_ID: &str = "UserPoolClientId";
}

/// The workers and what they run on.
pub mod fleet {
    /// The stack's short name.
    pub const STACK: &str = "fleet";
    /// Of the mode `scaled`: the Auto Scaling group's name.
    pub const AUTO_SCALING_GROUP_NAME: &str = "AutoScalingGroupName";
    /// Of the mode `scaled`: the launch template's id, whose user data starts the worker.
    pub const LAUNCH_TEMPLATE_ID: &str = "LaunchTemplateId";
    /// Bucket that models lie in.
    pub const MODEL_BUCKET_NAME: &str = "ModelBucketName";
    /// Name of the reconciler function.
    pub const RECONCILER_NAME: &str = "ReconcilerName";
}

/// The servers that take pictures, in the mode `stream`.
pub mod upload {
    /// The stack's short name.
    pub const STACK: &str = "upload";
    /// Host of the load balancer, to which the certificate's name must lead.
    pub const LOAD_BALANCER_HOST: &str = "LoadBalancerHost";
}
