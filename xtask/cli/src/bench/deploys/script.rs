//! What a person writes around a tool that knows one stack at a time: the stacks in order, with what one gives passed on to the next.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use foundation::{ARTIFACT_BUCKET, ARTIFACTS};

use super::plan::{Piece, Plan, Source};

/// Which tool deploys a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::bench) enum Tool {
    AwsCli,
    Sam,
}

/// The most bytes that CloudFormation takes in the call itself; more has to lie in a bucket.
const INLINE_BYTES: u64 = 51_200;

/// A script for `sh`. `aws` is the AWS CLI, which SAM's users have for what SAM does not do.
pub(in crate::bench) fn script(tool: Tool, plan: &Plan, aws: &Path, sam: &Path) -> String {
    let mut lines =
        vec!["set -eu".to_owned(), format!("aws() {{ {} \"$@\"; }}", quoted(aws)), format!("sam() {{ {} \"$@\"; }}", quoted(sam))];
    let sources = || plan.stacks.iter().flat_map(|piece| piece.parameters.values());
    let used: BTreeSet<_> = sources().filter_map(given).collect();
    for piece in &plan.stacks {
        for source in piece.parameters.values() {
            lines.extend(upload(source, piece));
        }
        let large = fs::metadata(&piece.template).is_ok_and(|file| INLINE_BYTES < file.len());
        lines.push(deploy(tool, piece, large));
        for (_, output) in used.iter().filter(|(stack, _)| *stack == piece.stack) {
            let query = format!("Stacks[0].Outputs[?OutputKey=='{output}'].OutputValue");
            let words = format!("aws cloudformation describe-stacks --stack-name {} --query \"{query}\" --output text", piece.name);
            lines.push(format!("{}=$({words})", variable(piece.stack, output)));
        }
    }
    lines.join("\n") + "\n"
}

/// The output behind a parameter.
fn given(source: &Source) -> Option<(&'static str, &'static str)> {
    match source {
        Source::Output { stack, output } | Source::Bucket { stack, output, .. } => Some((stack, output)),
        Source::Key { .. } => None,
    }
}

/// The zip is sent when it is not there: its key holds its digest.
fn upload(source: &Source, piece: &Piece) -> Option<String> {
    let Source::Key { zip, key } = source else { return None };
    let bucket = piece.parameters.values().find_map(|source| match source {
        Source::Bucket { stack, output, .. } => Some(variable(stack, output)),
        Source::Key { .. } | Source::Output { .. } => None,
    })?;
    Some(format!(
        "aws s3api head-object --bucket \"${bucket}\" --key {key} >/dev/null 2>&1 || \
         aws s3 cp --only-show-errors {} \"s3://${bucket}/{key}\"",
        quoted(zip)
    ))
}

fn deploy(tool: Tool, piece: &Piece, large: bool) -> String {
    let mut words = match tool {
        Tool::AwsCli => "aws cloudformation deploy".to_owned(),
        Tool::Sam => "sam deploy --no-confirm-changeset --no-progressbar".to_owned(),
    };
    let mut add = |word: String| {
        words.push(' ');
        words.push_str(&word);
    };
    add(format!("--no-fail-on-empty-changeset --template-file {} --stack-name {}", quoted(&piece.template), piece.name));
    if large {
        add(format!("--s3-bucket \"${}\"", variable(ARTIFACTS, ARTIFACT_BUCKET)));
    }
    if !piece.capabilities.is_empty() {
        add(format!("--capabilities {}", piece.capabilities.join(" ")));
    }
    add("--tags".to_owned());
    piece.tags.iter().for_each(|(key, value)| add(format!("{key}={value}")));
    if !piece.parameters.is_empty() {
        add("--parameter-overrides".to_owned());
    }
    for (id, source) in &piece.parameters {
        let value = match source {
            Source::Key { key, .. } => key.clone(),
            Source::Bucket { stack, output, .. } | Source::Output { stack, output } => format!("${}", variable(stack, output)),
        };
        add(format!("\"{id}={value}\""));
    }
    words
}

fn variable(stack: &str, output: &str) -> String {
    format!("{}_{output}", stack.replace('-', "_"))
}

