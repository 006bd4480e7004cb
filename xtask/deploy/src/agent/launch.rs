//! From the local cloud: which groups there are, what their launch templates say, and the worker's program.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use engine::cloud::{Action, Ask, Objects, Protocol, Service, Services};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::recipe::{Recipe, hex};
use crate::aws::Aws;

static AUTOSCALING: Service = Service::new("autoscaling", Protocol::Query { version: "2011-01-01", flat: false });
static SSM: Service = Service::new("ssm", Protocol::Json { version: "1.1", target: "AmazonSSM" });
static EC2: Service = Service::new("ec2", Protocol::Query { version: "2016-11-15", flat: true });

const GROUPS: Action = AUTOSCALING.action("DescribeAutoScalingGroups", "/").paged("AutoScalingGroups", "NextToken");
const PARAMETER: Action = SSM.action("GetParameter", "/");
const VERSIONS: Action = EC2.action("DescribeLaunchTemplateVersions", "/");

/// The program in the zip.
const PROGRAM: &str = "gpu-worker";

/// An Auto Scaling group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) desired: usize,
    /// Its launch template and the version.
    pub(super) template: Option<(String, String)>,
}

/// A program that can be started, and what with.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    /// The file that holds the key of the engine's server.
    pub(super) key_file: Option<PathBuf>,
    pub(super) recipe: Recipe,
}

/// All groups.
pub(super) async fn groups(aws: &Aws) -> Result<Vec<Group>, String> {
    let answer = ask(aws, GROUPS.ask(json!({}))).await?;
    Ok(answer.get("AutoScalingGroups").and_then(Value::as_array).into_iter().flatten().filter_map(group).collect())
}

fn group(group: &Value) -> Option<Group> {
    let text = |path: &str| group.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    // A group that mixes types has its template one floor below.
    let template = ["/LaunchTemplate", "/MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification"].into_iter().find_map(|path| {
        let version = text(&format!("{path}/Version")).unwrap_or("$Default");
        Some((text(&format!("{path}/LaunchTemplateId"))?.to_owned(), version.to_owned()))
    });
    let desired = text("/DesiredCapacity")?.parse().ok()?;
    Some(Group { name: text("/AutoScalingGroupName")?.to_owned(), desired, template })
}

/// The script of a version of a launch template.
pub(super) async fn user_data(aws: &Aws, template: &str, version: &str) -> Result<Option<String>, String> {
    let answer = ask(aws, VERSIONS.ask(json!({ "LaunchTemplateId": template, "LaunchTemplateVersion": [version] }))).await?;
    let encoded = answer.pointer("/launchTemplateVersionSet/0/launchTemplateData/userData").and_then(Value::as_str);
    let Some(encoded) = encoded else { return Ok(None) };
    let bytes = aws_smithy_types::base64::decode(encoded).map_err(|error| format!("the user data is not in base64: {error}"))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

async fn ask(aws: &Aws, ask: Ask) -> Result<Value, String> {
    aws.read(&ask).await.map_err(|error| error.to_string())
}

/// The program on this machine, fetched unless it is here. Each zip has a folder of its own, by its digest.
pub(super) async fn prepare(aws: &Aws, recipe: &Recipe, folder: &Path) -> Result<Launch, String> {
    let programs = folder.join("programs");
    // Keys hold the digest of what they name, so the same key is the same zip.
    let by_key = programs.join(hex(&Sha256::digest(format!("{}/{}", recipe.bucket, recipe.key).as_bytes())));
    let key_file = match &recipe.key_parameter {
        Some(parameter) => Some(key(aws, parameter, &folder.join("keys").join(&recipe.generation)).await?),
        None => None,
    };
    let launch = |folder: &Path| Launch { program: folder.join(PROGRAM), key_file: key_file.clone(), recipe: recipe.clone() };
    if by_key.join(PROGRAM).exists() {
        return Ok(launch(&by_key));
    }
    let what = format!("s3://{}/{}", recipe.bucket, recipe.key);
    let object = aws.object(&recipe.bucket, &recipe.key).await.map_err(|error| format!("{what}: {error}"))?;
    let zip = object.ok_or_else(|| format!("{what} is not there"))?.bytes;
    let digest = hex(&Sha256::digest(&zip));
    if let Some(expected) = recipe.sha256.as_deref().filter(|expected| !expected.eq_ignore_ascii_case(&digest)) {
        return Err(format!("{what} has the SHA-256 {digest}, not {expected}"));
    }
    let program = unpack(&zip).map_err(|error| format!("{what}: {error}"))?;
    let fails = |error: std::io::Error| format!("{}: {error}", by_key.display());
    let draft = by_key.with_extension("draft");
    fs::create_dir_all(&draft).map_err(fails)?;
    fs::write(draft.join(PROGRAM), program).map_err(fails)?;
    fs::set_permissions(draft.join(PROGRAM), fs::Permissions::from_mode(0o755)).map_err(fails)?;
    fs::rename(&draft, &by_key).map_err(fails)?;
    Ok(launch(&by_key))
}

/// The key of the engine's server in a file of its own, fetched unless it is here: nobody else's on this machine.
async fn key(aws: &Aws, parameter: &str, file: &Path) -> Result<PathBuf, String> {
    if !file.exists() {
        let answer = ask(aws, PARAMETER.ask(json!({ "Name": parameter, "WithDecryption": true }))).await?;
        let value = answer.pointer("/Parameter/Value").and_then(Value::as_str).ok_or_else(|| format!("`{parameter}` has no value"))?;
        let fails = |error: std::io::Error| format!("{}: {error}", file.display());
        fs::create_dir_all(file.parent().unwrap_or(file)).map_err(fails)?;
        let mut open = fs::File::options().write(true).create_new(true).mode(0o600).open(file).map_err(fails)?;
        open.write_all(value.as_bytes()).map_err(fails)?;
    }
    Ok(file.to_owned())
}

fn unpack(zip: &[u8]) -> Result<Vec<u8>, String> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(|error| error.to_string())?;
    let mut entry = archive.by_name(PROGRAM).map_err(|error| format!("`{PROGRAM}` in the zip: {error}"))?;
    let mut program = Vec::new();
    entry.read_to_end(&mut program).map_err(|error| error.to_string())?;
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_read_with_its_template_wherever_that_stands() {
        let plain = json!({ "AutoScalingGroupName": "a", "DesiredCapacity": "2",
            "LaunchTemplate": { "LaunchTemplateId": "lt-1", "Version": "3" } });
        let mixed = json!({ "AutoScalingGroupName": "b", "DesiredCapacity": "0", "LaunchTemplate": "",
            "MixedInstancesPolicy": { "LaunchTemplate": { "LaunchTemplateSpecification": { "LaunchTemplateId": "lt-2", "Version": "" } } } });

        let template = |value: &Value| group(value).unwrap().template.unwrap();

        assert_eq!(group(&plain).unwrap().desired, 2);
        assert_eq!(template(&plain), ("lt-1".to_owned(), "3".to_owned()));
        assert_eq!(template(&mixed), ("lt-2".to_owned(), "$Default".to_owned()));
        assert_eq!(group(&json!({ "AutoScalingGroupName": "c", "DesiredCapacity": "1" })).unwrap().template, None);
    }

    #[test]
    fn a_zip_without_the_program_says_so() {
        let error = unpack(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").unwrap_err();

        assert!(error.contains("gpu-worker"), "{error}");
    }
}
