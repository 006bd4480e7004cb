//! Settings of the `fleet` stack.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::images::Architecture;
use super::texts::{InstanceType, Model, ModelKey, ParameterName, ServerUrl, Sha256};

/// The workers: what they run on, how many there are, and which model they have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fleet {
    /// Many machines from zero, or one that changes its shape.
    pub mode: FleetMode,

    /// Instance types that workers may run on, the usual one first; an admin may ask for any of them.
    #[schemars(length(min = 1, max = 20), extend("uniqueItems" = true))]
    pub instance_types: Vec<InstanceType>,

    /// Most workers at once.
    #[schemars(range(min = 1, max = 100))]
    pub max_workers: u32,

    /// One worker more for each so many jobs that wait or are in work.
    #[schemars(range(min = 1, max = 100_000))]
    pub backlog_per_worker: u32,

    /// Minutes without any job after which the fleet goes to zero.
    #[schemars(range(min = 0, max = 1_440))]
    pub idle_minutes: u32,

    /// How many of a hundred workers are Spot instances: about a third of the price, and taken away with two minutes' notice.
    ///
    /// With any of them, workers are of whichever `instance_types` AWS has, and an admin cannot ask for one of them.
    #[schemars(range(min = 0, max = 100))]
    pub spot_percent: u32,

    /// Stopped instances that wait for work with their model on the volume: a start in a minute instead of several, for the price of
    /// the volume. Not together with Spot instances, which cannot be stopped.
    #[schemars(range(min = 0, max = 20))]
    pub warm_pool: u32,

    /// Size of each worker's volume in GiB: the system takes about 40, the model the rest.
    #[schemars(range(min = 50, max = 16_000))]
    pub volume_gigabytes: u32,

    /// Processor of the workers; the binary must be built for the same.
    pub architecture: Architecture,

    /// What computes the text.
    pub engine: Engine,

    /// Address of the server: needed by the engine `http`, and by no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ServerUrl")]
    pub engine_url: Option<ServerUrl>,

    /// The parameter of SSM, a `SecureString`, that holds the key which that server asks for. It is put there by hand, so that the key is
    /// in no file, no template and no log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ParameterName")]
    pub engine_key_parameter: Option<ParameterName>,

    /// The model that workers have, in one file.
    pub model: ModelFile,

    /// Jobs at once on one worker.
    #[schemars(range(min = 1, max = 64))]
    pub slots: u32,

    /// Tokens of context for each job, prompt and answer together: more than `api.max_tokens`. A server has its own.
    #[schemars(range(min = 128, max = 131_072))]
    pub context_tokens: u32,

    /// Layers of the model that go to the GPU; 0 uses none.
    #[schemars(range(min = 0, max = 1_000))]
    pub gpu_layers: u32,

    /// Seconds that one job may take before its worker ends it and keeps what is there: at most twelve hours, for which SQS hides a
    /// message, less the minute in which a worker writes how it ended.
    #[schemars(range(min = 1, max = 43_140))]
    pub max_job_seconds: u32,

    /// Seconds that jobs under way may go on when their worker is to end; Spot instances have 120.
    #[schemars(range(min = 0, max = 7_200))]
    pub drain_seconds: u32,

    /// After how many seconds a job that nobody is sure to have sent is sent again.
    #[schemars(range(min = 5, max = 3_600))]
    pub unsent_seconds: u32,

    /// When people are told about the fleet.
    pub alarms: FleetAlarms,
}

impl Fleet {
    /// Whether workers are of several types at once: those on Spot take whichever AWS has most of.
    #[must_use]
    pub fn mixes_types(&self) -> bool {
        self.mode == FleetMode::Scaled && self.spot_percent > 0
    }
}

/// Many machines from zero, or one that changes its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FleetMode {
    /// An Auto Scaling group, from zero to `max_workers`.
    Scaled,
    /// One instance that is stopped and started, and whose type can be changed while it is stopped.
    Single,
}

impl FleetMode {
    /// The reconciler's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scaled => "scaled",
            Self::Single => "single",
        }
    }
}

/// What computes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The worker itself, from a GGUF file.
    Llama,
    /// A server that speaks OpenAI's chat protocol.
    Http,
}

impl Engine {
    /// The worker's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Http => "http",
        }
    }
}

/// The model that workers have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelFile {
    /// Name that requests call it.
    pub name: Model,

    /// Key of its GGUF file in the model bucket; the file is put there by hand, once.
    pub key: ModelKey,

    /// SHA-256 of that file, as `sha256sum` tells it: a worker refuses any other.
    ///
    /// It may be left out until there is a file; a deploy to AWS asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Sha256")]
    pub sha256: Option<Sha256>,
}

/// When people are told about the fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FleetAlarms {
    /// Minutes that jobs may wait while no worker takes any.
    #[schemars(range(min = 5, max = 1_440))]
    pub no_worker_minutes: u32,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            mode: FleetMode::Scaled,
            instance_types: ["g4dn.xlarge", "g5.xlarge"].into_iter().filter_map(|name| name.parse().ok()).collect(),
            max_workers: 1,
            backlog_per_worker: 20,
            idle_minutes: 10,
            spot_percent: 0,
            warm_pool: 0,
            volume_gigabytes: 80,
            architecture: Architecture::X86_64,
            engine: Engine::Llama,
            engine_url: None,
            engine_key_parameter: None,
            model: ModelFile::default(),
            slots: 4,
            context_tokens: 2_048,
            gpu_layers: 999,
            max_job_seconds: 600,
            drain_seconds: 90,
            unsent_seconds: 60,
            alarms: FleetAlarms::default(),
        }
    }
}

impl Default for FleetAlarms {
    fn default() -> Self {
        Self { no_worker_minutes: 15 }
    }
}
