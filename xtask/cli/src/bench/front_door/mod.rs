//! `cargo xtask bench front-door`: our front door beside handlers of the same job in Node and Python, as Lambda runs them.
//!
//! Each is started by the same Runtime API on loopback and gets the same requests: a ping with a token, one without, a preflight. Ours
//! does more: it also counts each ping in a table (here a stand-in that answers at once), and writes the whole access line.

mod stage;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use contract::front_door::FrontDoorConfig;
use contract::metrics::FUNCTION_NAME_VARIABLE;
use serde_json::{Value, json};

use self::stage::{Asked, Run, Stage};
use super::child::{answer, cargo, shown};
use super::metadata::in_root;
use super::{Error, Figure, make_folder, stats, write};
use crate::interrupts::Interrupts;
use crate::python::{Lookup, Purpose, Venv};
use crate::workspace::Workspace;

const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Bench";
const CLIENT: &str = "bench";

/// How often each kind of request is made in a run.
const REQUESTS: usize = 300;

/// The kinds of requests: name, status, and for how long the slowest of a hundred may take with us, in milliseconds (API-003.02,
/// API-004.03; a ping has no bar of its own and gets that of a refusal).
const KINDS: [(&str, u16, f64); 3] = [("ping", 200, 150.0), ("no token", 401, 150.0), ("preflight", 204, 100.0)];

/// What a cold miss of the keys may take (API-003.04).
const COLD_BAR: f64 = 300.0;

const PROGRAMS: [&str; 3] = ["front-door", "node", "python"];

pub(super) fn measure(workspace: &Workspace, rounds: u32, interrupts: &Interrupts, tell: &dyn Fn(&str)) -> Result<Vec<Figure>, Error> {
    let folder = workspace.scratch().join("bench/front-door");
    make_folder(&folder)?;
    let programs = Programs::prepare(workspace, &folder, tell)?;
    let made: Value = parse(&answer(Command::new(&programs.python).arg(folder.join("tokens.py")).args([ISSUER, CLIENT]))?)?;
    let asked = requests(&made);

    let mut runs = vec![Vec::new(); PROGRAMS.len()];
    for round in 1..=rounds {
        for (index, name) in PROGRAMS.into_iter().enumerate() {
            if 0 < interrupts.count() {
                return Err(Error::Interrupted);
            }
            let run = programs.run(index, &asked, made.get("jwks").unwrap_or(&Value::Null))?;
            tell(&format!("round {round} of {rounds}: {name}, ready after {:.1} ms", run.start));
            runs[index].push(run);
        }
    }
    Ok(figures(&runs))
}

/// How each is started.
#[derive(Debug)]
struct Programs {
    ours: PathBuf,
    python: PathBuf,
    folder: PathBuf,
}

impl Programs {
    fn prepare(workspace: &Workspace, folder: &Path, tell: &dyn Fn(&str)) -> Result<Self, Error> {
        for (name, text) in [
            ("tokens.py", include_str!("tokens.py")),
            ("handler.py", include_str!("handler.py")),
            ("handler.js", include_str!("handler.js")),
        ] {
            write(&folder.join(name), text)?;
        }
        // The local cloud's Python has the cryptography that handlers in Python use.
        let venv = Venv::ensure(&Purpose::LOCAL_CLOUD, workspace.target(), &Lookup::from_environment(), tell)?;
        tell("building the front door as it is deployed (minutes the first time: the AWS SDK is compiled)");
        let mut cargo = cargo();
        in_root(&mut cargo, workspace).env("CARGO_TARGET_DIR", workspace.target());
        shown(cargo.args(["build", "--quiet", "--profile", "lambda", "--package", "front-door"]))?;
        Ok(Self { ours: workspace.target().join("lambda/front-door"), python: venv.program("python"), folder: folder.to_owned() })
    }

    fn command(&self, index: usize) -> Command {
        let with = |program: &Path, file: &str| {
            let mut command = Command::new(program);
            command.arg(self.folder.join(file));
            command
        };
        match index {
            0 => Command::new(&self.ours),
            1 => with(Path::new("node"), "handler.js"),
            _ => with(&self.python, "handler.py"),
        }
    }

    fn run(&self, index: usize, asked: &[Asked], jwks: &Value) -> Result<Run, Error> {
        let program = PROGRAMS[index];
        let cannot = |source| Error::Start { program: program.to_owned(), source };
        let stage = Stage::open(asked.to_vec(), jwks).map_err(cannot)?;
        let mut command = self.command(index);
        // Lambda's environment, and nothing of ours but where programs are.
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).envs(surroundings(stage.port()));
        let began = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(cannot)?;
        let outcome = stage.wait(began);
        // It waits for a request that never comes.
        child.kill().and_then(|()| child.wait()).map_err(cannot)?;
        outcome.map_err(|what| Error::Answer { program, what })
    }
}

