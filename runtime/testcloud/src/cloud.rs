//! MiniStack as a child of the test: started once, gone when the test is.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Tenant;

/// Where `cargo xtask local up` makes it, below cargo's target folder.
const PROGRAM: &str = "python/local-cloud/bin/ministack";

/// It takes about a second; the first time on a slow machine, several.
const READY_WITHIN: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(50);

/// Starts the program and ends it as soon as nobody holds the other end of stdin: when the test lets it go, and also when the test was
/// killed. Ends by itself when the program does.
const KEEPER: &str = r#"exec 3<&0
"$1" </dev/null >"$2" 2>&1 3<&- & program=$!
(read -r _ <&3; kill "$program") 2>/dev/null & keeper=$!
wait "$program"; status=$?
kill "$keeper" 2>/dev/null
exit "$status""#;

/// The first account; each tenant gets the next one.
const FIRST_ACCOUNT: u64 = 100_000_000_000;

/// Why there is no cloud to test with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its Python environment was not made yet.
    #[error("there is no `{PROGRAM}` in cargo's target folder above `{}`; `cargo xtask local up` makes it", beside.display())]
    Missing {
        /// The test that looked for it.
        beside: PathBuf,
    },
    /// Its folder could not be made.
    #[error("the local cloud has no folder")]
    Folder(#[source] io::Error),
    /// It could not be started.
    #[error("the local cloud cannot be started")]
    Start(#[source] io::Error),
    /// It ended, or was never ready.
    #[error("the local cloud {what}; its last words: {said}")]
    NotReady {
        /// What it did instead.
        what: String,
        /// The end of its log.
        said: String,
    },
}

/// A local cloud of our own: empty, on loopback, on a port that nobody else has.
#[derive(Debug)]
pub struct Cloud {
    port: u16,
    keeper: Child,
    tenants: AtomicU64,
    /// Everything that it keeps; removed after it.
    folder: tempfile::TempDir,
}

impl Cloud {
    /// The one that all tests of a program share, each with a tenant of its own.
    ///
    /// # Errors
    ///
    /// When it cannot be started; each test then says why.
    pub fn shared() -> Result<&'static Self, &'static Error> {
        static SHARED: OnceLock<Result<Cloud, Error>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// Another one.
    ///
    /// # Errors
    ///
    /// When its Python environment is missing, or it does not get ready.
    pub fn start() -> Result<Self, Error> {
        let program = find(&std::env::current_exe().unwrap_or_default())?;
        let folder = tempfile::Builder::new().prefix("testcloud-").tempdir().map_err(Error::Folder)?;
        for name in ["home", "tmp", "state"] {
            fs::create_dir(folder.path().join(name)).map_err(Error::Folder)?;
        }
        let port = free_port().map_err(Error::Start)?;
        let keeper = spawn(&program, folder.path(), port).map_err(Error::Start)?;
        let mut cloud = Self { port, keeper, tenants: AtomicU64::new(FIRST_ACCOUNT), folder };
        cloud.wait()?;
        Ok(cloud)
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    /// An account that nobody else has: what one test makes, no other sees.
    pub fn tenant(&self) -> Tenant {
        Tenant::new(self.endpoint(), self.tenants.fetch_add(1, Ordering::Relaxed).to_string())
    }

    fn wait(&mut self) -> Result<(), Error> {
        let started = Instant::now();
        loop {
            let what = match self.keeper.try_wait() {
                Ok(Some(status)) => format!("ended with {status}"),
                Ok(None) if is_ready(self.port) => return Ok(()),
                Ok(None) if started.elapsed() < READY_WITHIN => {
                    thread::sleep(GLANCE);
                    continue;
                }
                Ok(None) => format!("was not ready within {} s", READY_WITHIN.as_secs()),
                Err(error) => error.to_string(),
            };
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            let mut last: Vec<_> = log.lines().rev().take(12).collect();
            last.reverse();
            return Err(Error::NotReady { what, said: last.join("\n") });
        }
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        drop(self.keeper.wait());
    }
}

/// The test lies somewhere in cargo's target folder, and so does what is looked for.
fn find(test: &Path) -> Result<PathBuf, Error> {
    let found = test.ancestors().map(|folder| folder.join(PROGRAM)).find(|program| program.is_file());
    found.ok_or_else(|| Error::Missing { beside: test.to_owned() })
}

fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// A port that is free now. Should somebody take it before the cloud does, the cloud ends and says so.
fn free_port() -> io::Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr().map(|address| address.port())
}

fn spawn(program: &Path, folder: &Path, port: u16) -> io::Result<Child> {
    let log = folder.join("log");
    File::create(&log)?;
    Command::new("sh")
        .args([OsStr::new("-c"), OsStr::new(KEEPER), OsStr::new("sh"), program.as_os_str(), log.as_os_str()])
        // Nothing of the person who tests: neither credentials nor proxies.
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .env("HOME", folder.join("home"))
        .env("TMPDIR", folder.join("tmp"))
        .env("STATE_DIR", folder.join("state"))
        .env("AWS_ENDPOINT_URL", endpoint(port))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        // Every address otherwise; and two services would open ports of their own to the network.
        .env("BIND_HOST", "127.0.0.1")
        .env("IOT_MTLS_ENABLED", "0")
        .env("SFTP_ENABLED", "0")
        .env("GATEWAY_PORT", port.to_string())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

fn is_ready(port: u16) -> bool {
    let ask = || -> io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), GLANCE)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(format!("GET /_ministack/ready HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").as_bytes())?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(answer.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_without_the_cloud_says_which_command_makes_it() {
        let error = find(Path::new("/nowhere/target/debug/deps/test")).unwrap_err();

        assert!(error.to_string().contains("`cargo xtask local up` makes it"), "{error}");
    }
}
