//! Functions: what they run on, and where their words go.

use serde_json::Value as Json;

use super::grants::managed_actions;
use super::policies::Statement;
use super::texts::flat;
use super::view::{Res, View, function, is_expression};
use super::{Broken, Rule};
use crate::finding::Severity;

/// A log group that Lambda makes by itself.
pub(super) const FUNCTION_LOG_GROUP: Rule = Rule {
    id: "function-log-group",
    severity: Severity::Warning,
    title: "a function writes to a log group of its stack",
    why: "Lambda makes a group by itself that keeps everything for ever, costs more each month, and is left behind when the stack is gone",
    check: function_log_group,
};

/// A role that may make log groups.
pub(super) const CREATES_LOG_GROUPS: Rule = Rule {
    id: "creates-log-groups",
    severity: Severity::Warning,
    title: "a function may write to its log group and make none",
    why: "a call that comes late makes the group again that was just deleted with its stack: without retention, and in the way of the next deploy",
    check: creates_log_groups,
};

/// A log that is kept for ever.
pub(super) const LOG_RETENTION: Rule = Rule {
    id: "log-retention",
    severity: Severity::Warning,
    title: "a log group says how long it keeps its events",
    why: "CloudWatch keeps them for ever, and bills them for ever",
    check: log_retention,
};

/// Code for another processor.
pub(super) const ARCHITECTURE: Rule = Rule {
    id: "architecture",
    severity: Severity::Error,
    title: "a function runs on the processor that its code was built for",
    why: "the function starts with `exec format error` at its first call, after a deploy that went well",
    check: architecture,
};

/// A function from a zip without a runtime or a handler, or with a runtime that is gone.
pub(super) const LAMBDA_RUNTIME: Rule = Rule {
    id: "lambda-runtime",
    severity: Severity::Error,
    title: "a function from a zip has a handler and a runtime that Lambda still takes",
    why: "Lambda refuses to make the function in the middle of the deploy",
    check: lambda_runtime,
};

const KIND: &str = "AWS::Lambda::Function";

/// Runtimes that no new function can have, with what came after them.
const GONE: &[(&str, &str)] = &[
    ("dotnetcore", "dotnet10"),
    ("go1.x", "provided.al2023"),
    ("java8", "java25"),
    ("nodejs", "nodejs24.x"),
    ("nodejs4.3", "nodejs24.x"),
    ("nodejs4.3-edge", "nodejs24.x"),
    ("nodejs6.10", "nodejs24.x"),
    ("nodejs8.10", "nodejs24.x"),
    ("nodejs10.x", "nodejs24.x"),
    ("nodejs12.x", "nodejs24.x"),
    ("nodejs14.x", "nodejs24.x"),
    ("provided", "provided.al2023"),
    ("python2.7", "python3.14"),
    ("python3.6", "python3.14"),
    ("python3.7", "python3.14"),
    ("ruby2.5", "ruby3.4"),
    ("ruby2.7", "ruby3.4"),
];

fn function_log_group(view: &View<'_>, broken: &mut Broken<'_>) {
    let mut functions = view.of_type(KIND).filter(|function| !logs_elsewhere(*function)).peekable();
    if functions.peek().is_none() || view.has_macro {
        return;
    }
    let named: Vec<&Json> = view
        .all()
        .filter(|resource| resource.kind == "AWS::Logs::LogGroup" || !resource.kind.starts_with("AWS::"))
        .filter_map(|resource| resource.get("LogGroupName"))
        .collect();
    let texts: Vec<Option<String>> = named.iter().map(|name| flat(name)).collect();
    for function in functions {
        let name = function.get("FunctionName");
        let expected = name.and_then(flat).map(|name| format!("/aws/lambda/{name}"));
        let theirs = named.iter().zip(&texts).any(|(name, text)| {
            let unreadable = text.is_none();
            unreadable || expected.is_some() && *text == expected || view.mentions(name).contains(&function.id)
        });
        let unreadable_name = name.is_some() && expected.is_none() && !named.is_empty();
        if !theirs && !unreadable_name {
            broken.at(
                &function.path(""),
                format!("no log group of this template is that of `{}`", function.id),
                "add an `AWS::Logs::LogGroup` with `RetentionInDays`, and refer to it in `LoggingConfig/LogGroup`",
            );
        }
    }
}

fn logs_elsewhere(function: Res<'_>) -> bool {
    function.get("LoggingConfig").is_some_and(|config| self::function(config).is_some() || config.get("LogGroup").is_some())
}

