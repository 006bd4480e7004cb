//! Renders the benchmarks' job platform: what the comparison with other tools runs.
//!
//! ```text
//! platform COUNT FOLDER [--check]   that many templates, one file each; with --check also checked and linted
//! platform --large                  seven platforms in one template, on stdout
//! platform --placeholders           one template with a placeholder for every value of its environment
//! platform --environments COUNT     the values, as JSON
//! ```
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for measuring, not a library")]

#[path = "../benches/platform/mod.rs"]
mod platform;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

use cfn_kit::rules::{self, Context};
use cfn_kit::{Json, Template, to_json};
use platform::{Config, config};
use serde_json::json;

/// The brand of the templates.
enum Platform {}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--large"] => print!("{}", to_json(&platform::large::<Platform>().to_json())),
        ["--placeholders"] => print!("{}", to_json(&template(&placeholders()).to_json())),
        ["--environments", count] => {
            let all: Vec<Json> = (0..count.parse().unwrap_or(0)).map(|index| values(&config(index))).collect();
            print!("{}", to_json(&all.into()));
        }
        [count, folder, options @ ..] => match render(count.parse().unwrap_or(0), Path::new(folder), options == ["--check"]) {
            Ok(findings) => eprintln!("{findings} findings"),
            Err(error) => {
                eprintln!("{folder}: {error}");
                return ExitCode::FAILURE;
            }
        },
        _ => {
            eprintln!("what to render? see the head of examples/platform.rs");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn template(config: &Config) -> Template<Platform> {
    let mut template = Template::new(&format!("Job platform {}", config.name));
    platform::platform(&mut template, "", config);
    template
}

/// Writes the templates; gives the number of findings in them, where they are to be checked.
fn render(count: u32, folder: &Path, check: bool) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let mut findings = 0;
    for config in (0..count).map(config) {
        let document = template(&config).document();
        fs::write(folder.join(format!("jobs-{}.template.json", config.name)), to_json(&document.template))?;
        if check {
            let context = Context { production: true, region: Some("eu-central-1".to_owned()), ..Context::default() };
            findings += cfn_kit::check(&document).len() + rules::lint(&document, &context).len();
        }
    }
    Ok(findings)
}

/// An environment whose every value can be found again in what is rendered: the peers' programs have a variable there.
fn placeholders() -> Config {
    Config {
        name: "@name@".to_owned(),
        visibility_seconds: 900_000_001,
        log_days: 900_000_002,
        submit_rate: 900_000_003,
        submit_burst: 900_000_004,
        read_rate: 900_000_005,
        read_burst: 900_000_006,
        instance_type: "@instance_type@".to_owned(),
        alarm_email: "@alarm_email@".to_owned(),
        oldest_seconds: 900_000_007,
        memory_mb: 900_000_008,
        network: 900_000_009,
    }
}

/// The values of an environment, under the names of the fields.
fn values(config: &Config) -> Json {
    json!({
        "name": config.name,
        "visibility_seconds": config.visibility_seconds,
        "log_days": config.log_days,
        "submit_rate": config.submit_rate,
        "submit_burst": config.submit_burst,
        "read_rate": config.read_rate,
        "read_burst": config.read_burst,
        "instance_type": config.instance_type,
        "alarm_email": config.alarm_email,
        "oldest_seconds": config.oldest_seconds,
        "memory_mb": config.memory_mb,
        "network": config.network,
    })
}
