//! What a worker is started with, as the launch template's user data says it.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The lines between these are the worker's environment, on an instance and here.
const BEGIN: &str = "cat > /etc/gpu-worker/environment <<'ENVIRONMENT'";
const END: &str = "ENVIRONMENT";

/// The lines between these tell the CloudWatch agent of an instance which file goes to which log group.
const AGENT_BEGIN: &str = "<<'AGENT'";
const AGENT_END: &str = "AGENT";

/// What the worker writes, on an instance.
const LOG_FILE: &str = "/worker.log";

const BUCKET: &str = "WORKER_ARTIFACT_BUCKET";
const KEY: &str = "WORKER_ARTIFACT_KEY";
const SHA256: &str = "WORKER_ARTIFACT_SHA256";
const KEY_PARAMETER: &str = "WORKER_ENGINE_KEY_PARAMETER";
const DRAIN: &str = "WORKER_DRAIN_SECONDS";

/// What a worker is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recipe {
    /// Its environment, in the order of the lines.
    pub(super) settings: Vec<(String, String)>,
    pub(super) bucket: String,
    pub(super) key: String,
    /// SHA-256 of the zip, where the template knows it.
    pub(super) sha256: Option<String>,
    /// The parameter that holds the key of the engine's server.
    pub(super) key_parameter: Option<String>,
    /// How long its jobs may go on after SIGTERM.
    pub(super) drain_seconds: u64,
    /// The log group that takes what it writes.
    pub(super) log_group: Option<String>,
    /// Another one for other lines: workers of another generation are replaced.
    pub(super) generation: String,
}

impl Recipe {
    /// Reads user data. None for a script that starts no worker.
    pub(super) fn of(user_data: &str) -> Option<Self> {
        let mut lines = user_data.lines().map(str::trim);
        lines.find(|line| *line == BEGIN)?;
        let settings: Vec<(String, String)> = lines
            .take_while(|line| *line != END)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let value = |wanted: &str| settings.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let text: String = settings.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        Some(Self {
            bucket: value(BUCKET)?,
            key: value(KEY)?,
            sha256: value(SHA256).filter(|digits| digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())),
            key_parameter: value(KEY_PARAMETER).filter(|name| name != "none"),
            drain_seconds: value(DRAIN).and_then(|seconds| seconds.parse().ok()).unwrap_or(0),
            log_group: log_group(user_data),
            generation: hex(&Sha256::digest(text.as_bytes())),
            settings,
        })
    }
}

/// Where the CloudWatch agent of an instance brings what the worker writes.
fn log_group(user_data: &str) -> Option<String> {
    let lines = user_data.lines().skip_while(|line| !line.trim_end().ends_with(AGENT_BEGIN)).skip(1);
    let text: String = lines.take_while(|line| line.trim() != AGENT_END).collect();
    let told: Value = serde_json::from_str(&text).ok()?;
    let files = told.pointer("/logs/logs_collected/files/collect_list")?.as_array()?;
    let file = files.iter().find(|file| file["file_path"].as_str().is_some_and(|path| path.ends_with(LOG_FILE)))?;
    file["log_group_name"].as_str().map(str::to_owned)
}

/// Bytes as people write digests.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "#!/bin/bash\nset -eu\ncat > /etc/gpu-worker/environment <<'ENVIRONMENT'\nAWS_REGION=eu-central-1\n\
        WORKER_ARTIFACT_BUCKET=artifacts\nWORKER_ARTIFACT_KEY=a/b.zip\nWORKER_DRAIN_SECONDS=90\nWORKER_ENGINE_URL=http://x/?a=b\n\
        ENVIRONMENT\nsystemctl start gpu-worker\nOTHER=1\n";

    #[test]
    fn the_lines_of_the_environment_are_read_and_no_others() {
        let recipe = Recipe::of(SCRIPT).unwrap();

        assert_eq!((recipe.bucket.as_str(), recipe.key.as_str(), recipe.drain_seconds), ("artifacts", "a/b.zip", 90));
        assert_eq!(recipe.settings.last().unwrap(), &("WORKER_ENGINE_URL".to_owned(), "http://x/?a=b".to_owned()));
        assert_eq!(recipe.settings.len(), 5, "the worker would get what the script says after its environment");
    }

    #[test]
    fn another_setting_is_another_generation() {
        let other = SCRIPT.replace("=90", "=91");

        assert_ne!(Recipe::of(SCRIPT).unwrap().generation, Recipe::of(&other).unwrap().generation, "workers would keep old settings");
        assert_eq!(Recipe::of(SCRIPT), Recipe::of(&SCRIPT.replace("set -eu", "set -eux")), "nothing of the worker's has changed");
    }

    #[test]
    fn a_worker_writes_where_the_cloudwatch_agent_of_an_instance_would_bring_it() {
        let agent = r#"cat > /opt/agent.json <<'AGENT'
            { "logs": { "logs_collected": { "files": { "collect_list": [
                { "file_path": "/var/log/cloud-init-output.log", "log_group_name": "starts" },
                { "file_path": "/var/log/gpu-worker/worker.log", "log_group_name": "workers" } ] } } } }
            AGENT
            "#;

        let with = Recipe::of(&format!("{SCRIPT}{agent}")).unwrap();

        assert_eq!(with.log_group.as_deref(), Some("workers"), "`xtask logs` would not show what workers do");
        assert_eq!(Recipe::of(SCRIPT).unwrap().log_group, None);
        assert_eq!(with.generation, Recipe::of(SCRIPT).unwrap().generation, "another log group would interrupt every job");
    }

    #[test]
    fn a_script_that_starts_no_worker_is_left_alone() {
        assert_eq!(Recipe::of("#!/bin/bash\necho hello\n"), None);
        assert_eq!(Recipe::of(&SCRIPT.replace("WORKER_ARTIFACT_KEY", "KEY")), None);
    }
}
