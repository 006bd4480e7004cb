//! What no single setting can be blamed for: settings that do not fit together.

mod jobs;

use super::check::Check;
use super::images::decoded_limit;
use super::mistakes::Related;
use super::schema::{self, SCHEMA};
use cfn_kit::yaml::{Meaning, Node};
use contract::imagegen::Family;
use serde_json::Value as Json;

/// Applies every rule whose settings are right by themselves.
pub(super) fn apply(check: &mut Check<'_>, root: &Node) {
    for part in ["jobs", "imagegen", "images"] {
        letters_outlive_messages(check, root, part);
        the_age_alarm_can_fire(check, root, part);
    }
    every_try_has_its_time(check, root);
    memory_holds_the_largest_picture(check, root);
    boxes_shrink(check, root);
    the_model_is_of_its_family(check, root);
    pictures_wait_as_long_as_they_are_wanted(check, root);
    what_is_relied_on_is_waited_for(check, root);
    servers_have_what_they_need(check, root);
    a_key_goes_over_tls(check, root);
    jobs::apply(check, root);
}

/// A key that goes over the network in clear is everybody's.
fn a_key_goes_over_tls(check: &mut Check<'_>, root: &Node) {
    let setting = |name: &str| root.get("fleet").and_then(|fleet| fleet.get(name));
    let Some(key) = setting("engine_key_parameter").filter(|_| !check.is_wrong("fleet.engine_key_parameter")) else { return };
    // That a URL is missing where one is needed, or is none, is told elsewhere.
    let Some(url) = setting("engine_url").filter(|_| !check.is_wrong("fleet.engine_url")) else { return };
    let Some(Meaning::String(text)) = url.meaning() else { return };
    if !contract::worker::may_carry_a_key(text) {
        let message = format!("`fleet.engine_url` is `{text}`, but must begin with `https://` where `fleet.engine_key_parameter` is set");
        let mistake = check.wrong(url, "fleet.engine_url", message);
        mistake.see = Some(Related::new(key, "the key is set here".to_owned()));
        mistake.help = Some("give the server a certificate, or the address of one on the worker's own machine".to_owned());
    }
}

/// A job that SQS drops while it is wanted never comes to an end: whoever asked looks at it in vain.
fn pictures_wait_as_long_as_they_are_wanted(check: &mut Check<'_>, root: &Node) {
    let paths = ["imagegen.retention_days", "api.job_lifetime_minutes"];
    let Some([retained, lifetime]) = settings(check, root, paths) else { return };
    let minutes = retained.number * 24 * 60;
    if minutes < lifetime.number {
        let message = format!(
            "`{}` is {}, which are {minutes} minutes, but a job may be wanted for `{}`, which is {}",
            paths[0],
            retained.shown(),
            paths[1],
            lifetime.shown()
        );
        blame(check, [retained, lifetime], paths[0], message, "keep jobs in their queue for as long as they are wanted");
    }
}

/// A model of another family would refuse every request, since its requests look otherwise.
fn the_model_is_of_its_family(check: &mut Check<'_>, root: &Node) {
    let (model, family) = ("imagegen.model", "imagegen.family");
    if check.is_wrong(model) || check.is_wrong(family) {
        return;
    }
    let setting = |name: &str| root.get("imagegen").and_then(|part| part.get(name));
    let usual = super::Imagegen::default();
    let shown = |node: Option<&Node>, usual: &str| node.and_then(Node::scalar).map_or(usual.to_owned(), |scalar| scalar.text.clone());
    let (model_node, family_node) = (setting("model"), setting("family"));
    let model_text = shown(model_node, usual.model.as_str());
    let family_text = shown(family_node, usual.family.as_str());
    if Family::of(&family_text).is_none_or(|family| family.has(&model_text)) {
        return;
    }
    // Both are right by default, so one of them stands in the file.
    let Some(node) = family_node.or(model_node) else { return };
    let path = if family_node.is_some() { family } else { model };
    let message = format!("`{family}` is `{family_text}`, but `{model}` is `{model_text}`");
    let mistake = check.wrong(node, path, message);
    mistake.see = model_node.filter(|_| family_node.is_some()).map(|node| Related::new(node, format!("`{model}` is `{model_text}`")));
    mistake.help = Some("set the family to the provider at the beginning of the model's id".to_owned());
}

