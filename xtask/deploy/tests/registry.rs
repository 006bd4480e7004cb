//! A push by the engine, as a process, into a repository that CloudFormation made in the local cloud.
#![cfg(test)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use protocol::{Event, FailureKind, Outcome, Push, Request, StackRef, Target};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testcloud::{Cloud, Tenant};

const STACK: &str = "cloudwright-staging-artifacts";

async fn made(config: &SdkConfig) {
    let properties = json!({ "ImageTagMutability": "IMMUTABLE", "ImageScanningConfiguration": { "ScanOnPush": true } });
    let template = json!({
        "Resources": { "ImageRepository": { "Type": "AWS::ECR::Repository", "Properties": properties } },
        "Outputs": { "ImageRepositoryUri": { "Value": { "Fn::GetAtt": ["ImageRepository", "RepositoryUri"] } } },
    });
    let cloudformation = aws_sdk_cloudformation::Client::new(config);
    cloudformation.create_stack().stack_name(STACK).template_body(template.to_string()).send().await.unwrap();
    let started = Instant::now();
    loop {
        let stacks = cloudformation.describe_stacks().stack_name(STACK).send().await.unwrap();
        match stacks.stacks()[0].stack_status().unwrap().as_str() {
            "CREATE_COMPLETE" => return,
            "CREATE_IN_PROGRESS" => assert!(started.elapsed() < Duration::from_secs(30), "the stack is not made"),
            status => panic!("{status}: {:?}", stacks.stacks()[0].stack_status_reason()),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// An image of a config and a layer: the digest of its manifest.
fn layout(folder: &Path) -> String {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let put = |kind: &str, content: &[u8]| {
        let name: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        fs::write(blobs.join(&name), content).unwrap();
        json!({ "mediaType": format!("application/vnd.oci.image.{kind}"), "digest": format!("sha256:{name}"), "size": content.len() })
    };
    let layer = put("layer.v1.tar+gzip", &[7; 2_000_000]);
    let config = put("config.v1+json", br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#);
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({ "schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer] });
    put("manifest.v1+json", manifest.to_string().as_bytes())["digest"].as_str().unwrap().to_owned()
}

fn push(tenant: &Tenant, layout: &Path, digest: &str) -> Vec<Event> {
    let variables = tenant.variables();
    let variable = |wanted: &str| variables.iter().find(|(name, _)| *name == wanted).unwrap().1.clone();
    let target = Target { environment: "staging".to_owned(), account: variable("AWS_ACCESS_KEY_ID"), region: variable("AWS_REGION") };
    let request = Request::Push(Push {
        target,
        layout: layout.to_owned(),
        digest: digest.to_owned(),
        repository_stack: StackRef { stack: "artifacts".to_owned(), name: STACK.to_owned() },
        repository_output: "ImageRepositoryUri".to_owned(),
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_deploy"));
    let mut engine = command.env_clear().envs(variables).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // Its end would be a wish to stop, so it stays open.
    let mut stdin = engine.stdin.take().unwrap();
    writeln!(stdin, "{}", serde_json::to_string(&request).unwrap()).unwrap();
    let output = engine.wait_with_output().unwrap();
    drop(stdin);
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the registry gives to somebody who pulls.
fn pulled(tenant: &Tenant, name: &str, what: &str) -> Vec<u8> {
    use std::io::Read;
    let variables = tenant.variables();
    let endpoint = variables.iter().find(|(name, _)| *name == "AWS_ENDPOINT_URL").unwrap().1.trim_start_matches("http://");
    let (host, repository) = name.split_once('/').unwrap();
    let mut stream = std::net::TcpStream::connect(endpoint).unwrap();
    write!(stream, "GET /v2/{repository}/{what} HTTP/1.1\r\nhost: {host}\r\naccept: */*\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let body = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..body]));
    answer.split_off(body)
}

#[tokio::test]
async fn an_image_that_was_pushed_can_be_pulled_by_the_name_that_was_told() {
    let tenant = Cloud::shared().unwrap().tenant();
    made(&tenant.config().await).await;
    let folder = tempfile::tempdir().unwrap();
    let digest = layout(folder.path());

    let (first, second) = (push(&tenant, folder.path(), &digest), push(&tenant, folder.path(), &digest));

    let told = first.iter().find_map(|event| if let Event::Image { name, bytes, .. } = event { Some((name, *bytes)) } else { None });
    let (name, bytes) = told.unwrap_or_else(|| panic!("{first:?}"));
    let (repository, told) = name.split_once('@').unwrap();
    assert_eq!(told, digest);
    assert!(2_000_000 < bytes, "the layer was not sent: {bytes}");
    let manifest: Value = serde_json::from_slice(&pulled(&tenant, repository, &format!("manifests/{digest}"))).unwrap();
    let layer = manifest["layers"][0]["digest"].as_str().unwrap();
    assert!(pulled(&tenant, repository, &format!("blobs/{layer}")) == [7; 2_000_000], "Fargate would start something else");
    assert!(matches!(second.last(), Some(Event::Done { outcome: Outcome::Unchanged, .. })), "it was sent again: {second:?}");
}

#[tokio::test]
async fn an_environment_without_a_repository_is_told_so() {
    let tenant = Cloud::shared().unwrap().tenant();
    let folder = tempfile::tempdir().unwrap();
    let digest = layout(folder.path());

    let events = push(&tenant, folder.path(), &digest);

    let Some(Event::Failed(failure)) = events.last() else { panic!("{events:?}") };
    assert_eq!(failure.kind, FailureKind::Request, "{failure:?}");
    assert!(failure.message.contains("has no repository"), "{failure:?}");
}
