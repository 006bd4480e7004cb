//! llama.cpp's own server, from a package that has it compiled.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::super::{Error, Workspace, write};
use super::AT_ONCE;
use crate::python::{Lookup, Purpose, Venv};

/// Tokens of context for each text, as our own program takes them.
const CONTEXT: u32 = 512;

/// A server that runs. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    url: String,
}

impl Server {
    pub(super) fn start(workspace: &Workspace, folder: &Path, model: &Path, threads: usize, tell: &dyn Fn(&str)) -> Result<Self, Error> {
        let venv = Venv::ensure(&Purpose::LLAMA_SERVER, workspace.target(), &Lookup::from_environment(), tell)?;
        let script = folder.join("server.py");
        write(&script, include_str!("server.py"))?;
        let slots = AT_ONCE.iter().max().copied().unwrap_or(1);
        let mut command = Command::new(venv.program("python"));
        command.arg(script).arg(model).args([slots.to_string(), CONTEXT.to_string(), threads.to_string()]);
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = started.map_err(|source| Error::Start { program: "python".to_owned(), source })?;
        let url = child.stdout.take().and_then(address);
        let server = Self { child, url: url.unwrap_or_default() };
        if server.url.is_empty() {
            return Err(Error::Answer { program: "llama.cpp's server", what: "it ended before it named its address".to_owned() });
        }
        Ok(server)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

/// The first line that is one: the server may say other things before.
fn address(stdout: impl std::io::Read) -> Option<String> {
    BufReader::new(stdout).lines().map_while(Result::ok).find(|line| line.starts_with("http://"))
}

impl Drop for Server {
    fn drop(&mut self) {
        // It reads its end from stdin; one that does not is ended.
        drop(self.child.stdin.take());
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
