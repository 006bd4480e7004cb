//! `cargo xtask bench small-function`: the largest pictures and a batch with a broken one, through the function as it is deployed, in an
//! address space no larger than its memory.
//!
//! The stacks of the local environment run on a local cloud of their own: pictures are put into the bucket, S3 tells the queue, the cloud starts
//! the function's binary. In its zip lies a wrapper instead, which limits the process and then becomes the binary. An address space is stricter
//! than memory: what was mapped counts, whether it was touched or not. That the limit is one is shown last, with half of what was needed.

mod figures;

use std::fs;
use std::io::{self, Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use contract::images::TranscodeConfig;
use contract::outputs::images as outputs;
use foundation::Finished;
use protocol::Artifact;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use self::figures::{Batch, Control, Picture, Quality};
use super::child::{answer_until, shown};
use super::deploys::plan::Plan;
use super::deploys::script::{Tool, script};
use super::ground::{Ground, Version};
use super::{Error, Figure, make_folder, write};
use crate::artifacts::{self, BOOTSTRAP, Order, Profile};
use crate::cli::Context;
use crate::interrupts::Interrupts;
use crate::progress::Building;
use crate::python::{Lookup, Purpose, Venv};

/// The most that the function may map, in MiB: its memory in every environment's file.
const LIMIT_MIB: u32 = 256;

/// The largest files that the function takes, of both formats, and a picture that takes nearly all the memory that the function grants to one: of
/// several scans, so that no row of it can pass by before the last scan is there. `bench transcode` measures them too.
const LARGE: [&str; 3] = ["jpeg-100mb.jpg", "png-100mb.png", "jpeg-progressive-57mp.jpg"];

/// What the uploads of the batch hold that is no picture.
const BROKEN: &str = "broken.jpg";

/// What came of it all, in this order.
#[derive(Debug, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
enum Came {
    Picture(Picture),
    Batch(Batch),
    Control(Control),
}

pub(super) fn measure(ctx: &Context, interrupts: &Interrupts, tell: &dyn Fn(&str)) -> Result<Vec<Figure>, Error> {
    let workspace = ctx.workspace()?;
    let scratch = workspace.scratch().join("bench");
    let stage = Stage { folder: scratch.join("small-function"), large: scratch.join("transcode/inputs"), interrupts };
    let find = |purpose| Ok::<_, Error>(Venv::ensure(purpose, workspace.target(), &Lookup::from_environment(), tell)?);
    let pictures = find(&Purpose::PICTURES)?.program("python");
    let (asks, aws) = (find(&Purpose::LOCAL_CLOUD)?.program("python"), find(&Purpose::AWS_CLI)?.program("aws"));
    tell("making pictures (once; minutes)");
    let (large, batch) = stage.inputs(&pictures)?;

    let ground = Ground::prepare(ctx, &stage.folder, tell)?;
    let images = Stacks::of(ground.stacks(ctx, Version::Written)?)?;
    let order = Order { packages: &[images.binary], profile: Profile::Dev, machine: None };
    let built = artifacts::build(&workspace, order, &Building::tools(ctx.terminal))?;
    let program = built.executable(images.binary)?;
    tell("deploying the function and what it stands on");
    stage.deploy(&ground, &images, program, &aws)?;

    tell(&format!("sending {} and {} uploads at once", LARGE.join(", "), batch.len()));
    let config = TranscodeConfig::new((), ());
    let request = json!({
        "stack": images.name, "source_output": outputs::SOURCE_BUCKET_NAME, "destination_output": outputs::DESTINATION_BUCKET_NAME,
        "incoming": config.incoming_prefix, "rejected": config.reject_prefix, "boxes": ground.environment.images.boxes,
        "folder": stage.folder, "program": program, "limit_kib": LIMIT_MIB * 1024, "large": large, "batch": batch,
    });
    write(&stage.folder.join("request.json"), request.to_string())?;
    let mut sends = Command::new(asks);
    sends.args([stage.folder.join("function.py"), stage.folder.join("request.json")]);
    let said = answer_until(ground.surround(&mut sends, ground.cloud.port()), interrupts)?;

    let mut figures = Vec::new();
    for came in lines::<Came>(&said, "function.py")? {
        figures.extend(match came {
            Came::Picture(picture) => {
                tell(&format!("{}: looking at its proxies", picture.name));
                let quality = stage.judge(&pictures, &picture)?;
                picture.figures(&quality, &ground.environment.images.boxes, LIMIT_MIB)
            }
            Came::Batch(batch) => batch.figures(BROKEN, ground.environment.images.boxes.len()),
            Came::Control(control) => control.figures(),
        });
    }
    Ok(figures)
}

/// The stack of the function behind those that it needs.
struct Stacks {
    all: Vec<Finished>,
    /// Its name in CloudFormation.
    name: String,
    /// The package of its function.
    binary: &'static str,
}

impl Stacks {
    fn of(platform: Vec<Finished>) -> Result<Self, Error> {
        let missing = || Error::Answer { program: "the platform", what: format!("no stack `{}` ships a binary", outputs::STACK) };
        let last = platform.iter().find(|finished| finished.stack == outputs::STACK).ok_or_else(missing)?;
        let (name, binary) = (last.name.clone(), last.shipped.first().ok_or_else(missing)?.binary);
        let mut needed = vec![outputs::STACK];
        // Each stands behind those that it needs.
        for finished in platform.iter().rev() {
            if needed.contains(&finished.stack) {
                needed.extend(finished.needs());
            }
        }
        let all = platform.into_iter().filter(|finished| needed.contains(&finished.stack)).collect();
        Ok(Self { all, name, binary })
    }
}

/// Where everything lies.
struct Stage<'a> {
    folder: PathBuf,
    large: PathBuf,
    interrupts: &'a Interrupts,
}

