//! The container image that `cargo xtask image` makes, started as a container would be: with nothing but what is in it.
#![cfg(test)]
#![cfg(target_os = "linux")]

mod common;

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use common::config;
use contract::upload::UploadConfig;
use serde_json::Value;

/// A debug build on a machine that compiles beside it; a container has a tenth of it.
const LONGEST: Duration = Duration::from_secs(60);

/// A name that nobody else knows.
const ISSUER: &str = "issuer.test";

/// An image, and the files that a container of it sees.
struct Image {
    folder: tempfile::TempDir,
    config: Value,
}

impl Image {
    /// Made by the command that people use, and unpacked.
    fn unpacked() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let layout = folder.path().join("layout");
        let words = ["run", "--quiet", "--package", "xtask", "--", "image", "--env", "local", "--json", "--out"];
        let made = Command::new(env!("CARGO")).args(words).arg(&layout).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();

        let manifest = read(&blob(&layout, &made["digest"]));
        let config = read(&blob(&layout, &manifest["config"]["digest"]));
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        for layer in manifest["layers"].as_array().unwrap() {
            let tar = Command::new("tar").arg("-xzf").arg(blob(&layout, &layer["digest"])).arg("-C").arg(&root).status().unwrap();
            assert!(tar.success(), "the layer cannot be unpacked");
        }
        // Whoever runs a container lays these over it.
        fs::write(root.join("etc/hosts"), format!("127.0.0.1 {ISSUER}\n")).unwrap();
        fs::write(root.join("etc/resolv.conf"), "").unwrap();
        Self { folder, config }
    }

    /// Starts the entry point where `/` is the image, with these variables and no others.
    fn start(&self, wall: Wall, variables: &[(&str, String)]) -> Container {
        let (root, config) = (self.folder.path().join("root"), &self.config["config"]);
        let (entry, user) = (config["Entrypoint"][0].as_str().unwrap(), config["User"].as_str().unwrap());
        let inside = |path: &str| root.join(path.trim_start_matches('/'));
        let mut command = match wall {
            Wall::Root => words("chroot", &[&format!("--userspec={user}"), &root.display().to_string(), entry]),
            Wall::Namespace => words("unshare", &["--map-root-user", &format!("--root={}", root.display()), "--wd=/", entry]),
            Wall::Loader => {
                let libraries = inside("lib").display().to_string();
                let mut command = Command::new(inside(LOADER));
                command.args(["--inhibit-cache", "--library-path", &libraries]).arg(inside(entry));
                command
            }
        };
        command.env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        if wall == Wall::Loader {
            command.env("SSL_CERT_FILE", inside("etc/ssl/certs/ca-certificates.crt"));
        }
        let log = self.folder.path().join("log");
        let file = fs::File::create(&log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Container { child, log }
    }
}

const LOADER: &str = if cfg!(target_arch = "aarch64") { "lib/ld-linux-aarch64.so.1" } else { "lib64/ld-linux-x86-64.so.2" };

/// What keeps the program from everything that is not in its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wall {
    /// Root may give a process another `/`, and another user.
    Root,
    /// Others may where the kernel lets them have namespaces.
    Namespace,
    /// Where it does not, as on Ubuntu 24.04, at least the loader and the libraries are the image's.
    Loader,
}

impl Wall {
    fn of_this_machine() -> Self {
        let ran = |command: &mut Command| command.output().ok().filter(|output| output.status.success());
        let user = ran(Command::new("id").arg("-u")).map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        if user.as_deref() == Some("0") {
            return Self::Root;
        }
        if ran(&mut words("unshare", &["--map-root-user", "true"])).is_some() { Self::Namespace } else { Self::Loader }
    }

    /// A name that is looked up, and leads to this machine: one that only the hosts file in the container knows, where that is read.
    fn issuer(self) -> &'static str {
        if self == Self::Loader { "localhost" } else { ISSUER }
    }
}

fn words(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

struct Container {
    child: Child,
    log: PathBuf,
}

impl Container {
    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Asks until it answers: status and body.
    fn get(&mut self, port: u16, path: &str) -> (u16, String) {
        let begun = Instant::now();
        loop {
            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
                stream.set_read_timeout(Some(LONGEST)).unwrap();
                stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
                let mut text = String::new();
                stream.read_to_string(&mut text).unwrap();
                let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
                return (text.split(' ').nth(1).unwrap().parse().unwrap(), body);
            }
            assert!(self.child.try_wait().unwrap().is_none(), "it ended at once: {}", self.log());
            assert!(begun.elapsed() < LONGEST, "nobody listens: {}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Tells it to end as an orchestrator does.
    fn stop(&mut self) -> ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        self.child.wait().unwrap()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn blob(layout: &Path, digest: &Value) -> PathBuf {
    layout.join("blobs/sha256").join(digest.as_str().unwrap().trim_start_matches("sha256:"))
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Somebody who has no keys, and tells when he was asked for some.
fn issuer() -> (u16, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, was_asked) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let read = stream.read(&mut [0; 4_096]).unwrap();
            if 0 < read {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\nconnection: close\r\n\r\n{\"keys\":[]}").unwrap();
                asked.send(()).unwrap();
            }
        }
    });
    (port, was_asked)
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn an_image_starts_with_nothing_but_what_is_in_it_and_answers_its_health_check() {
    let image = Image::unpacked();
    let ((keys, asked), port) = (issuer(), free_port());
    let wall = Wall::of_this_machine();
    let set = |name, value: &str| (name, value.to_owned());
    let mut variables =
        vec![set("AWS_REGION", "eu-central-1"), set("AWS_ACCESS_KEY_ID", "nobody"), set("AWS_SECRET_ACCESS_KEY", "nothing")];
    let (listen, jwks_url) = (format!("0.0.0.0:{port}"), format!("http://{}:{keys}/keys", wall.issuer()));
    variables.extend(UploadConfig { listen, jwks_url, ..config("stream") }.variables());

    let mut container = image.start(wall, &variables);
    let (healthy, refused) = (container.get(port, "/ping"), container.get(port, "/images/1"));
    let ended = container.stop();

    assert_eq!(healthy, (200, "ok".to_owned()), "the load balancer would take it out again: {}", container.log());
    assert!(asked.try_recv().is_ok(), "no name could be resolved in the container: {}", container.log());
    assert_eq!(refused.0, 401, "it does not serve: {refused:?}");
    assert!(ended.success(), "each deploy would cut uploads off: {ended} {}", container.log());
}