fn creates_log_groups(view: &View<'_>, broken: &mut Broken<'_>) {
    const ACTION: &str = "logs:CreateLogGroup";
    let mut seen: Vec<&str> = Vec::new();
    for function in view.of_type(KIND) {
        let Some(role) = view.role_of(function, "Role").filter(|role| !seen.contains(&role.id)) else { continue };
        seen.push(role.id);
        let statements = view.grants(role);
        let denied = |statement: &Statement<'_>| !statement.is_allow() && (statement.is_open() || statement.covers(ACTION));
        if statements.iter().any(denied) || view.has_blind_spots(role) {
            continue;
        }
        for statement in statements.iter().filter(|statement| statement.is_allow() && statement.covers(ACTION)) {
            // `*` alone is a greater mistake, and another one.
            let Some(action) = statement.actions().find(|action| action.to_ascii_lowercase().starts_with("logs:")) else { continue };
            let message = format!("`{}` may make log groups by `{action}`", role.id);
            broken.at(
                &statement.path,
                message,
                "allow `logs:CreateLogStream` and `logs:PutLogEvents` on the ARN of the function's log group",
            );
        }
        for (index, arn) in role.list("ManagedPolicyArns").iter().enumerate() {
            let Some(actions) = managed_actions(arn).filter(|actions| actions.contains(&ACTION)) else { continue };
            let text = flat(arn).unwrap_or_default();
            let name = text.rsplit('/').next().unwrap_or(&text);
            let rest: Vec<&str> = actions.iter().copied().filter(|action| !action.starts_with("logs:")).collect();
            let rest = if rest.is_empty() { String::new() } else { format!(", and {} on what it reads", rest.join(", ")) };
            broken.at(
                &role.path(&format!("ManagedPolicyArns/{index}")),
                format!("`{}` may make log groups by `{name}`", role.id),
                format!("allow `logs:CreateLogStream` and `logs:PutLogEvents` on the ARN of the function's log group{rest}"),
            );
        }
    }
}

fn log_retention(view: &View<'_>, broken: &mut Broken<'_>) {
    for group in view.of_type("AWS::Logs::LogGroup").filter(|group| group.get("RetentionInDays").is_none()) {
        // Events of this class leave within two days whatever is said.
        let delivery = group.get("LogGroupClass").is_some_and(|class| class == "DELIVERY" || is_expression(class));
        if !delivery {
            broken.at(&group.path(""), format!("`{}` keeps its events for ever", group.id), "set `RetentionInDays`, such as 30");
        }
    }
}

fn architecture(view: &View<'_>, broken: &mut Broken<'_>) {
    for function in view.of_type(KIND) {
        let Some(built_for) = view.context.machines.get(function.id) else { continue };
        let declared = match function.get("Architectures") {
            None => Some("x86_64".into()),
            Some(Json::Array(items)) => items.first().and_then(|item| view.text(item)),
            Some(_) => None,
        };
        if let Some(declared) = declared.filter(|declared| declared != built_for.as_str()) {
            let path = function.path(if function.get("Architectures").is_some() { "Architectures" } else { "" });
            broken.at(
                &path,
                format!("`{}` runs on `{declared}`, and its code was built for `{built_for}`", function.id),
                format!("set `Architectures: [{built_for}]`, or build for `{declared}`"),
            );
        }
    }
}

fn lambda_runtime(view: &View<'_>, broken: &mut Broken<'_>) {
    for function in view.of_type(KIND) {
        let package = function.get("PackageType");
        let is_zip = package.is_none_or(|kind| view.text(kind).is_some_and(|kind| kind == "Zip"));
        let from_image = function.get("Code").is_none_or(|code| self::function(code).is_some() || code.get("ImageUri").is_some());
        if !is_zip || from_image {
            continue;
        }
        for property in ["Handler", "Runtime"] {
            if function.get(property).is_none() {
                broken.at(
                    &function.path(""),
                    format!("`{}` comes from a zip and has no `{property}`", function.id),
                    if property == "Handler" {
                        "set it, such as `bootstrap` for a runtime of your own"
                    } else {
                        "set it, such as `provided.al2023`"
                    },
                );
            }
        }
        let Some(runtime) = function.get("Runtime").and_then(|runtime| view.text(runtime)) else { continue };
        let gone = |known: &str| known == runtime || (known == "dotnetcore" && runtime.starts_with(known));
        if let Some((_, successor)) = GONE.iter().find(|(known, _)| gone(known)) {
            let message = format!("Lambda makes no new functions with the runtime `{runtime}` of `{}`", function.id);
            broken.at(&function.path("Runtime"), message, format!("move to `{successor}`"));
        }
    }
}
