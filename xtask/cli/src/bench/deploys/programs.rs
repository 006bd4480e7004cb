//! How each tool deploys everything.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::Error;
use super::super::child::{answer, cargo};
use super::super::ground::{Ground, Version};
use super::install::Installed;

/// One way to deploy the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Ours,
    AwsCli,
    Sam,
    Cdk,
    CdkDirect,
}

impl Program {
    /// The first is what the others are compared with.
    pub(super) const ALL: [Self; 5] = [Self::Ours, Self::AwsCli, Self::Sam, Self::Cdk, Self::CdkDirect];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ours => "cargo xtask deploy",
            Self::AwsCli => "aws cloudformation deploy",
            Self::Sam => "sam deploy",
            Self::Cdk => "cdk deploy",
            Self::CdkDirect => "cdk deploy, direct",
        }
    }

    /// What else one has to know to judge the figure.
    pub(super) const fn note(self) -> &'static str {
        match self {
            Self::Ours => "all as a person runs it: cargo, render, check, build and zip included",
            Self::AwsCli => "a script: a deploy per stack, describe-stacks for what the next one needs, the zip sent when missing",
            Self::Sam => "the same script with SAM",
            Self::Cdk => {
                "--all, from a cloud assembly, with the caller's credentials: neither synthesis nor the bootstrap stack is counted"
            }
            Self::CdkDirect => "the same with --method direct, without change sets",
        }
    }

    /// What has to be there before the first deploy, and is counted for nobody.
    pub(super) fn set_up(self, ground: &Ground, installed: &Installed, port: u16) -> Result<(), Error> {
        match self {
            Self::Ours | Self::AwsCli | Self::Sam => Ok(()),
            Self::Cdk | Self::CdkDirect => {
                let place = format!("aws://{}/{}", ground.environment.account, ground.environment.region);
                let mut command = cdk(&installed.cdk, "bootstrap");
                answer(ground.surround(command.arg(place), port)).map(drop)
            }
        }
    }

    /// Deploys a version: to what answers on a port, which also shows as a local cloud in a folder.
    pub(super) fn deploy(self, version: Version, ground: &Ground, installed: &Installed, port: u16, place: &Path) -> Command {
        let script = |name: &str| {
            let mut command = Command::new("sh");
            ground.surround(command.arg(installed.of(version, name)), port);
            command.env("SAM_CLI_TELEMETRY", "0");
            command
        };
        let all = |flags: &[&str]| {
            let mut command = cdk(&installed.cdk, "deploy");
            command.args(["--all", "--require-approval", "never", "--progress", "events", "--app"]).arg(installed.of(version, "cdk.out"));
            ground.surround(command.args(flags), port);
            command
        };
        match self {
            Self::Ours => {
                let mut command = cargo();
                command.args(["run", "--quiet", "--package", "xtask", "--"]);
                command.args(["deploy", "--env", &ground.environment.name, "--no-smoke", "--no-verify"]);
                ground.direct(&mut command, version, place);
                command
            }
            Self::AwsCli => script("aws-cli.sh"),
            Self::Sam => script("sam.sh"),
            Self::Cdk => all(&[]),
            Self::CdkDirect => all(&["--method", "direct"]),
        }
    }
}

/// Without questions to the network, which would be measured as well.
fn cdk(program: &PathBuf, verb: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(verb).arg("--no-notices");
    command
        .env("CDK_DISABLE_VERSION_CHECK", "1")
        .env("CDK_DISABLE_CLI_TELEMETRY", "1")
        .env("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
        .env("CI", "true");
    command
}
