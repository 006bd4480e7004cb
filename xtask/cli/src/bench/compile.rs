//! `cargo xtask bench compile`: what the generated types cost whoever builds them.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::child::{cargo, noted_megabytes, noting_memory, shown, time};
use super::metadata::{Metadata, in_root};
use super::{Error, Figure, Workspace, make_folder, read};

/// The parts of cargo's messages that matter here.
#[derive(Debug, Deserialize)]
struct Message {
    reason: String,
    package_id: Option<String>,
    out_dir: Option<PathBuf>,
}

pub(super) fn measure(workspace: &Workspace, all: bool, tell: &dyn Fn(&str)) -> Result<Vec<Figure>, Error> {
    let in_use = Metadata::read(workspace)?.features_in_use()?;
    let services = in_use.split(',').count();
    let mut figures = one(workspace, "in use", &in_use, &format!("the {services} services in use"), tell)?;
    if all {
        figures.extend(one(workspace, "all", "all", "every service", tell)?);
    }
    Ok(figures)
}

fn one(workspace: &Workspace, name: &str, features: &str, what: &str, tell: &dyn Fn(&str)) -> Result<Vec<Figure>, Error> {
    // A target folder of its own: the one in use would lose what it holds.
    let target = workspace.scratch().join("bench/compile");
    make_folder(&target)?;
    let command = |words: &[&str]| {
        let mut cargo = cargo();
        // As a pipeline does it, and so that the second time costs what the first did.
        in_root(&mut cargo, workspace).env("CARGO_TARGET_DIR", &target).env("CARGO_INCREMENTAL", "0");
        cargo.args(words).args(["--quiet", "--package", "cfn-kit"]);
        cargo
    };
    let mut figures = Vec::new();
    // Checked last, so that the question below finds it done.
    for verb in ["build", "check"] {
        let compile = || {
            let mut cargo = command(&[verb]);
            cargo.args(["--features", features]);
            cargo
        };
        tell(&format!("cargo {verb}: the kit with {what}"));
        // Without any service, for what lies below the kit.
        shown(&mut command(&[verb]))?;
        shown(&mut command(&["clean"]))?;
        let note = target.join("peak");
        let noting = noting_memory(&compile(), &note).is_some();
        let took = time(1, || noting_memory(&compile(), &note).unwrap_or_else(compile))?;
        let seconds = took.cpu_seconds.unwrap_or(took.wall_seconds);
        let how = match took.cpu_seconds {
            Some(_) => format!("of CPU, build script included; {} s by the clock", super::stats::short(took.wall_seconds)),
            None => "by the clock: this system does not tell the CPU of other programs".to_owned(),
        };
        figures.push(Figure::new(format!("cargo {verb}, {name}"), seconds, "s").note(how));
        if noting {
            figures.push(Figure::new(format!("  its largest process, {name}"), noted_megabytes(&note)?, "MB"));
        } else {
            tell("the memory is not measured: that takes GNU time (Debian: `apt install time`)");
        }
    }
    let mut cargo = command(&["check", "--message-format", "json"]);
    let messages = shown(cargo.args(["--features", features]))?;
    let (lines, bytes) = generated(&out_folder(&messages)?)?;
    figures.push(Figure::new(format!("generated Rust, {name}"), bytes as f64 / 1e6, "MB").note(format!("{lines} lines")));
    Ok(figures)
}

/// Where the kit's build script wrote to.
fn out_folder(messages: &str) -> Result<PathBuf, Error> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let ours = |message: Message| {
        let kit = message.reason == "build-script-executed" && message.package_id.is_some_and(|id| id.contains("cfn-kit"));
        message.out_dir.filter(|_| kit)
    };
    let found = messages.filter_map(ours).next();
    found.ok_or_else(|| Error::Answer { program: "cargo check", what: "cfn-kit has no build script".to_owned() })
}

/// Lines and bytes of the types; the tables beside them are data.
fn generated(folder: &Path) -> Result<(usize, usize), Error> {
    let entries = std::fs::read_dir(folder).map_err(|source| Error::Read { path: folder.to_owned(), source })?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let rust = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("facts.rs"));
    let mut sum = (0, 0);
    for path in rust {
        let text = read(&path)?;
        sum = (sum.0 + text.lines().count(), sum.1 + text.len());
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_generated_types_are_found_among_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","package_id":"path+file:///x/cfn-kit#0.1.0"}
{"reason":"build-script-executed","package_id":"registry+serde#1.0","out_dir":"/x/serde"}
{"reason":"build-script-executed","package_id":"path+file:///x/cfn-kit#0.1.0","out_dir":"/x/kit/out"}"#;

        assert_eq!(out_folder(messages).unwrap(), PathBuf::from("/x/kit/out"));
        assert!(out_folder("").is_err(), "nothing would count as no line of Rust");
    }

    #[test]
    fn the_table_of_facts_is_no_rust_that_somebody_waits_for() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sqs.rs"), "one\ntwo\n").unwrap();
        fs::write(folder.path().join("services.rs"), "three\n").unwrap();
        fs::write(folder.path().join("facts.rs"), "&[]\n").unwrap();
        fs::write(folder.path().join("facts.bin"), [0; 9]).unwrap();

        assert_eq!(generated(folder.path()).unwrap(), (3, 14));
    }
}
