//! The configuration of the function that has pictures generated: written by the stack `imagegen`, read by the function.

use super::{Aspect, Family};
use crate::settings::{Any, OneOf, configuration};

configuration! {
    /// All that the function needs to know.
    ImagegenConfig, prefix "IMAGEGEN";
    references {
        /// Name of the jobs table.
        jobs_table = "JOBS_TABLE", "the name of the jobs table";
        /// URL of the queue that its messages come from: one that shall come again later is hidden there for longer.
        queue_url = "QUEUE_URL", "the URL of the queue that jobs for pictures wait in";
        /// URL of the queue for jobs that will not be tried again.
        dead_letter_queue_url = "DEAD_LETTER_QUEUE_URL", "the URL of the dead-letter queue";
        /// Bucket that pictures are put into.
        result_bucket = "RESULT_BUCKET", "the name of the bucket that pictures are put into";
    }
    values {
        /// The model's id, as Bedrock has it.
        model: String = "MODEL", Any("the id of a model, such as `stability.stable-image-core-v1:1`");
        /// The region that the model is called in; image models are in few of them.
        model_region: String = "MODEL_REGION", Any("a region of AWS, such as `us-west-2`");
        /// What the model's requests and answers look like.
        family: String = "FAMILY", OneOf(Family::WORDS);
        /// The shape of a picture that nobody asked for another one of.
        aspect_ratio: String = "ASPECT_RATIO", OneOf(Aspect::WORDS);
        /// How often a job is tried before it fails; being told to wait by the model is no try.
        tries: u32 = "TRIES", 1..=10;
        /// How long one call of the model may take, in seconds.
        model_seconds: u32 = "MODEL_SECONDS", 10..=880;
        /// After how many seconds a job that was begun and not ended may be begun by another call: no call of the function is longer.
        lease_seconds: u32 = "LEASE_SECONDS", 30..=900;
        /// For how many days the record of a job is kept after its end.
        record_days: u32 = "RECORD_DAYS", 1..=365;
    }
}