/// For the shell, whatever it holds.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;
    use std::process::Command;

    use indexmap::IndexMap;

    use super::*;

    fn piece(stack: &'static str, parameters: &[(&str, Source)], capabilities: Vec<&'static str>) -> Piece {
        Piece {
            stack,
            name: format!("c-local-{stack}"),
            template: PathBuf::from(format!("/it's/{stack}.json")),
            parameters: parameters.iter().map(|(id, source)| ((*id).to_owned(), source.clone())).collect::<IndexMap<_, _>>(),
            tags: BTreeMap::from([("c:environment".to_owned(), "local".to_owned())]),
            capabilities,
        }
    }

    fn plan() -> Plan {
        let zip = PathBuf::from("/zips/a.zip");
        let images = [
            ("Topic", Source::Output { stack: "jobs-and-more", output: "Topic" }),
            ("Bucket", Source::Bucket { zip: zip.clone(), stack: "artifacts", output: "Name" }),
            ("Key", Source::Key { zip, key: "code/1.zip".to_owned() }),
        ];
        Plan::of(vec![
            piece("artifacts", &[], Vec::new()),
            piece("jobs-and-more", &[], Vec::new()),
            piece("images", &images, vec!["CAPABILITY_IAM"]),
        ])
    }

    /// What a script would run, one command per line, told by programs that answer with a word each.
    fn run(tool: Tool) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let program = |name: &str, answer: &str| {
            let path = folder.path().join(name);
            fs::write(&path, format!("echo {name} \"$@\" >> '{}'\n{answer}\n", log.display())).unwrap();
            path
        };
        let aws = program("aws", "case \"$2\" in describe-stacks) echo given-by-$4;; head-object) exit 1;; esac");
        let sam = program("sam", ":");
        let text = script(tool, &plan(), Path::new("/bin/sh"), Path::new("/bin/sh"));
        // The shell runs the two programs, so that nothing has to be made executable.
        let text = text.replace("aws() { '/bin/sh' \"$@\"; }", &format!("aws() {{ /bin/sh '{}' \"$@\"; }}", aws.display()));
        let text = text.replace("sam() { '/bin/sh' \"$@\"; }", &format!("sam() {{ /bin/sh '{}' \"$@\"; }}", sam.display()));
        let output = Command::new("sh").args(["-c", &text]).output().unwrap();
        assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
        fs::read_to_string(log).unwrap().lines().map(ToOwned::to_owned).collect()
    }

    #[test]
    fn what_one_stack_gives_is_passed_on_to_the_next() {
        let ran = run(Tool::AwsCli);

        let starts: Vec<_> = ran.iter().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect();
        let expected = [
            "aws cloudformation deploy",
            "aws cloudformation describe-stacks",
            "aws cloudformation deploy",
            "aws cloudformation describe-stacks",
            "aws s3api head-object",
            "aws s3 cp",
            "aws cloudformation deploy",
        ];
        assert_eq!(starts, expected, "the tool would be charged with calls that nobody needs, or deploy too early");
        assert_eq!(ran[5], "aws s3 cp --only-show-errors /zips/a.zip s3://given-by-c-local-artifacts/code/1.zip");
        let last = "--stack-name c-local-images --capabilities CAPABILITY_IAM --tags c:environment=local --parameter-overrides \
                    Topic=given-by-c-local-jobs-and-more Bucket=given-by-c-local-artifacts Key=code/1.zip";
        assert!(ran[6].ends_with(last) && ran[6].contains("/it's/images.json"), "{}", ran[6]);
    }

    #[test]
    fn a_template_that_is_too_large_for_the_call_goes_through_the_bucket() {
        let piece = piece("fleet", &[], Vec::new());

        let (small, large) = (deploy(Tool::AwsCli, &piece, false), deploy(Tool::AwsCli, &piece, true));

        assert!(large.contains(" --s3-bucket \"$artifacts_BucketName\""), "the tool would refuse it: {large}");
        assert!(!small.contains("--s3-bucket"), "the tool would be charged with calls that nobody needs: {small}");
    }

    #[test]
    fn sam_deploys_the_stacks_and_asks_nobody() {
        let ran = run(Tool::Sam);

        let deploys: Vec<_> = ran.iter().filter(|line| line.starts_with("sam deploy --no-confirm-changeset ")).collect();

        assert_eq!(deploys.len(), 3, "{ran:?}");
        assert!(ran.iter().all(|line| !line.starts_with("aws cloudformation deploy")), "two tools would be measured as one: {ran:?}");
    }
}
