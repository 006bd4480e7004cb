mod files;
mod messages;
mod properties;
mod schema;

use super::*;

/// A right file with every setting, for tests to spoil.
const RIGHT: &str = r##"account: "111111111111"
region: eu-central-1
endpoint_url: http://127.0.0.1:4566
log_retention_days: 30
alerts:
  emails: [a@example.com, b@example.com]
protection:
  termination: true
  data: keep
artifacts:
  old_version_days: 30
  incomplete_upload_days: 7
jobs:
  visibility_timeout_seconds: 120
  tries: 3
  retention_days: 4
  dead_letter_retention_days: 14
  encryption: sqs
  point_in_time_recovery: false
  alarms:
    depth: 500
    oldest_message_minutes: 60
images:
  memory_mb: 1536
  timeout_seconds: 120
  concurrency: 10
  architecture: x86_64
  boxes: [2048, 1024]
  jpeg_quality: 80
  background: "#ffffff"
  linear_light: false
  max_input_megabytes: 100
  max_megapixels: 200
  max_decoded_megabytes: 1216
  incoming_days: 30
  rejected_days: 30
  tries: 5
  retention_days: 4
  dead_letter_retention_days: 14
  alarms:
    oldest_message_minutes: 30
    rejected_per_hour: 100
github:
  repository: owner/name
  environment: production
  provider: create
deploy:
  after: qa
  confirm_destructive: true
  express: false
  rollback:
    minutes: 10
    alarms: [jobs.OldestJobAlarm]
api:
  users: 20
  burst_per_second: 5
  per_minute: 20
  retry_after: minute
  job_intake: true
  token_use: id
  origins: [https://app.example.com]
  max_body_bytes: 65536
  max_prompt_bytes: 16384
  max_tokens: 512
  job_lifetime_minutes: 1440
  record_days: 30
  memory_mb: 512
  timeout_seconds: 10
  login:
    self_sign_up: false
    by_password: false
    domain_prefix: cloudwright
    token_minutes: 60
    session_hours: 168
  alarms:
    refused_per_five_minutes: 100
    p99_milliseconds: 1000
    failures_per_five_minutes: 5
network:
  block: 20
  egress: endpoints
  flow_logs: false
fleet:
  mode: scaled
  instance_types: [g4dn.xlarge, g5.xlarge]
  max_workers: 4
  backlog_per_worker: 20
  idle_minutes: 10
  spot_percent: 0
  warm_pool: 0
  volume_gigabytes: 80
  engine: http
  engine_url: http://127.0.0.1:8080
  engine_key_parameter: /cloudwright/test/engine-key
  model:
    name: tinyllama
    key: models/tinyllama.gguf
    sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  slots: 4
  context_tokens: 2048
  gpu_layers: 999
  max_job_seconds: 600
  drain_seconds: 90
  unsent_seconds: 60
  alarms:
    no_worker_minutes: 15
"##;

fn read(text: &str) -> Result<Environment, Mistakes> {
    Environment::read("test", "environments/test.yaml", text)
}

/// One line for each mistake: place, message, where else, help.
fn told(text: &str) -> Vec<String> {
    let mistakes = read(text).expect_err("a wrong file would have been taken").mistakes;
    let line = |mistake: &Mistake| {
        let see = mistake.see.as_ref().map(|see| format!(" / see {}:{} {}", see.line, see.column, see.message)).unwrap_or_default();
        let help = mistake.help.as_ref().map(|help| format!(" / {help}")).unwrap_or_default();
        format!("{}:{} {}{see}{help}", mistake.line, mistake.column, mistake.message)
    };
    mistakes.iter().map(line).collect()
}