fn surroundings(port: u16) -> Vec<(&'static str, String)> {
    let here = format!("{}:{port}", Ipv4Addr::LOCALHOST);
    let url = format!("http://{here}");
    let config = FrontDoorConfig::<String> {
        issuer: ISSUER.to_owned(),
        jwks_url: format!("{url}/jwks.json"),
        client_id: CLIENT.to_owned(),
        jobs_table: "jobs".to_owned(),
        rate_table: "rates".to_owned(),
        fleet_table: "fleet".to_owned(),
        job_queue_url: format!("{url}/jobs.fifo"),
        picture_queue_url: format!("{url}/pictures"),
        ops_queue_url: format!("{url}/ops.fifo"),
        token_use: "id".to_owned(),
        origins: contract::Words::default(),
        burst_per_second: 100,
        per_minute: 1_000,
        retry_after: "60".to_owned(),
        accepts_jobs: true,
        may_resize: true,
        max_body_bytes: 65_536,
        max_prompt_bytes: 16_384,
        max_tokens: 512,
        models: ["tiny"].into_iter().collect(),
        picture_family: "stability".to_owned(),
        job_lifetime_seconds: 3_600,
        record_days: 7,
        admin_group: "admins".to_owned(),
        instance_types: contract::Words::default(),
    };
    let mut all = vec![
        ("AWS_LAMBDA_RUNTIME_API", here),
        (FUNCTION_NAME_VARIABLE, "bench".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "111122223333".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "bench".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_ENDPOINT_URL", url),
    ];
    all.extend(config.variables());
    all
}

/// A first ping, which finds no keys, and then all kinds in turn.
fn requests(made: &Value) -> Vec<Asked> {
    let tokens: Vec<_> = made.get("tokens").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let token = |at: usize| tokens.get(at % tokens.len().max(1)).copied().unwrap_or_default();
    let ask = |at: usize, kind: usize| {
        let authorization = format!("Bearer {}", token(at));
        let headers = match kind {
            0 => json!({ "authorization": authorization, "origin": "http://localhost:5173", "user-agent": "bench" }),
            1 => json!({ "user-agent": "bench" }),
            _ => json!({ "origin": "http://localhost:5173", "access-control-request-method": "POST", "user-agent": "bench" }),
        };
        let method = if kind == 2 { "OPTIONS" } else { "GET" };
        let http = json!({ "method": method, "path": "/ping", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "bench" });
        let context = json!({ "http": http, "requestId": format!("request-{at}"), "stage": "$default" });
        let event =
            json!({ "version": "2.0", "rawPath": "/ping", "headers": headers, "requestContext": context, "isBase64Encoded": false });
        Asked { event, status: KINDS[kind].1 }
    };
    let rest = (0..REQUESTS).flat_map(|at| (0..KINDS.len()).map(move |kind| (at, kind)));
    std::iter::once((0, 0)).chain(rest).map(|(at, kind)| ask(at, kind)).collect()
}

/// A number of all runs of a program, and the one in the middle where it is another.
type Told = Option<(f64, Option<f64>)>;

fn figures(runs: &[Vec<Run>]) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut side_by_side = |name: &str, bar: Option<f64>, of: &dyn Fn(&[Run]) -> Told| {
        let ours = runs.first().and_then(|runs| of(runs));
        for (program, theirs) in PROGRAMS.into_iter().zip(runs) {
            let Some((value, half)) = of(theirs) else { continue };
            let mut figure = Figure::new(format!("{name}: {program}"), value, "ms");
            figure.add("p50", half);
            figure.add("times_ours", ours.and_then(|(ours, _)| stats::ratio(value, ours)));
            figures.push(match bar {
                Some(bar) if program == PROGRAMS[0] => figure.at_most(bar),
                Some(_) | None => figure,
            });
        }
    };
    let middle = |runs: &[Run], of: &dyn Fn(&Run) -> f64| stats::median(&runs.iter().map(of).collect::<Vec<_>>());
    side_by_side("start until ready", None, &|runs| middle(runs, &|run| run.start).map(|value| (value, None)));
    let first = |run: &Run| run.requests.first().copied().unwrap_or_default();
    side_by_side("first ping", Some(COLD_BAR), &|runs| middle(runs, &first).map(|value| (value, None)));
    for (kind, (name, _, bar)) in KINDS.into_iter().enumerate() {
        side_by_side(&format!("{name}, p99"), Some(bar), &|runs| {
            let all = runs.iter().flat_map(|run| run.requests.iter().skip(1 + kind).step_by(KINDS.len()).copied());
            let all: Vec<f64> = all.collect();
            percentile(&all, 99).map(|value| (value, stats::median(&all)))
        });
    }
    figures
}

/// The value that so many of a hundred do not exceed.
fn percentile(values: &[f64], of_a_hundred: usize) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * of_a_hundred).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

fn parse(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error::Answer { program: "tokens.py", what: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_request_is_counted_apart_and_the_first_one_alone() {
        let run =
            |factor: f64| Run { start: 10.0 * factor, requests: [50.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0].map(|time| time * factor).to_vec() };

        let figures = figures(&[vec![run(1.0)], vec![run(2.0)], vec![run(4.0)]]);

        let told: Vec<_> = figures.iter().map(|figure| (figure.name.as_str(), figure.value)).collect();
        assert_eq!(
            told[..3],
            [("start until ready: front-door", 10.0), ("start until ready: node", 20.0), ("start until ready: python", 40.0)]
        );
        assert_eq!(told[3], ("first ping: front-door", 50.0));
        assert_eq!([told[6].1, told[9].1, told[12].1], [1.0, 2.0, 3.0], "a preflight would pass for a ping");
        assert_eq!(figures[14].more["times_ours"], 4.0);
        assert_eq!((figures[12].holds(), figures[13].holds()), (Some(true), None), "the bars are ours alone");
    }

    #[test]
    fn the_slowest_of_a_hundred_is_not_the_slowest_of_all() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();

        assert_eq!((percentile(&values, 99), percentile(&values, 50), percentile(&[], 99)), (Some(198.0), Some(100.0), None));
    }

    #[test]
    fn the_settings_of_the_bench_are_right() {
        let settings = surroundings(1);

        let read = FrontDoorConfig::read(|name| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()));
        assert!(read.is_ok(), "the function would not start: {read:?}");
        assert_eq!(requests(&json!({ "tokens": ["t"] })).len(), 1 + REQUESTS * KINDS.len());
    }
}