impl Stage<'_> {
    /// The large pictures and those of the batch, made where they are not there.
    fn inputs(&self, python: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Error> {
        let batch = self.folder.join("batch");
        for folder in [&self.large, &batch, &self.folder.join("home"), &self.folder.join("out")] {
            make_folder(folder)?;
        }
        for (name, text) in [
            ("inputs.py", include_str!("../transcode/inputs.py")),
            ("quality.py", include_str!("../transcode/quality.py")),
            ("batch.py", include_str!("batch.py")),
            ("function.py", include_str!("function.py")),
        ] {
            write(&self.folder.join(name), text)?;
        }
        let script = |name: &str, folder: &Path| {
            let mut command = Command::new(python);
            command.arg(self.folder.join(name)).arg(folder);
            command
        };
        answer_until(script("inputs.py", &self.large).args(LARGE), self.interrupts)?;
        answer_until(&mut script("batch.py", &batch), self.interrupts)?;
        let listed = fs::read_dir(&batch).map_err(|source| Error::Read { path: batch.clone(), source })?;
        let mut uploads: Vec<_> = listed.filter_map(Result::ok).map(|entry| entry.path()).collect();
        uploads.retain(|path| path.extension().is_some_and(|extension| extension != "draft"));
        uploads.sort();
        Ok((LARGE.map(|name| self.large.join(name)).to_vec(), uploads))
    }

    fn deploy(&self, ground: &Ground, stacks: &Stacks, program: &Path, aws: &Path) -> Result<(), Error> {
        drop(fs::remove_file(self.folder.join("started")));
        write(&self.folder.join("limit"), (LIMIT_MIB * 1024).to_string())?;
        let artifact = self.zip(stacks.binary, program)?;
        let environment = &ground.environment;
        let folder = self.folder.join("plan");
        let plan = Plan::write(&stacks.all, &[artifact], environment.account.as_str(), environment.region.as_str(), &folder)?;
        let file = folder.join("deploy.sh");
        write(&file, script(Tool::AwsCli, &plan, aws, Path::new("false")))?;
        let mut deploys = Command::new("sh");
        answer_until(ground.surround(deploys.arg(file), ground.cloud.port()), self.interrupts).map(drop)
    }

    /// A zip as Lambda takes it, in which the wrapper is what Lambda starts.
    fn zip(&self, name: &str, program: &Path) -> Result<Artifact, Error> {
        let path = self.folder.join("function.zip");
        let text = wrapper(&self.folder, program);
        let zipped = || -> io::Result<Vec<u8>> {
            let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
            writer.start_file(BOOTSTRAP, SimpleFileOptions::default().unix_permissions(0o755))?;
            writer.write_all(text.as_bytes())?;
            Ok(writer.finish()?.into_inner())
        };
        let zip = zipped().map_err(|source| Error::Write { path: path.clone(), source })?;
        write(&path, &zip)?;
        let sha256 = Sha256::digest(&zip).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Artifact { name: name.to_owned(), path, sha256, bytes: zip.len() as u64 })
    }

    fn judge(&self, python: &Path, picture: &Picture) -> Result<Vec<Quality>, Error> {
        let mut command = Command::new(python);
        command.arg(self.folder.join("quality.py")).arg(self.large.join(&picture.name)).args(&picture.proxies);
        lines(&shown(&mut command)?, "quality.py")
    }
}

/// Limits itself, writes down which process it is, and becomes the program. The limit is read anew at each start.
fn wrapper(folder: &Path, program: &Path) -> String {
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    let (limit, started, program) = (quoted(&folder.join("limit")), quoted(&folder.join("started")), quoted(program));
    format!("#!/bin/sh\nset -eu\necho $$ >> {started}\nulimit -v \"$(cat {limit})\"\nexec {program}\n")
}

fn lines<T: serde::de::DeserializeOwned>(text: &str, program: &'static str) -> Result<Vec<T>, Error> {
    let parse = |line| serde_json::from_str(line).map_err(|error| Error::Answer { program, what: format!("{error}: {line}") });
    text.lines().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wrapper around a program that says what is left of its limit.
    fn wrapped(folder: &Path) -> Command {
        let program = folder.join("it's a program");
        // Another process writes it: Linux starts no program that somebody is writing, and a test beside us may hold it open.
        let write = r#"printf '#!/bin/sh\nulimit -v\necho $$\n' > "$1" && chmod 755 "$1""#;
        assert!(Command::new("sh").args(["-c", write, "sh"]).arg(&program).status().unwrap().success());
        let mut command = Command::new("sh");
        command.args(["-c", &wrapper(folder, &program)]);
        command
    }

    #[test]
    fn the_wrapper_becomes_the_program_under_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("limit"), "262144").unwrap();

        let output = wrapped(folder.path()).output().unwrap();

        let said = String::from_utf8(output.stdout).unwrap();
        let started = fs::read_to_string(folder.path().join("started")).unwrap();
        assert_eq!(said, format!("262144\n{started}"), "another process than the function's would be limited and measured");
    }

    #[test]
    fn a_wrapper_that_cannot_limit_starts_nothing() {
        let folder = tempfile::tempdir().unwrap();

        let output = wrapped(folder.path()).output().unwrap();

        assert!(!output.status.success() && output.stdout.is_empty(), "a function without a limit would pass for a small one: {output:?}");
    }
}