/// Data that is kept is somebody's: there, a stack is complete when it serves, and not before.
fn what_is_relied_on_is_waited_for(check: &mut Check<'_>, root: &Node) {
    let setting = |part: &str, name: &str| root.get(part).and_then(|part| part.get(name));
    let (Some(express), Some(data)) = (setting("deploy", "express"), setting("protection", "data")) else { return };
    if express.meaning() == Some(Meaning::Bool(true)) && data.meaning() == Some(Meaning::String("keep")) {
        let message = "`deploy.express` is `true`, but must be `false` where `protection.data` is `keep`".to_owned();
        let mistake = check.wrong(express, "deploy.express", message);
        mistake.see = Some(Related::new(data, "`protection.data` is `keep`".to_owned()));
        mistake.help =
            Some("leave it out: people rely on an environment that keeps its data, so a deploy must wait until it serves".to_owned());
    }
}

/// Servers that take pictures need a certificate, an image, and a network that the internet reaches.
fn servers_have_what_they_need(check: &mut Check<'_>, root: &Node) {
    let Some(upload) = root.get("images").and_then(|images| images.get("upload")) else { return };
    let word = |node: &Node, word: &str| node.meaning() == Some(Meaning::String(word));
    let Some(mode) = upload.get("mode").filter(|mode| word(mode, "stream")) else { return };
    for (name, what) in [("certificate_arn", "the certificate of its host name"), ("image", "the container image of the servers")] {
        if upload.get(name).is_none() {
            let message = format!("`images.upload.mode` is `stream`, but `images.upload.{name}` is missing");
            check.wrong(mode, "images.upload.mode", message).help = Some(format!("set `images.upload.{name}`: {what}"));
        }
    }
    let egress = root.get("network").and_then(|network| network.get("egress"));
    if let Some(egress) = egress.filter(|egress| word(egress, "endpoints")) {
        let message =
            "`images.upload.mode` is `stream`, but `network.egress` is `endpoints`, where the internet is out of reach".to_owned();
        let mistake = check.wrong(mode, "images.upload.mode", message);
        mistake.see = Some(Related::new(egress, "`network.egress` is `endpoints`".to_owned()));
        mistake.help = Some("take `public` or `nat`, or the mode `presigned`, which needs no network".to_owned());
    }
}

/// A standard queue's dead letter keeps its age, so it would be gone before anybody has looked; a FIFO queue's starts anew.
fn letters_outlive_messages(check: &mut Check<'_>, root: &Node, part: &str) {
    let (retention, letters) = (format!("{part}.retention_days"), format!("{part}.dead_letter_retention_days"));
    let Some([retained, kept]) = settings(check, root, [&retention, &letters]) else { return };
    if kept.number < retained.number {
        let message = format!("`{letters}` is {}, but must be at least `{retention}`, which is {}", kept.shown(), retained.shown());
        let help = "keep dead letters for longer: they would be gone before anybody has looked";
        blame(check, [kept, retained], &letters, message, help);
    }
}

/// A message is dropped at the end of its retention, so an alarm on a greater age never fires.
fn the_age_alarm_can_fire(check: &mut Check<'_>, root: &Node, part: &str) {
    let (retention, age) = (format!("{part}.retention_days"), format!("{part}.alarms.oldest_message_minutes"));
    let Some([retained, oldest]) = settings(check, root, [&retention, &age]) else { return };
    let minutes = retained.number * 24 * 60;
    if oldest.number >= minutes {
        let message = format!(
            "`{age}` is {}, but must be less than {minutes}, the minutes in `{retention}`, which is {}",
            oldest.shown(),
            retained.shown()
        );
        blame(check, [oldest, retained], &age, message, "no message gets so old, so this alarm would never be raised");
    }
}

/// A job whose tries take longer than its retention is dropped without a dead letter.
fn every_try_has_its_time(check: &mut Check<'_>, root: &Node) {
    let paths = ["jobs.visibility_timeout_seconds", "jobs.tries", "jobs.retention_days"];
    let Some([visibility, tries, retained]) = settings(check, root, paths) else { return };
    let (needed, given) = (visibility.number * tries.number, retained.number * 24 * 60 * 60);
    if needed > given {
        let message = format!(
            "`jobs.retention_days` is {}, but {} tries of {} seconds can take {needed} of its {given} seconds",
            retained.shown(),
            tries.number,
            visibility.number
        );
        let help = "a job would be dropped before its last try: keep it for longer, or try less often";
        blame(check, [retained, visibility, tries], "jobs.retention_days", message, help);
    }
}

