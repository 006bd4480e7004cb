//! The GPU worker's configuration: written into its instance's user data by the stack `fleet`, read by the worker.

use crate::settings::{Any, OneOf, configuration};

configuration! {
    /// All that a worker needs to know.
    WorkerConfig, prefix "WORKER";
    references {
        /// URL of the FIFO queue that jobs wait in.
        job_queue_url = "JOB_QUEUE_URL", "the URL of the job queue";
        /// URL of the FIFO queue for jobs that will not be tried again.
        dead_letter_queue_url = "DEAD_LETTER_QUEUE_URL", "the URL of the dead-letter queue";
        /// Name of the jobs table.
        jobs_table = "JOBS_TABLE", "the name of the jobs table";
        /// Name of the table that holds the fleet's state.
        fleet_table = "FLEET_TABLE", "the name of the fleet's table";
        /// Bucket that models lie in.
        model_bucket = "MODEL_BUCKET", "the name of the bucket that models lie in";
    }
    values {
        /// `llama` runs the model in the worker, `http` asks a server that speaks OpenAI's chat protocol.
        engine: String = "ENGINE", OneOf(&["llama", "http"]);
        /// Where that server is; `none` for the engine `llama`.
        engine_url: String = "ENGINE_URL", Any("an http URL, or `none`");
        /// File that holds the key which that server asks for; `none` for one that asks for none. The key itself is in no setting.
        engine_key_file: String = "ENGINE_KEY_FILE", Any("an absolute path, or `none`");
        /// Name that requests call the model.
        model: String = "MODEL", Any("the name of a model");
        /// Key of the model's GGUF file in the bucket; `none` for the engine `http`.
        model_key: String = "MODEL_KEY", Any("the key of a GGUF file, or `none`");
        /// SHA-256 of that file, 64 hexadecimal digits; `none` for the engine `http`.
        model_sha256: String = "MODEL_SHA256", Any("a SHA-256 in hexadecimal digits, or `none`");
        /// Folder that models are kept in from one start to the next.
        model_folder: String = "MODEL_FOLDER", Any("an absolute path");
        /// Jobs at once.
        slots: u32 = "SLOTS", 1..=64;
        /// Tokens of context for each job: prompt and answer.
        context_tokens: u32 = "CONTEXT_TOKENS", 128..=131_072;
        /// Layers of the model that go to the GPU; 0 uses none.
        gpu_layers: u32 = "GPU_LAYERS", 0..=1_000;
        /// The queue's visibility timeout in seconds; a job's is renewed each third of it.
        visibility_timeout_seconds: u32 = "VISIBILITY_TIMEOUT_SECONDS", 3..=43_200;
        /// How long one job may take, in seconds.
        max_job_seconds: u32 = "MAX_JOB_SECONDS", 1..=43_140;
        /// After how many receives SQS moves a message to the dead-letter queue.
        tries: u32 = "TRIES", 1..=1_000;
        /// For how long jobs under way may go on after SIGTERM, in seconds.
        drain_seconds: u32 = "DRAIN_SECONDS", 0..=43_200;
        /// For how many days the record of a job is kept after its end.
        record_days: u32 = "RECORD_DAYS", 1..=365;
    }
}

/// What the own machine is called in an address.
const OWN_MACHINE: &[&str] = &["127.0.0.1", "localhost", "[::1]"];

/// Whether a key may be sent to an address: over TLS, or without leaving the machine.
#[must_use]
pub fn may_carry_a_key(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return url.starts_with("https://") };
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let port = |port: &str| port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    OWN_MACHINE.iter().any(|host| place.strip_prefix(host).is_some_and(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leaves_the_machine_over_tls_alone() {
        let good = ["https://models.example.com/v1", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080/v1"];
        let bad =
            ["", "none", "http://models.example.com", "http://127.0.0.1.example.com:80", "http://localhost@example.com", "ftp://localhost"];

        assert!(good.iter().all(|url| may_carry_a_key(url)), "a server of one's own could not be asked");
        assert_eq!(bad.iter().filter(|url| may_carry_a_key(url)).count(), 0, "somebody on the way would have the key");
    }
}
