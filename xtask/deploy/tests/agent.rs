//! The compute agent beside a local cloud: a group, its workers, and what they write.
#![cfg(test)]

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use serde_json::json;
use testcloud::{Cloud, Tenant};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const JOB: &str = "01KATX3W7G2M8Z9QCVB4R5NDEF";

/// Says which job it has, which key it was given, and waits until it is ended.
const WORKER: &str = "#!/bin/sh\necho '{\"jobId\":\"01KATX3W7G2M8Z9QCVB4R5NDEF\",\"state\":\"started\"}'\n\
                      echo \"key $(cat \"$WORKER_ENGINE_KEY_FILE\")\"\nexec sleep 1000\n";

const USER_DATA: &str = "#!/bin/bash\ncat > /etc/gpu-worker/environment <<'ENVIRONMENT'\nWORKER_ARTIFACT_BUCKET=artifacts\n\
    WORKER_ARTIFACT_KEY=worker.zip\nWORKER_ENGINE_KEY_PARAMETER=/engine/key\nWORKER_ENGINE_KEY_FILE=/run/gpu-worker/engine-key\n\
    WORKER_DRAIN_SECONDS=5\nENVIRONMENT\ncat > /opt/agent.json <<'AGENT'\n\
    { \"logs\": { \"logs_collected\": { \"files\": { \"collect_list\": [\n\
    { \"file_path\": \"/var/log/gpu-worker/worker.log\", \"log_group_name\": \"${WorkerLog}\" } ] } } } }\nAGENT\n";

/// A group that wants one worker, in a stack as CloudFormation makes it.
fn template() -> String {
    let version =
        json!({ "LaunchTemplateId": { "Ref": "WorkerTemplate" }, "Version": { "Fn::GetAtt": ["WorkerTemplate", "LatestVersionNumber"] } });
    let group = json!({
        "MinSize": "0", "MaxSize": "1", "DesiredCapacity": "1", "AvailabilityZones": ["us-east-1a"], "LaunchTemplate": version,
    });
    let data = json!({ "ImageId": "ami-1", "InstanceType": "t3.micro", "UserData": { "Fn::Base64": { "Fn::Sub": USER_DATA } } });
    let resources = json!({
        "WorkerLog": { "Type": "AWS::Logs::LogGroup" },
        "Key": { "Type": "AWS::SSM::Parameter", "Properties": { "Name": "/engine/key", "Type": "String", "Value": "sk-secret" } },
        "WorkerTemplate": { "Type": "AWS::EC2::LaunchTemplate", "Properties": { "LaunchTemplateData": data } },
        "WorkerGroup": { "Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": group },
    });
    json!({ "Resources": resources, "Outputs": { "WorkerLog": { "Value": { "Ref": "WorkerLog" } } } }).to_string()
}

fn zipped() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("gpu-worker", SimpleFileOptions::default()).unwrap();
    zip.write_all(WORKER.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

/// Makes all of it; the name of the log group.
async fn made(config: &SdkConfig) -> String {
    let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(s3);
    s3.create_bucket().bucket("artifacts").send().await.unwrap();
    s3.put_object().bucket("artifacts").key("worker.zip").body(zipped().into()).send().await.unwrap();
    let cloudformation = aws_sdk_cloudformation::Client::new(config);
    cloudformation.create_stack().stack_name("fleet").template_body(template()).send().await.unwrap();
    let started = Instant::now();
    loop {
        let stacks = cloudformation.describe_stacks().stack_name("fleet").send().await.unwrap();
        let stack = &stacks.stacks()[0];
        match stack.stack_status().unwrap().as_str() {
            "CREATE_COMPLETE" => return stack.outputs()[0].output_value().unwrap().to_owned(),
            "CREATE_IN_PROGRESS" => assert!(started.elapsed() < Duration::from_secs(30), "the stack is not made"),
            status => panic!("{status}: {:?}", stack.stack_status_reason()),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The agent; it is ended when this is dropped, and its workers with it.
struct Agent(Child);

impl Agent {
    fn start(tenant: &Tenant, folder: &Path) -> Self {
        let log = fs::File::create(folder.join("agent.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_deploy"));
        command.env_clear().envs(tenant.variables()).arg("agent").arg(folder);
        Self(command.stdin(Stdio::null()).stderr(log).spawn().unwrap())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test]
async fn what_a_worker_writes_is_found_in_the_log_group_of_its_stack() {
    let tenant = Cloud::shared().unwrap().tenant();
    let config = tenant.config().await;
    let group = made(&config).await;
    let folder = tempfile::tempdir().unwrap();
    let _agent = Agent::start(&tenant, folder.path());

    let logs = aws_sdk_cloudwatchlogs::Client::new(&config);
    let started = Instant::now();
    let found = loop {
        let lines = logs.filter_log_events().log_group_name(&group).send().await.unwrap();
        if 1 < lines.events().len() {
            break lines.events().to_vec();
        }
        let said = fs::read_to_string(folder.path().join("agent.log")).unwrap_or_default();
        assert!(started.elapsed() < Duration::from_secs(60), "nobody would see what workers do: {said}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };

    let lines: Vec<&str> = found.iter().map(|line| line.message().unwrap_or_default()).collect();
    assert!(lines[0].contains(JOB), "a job would end at the queue, as far as one could see: {lines:?}");
    assert_eq!(lines[1], "key sk-secret", "the engine's server would refuse every job");
    let stream = found[0].log_stream_name().unwrap();
    assert!(stream.ends_with("-1/worker"), "on AWS it is named after the instance: {stream}");
    let kept = fs::read_to_string(folder.path().join("logs").join(format!("{}.log", stream.trim_end_matches("/worker")))).unwrap();
    assert!(kept.contains(JOB), "the file is a person's to read: {kept}");
}