/// A function that runs out of memory is killed, and its picture tried again and again.
fn memory_holds_the_largest_picture(check: &mut Check<'_>, root: &Node) {
    let Some([memory, decoded]) = settings(check, root, ["images.memory_mb", "images.max_decoded_megabytes"]) else { return };
    let needed = decoded_limit(decoded.number.unsigned_abs()).memory_mebibytes();
    if memory.number.unsigned_abs() < needed {
        let message = format!(
            "`images.memory_mb` is {}, but must be at least {needed} for pictures that take {} MiB to decode",
            memory.number, decoded.number
        );
        let help = format!("set it to {needed}, or lower `images.max_decoded_megabytes`");
        blame(check, [memory, decoded], "images.memory_mb", message, &help);
    }
}

/// The smaller proxy is made from the larger one.
fn boxes_shrink(check: &mut Check<'_>, root: &Node) {
    let path = "images.boxes";
    let Some(items) = root.get("images").and_then(|images| images.get("boxes")).and_then(Node::items) else { return };
    if check.is_wrong(path) {
        return;
    }
    let numbers: Vec<_> = items.iter().filter_map(whole).collect();
    for (index, pair) in numbers.windows(2).enumerate() {
        if let [larger, smaller] = pair
            && smaller > larger
        {
            let path = format!("{path}[{}]", index + 1);
            let message = format!("`{path}` is {smaller}, but must be less than {larger}, which stands before it");
            check.wrong(&items[index + 1], &path, message).help = Some("write the largest box first".to_owned());
        }
    }
}

/// A number of the file, or the default that stands in for it.
struct Setting<'a> {
    path: String,
    number: i64,
    node: Option<&'a Node>,
}

impl Setting<'_> {
    fn shown(&self) -> String {
        let whence = if self.node.is_none() { " by default" } else { "" };
        format!("{}{whence}", self.number)
    }
}

/// The numbers at these paths; `None` when one is missing or wrong, which has been said already.
fn settings<'a, const N: usize>(check: &Check<'_>, root: &'a Node, paths: [&str; N]) -> Option<[Setting<'a>; N]> {
    let settings: Option<Vec<_>> = paths.into_iter().map(|path| setting(check, root, path)).collect();
    settings?.try_into().ok()
}

fn setting<'a>(check: &Check<'_>, root: &'a Node, path: &str) -> Option<Setting<'a>> {
    let (node, schema) = place(check, root, path)?;
    let number = match node {
        Some(node) => whole(node)?,
        None => schema.get("default")?.as_i64()?,
    };
    Some(Setting { path: path.to_owned(), number, node })
}

/// The word at a path, or the default that stands in for it; `None` when it is wrong, which has been said already.
fn word<'a>(check: &Check<'_>, root: &'a Node, path: &str) -> Option<(String, Option<&'a Node>)> {
    let (node, schema) = place(check, root, path)?;
    let word = match node {
        Some(node) => node.scalar()?.text.clone(),
        None => schema.get("default")?.as_str()?.to_owned(),
    };
    Some((word, node))
}

/// Where a setting stands in the file, if it does, and what the schema says of it.
fn place<'a>(check: &Check<'_>, root: &'a Node, path: &str) -> Option<(Option<&'a Node>, &'static Json)> {
    if check.is_wrong(path) {
        return None;
    }
    let mut node = Some(root);
    let mut schema: &Json = &SCHEMA;
    for key in path.split('.') {
        node = node.and_then(|node| node.get(key));
        schema = schema::property(schema, key)?;
    }
    Some((node, schema))
}

fn whole(node: &Node) -> Option<i64> {
    match node.meaning()? {
        Meaning::Integer(number) => Some(number),
        Meaning::Null | Meaning::Bool(_) | Meaning::Float(_) | Meaning::String(_) => None,
    }
}

/// Notes a mistake at the first of these settings that stands in the file, and points at the second.
fn blame<const N: usize>(check: &mut Check<'_>, settings: [Setting<'_>; N], path: &str, message: String, help: &str) {
    let mut present = settings.iter().filter_map(|setting| setting.node.map(|node| (node, setting)));
    let Some((node, _)) = present.next() else { return };
    let see = present.next().map(|(node, other)| Related::new(node, format!("`{}` is {}", other.path, other.number)));
    let mistake = check.wrong(node, path, message);
    mistake.see = see;
    mistake.help = Some(help.to_owned());
}
