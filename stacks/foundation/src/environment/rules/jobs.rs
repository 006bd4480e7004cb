//! The way of a job: what the API lets in, the queue keeps and the workers do must fit together.

use super::{blame, settings, word};
use crate::environment::check::Check;
use crate::environment::mistakes::Related;
use cfn_kit::yaml::Node;

/// A digest that no file has, which stood in examples.
const NO_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

pub(super) fn apply(check: &mut Check<'_>, root: &Node) {
    a_prompt_fits_into_a_body(check, root);
    an_answer_leaves_room_for_its_prompt(check, root);
    a_job_waits_as_long_as_it_is_wanted(check, root);
    what_waits_warm_can_be_stopped(check, root);
    a_server_has_an_address(check, root);
    a_digest_is_that_of_a_file(check, root);
}

/// A prompt travels as JSON inside of a body, so one that is as long as the body may be never arrives.
fn a_prompt_fits_into_a_body(check: &mut Check<'_>, root: &Node) {
    let Some([prompt, body]) = settings(check, root, ["api.max_prompt_bytes", "api.max_body_bytes"]) else { return };
    if prompt.number >= body.number {
        let message =
            format!("`api.max_prompt_bytes` is {}, but must be less than `api.max_body_bytes`, which is {}", prompt.shown(), body.shown());
        let help = "a prompt comes as JSON within the body: let bodies be larger, or prompts shorter";
        blame(check, [prompt, body], "api.max_prompt_bytes", message, help);
    }
}

/// Prompt and answer share the context of the worker's own model; a server knows its context itself.
fn an_answer_leaves_room_for_its_prompt(check: &mut Check<'_>, root: &Node) {
    if word(check, root, "fleet.engine").is_none_or(|(engine, _)| engine != "llama") {
        return;
    }
    let Some([answer, context]) = settings(check, root, ["api.max_tokens", "fleet.context_tokens"]) else { return };
    if answer.number >= context.number {
        let message =
            format!("`api.max_tokens` is {}, but must be less than `fleet.context_tokens`, which is {}", answer.shown(), context.shown());
        let help = "prompt and answer share the context: give it more tokens, or let answers be shorter";
        blame(check, [answer, context], "api.max_tokens", message, help);
    }
}

/// SQS drops a message at the end of its retention without a word, and its job would be called queued for ever.
fn a_job_waits_as_long_as_it_is_wanted(check: &mut Check<'_>, root: &Node) {
    let Some([wanted, retained]) = settings(check, root, ["api.job_lifetime_minutes", "jobs.retention_days"]) else { return };
    let minutes = retained.number * 24 * 60;
    if wanted.number > minutes {
        let message = format!(
            "`api.job_lifetime_minutes` is {}, but must be at most {minutes}, the minutes in `jobs.retention_days`, which is {}",
            wanted.shown(),
            retained.shown()
        );
        let help = "the queue would drop a job that is still wanted, and nobody would be told";
        blame(check, [wanted, retained], "api.job_lifetime_minutes", message, help);
    }
}

/// Auto Scaling keeps no Spot instances in a warm pool: they cannot be stopped.
fn what_waits_warm_can_be_stopped(check: &mut Check<'_>, root: &Node) {
    let Some([warm, spot]) = settings(check, root, ["fleet.warm_pool", "fleet.spot_percent"]) else { return };
    if warm.number > 0 && spot.number > 0 {
        let message = format!(
            "`fleet.warm_pool` is {}, but must be 0 where `fleet.spot_percent` is more than 0: it is {}",
            warm.shown(),
            spot.shown()
        );
        let help = "Spot instances cannot wait stopped: set `fleet.spot_percent` to 0, or do without a warm pool";
        blame(check, [warm, spot], "fleet.warm_pool", message, help);
    }
}

/// The engine `http` is a server somewhere; the engine `llama` asks nobody.
fn a_server_has_an_address(check: &mut Check<'_>, root: &Node) {
    let path = "fleet.engine_url";
    let Some((engine, engine_node)) = word(check, root, "fleet.engine") else { return };
    let url = root.get("fleet").and_then(|fleet| fleet.get("engine_url"));
    match (engine.as_str(), url, engine_node) {
        ("http", None, Some(engine)) => {
            let message = format!("`{path}` is missing, but must be a URL where `fleet.engine` is `http`");
            check.wrong(engine, path, message).help =
                Some(format!("set `{path}` to the server's address, such as `http://127.0.0.1:8080`"));
        }
        ("llama", Some(url), engine) if !check.is_wrong(path) => {
            let shown = url.scalar().map(|scalar| scalar.text.clone()).unwrap_or_default();
            let default = if engine.is_none() { ", as it is by default" } else { "" };
            let message = format!("`{path}` is `{shown}`, but must be left out where `fleet.engine` is `llama`{default}");
            let see = engine.map(|engine| Related::new(engine, "`fleet.engine` is `llama`".to_owned()));
            let mistake = check.wrong(url, path, message);
            mistake.see = see;
            mistake.help =
                Some("the worker computes by itself and would ask nobody: set `fleet.engine` to `http`, or leave the URL out".to_owned());
        }
        _ => {}
    }
}

/// A placeholder looks like a digest, and would be deployed like one.
fn a_digest_is_that_of_a_file(check: &mut Check<'_>, root: &Node) {
    let path = "fleet.model.sha256";
    let digest = root.get("fleet").and_then(|fleet| fleet.get("model")).and_then(|model| model.get("sha256"));
    let Some(digest) = digest.filter(|digest| digest.scalar().is_some_and(|scalar| scalar.text == NO_DIGEST)) else { return };
    let message = format!("`{path}` is 64 zeros, but must be the SHA-256 of the model's file");
    let help = "`sha256sum FILE` tells it; until there is a file, leave it out: a deploy says when it is needed";
    check.wrong(digest, path, message).help = Some(help.to_owned());
}
