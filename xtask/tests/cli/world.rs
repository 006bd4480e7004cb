//! A small repository with a cargo and an engine that play their parts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use protocol::{Event, Failure, FailureKind, Request, Sent};
use tempfile::TempDir;

/// The binaries that the platform's stacks run.
const SHIPPED: [&str; 6] = ["transcode", "imagegen", "front-door", "upload", "reconciler", "gpu-worker"];

/// The digest of the model that the environments of a world name.
pub(crate) const MODEL_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A repository in a temporary folder, with the environments of this one.
pub(crate) struct World {
    folder: TempDir,
}

/// How a command ended and what it said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    /// One that is a git checkout with everything in it none of git's business, whose cargo "builds" a function for x86_64, and whose
    /// engine must not be started.
    pub(crate) fn new() -> Self {
        let world = Self::without_git();
        fs::write(world.path(".gitignore"), "*\n").unwrap();
        let nobody = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false"];
        let git = |arguments: &[&str]| {
            let output = Command::new("git").args(nobody).args(arguments).current_dir(world.path("")).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        git(&["init", "--quiet"]);
        git(&["commit", "--quiet", "--allow-empty", "--message", "nothing yet"]);
        world
    }

    /// The same as somebody has it who unpacked an archive.
    pub(crate) fn without_git() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../environments");
        fs::create_dir(world.path("environments")).unwrap();
        for name in ["local", "prod", "qa", "staging"] {
            let file = format!("{name}.yaml");
            let text = fs::read_to_string(here.join(&file)).unwrap();
            // As somebody has it who has a model.
            let key = "    key: models/tinyllama.gguf\n";
            let text = text.replacen(key, &format!("{key}    sha256: \"{MODEL_SHA256}\"\n"), 1);
            fs::write(world.path("environments").join(&file), text).unwrap();
        }
        fs::write(world.path("Cargo.toml"), "[workspace]\n").unwrap();
        world.function_for(62);
        world.cargo("exit 0");
        world.any_engine("echo the engine was started >&2; exit 1");
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes the function a program for another machine: the number that ELF gives it.
    pub(crate) fn function_for(&self, machine: u8) {
        let mut header = [0; 64];
        header[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1]);
        header[16] = 3;
        header[18] = machine;
        header[20] = 1;
        header[52] = 64;
        for shipped in SHIPPED {
            fs::write(self.path(shipped), header).unwrap();
        }
    }

    /// Writes the cargo: it says what it built, then does `then`.
    pub(crate) fn cargo(&self, then: &str) {
        let built = |name: &str, path: &Path| {
            serde_json::json!({ "reason": "compiler-artifact", "target": { "name": name }, "executable": path }).to_string()
        };
        let says = SHIPPED.map(|name| built(name, &self.path(name))).join("\n");
        // Before a build for AWS it is asked where everything is.
        let places = serde_json::json!({ "packages": [], "workspace_root": self.folder.path(), "target_directory": self.path("target") });
        let asked = format!("if [ \"$1\" = metadata ]; then echo '{places}'; exit 0; fi");
        let calls = self.path("cargo-calls");
        self.program("cargo", &format!("{asked}\necho \"$@\" >> '{}'\nprintf '%s\\n' '{says}'\n{then}", calls.display()));
    }

    /// Writes an engine of which only the deploy matters: it keeps the request, has nothing against the credentials, then does `then`.
    pub(crate) fn engine(&self, then: &str) {
        let read = Event::Done { outcome: protocol::Outcome::Read, calls: [].into(), seconds: 0.0 };
        let request = self.path("request.json");
        let early = format!("if grep -q '\"request\":\"status\"' '{}'; then\n{}\nexit 0\nfi", request.display(), says(&read));
        self.any_engine(&format!("{early}\n{then}"));
    }

    /// Writes an engine: it keeps the request, then does `then`, whatever it was asked.
    pub(crate) fn any_engine(&self, then: &str) {
        self.program("engine", &format!("head -n 1 > '{}'\n{then}", self.path("request.json").display()));
    }

    /// Writes an engine that tells these events and ends.
    pub(crate) fn engine_tells(&self, events: &[Event]) {
        self.any_engine(&events.iter().map(says).collect::<Vec<_>>().join("\n"));
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What the engine was asked; none when it was not started.
    pub(crate) fn request(&self) -> Option<Request> {
        let text = fs::read_to_string(self.path("request.json")).ok()?;
        Some(serde_json::from_str(&text).unwrap())
    }

    /// Every call of cargo, one line each.
    pub(crate) fn cargo_calls(&self) -> String {
        fs::read_to_string(self.path("cargo-calls")).unwrap_or_default()
    }

    /// The command, ready to be started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("CARGO", self.path("cargo"))
            .env("CLOUDWRIGHT_ENGINE", self.path("engine"))
            .env("CARGO_TARGET_DIR", self.path("target"))
            .env("CLOUDWRIGHT_LOCAL_DIR", self.path("local-cloud"))
            .env_remove("CLICOLOR_FORCE")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end, with nobody at a terminal.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap().replace(&self.folder.path().display().to_string(), "[repository]");
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A line of a shell script that tells an event.
pub(crate) fn says(event: &Event) -> String {
    // Not `echo`: some shells' own reads `\n` as the end of a line.
    format!("printf '%s\\n' '{}'", serde_json::to_string(event).unwrap().replace('\'', "'\\''"))
}

/// A failure as an engine tells it.
pub(crate) fn failed(kind: FailureKind, message: &str, causes: &[&str], hint: &str, sent: Sent) -> Event {
    Event::Failed(Failure {
        kind,
        message: message.to_owned(),
        causes: causes.iter().map(ToString::to_string).collect(),
        source: None,
        hint: hint.to_owned(),
        sent,
    })
}
